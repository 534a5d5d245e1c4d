-- page_state.c: read_queue
SELECT waiting, running, parked, bytes,
       (SELECT accepted_us FROM outbox
         WHERE state IN ('waiting', 'running')
         ORDER BY accepted_us LIMIT 1)
  FROM outbox_size;
