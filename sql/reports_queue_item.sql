-- report.c: report_queue_item: all of one queued event but its body
SELECT
	id,
	iif(state = 'running' AND lease_until_us <= strftime('%s') * 1000000,
		'waiting', state) AS state,
	interaction_id,
	strftime('%Y-%m-%dT%H:%M:%S', accepted_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', accepted_us % 1000000) AS accepted,
	strftime('%Y-%m-%dT%H:%M:%SZ', due_us / 1000000, 'unixepoch') AS due,
	attempts,
	fence,
	iif(state = 'running', strftime('%Y-%m-%dT%H:%M:%SZ',
		lease_until_us / 1000000, 'unixepoch'), NULL) AS lease_until,
	superseded,
	claim_key,
	claim_holder,
	body AS event
FROM outbox
WHERE id = :id;
