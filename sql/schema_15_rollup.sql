-- db_open.c: migrate: version 15, decisions added up (rollup.h)
-- level: the seconds that a row covers, 60, 3600 or 86400; 0: all of time
-- kind, part: what the decisions of a row have in common, besides outcome
-- buckets: how many took how long, as JSON: bound number -> count; what is
-- counted under number n took at most 2^(n/8) s
CREATE TABLE rollup (
	level INTEGER NOT NULL,
	kind TEXT NOT NULL,
	start_s INTEGER NOT NULL,
	part TEXT NOT NULL,
	outcome TEXT NOT NULL,
	count INTEGER NOT NULL,
	sum_us INTEGER NOT NULL,
	max_us INTEGER NOT NULL,
	buckets TEXT NOT NULL,
	PRIMARY KEY (level, kind, start_s, part, outcome)
) STRICT, WITHOUT ROWID;

-- upto_id: the newest decision that is in the sums. Rows of a level from
-- before its time were pruned.
CREATE TABLE rollup_state (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	upto_id INTEGER NOT NULL,
	minutes_from_s INTEGER NOT NULL,
	hours_from_s INTEGER NOT NULL,
	days_from_s INTEGER NOT NULL,
	pruned_us INTEGER NOT NULL
) STRICT;

INSERT INTO rollup_state VALUES (1, 0, 0, 0, 0, 0);

-- Decisions to be taken out of the sums again.
CREATE TABLE rollup_undo (
	decision_id INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER decision_replaced AFTER UPDATE OF replaced_by ON decision
WHEN old.replaced_by IS NULL AND new.replaced_by IS NOT NULL
	AND old.id <= (SELECT upto_id FROM rollup_state)
BEGIN
	INSERT OR IGNORE INTO rollup_undo VALUES (old.id);
END;
