-- figures_exact.c: read_period: counts and exact percentiles, by nearest rank
-- In the sqlite3 shell, if need be: .parameter set :by "'media'"
-- (step, status, inventory, media, outcome, route, map; total when not set)
-- and :from_us and :to_us, in microseconds since 1970
WITH step(place, name) AS (VALUES (0, 'queue'), (1, 'gateway'), (2, 'webhook'),
	(3, 'event'), (4, 'claim'), (5, 'sku'), (6, 'inventory'),
	(7, 'routing'), (8, 'cxone'), (9, 'record'), (10, 'total')),
-- Equal times are counted together: that is all that has to be sorted.
value AS (
	SELECT
		place,
		CASE coalesce(:by, 'total')
		WHEN 'step' THEN name
		WHEN 'status' THEN status
		WHEN 'inventory' THEN coalesce(inventory_status, '-')
		WHEN 'media' THEN coalesce(media_type, '-')
		WHEN 'outcome' THEN outcome
		WHEN 'map' THEN coalesce(map_digest, '-')
		WHEN 'route' THEN coalesce(nullif(ltrim(
			coalesce('skills ' || nullif(skills, '[]'), '') ||
			coalesce(' queues ' || nullif(queues, '[]'), '')),
			''), '-')
		ELSE 'total' END AS part,
		CASE place
		WHEN 0 THEN queue_us
		WHEN 1 THEN gateway_us
		WHEN 2 THEN webhook_us
		WHEN 3 THEN event_us
		WHEN 4 THEN claim_us
		WHEN 5 THEN sku_us
		WHEN 6 THEN inventory_us
		WHEN 7 THEN routing_us
		WHEN 8 THEN cxone_us
		WHEN 9 THEN record_us
		ELSE total_us END AS us,
		outcome,
		count(*) AS n
	FROM decision
	JOIN step ON (coalesce(:by, 'total') = 'step') = (name <> 'total')
	WHERE received_us >= coalesce(:from_us, 0)
		AND received_us < coalesce(:to_us, 9e18)
		AND replaced_by IS NULL
	GROUP BY place, part, us, outcome
),
-- upto: how many took as long or less. A step not reached is NULL.
ranked AS (
	SELECT *,
		sum(n) OVER (PARTITION BY place, part ORDER BY us) AS upto,
		sum(n) OVER (PARTITION BY place, part) AS total
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
GROUP BY place, part
-- Outcomes in the order of the columns.
ORDER BY place, CASE :by WHEN 'outcome' THEN min(instr('routed fallback skipped'
	|| ' refused failed duplicate superseded expired dropped', part)) END,
	part;
