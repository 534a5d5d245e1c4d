-- rollup_fold.c: read_sum: one sum, to be added to
SELECT sum_us, max_us, buckets
FROM rollup
WHERE level = :level AND kind = :kind AND start_s = :start_s
	AND part = :part AND outcome = :outcome;
