-- outbox.c: outbox_take
UPDATE outbox
   SET state = 'running',
       attempts = attempts + 1,
       fence = fence + 1,
       lease_until_us = :lease_until_us
 WHERE id IN (
	SELECT id FROM (
		SELECT id, due_us FROM outbox
		 WHERE state = 'waiting' AND due_us <= :now_us
		 UNION ALL
		SELECT id, due_us FROM outbox
		 WHERE state = 'running' AND lease_until_us <= :now_us
	) AS due
	 WHERE NOT EXISTS (
		SELECT 1 FROM outbox AS held
		 WHERE held.interaction_id = (SELECT interaction_id
		                                FROM outbox WHERE id = due.id)
		   AND held.state = 'running'
		   AND held.lease_until_us > :now_us
		   AND held.id <> due.id)
	 ORDER BY due_us, id
	 LIMIT :limit)
RETURNING id, fence, interaction_id, claim_key, claim_holder, body,
          accepted_us, attempts, superseded;
