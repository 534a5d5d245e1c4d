-- prune.c: prune_left: what prune_decisions.sql deletes once all is folded
SELECT count(*)
FROM decision
WHERE received_us < :before_us
	AND id < (SELECT max(id) FROM decision)
	AND NOT EXISTS (SELECT 1 FROM outbox
		WHERE outbox.interaction_id = decision.interaction_id
			AND accepted_us = received_us
			AND (state = 'parked'
				OR state IN ('waiting', 'running')));
