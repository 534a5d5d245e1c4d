-- db_open.c: migrate: version 1, one row for every event
CREATE TABLE decision (
	id INTEGER PRIMARY KEY,
	received_us INTEGER NOT NULL,
	interaction_id TEXT,
	event_type TEXT,
	event_timestamp TEXT,
	media_type TEXT,
	sku TEXT,
	inventory_word TEXT,
	inventory_status TEXT,
	inventory_result TEXT,
	skills TEXT,
	queues TEXT,
	map_digest TEXT,
	outcome TEXT NOT NULL,
	status TEXT NOT NULL,
	http INTEGER NOT NULL,
	inventory_http INTEGER,
	inventory_attempts INTEGER NOT NULL,
	cxone_http INTEGER,
	cxone_attempts INTEGER NOT NULL,
	token_refreshes INTEGER NOT NULL,
	error TEXT,
	gateway_us INTEGER,
	webhook_us INTEGER,
	event_us INTEGER,
	sku_us INTEGER,
	inventory_us INTEGER,
	routing_us INTEGER,
	cxone_us INTEGER,
	record_us INTEGER,
	total_us INTEGER NOT NULL
) STRICT;

-- The reports' time window; an operator's question about one interaction.
CREATE INDEX decision_received ON decision (received_us);
CREATE INDEX decision_interaction ON decision (interaction_id);
