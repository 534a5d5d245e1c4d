-- event_list.c: event_list_page: the same of one interaction, :interaction
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
WHERE received_us / 3600000000 IN decision_hour
	AND interaction_id = :interaction
	AND +received_us >= coalesce(:from_us, 0)
	AND +received_us < coalesce(:to_us, 9223372036854775807)
	AND (:outcome IS NULL OR outcome = :outcome)
	AND (:status IS NULL OR status = :status)
	AND (:media IS NULL OR media_type = :media)
	AND (:sku IS NULL OR sku = :sku)
	AND total_us > coalesce(:slower_us, -1)
	AND replaced_by IS NULL
	AND (:route IS NULL OR inventory_status = :route
		OR :route IN (SELECT value FROM json_each(skills))
		OR :route IN (SELECT value FROM json_each(queues)))
ORDER BY id DESC
LIMIT coalesce(:limit, 20);
