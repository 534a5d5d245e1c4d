-- db_open.c: migrate: version 17, what all processes have counted that stands
-- in no decision; label: as tally_words.h has it
CREATE TABLE tally (
	name TEXT NOT NULL,
	label TEXT NOT NULL,
	value INTEGER NOT NULL,
	PRIMARY KEY (name, label)
) STRICT, WITHOUT ROWID;
