-- outbox.c: outbox_note_lapse: the history tells of workers that died; :id
-- NULL: all of them
INSERT INTO attempt (outbox_id, fence, attempt, ended_us, status, http, error)
SELECT id, fence, attempts, lease_until_us, :status, NULL, :error
  FROM outbox
 WHERE state = 'running' AND lease_until_us <= :now_us
   AND (:id IS NULL OR id = :id);
