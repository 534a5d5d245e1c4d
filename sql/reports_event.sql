-- report.c: report_event: all of one decision, in the order of the path
-- :id is its number, or an interaction's id: then its newest decision that
-- is no duplicate
SELECT
	id,
	strftime('%Y-%m-%dT%H:%M:%S', received_us / 1000000, 'unixepoch')
		|| printf('.%06dZ', received_us % 1000000) AS received,
	interaction_id,
	event_type,
	event_timestamp,
	request_id,
	trace_id,
	parent_span,
	media_type,
	sku,
	inventory_attempts,
	inventory_http,
	inventory_result,
	inventory_word,
	inventory_status,
	skills,
	queues,
	map_digest,
	cxone_attempts,
	cxone_http,
	token_refreshes,
	queue_attempts,
	outcome,
	status,
	http,
	error,
	replaced_by,
	(SELECT group_concat(id, ' ') FROM decision AS older
		WHERE older.interaction_id = decision.interaction_id
			AND older.replaced_by = decision.id) AS replaces,
	round(queue_us / 1e3, 3) AS queue_ms,
	round(gateway_us / 1e3, 3) AS gateway_ms,
	round(webhook_us / 1e3, 3) AS webhook_ms,
	round(event_us / 1e3, 3) AS event_ms,
	round(claim_us / 1e3, 3) AS claim_ms,
	round(sku_us / 1e3, 3) AS sku_ms,
	round(inventory_us / 1e3, 3) AS inventory_ms,
	round(routing_us / 1e3, 3) AS routing_ms,
	round(cxone_us / 1e3, 3) AS cxone_ms,
	round(record_us / 1e3, 3) AS record_ms,
	round(total_us / 1e3, 3) AS total_ms
FROM decision
WHERE id = coalesce(
	(SELECT id FROM decision WHERE id = :id),
	(SELECT id FROM decision WHERE interaction_id = :id
		ORDER BY outcome = 'duplicate', id DESC LIMIT 1));
