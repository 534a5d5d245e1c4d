-- report.c: report_pauses: what each upstream asked for, no longer than that,
-- and the budget that all retries are paid from
SELECT
	upstream,
	CASE WHEN left_us > 0 THEN
		strftime('%Y-%m-%dT%H:%M:%SZ',
			(:now_us + left_us) / 1000000, 'unixepoch')
	END AS paused_until,
	(left_us + 999999) / 1000000 AS left_s,
	CASE WHEN left_us > 0 THEN
		strftime('%Y-%m-%dT%H:%M:%SZ', since_us / 1000000, 'unixepoch')
	END AS since,
	budget
FROM (SELECT upstream, since_us, budget,
		max(0, min(not_before_us - :now_us, not_before_us - since_us))
			AS left_us
	FROM throttle)
ORDER BY upstream;
