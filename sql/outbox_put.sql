-- outbox.c: outbox_put
INSERT INTO outbox (interaction_id, claim_key, claim_holder, body,
                    accepted_us, due_us, state, attempts)
VALUES (:interaction_id, :claim_key, :claim_holder, :body,
        :accepted_us, :due_us, 'waiting', :attempts)
RETURNING id;
