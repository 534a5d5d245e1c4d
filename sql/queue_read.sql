-- outbox_admin.c: outbox_read: one item, whoever has it
SELECT interaction_id, claim_key, claim_holder, body, accepted_us, due_us,
	attempts, fence, superseded, state = 'parked',
	state = 'running' AND lease_until_us > :now_us,
	traceparent, tracestate, request_id
FROM outbox
WHERE id = :id;
