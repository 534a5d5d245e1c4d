-- record.c: record_insert: one event's row
INSERT INTO decision (
	received_us, interaction_id, event_type, event_timestamp, media_type,
	sku, sku_rule, inventory_word, inventory_status, inventory_result,
	skills, queues, map_digest, outcome, status, http, inventory_http,
	inventory_attempts, cxone_http, cxone_attempts, token_refreshes,
	queue_attempts, error, waits, queue_us, gateway_us, webhook_us,
	event_us, claim_us, sku_us, inventory_us, routing_us, cxone_us,
	record_us, total_us, trace_id, parent_span, request_id)
VALUES (
	:received_us, :interaction_id, :event_type, :event_timestamp,
	:media_type, :sku, :sku_rule, :inventory_word, :inventory_status,
	:inventory_result, :skills, :queues, :map_digest, :outcome, :status,
	:http, :inventory_http, :inventory_attempts, :cxone_http,
	:cxone_attempts, :token_refreshes, :queue_attempts, :error, :waits,
	:queue_us, :gateway_us, :webhook_us, :event_us, :claim_us, :sku_us,
	:inventory_us, :routing_us, :cxone_us, :record_us, :total_us,
	:trace_id, :parent_span, :request_id);
