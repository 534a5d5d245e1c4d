-- db_open.c: migrate: version 20, decisions as lists show them
-- The current one of each event, times in milliseconds. A plain SELECT of one
-- table: what a query asks of it is looked up in that table's indexes.
CREATE VIEW report_decision AS
SELECT
	id,
	strftime('%Y-%m-%dT%H:%M:%SZ', received_us / 1000000, 'unixepoch')
		AS received,
	interaction_id,
	media_type,
	sku,
	inventory_status,
	outcome,
	status,
	http,
	round(total_us / 1e3, 3) AS total_ms,
	received_us,
	event_type,
	event_timestamp,
	request_id,
	trace_id,
	parent_span,
	sku_rule,
	inventory_word,
	inventory_result,
	inventory_attempts,
	inventory_http,
	skills,
	queues,
	map_digest,
	cxone_attempts,
	cxone_http,
	token_refreshes,
	queue_attempts,
	error,
	waits,
	round(queue_us / 1e3, 3) AS queue_ms,
	round(gateway_us / 1e3, 3) AS gateway_ms,
	round(webhook_us / 1e3, 3) AS webhook_ms,
	round(event_us / 1e3, 3) AS event_ms,
	round(claim_us / 1e3, 3) AS claim_ms,
	round(sku_us / 1e3, 3) AS sku_ms,
	round(inventory_us / 1e3, 3) AS inventory_ms,
	round(routing_us / 1e3, 3) AS routing_ms,
	round(cxone_us / 1e3, 3) AS cxone_ms,
	round(record_us / 1e3, 3) AS record_ms
FROM decision
WHERE replaced_by IS NULL;
