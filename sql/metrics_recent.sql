-- metrics_times.c: read_examples: the newest that others can trace
SELECT outcome, total_us, trace_id, received_us
  FROM decision
 WHERE id > (SELECT max(id) - :limit FROM decision)
   AND trace_id IS NOT NULL AND replaced_by IS NULL
 ORDER BY id DESC;
