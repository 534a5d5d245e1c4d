-- story.c: read_attempts: how an event's attempts ended, newest first: those
-- of its item in the queue (:outbox_id), else those that its decision keeps
SELECT
	json_extract(value, '$[0]') AS attempt,
	json_extract(value, '$[1]') AS ended_us,
	json_extract(value, '$[2]') AS status,
	json_extract(value, '$[3]') AS http,
	json_extract(value, '$[4]') AS error,
	json_extract(value, '$[5]') AS waits
FROM decision, json_each(decision.queue_history)
WHERE decision.id = :id AND :outbox_id IS NULL
UNION ALL
SELECT * FROM (
	SELECT attempt, ended_us, status, http, error, waits
	FROM attempt
	WHERE outbox_id = :outbox_id
	ORDER BY fence DESC
	LIMIT coalesce(:limit, 100));
