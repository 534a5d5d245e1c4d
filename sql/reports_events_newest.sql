-- event_list.c: event_list_newest
SELECT coalesce(max(id), 0) AS id FROM decision;
