-- outbox.c: take_back: the history tells of workers that died
INSERT INTO attempt (outbox_id, fence, attempt, ended_us, status, http, error)
SELECT id, fence, attempts, lease_until_us, :status, NULL, :error
  FROM outbox
 WHERE state = 'running' AND lease_until_us <= :now_us;
