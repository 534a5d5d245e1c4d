-- db_open.c: migrate: version 3, the events seen lately, to know duplicates
-- One tree, since keys are random: each claim changes one page of it. The
-- answers stand apart, one after another, where many share a page.
CREATE TABLE claim (
	key TEXT NOT NULL PRIMARY KEY,
	holder INTEGER NOT NULL,
	lease_until_us INTEGER NOT NULL,
	created_us INTEGER NOT NULL,
	http INTEGER,
	answer_id INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE claim_answer (
	id INTEGER PRIMARY KEY,
	created_us INTEGER NOT NULL,
	answer TEXT NOT NULL
) STRICT;

ALTER TABLE decision ADD COLUMN claim_us INTEGER;
