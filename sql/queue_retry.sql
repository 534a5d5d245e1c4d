-- outbox_admin.c: outbox_retry: as new; the fence grows, so that the note of
-- it has one of its own
UPDATE outbox
   SET state = 'waiting',
       attempts = 0,
       due_us = :now_us,
       fence = fence + 1,
       lease_until_us = 0
 WHERE id = :id AND NOT (state = 'running' AND lease_until_us > :now_us)
RETURNING fence;
