-- report.c: report_events: the newest decisions, 20 when :limit is not set;
-- those that a later one of their event replaced are left out
SELECT
	id,
	strftime('%Y-%m-%dT%H:%M:%SZ', received_us / 1000000, 'unixepoch')
		AS received,
	interaction_id,
	media_type,
	sku,
	inventory_status,
	outcome,
	status,
	http,
	round(total_us / 1e3, 3) AS total_ms
FROM decision
WHERE received_us >= coalesce(:since_us, 0) AND replaced_by IS NULL
ORDER BY received_us DESC, id DESC
LIMIT coalesce(:limit, 20);
