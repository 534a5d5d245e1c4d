-- outbox_admin.c: outbox_import
INSERT INTO outbox (interaction_id, claim_key, claim_holder, body,
                    accepted_us, due_us, state, attempts, fence, superseded,
                    traceparent, tracestate, request_id, recorded)
VALUES (:interaction_id, :claim_key, :claim_holder, :body,
        :accepted_us, :due_us, :state, :attempts, :fence, :superseded,
        :traceparent, :tracestate, :request_id, 1)
RETURNING id;
