-- outbox.c: take_due: the oldest due ones, one of each interaction, and none
-- of an interaction in hand. Superseded ones go along: they are only recorded.
-- Walks outbox_waiting in its order, so that a long queue costs nothing more.
UPDATE outbox
   SET state = 'running',
       attempts = attempts + 1,
       fence = fence + 1,
       lease_until_us = :lease_until_us
 WHERE id IN (
	SELECT id FROM outbox AS due
	 WHERE state = 'waiting' AND due_us <= :now_us
	   AND (superseded OR NOT EXISTS (
		SELECT 1 FROM outbox AS other
		 WHERE other.interaction_id = due.interaction_id
		   AND other.state IN ('waiting', 'running')
		   AND other.id <> due.id
		   AND (other.state = 'running'
		    OR (NOT other.superseded
		        AND (other.due_us, other.id) < (due.due_us, due.id)))))
	 ORDER BY due_us, id
	 LIMIT :limit)
RETURNING id, fence, interaction_id, claim_key, claim_holder, body,
          accepted_us, attempts, superseded, traceparent, tracestate,
          request_id, recorded;
