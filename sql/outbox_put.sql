-- outbox.c: outbox_put: superseded when a newer one is there already, as
-- when the older one was tried in vain before it was put
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
        OR EXISTS (SELECT 1 FROM decision
                    WHERE interaction_id = :interaction_id
                      AND received_us > :accepted_us
                      AND outcome IN ('routed', 'fallback')))
RETURNING id;
