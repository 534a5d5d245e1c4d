-- db_open.c: migrate: version 5, the circuit of each upstream
CREATE TABLE breaker (
	upstream TEXT PRIMARY KEY,
	mode TEXT NOT NULL,
	state TEXT NOT NULL,
	generation INTEGER NOT NULL,
	since_us INTEGER NOT NULL,
	open_us INTEGER NOT NULL,
	open_until_us INTEGER NOT NULL,
	successes INTEGER NOT NULL,
	probe_fence INTEGER NOT NULL,
	probe_until_us INTEGER NOT NULL,
	reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The sliding window: a period has the seat period % 10.
CREATE TABLE breaker_bucket (
	upstream TEXT NOT NULL,
	seat INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	period INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	slow INTEGER NOT NULL,
	PRIMARY KEY (upstream, seat)
) STRICT, WITHOUT ROWID;
