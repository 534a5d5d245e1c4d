-- outbox_admin.c: outbox_fate
SELECT EXISTS (SELECT 1 FROM outbox WHERE id = :id AND state <> 'parked'),
	(SELECT outcome FROM decision
	  WHERE interaction_id = :interaction_id AND received_us = :accepted_us
	  ORDER BY id DESC LIMIT 1);
