-- db_open.c: migrate: version 4, what all processes owe each upstream
CREATE TABLE throttle (
	upstream TEXT PRIMARY KEY,
	not_before_us INTEGER NOT NULL,
	budget INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
