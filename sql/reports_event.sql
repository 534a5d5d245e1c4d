-- story.c: read_decision: all of one decision, in the order of the path
-- :id is its number, or an interaction's id: then its newest decision that
-- is no duplicate. In the sqlite3 shell: .parameter set :id "'call-1'"
SELECT
	id,
	received_us,
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
	sku_rule,
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
	waits,
	replaced_by,
	queue_us,
	gateway_us,
	webhook_us,
	event_us,
	claim_us,
	sku_us,
	inventory_us,
	routing_us,
	cxone_us,
	record_us,
	total_us
FROM decision
WHERE id = coalesce(
	(SELECT id FROM decision WHERE id = :id),
	(SELECT id FROM decision
		WHERE received_us / 3600000000 IN decision_hour
			AND interaction_id = :id
		ORDER BY outcome = 'duplicate', id DESC LIMIT 1));
