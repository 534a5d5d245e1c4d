-- db_open.c: migrate: version 2, the CXone token all processes share
CREATE TABLE token (
	token_url TEXT NOT NULL,
	client_id TEXT NOT NULL,
	access_token TEXT,
	version INTEGER NOT NULL DEFAULT 0,
	expires_us INTEGER,
	obtained_us INTEGER,
	lease_owner TEXT,
	lease_fence INTEGER NOT NULL DEFAULT 0,
	lease_until_us INTEGER NOT NULL DEFAULT 0,
	refresh_not_before_us INTEGER NOT NULL DEFAULT 0,
	failure TEXT,
	PRIMARY KEY (token_url, client_id)
) STRICT, WITHOUT ROWID;
