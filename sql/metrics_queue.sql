-- metrics.c: write_queue
SELECT waiting, running, parked, bytes,
       coalesce((SELECT accepted_us FROM outbox
                  WHERE state IN ('waiting', 'running')
                  ORDER BY accepted_us LIMIT 1), 0)
  FROM outbox_size;
