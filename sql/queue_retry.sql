-- outbox_admin.c: outbox_retry: as new, but for a newer event of the
-- interaction; the fence grows, so that the note of it has one of its own
-- Decisions are looked up hour by hour (schema_19_interaction.sql): all those
-- since would be read for each event, 46 ms for half a million.
UPDATE outbox
   SET state = 'waiting',
       attempts = 0,
       due_us = :now_us,
       fence = fence + 1,
       lease_until_us = 0,
       superseded = superseded
           OR EXISTS (SELECT 1 FROM outbox AS newer
                       WHERE newer.interaction_id = outbox.interaction_id
                         AND newer.state IN ('waiting', 'running')
                         AND newer.accepted_us > outbox.accepted_us)
           OR EXISTS (WITH RECURSIVE later (hour) AS (
                       SELECT accepted_us / 3600000000
                       UNION ALL
                       SELECT (SELECT min(received_us) / 3600000000
                                 FROM decision
                                WHERE received_us >= (hour + 1) * 3600000000)
                         FROM later
                        WHERE hour IS NOT NULL)
                      SELECT 1 FROM decision
                       WHERE received_us / 3600000000 IN later
                         AND decision.interaction_id = outbox.interaction_id
                         AND received_us > accepted_us
                         AND outcome IN ('routed', 'fallback'))
 WHERE id = :id AND NOT (state = 'running' AND lease_until_us > :now_us)
RETURNING fence;
