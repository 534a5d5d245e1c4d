-- prune.c: prune_sums: the oldest of a level and kind, up to :chunk_s of time
DELETE FROM rollup
WHERE level = :level AND kind = :kind
	AND start_s < min(:before_s, :chunk_s + (SELECT min(start_s)
		FROM rollup WHERE level = :level AND kind = :kind));
