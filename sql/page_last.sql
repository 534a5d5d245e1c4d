-- page_facts.c: read_last: when the newest decision was
SELECT max(received_us) FROM decision;
