-- report.c: report_latency: per step, exact percentiles by nearest rank
-- In the sqlite3 shell: .parameter set :from_us 1715768400000000
WITH recent AS NOT MATERIALIZED (
	SELECT * FROM decision
	WHERE received_us >= coalesce(:from_us, 0)
		AND received_us < coalesce(:to_us, 9e18)
		AND replaced_by IS NULL
),
-- Equal times are counted together: that is all that has to be sorted.
value(place, step, us, outcome, n) AS (
	SELECT 0, 'queue', queue_us, outcome, count(*)
	FROM recent GROUP BY queue_us, outcome
	UNION ALL
	SELECT 1, 'gateway', gateway_us, outcome, count(*)
	FROM recent GROUP BY gateway_us, outcome
	UNION ALL
	SELECT 2, 'webhook', webhook_us, outcome, count(*)
	FROM recent GROUP BY webhook_us, outcome
	UNION ALL
	SELECT 3, 'event', event_us, outcome, count(*)
	FROM recent GROUP BY event_us, outcome
	UNION ALL
	SELECT 4, 'claim', claim_us, outcome, count(*)
	FROM recent GROUP BY claim_us, outcome
	UNION ALL
	SELECT 5, 'sku', sku_us, outcome, count(*)
	FROM recent GROUP BY sku_us, outcome
	UNION ALL
	SELECT 6, 'inventory', inventory_us, outcome, count(*)
	FROM recent GROUP BY inventory_us, outcome
	UNION ALL
	SELECT 7, 'routing', routing_us, outcome, count(*)
	FROM recent GROUP BY routing_us, outcome
	UNION ALL
	SELECT 8, 'cxone', cxone_us, outcome, count(*)
	FROM recent GROUP BY cxone_us, outcome
	UNION ALL
	SELECT 9, 'record', record_us, outcome, count(*)
	FROM recent GROUP BY record_us, outcome
	UNION ALL
	SELECT 10, 'total', total_us, outcome, count(*)
	FROM recent GROUP BY total_us, outcome
),
-- upto: how many took as long or less. A step not reached is NULL.
ranked AS (
	SELECT *,
		sum(n) OVER (PARTITION BY place ORDER BY us) AS upto,
		sum(n) OVER (PARTITION BY place) AS total
	FROM value
	WHERE us IS NOT NULL
)
SELECT
	step,
	sum(n) AS count,
	coalesce(sum(n) FILTER (WHERE outcome = 'routed'), 0) AS routed,
	coalesce(sum(n) FILTER (WHERE outcome = 'fallback'), 0) AS fallback,
	coalesce(sum(n) FILTER (WHERE outcome = 'skipped'), 0) AS skipped,
	coalesce(sum(n) FILTER (WHERE outcome = 'failed'), 0) AS failed,
	-- refused, duplicate, superseded, expired, dropped
	coalesce(sum(n) FILTER (WHERE outcome NOT IN
		('routed', 'fallback', 'skipped', 'failed')), 0) AS other,
	round(min(us) FILTER (WHERE upto * 100 >= total * 50) / 1e3, 3)
		AS p50_ms,
	round(min(us) FILTER (WHERE upto * 100 >= total * 90) / 1e3, 3)
		AS p90_ms,
	round(min(us) FILTER (WHERE upto * 100 >= total * 95) / 1e3, 3)
		AS p95_ms,
	round(min(us) FILTER (WHERE upto * 100 >= total * 99) / 1e3, 3)
		AS p99_ms,
	round(max(us) / 1e3, 3) AS max_ms
FROM ranked
GROUP BY place
ORDER BY place;
