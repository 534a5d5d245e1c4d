-- db_open.c: migrate: version 11, one current decision of each event
-- The decision that an event was parked with gives way to the one that ends
-- it later: replaced_by is that one's number, NULL in the current decision.
ALTER TABLE decision ADD COLUMN replaced_by INTEGER;

-- There may be a decision of the event already. Of what was queued before
-- this version nobody knows; to look in vain does no harm.
ALTER TABLE outbox ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET recorded = 1;

UPDATE decision
   SET replaced_by = (SELECT max(id) FROM decision AS newer
                       WHERE newer.interaction_id = decision.interaction_id
                         AND newer.received_us = decision.received_us
                         AND newer.id > decision.id
                         AND newer.queue_attempts > 0)
 WHERE queue_attempts > 0 AND outcome = 'failed';
