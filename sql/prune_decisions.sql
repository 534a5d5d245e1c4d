-- prune.c: prune_decisions: the oldest that are in the sums, never the newest
DELETE FROM decision
WHERE id IN (SELECT id FROM decision
	WHERE received_us < :before_us
		AND id <= (SELECT upto_id FROM rollup_state)
		AND id < (SELECT max(id) FROM decision)
	ORDER BY received_us
	LIMIT :limit);
