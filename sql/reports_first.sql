-- figures.c: figures_first: when the first decision was that is still counted,
-- in seconds since 1970: its own time, or its day when only that is kept
SELECT CASE WHEN decision_s < coalesce(day_s + 86400, 9e18)
	THEN decision_s ELSE coalesce(day_s, decision_s) END
FROM (SELECT
	(SELECT min(received_us) / 1000000 FROM decision) AS decision_s,
	(SELECT min(start_s) FROM rollup
		WHERE level = 86400 AND kind = 'total') AS day_s);
