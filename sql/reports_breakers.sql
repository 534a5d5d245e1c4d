-- report.c: report_breakers: the circuit of each upstream, used or not, and
-- what its window holds: ten periods of 3 s
SELECT
	upstreams.column1 AS upstream,
	coalesce(mode, 'auto') AS mode,
	coalesce(state, 'closed') AS state,
	strftime('%Y-%m-%dT%H:%M:%SZ', since_us / 1000000, 'unixepoch')
		AS since,
	CASE state WHEN 'open' THEN
		strftime('%Y-%m-%dT%H:%M:%SZ', open_until_us / 1000000,
			'unixepoch')
	END AS open_until,
	coalesce(sum(calls), 0) AS calls,
	coalesce(sum(failed), 0) AS failed,
	coalesce(sum(slow), 0) AS slow,
	reason
FROM (VALUES ('cxone'), ('inventory')) AS upstreams
LEFT JOIN breaker ON breaker.upstream = upstreams.column1
LEFT JOIN breaker_bucket ON breaker_bucket.upstream = upstreams.column1
	AND breaker_bucket.generation = coalesce(breaker.generation, 0)
	AND period > strftime('%s', 'now') / 3 - 10
	AND period <= strftime('%s', 'now') / 3
GROUP BY upstreams.column1
ORDER BY upstreams.column1;
