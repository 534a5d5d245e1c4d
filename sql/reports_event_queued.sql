-- story.c: read_queued: what of an interaction is in the queue, newest first
-- Each half has an index of its own.
SELECT
	id,
	iif(state = 'running' AND lease_until_us <= strftime('%s') * 1000000,
		'waiting', state) AS state,
	accepted_us,
	due_us,
	attempts,
	superseded,
	request_id,
	substr(traceparent, 4, 32) AS trace_id
FROM outbox
WHERE interaction_id = :interaction_id AND state IN ('waiting', 'running')
UNION ALL
SELECT
	id, state, accepted_us, due_us, attempts, superseded, request_id,
	substr(traceparent, 4, 32)
FROM outbox
WHERE interaction_id = :interaction_id AND state = 'parked'
ORDER BY id DESC
LIMIT coalesce(:limit, 20);
