-- outbox_admin.c: read_history: the newest, oldest first
SELECT * FROM (
	SELECT fence, attempt, ended_us, status, http, error
	FROM attempt
	WHERE outbox_id = :id
	ORDER BY fence DESC
	LIMIT :limit)
ORDER BY fence;
