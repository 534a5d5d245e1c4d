-- rollup_fold.c: write_sum
INSERT OR REPLACE INTO rollup (level, kind, start_s, part, outcome, count,
	sum_us, max_us, buckets)
VALUES (:level, :kind, :start_s, :part, :outcome, :count, :sum_us, :max_us,
	:buckets);
