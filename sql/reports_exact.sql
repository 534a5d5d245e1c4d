-- figures_exact.c: read_period: counts and exact percentiles, by nearest rank
-- In the sqlite3 shell, if need be: .parameter set :by "'media'"
-- (step, status, inventory, media, outcome, route, map; total when not set)
-- and :from_us and :to_us, in microseconds since 1970
-- Read anew by each step: a copy with all columns would cost an eighth more.
WITH chosen AS NOT MATERIALIZED (
	SELECT *
	FROM decision
	WHERE received_us >= coalesce(:from_us, 0)
		AND received_us < coalesce(:to_us, 9e18)
		AND replaced_by IS NULL
),
-- Equal times are counted together: that is all that has to be sorted. Each
-- step is sorted alone, which takes half the time that all at once take;
-- times before texts, another 7 % less.
value(place, part, us, outcome, n) AS (
	SELECT 0, 'queue', queue_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 1, 'gateway', gateway_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 2, 'webhook', webhook_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 3, 'event', event_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 4, 'claim', claim_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 5, 'sku', sku_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 6, 'inventory', inventory_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 7, 'routing', routing_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 8, 'cxone', cxone_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT 9, 'record', record_us, outcome, count(*)
	FROM chosen WHERE :by = 'step' GROUP BY 3, 4 UNION ALL
	SELECT
		10,
		CASE :by
		WHEN 'status' THEN status
		WHEN 'inventory' THEN coalesce(inventory_status, '-')
		WHEN 'media' THEN coalesce(media_type, '-')
		WHEN 'outcome' THEN outcome
		WHEN 'map' THEN coalesce(map_digest, '-')
		WHEN 'route' THEN coalesce(nullif(ltrim(
			coalesce('skills ' || nullif(skills, '[]'), '') ||
			coalesce(' queues ' || nullif(queues, '[]'), '')),
			''), '-')
		ELSE 'total' END,
		total_us, outcome, count(*)
	FROM chosen WHERE :by IS NOT 'step' GROUP BY 3, 4, 2
),
-- upto: how many took as long or less. A step not reached is NULL.
ranked AS (
	SELECT *,
		sum(n) OVER (PARTITION BY part ORDER BY us) AS upto,
		sum(n) OVER (PARTITION BY part) AS total
	FROM value
	WHERE us IS NOT NULL
)
SELECT
	part AS "group",
	sum(n) AS count,
	coalesce(sum(n) FILTER (WHERE outcome = 'routed'), 0) AS routed,
	coalesce(sum(n) FILTER (WHERE outcome = 'fallback'), 0) AS fallback,
	coalesce(sum(n) FILTER (WHERE outcome = 'skipped'), 0) AS skipped,
	coalesce(sum(n) FILTER (WHERE outcome = 'refused'), 0) AS refused,
	coalesce(sum(n) FILTER (WHERE outcome = 'failed'), 0) AS failed,
	coalesce(sum(n) FILTER (WHERE outcome = 'duplicate'), 0) AS duplicate,
	coalesce(sum(n) FILTER (WHERE outcome = 'superseded'), 0) AS superseded,
	coalesce(sum(n) FILTER (WHERE outcome = 'expired'), 0) AS expired,
	coalesce(sum(n) FILTER (WHERE outcome = 'dropped'), 0) AS dropped,
	min(us) FILTER (WHERE upto * 100 >= total * 50) / 1e3 AS p50_ms,
	min(us) FILTER (WHERE upto * 100 >= total * 90) / 1e3 AS p90_ms,
	min(us) FILTER (WHERE upto * 100 >= total * 95) / 1e3 AS p95_ms,
	min(us) FILTER (WHERE upto * 100 >= total * 99) / 1e3 AS p99_ms,
	max(us) / 1e3 AS max_ms,
	-- How many took :slo_us or less; 300 ms when not set.
	coalesce(sum(n) FILTER (WHERE us <= coalesce(:slo_us, 300000)), 0)
		AS within
FROM ranked
GROUP BY part
-- Outcomes in the order of the columns.
ORDER BY min(place),
	CASE :by WHEN 'outcome' THEN min(instr('routed fallback skipped'
		|| ' refused failed duplicate superseded expired dropped',
		part)) END, part;
