-- prune.c: prune_decisions: the oldest that are in the sums, never the newest;
-- what is to be taken out of the sums again must be there for it, and so must
-- the decision that an event was parked with until a later one replaces it
DELETE FROM decision
WHERE id IN (SELECT id FROM decision
	WHERE received_us < :before_us
		AND id <= (SELECT upto_id FROM rollup_state)
		AND id < (SELECT max(id) FROM decision)
		AND id NOT IN (SELECT decision_id FROM rollup_undo)
		AND NOT EXISTS (SELECT 1 FROM outbox
			WHERE outbox.interaction_id = decision.interaction_id
				AND accepted_us = received_us
				AND (state = 'parked'
					OR state IN ('waiting', 'running')))
	ORDER BY received_us
	LIMIT :limit);
