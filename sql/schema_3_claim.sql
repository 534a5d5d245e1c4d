-- db_open.c: migrate: version 3, the events seen lately, to know duplicates
-- One tree, since keys are random: each claim changes one page of it, once.
-- The answers stand apart under their holder's number, which grows with
-- time, so that many new ones share a page.
CREATE TABLE claim (
	key TEXT NOT NULL PRIMARY KEY,
	holder INTEGER NOT NULL,
	lease_until_us INTEGER NOT NULL,
	created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE claim_answer (
	holder INTEGER PRIMARY KEY,
	created_us INTEGER NOT NULL,
	http INTEGER NOT NULL,
	answer TEXT NOT NULL
) STRICT;

ALTER TABLE decision ADD COLUMN claim_us INTEGER;
