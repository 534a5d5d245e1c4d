-- db_open.c: migrate: version 6, events acknowledged and still to be done
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	interaction_id TEXT NOT NULL,
	claim_key TEXT NOT NULL,
	claim_holder INTEGER NOT NULL,
	body TEXT NOT NULL,
	accepted_us INTEGER NOT NULL,
	due_us INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'parked')),
	attempts INTEGER NOT NULL,
	fence INTEGER NOT NULL DEFAULT 0,
	lease_until_us INTEGER NOT NULL DEFAULT 0,
	superseded INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Only live items are in these; parked ones cost the workers nothing.
CREATE INDEX outbox_waiting ON outbox (due_us) WHERE state = 'waiting';
CREATE INDEX outbox_running ON outbox (lease_until_us)
	WHERE state = 'running';
CREATE INDEX outbox_interaction ON outbox (interaction_id)
	WHERE state IN ('waiting', 'running');

CREATE TABLE attempt (
	outbox_id INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	ended_us INTEGER NOT NULL,
	status TEXT NOT NULL,
	http INTEGER,
	error TEXT,
	PRIMARY KEY (outbox_id, attempt)
) STRICT, WITHOUT ROWID;

-- From acceptance to the begin of the attempt that decided.
ALTER TABLE decision ADD COLUMN queue_us INTEGER;
ALTER TABLE decision ADD COLUMN queue_attempts INTEGER NOT NULL DEFAULT 0;
