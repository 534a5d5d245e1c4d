-- db_open.c: migrate: version 7, an item's attempts are known by their lease,
-- since an operator's retry counts them from 1 again
CREATE TABLE attempt_by_fence (
	outbox_id INTEGER NOT NULL,
	fence INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	ended_us INTEGER NOT NULL,
	status TEXT NOT NULL,
	http INTEGER,
	error TEXT,
	PRIMARY KEY (outbox_id, fence)
) STRICT, WITHOUT ROWID;

INSERT INTO attempt_by_fence
SELECT outbox_id, attempt, attempt, ended_us, status, http, error FROM attempt;

DROP TABLE attempt;
ALTER TABLE attempt_by_fence RENAME TO attempt;
