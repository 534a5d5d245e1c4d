-- rollup.c: read_level: the sums of one level in a time
SELECT start_s, part, outcome, sum_us, max_us, buckets
FROM rollup
WHERE level = :level AND kind = :kind
	AND start_s >= :from_s AND start_s < :to_s
	AND (:part IS NULL OR part = :part);
