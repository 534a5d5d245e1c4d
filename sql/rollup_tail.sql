-- rollup_row.c: rollup_rows_tail: the decisions that are not in the sums yet
SELECT
	id, replaced_by IS NULL, received_us, outcome, total_us, status,
	coalesce(inventory_status, '-'), coalesce(media_type, '-'), skills,
	queues, coalesce(map_digest, '-'), queue_us, gateway_us, webhook_us,
	event_us, claim_us, sku_us, inventory_us, routing_us, cxone_us,
	record_us
FROM decision
WHERE id > (SELECT upto_id FROM rollup_state)
ORDER BY id
LIMIT :limit;
