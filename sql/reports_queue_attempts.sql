-- report.c: report_queue_attempts: what became of each lease of one event
SELECT
	fence,
	attempt,
	strftime('%Y-%m-%dT%H:%M:%SZ', ended_us / 1000000, 'unixepoch')
		AS ended,
	status,
	http,
	error
FROM attempt
WHERE outbox_id = :id
ORDER BY fence;
