-- outbox_admin.c: outbox_find: the next numbers that a filter means
SELECT id FROM outbox
WHERE id > :after AND id <= :upto
	AND (:ids IS NULL OR instr(:ids, ',' || id || ',') > 0)
	AND (:state IS NULL OR :state = iif(state = 'running'
		AND lease_until_us <= :now_us, 'waiting', state))
	AND (:interaction_id IS NULL OR interaction_id = :interaction_id)
	AND (:status IS NULL OR :status = (SELECT status FROM attempt
		WHERE outbox_id = id ORDER BY fence DESC LIMIT 1))
ORDER BY id
LIMIT :limit;
