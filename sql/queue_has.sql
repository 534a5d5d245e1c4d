-- outbox_admin.c: outbox_has: is this event in the queue? Without a claim
-- it is known by its interaction and time. Each half has an index.
SELECT 1 FROM outbox
 WHERE interaction_id = :interaction_id AND state IN ('waiting', 'running')
   AND iif(:claim_key = '', accepted_us = :accepted_us, claim_key = :claim_key)
UNION ALL
SELECT 1 FROM outbox
 WHERE interaction_id = :interaction_id AND state = 'parked'
   AND iif(:claim_key = '', accepted_us = :accepted_us, claim_key = :claim_key)
LIMIT 1;
