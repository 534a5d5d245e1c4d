-- outbox.c: outbox_put: superseded when a newer one is there already, as
-- when the older one was tried in vain before it was put
-- It is put within EVENT_DEADLINE_MS, so that what was decided since is of
-- its hour or the next: to read all of 20,000 would cost 1.7 ms a put.
INSERT INTO outbox (interaction_id, claim_key, claim_holder, body,
                    accepted_us, due_us, state, attempts, traceparent,
                    tracestate, request_id, superseded)
VALUES (:interaction_id, :claim_key, :claim_holder, :body,
        :accepted_us, :due_us, 'waiting', :attempts,
        :traceparent, :tracestate, :request_id,
        EXISTS (SELECT 1 FROM outbox
                 WHERE interaction_id = :interaction_id
                   AND state IN ('waiting', 'running')
                   AND accepted_us > :accepted_us)
        OR EXISTS (SELECT 1
                     FROM (SELECT :accepted_us / 3600000000 AS hour
                           UNION ALL
                           SELECT :accepted_us / 3600000000 + 1)
                    CROSS JOIN decision
                    WHERE received_us / 3600000000 = hour
                      AND interaction_id = :interaction_id
                      AND received_us > :accepted_us
                      AND outcome IN ('routed', 'fallback')))
RETURNING id;
