-- page_facts.c: read_span: the first decision that is known of, and the last
SELECT min(coalesce((SELECT min(received_us) FROM decision), 1 << 62),
           coalesce((SELECT min(start_s) * 1000000 FROM rollup
                      WHERE level = 86400 AND kind = 'total'), 1 << 62)),
       coalesce((SELECT max(received_us) FROM decision), 0);
