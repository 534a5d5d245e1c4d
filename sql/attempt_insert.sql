-- outbox.c: note_attempt
INSERT INTO attempt (
	outbox_id, fence, attempt, ended_us, status, http, error, waits)
VALUES (
	:outbox_id, :fence, :attempt, :ended_us, :status, :http, :error,
	:waits);
