-- report.c: report_summary: totals from :from_us to :to_us, of all when not
-- set; an event counts once, by its current decision
SELECT
	count(*) AS events,
	coalesce(sum(outcome = 'routed'), 0) AS routed,
	coalesce(sum(outcome = 'fallback'), 0) AS fallback,
	coalesce(sum(outcome = 'skipped'), 0) AS skipped,
	coalesce(sum(outcome = 'refused'), 0) AS refused,
	coalesce(sum(outcome = 'failed'), 0) AS failed,
	coalesce(sum(outcome = 'duplicate'), 0) AS duplicate,
	coalesce(sum(outcome = 'superseded'), 0) AS superseded,
	coalesce(sum(outcome = 'expired'), 0) AS expired,
	coalesce(sum(outcome = 'dropped'), 0) AS dropped,
	-- Of those that were routed at all; NULL when none was.
	round(100.0 * sum(outcome = 'fallback')
		/ nullif(sum(outcome IN ('routed', 'fallback')), 0), 1)
		AS fallback_percent,
	strftime('%Y-%m-%dT%H:%M:%SZ', min(received_us) / 1000000, 'unixepoch')
		AS first,
	strftime('%Y-%m-%dT%H:%M:%SZ', max(received_us) / 1000000, 'unixepoch')
		AS last
FROM decision
WHERE received_us >= coalesce(:from_us, 0)
	AND received_us < coalesce(:to_us, 9e18)
	AND replaced_by IS NULL;
