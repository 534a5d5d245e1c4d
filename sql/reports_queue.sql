-- report.c: report_queue: the events in the queue, 20 when :limit is not set
-- An item whose lease ran out waits, though its row still says running.
SELECT
	id,
	iif(state = 'running' AND lease_until_us <= now_us, 'waiting', state)
		AS state,
	interaction_id,
	attempts,
	(SELECT status FROM attempt WHERE outbox_id = id
		ORDER BY fence DESC LIMIT 1) AS status,
	(SELECT http FROM attempt WHERE outbox_id = id
		ORDER BY fence DESC LIMIT 1) AS http,
	strftime('%Y-%m-%dT%H:%M:%SZ', accepted_us / 1000000, 'unixepoch')
		AS accepted,
	iif(state = 'waiting', strftime('%Y-%m-%dT%H:%M:%SZ',
		due_us / 1000000, 'unixepoch'), NULL) AS due,
	superseded
FROM outbox,
	(SELECT coalesce(:now_us, strftime('%s') * 1000000) AS now_us)
WHERE (:ids IS NULL OR instr(:ids, ',' || id || ',') > 0)
	AND (:state IS NULL OR :state = iif(state = 'running'
		AND lease_until_us <= now_us, 'waiting', state))
	AND (:interaction_id IS NULL OR interaction_id = :interaction_id)
	AND (:status IS NULL OR :status = (SELECT status FROM attempt
		WHERE outbox_id = id ORDER BY fence DESC LIMIT 1))
ORDER BY id
LIMIT coalesce(:limit, 20);
