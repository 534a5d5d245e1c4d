-- report.c: report_latency: total time per group, exact percentiles
-- In the sqlite3 shell: .parameter set :by "'media'"
-- (hour, status, inventory, media or outcome; hour when not set)
WITH value AS (
	SELECT
		CASE coalesce(:by, 'hour')
		WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00Z',
			received_us / 1000000, 'unixepoch')
		WHEN 'status' THEN status
		WHEN 'inventory' THEN coalesce(inventory_status, '-')
		WHEN 'media' THEN coalesce(media_type, '-')
		WHEN 'outcome' THEN outcome
		END AS part,
		total_us AS us,
		outcome,
		count(*) AS n
	FROM decision
	WHERE received_us >= coalesce(:from_us, 0)
		AND received_us < coalesce(:to_us, 9e18)
		AND replaced_by IS NULL
	GROUP BY us, part, outcome
),
ranked AS (
	SELECT *,
		sum(n) OVER (PARTITION BY part ORDER BY us) AS upto,
		sum(n) OVER (PARTITION BY part) AS total
	FROM value
)
SELECT
	part AS "group",
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
GROUP BY part
ORDER BY part;
