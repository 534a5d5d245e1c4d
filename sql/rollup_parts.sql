-- rollup_fold.c: is_full: how many parts a period has, before one more comes
SELECT count(DISTINCT part)
FROM rollup
WHERE level = :level AND kind = :kind AND start_s = :start_s;
