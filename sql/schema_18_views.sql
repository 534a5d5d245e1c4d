-- db_open.c: migrate: version 18, the sums as views, for other programs
-- time: Unix seconds, as Grafana takes them. kind: total, step, status,
-- inventory, media, route, map; part: which one of it. Percentiles are
-- within 4.33 %: the middle of the bucket that has the rank. Its bound is
-- 2^(number / 8) s, here without pow(), which not every SQLite has.
-- What a query says of level, kind, time and part is looked up in rollup's
-- key, since all groups and windows are made of these.
CREATE VIEW report_sums AS
WITH bucket AS (
	SELECT level, kind, start_s, part, CAST(key AS INTEGER) + 160 AS number,
		sum(value) AS n,
		sum(iif(outcome = 'routed', value, 0)) AS routed,
		sum(iif(outcome = 'fallback', value, 0)) AS fallback,
		sum(iif(outcome = 'skipped', value, 0)) AS skipped,
		sum(iif(outcome = 'failed', value, 0)) AS failed,
		sum(1e-3 * sum_us * value / count) AS sum_ms,
		max(max_us) / 1e3 AS max_ms
	FROM rollup, json_each(buckets)
	GROUP BY level, kind, start_s, part, number
),
ranked AS (
	SELECT *,
		sum(n) OVER parts AS total,
		sum(n) OVER (parts ORDER BY number) AS upto,
		-- Of bucket 0 the middle is 0.
		iif(number = 0, 0.0, (1 << number / 8) * CASE number % 8
			WHEN 0 THEN 1.0 WHEN 1 THEN 1.0905077326652577
			WHEN 2 THEN 1.189207115002721
			WHEN 3 THEN 1.2968395546510096
			WHEN 4 THEN 1.4142135623730951
			WHEN 5 THEN 1.5422108254079407
			WHEN 6 THEN 1.681792830507429
			ELSE 1.8340080864093424 END * 956.7 / 1048576) AS ms
	FROM bucket
	WINDOW parts AS (PARTITION BY level, kind, start_s, part)
),
-- GROUP BY here would keep the query's words from coming down to the key.
whole AS (
	SELECT *, row_number() OVER parts AS place,
		sum(routed) OVER parts AS all_routed,
		sum(fallback) OVER parts AS all_fallback,
		sum(skipped) OVER parts AS all_skipped,
		sum(failed) OVER parts AS all_failed,
		sum(sum_ms) OVER parts / total AS mean_ms,
		max(max_ms) OVER parts AS most_ms,
		min(ms) FILTER (WHERE upto * 100 >= total * 50) OVER parts
			AS p50_ms,
		min(ms) FILTER (WHERE upto * 100 >= total * 90) OVER parts
			AS p90_ms,
		min(ms) FILTER (WHERE upto * 100 >= total * 95) OVER parts
			AS p95_ms,
		min(ms) FILTER (WHERE upto * 100 >= total * 99) OVER parts
			AS p99_ms
	FROM ranked
	WINDOW parts AS (PARTITION BY level, kind, start_s, part)
)
SELECT level, start_s AS time, kind, part, total AS count,
	all_routed AS routed, all_fallback AS fallback, all_skipped AS skipped,
	all_failed AS failed,
	total - all_routed - all_fallback - all_skipped - all_failed AS other,
	round(mean_ms, 3) AS mean_ms,
	round(min(most_ms, p50_ms), 3) AS p50_ms,
	round(min(most_ms, p90_ms), 3) AS p90_ms,
	round(min(most_ms, p95_ms), 3) AS p95_ms,
	round(min(most_ms, p99_ms), 3) AS p99_ms,
	round(most_ms, 3) AS max_ms
FROM whole
WHERE place = 1;

-- UTC, as the sums are.
CREATE VIEW report_minute AS
SELECT strftime('%Y-%m-%dT%H:%MZ', time, 'unixepoch') AS minute, *
FROM report_sums WHERE level = 60;

CREATE VIEW report_hour AS
SELECT strftime('%Y-%m-%dT%H:00Z', time, 'unixepoch') AS hour, *
FROM report_sums WHERE level = 3600;

CREATE VIEW report_day AS
SELECT strftime('%Y-%m-%d', time, 'unixepoch') AS day, *
FROM report_sums WHERE level = 86400;
