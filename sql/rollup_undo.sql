-- rollup_row.c: rollup_rows_undo: the decisions that are to be taken out of
-- the sums: the columns of rollup_tail.sql
SELECT
	id, -1, received_us, outcome, total_us, status,
	coalesce(inventory_status, '-'), coalesce(media_type, '-'), skills,
	queues, coalesce(map_digest, '-'), queue_us, gateway_us, webhook_us,
	event_us, claim_us, sku_us, inventory_us, routing_us, cxone_us,
	record_us
FROM rollup_undo JOIN decision ON id = decision_id;
