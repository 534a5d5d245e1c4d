-- health_row.c: read_queue: it writes, to find out whether that can be done
UPDATE outbox_size
   SET looked_us = :now_us
RETURNING waiting, running, parked, bytes,
          (SELECT accepted_us FROM outbox
            WHERE state IN ('waiting', 'running')
            ORDER BY accepted_us LIMIT 1);
