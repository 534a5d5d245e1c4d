-- outbox_admin.c: outbox_count: how many a filter means, and up to where
SELECT count(*),
	coalesce(sum(state = 'running' AND lease_until_us > :now_us), 0),
	coalesce(max(id), 0), coalesce(min(accepted_us), 0)
FROM outbox
WHERE (:ids IS NULL OR instr(:ids, ',' || id || ',') > 0)
	AND (:state IS NULL OR :state = iif(state = 'running'
		AND lease_until_us <= :now_us, 'waiting', state))
	AND (:interaction_id IS NULL OR interaction_id = :interaction_id)
	AND (:status IS NULL OR :status = (SELECT status FROM attempt
		WHERE outbox_id = id ORDER BY fence DESC LIMIT 1));
