-- outbox_admin.c: note: what an operator did, or an attempt that is imported
INSERT INTO attempt (outbox_id, fence, attempt, ended_us, status, http, error)
VALUES (:outbox_id, :fence, :attempt, :ended_us, :status, :http, :error);
