-- outbox_admin.c: mark_overtaken: superseded, when a newer event of the
-- interaction waits, is in hand or was routed
-- Decisions are looked up hour by hour (schema_19_interaction.sql): all those
-- since would be read for each event, 46 ms for half a million.
UPDATE outbox
   SET superseded = 1
 WHERE id = :id
   AND (EXISTS (SELECT 1 FROM outbox AS newer
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
                      AND outcome IN ('routed', 'fallback')));
