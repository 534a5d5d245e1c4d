-- db_open.c: migrate: version 3, the events seen lately, to know duplicates
CREATE TABLE claim (
	id INTEGER PRIMARY KEY,
	key TEXT NOT NULL UNIQUE,
	holder INTEGER NOT NULL,
	lease_until_us INTEGER NOT NULL,
	created_us INTEGER NOT NULL,
	http INTEGER,
	answer TEXT
) STRICT;

ALTER TABLE decision ADD COLUMN claim_us INTEGER;
