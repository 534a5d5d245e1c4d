-- db_open.c: migrate: version 8, how much the outbox holds, ready to be read
CREATE TABLE outbox_size (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	waiting INTEGER NOT NULL,
	running INTEGER NOT NULL,
	parked INTEGER NOT NULL,
	bytes INTEGER NOT NULL,
	looked_us INTEGER NOT NULL
) STRICT;

INSERT INTO outbox_size
SELECT 1, count(*) FILTER (WHERE state = 'waiting'),
       count(*) FILTER (WHERE state = 'running'),
       count(*) FILTER (WHERE state = 'parked'),
       coalesce(sum(length(CAST(body AS BLOB))), 0), 0
  FROM outbox;

-- By triggers, so that no statement on the outbox can forget it.
CREATE TRIGGER outbox_came AFTER INSERT ON outbox BEGIN
	UPDATE outbox_size
	   SET waiting = waiting + (new.state = 'waiting'),
	       running = running + (new.state = 'running'),
	       parked = parked + (new.state = 'parked'),
	       bytes = bytes + length(CAST(new.body AS BLOB));
END;

CREATE TRIGGER outbox_moved AFTER UPDATE OF state ON outbox
WHEN old.state <> new.state BEGIN
	UPDATE outbox_size
	   SET waiting = waiting + (new.state = 'waiting')
	               - (old.state = 'waiting'),
	       running = running + (new.state = 'running')
	               - (old.state = 'running'),
	       parked = parked + (new.state = 'parked')
	              - (old.state = 'parked');
END;

CREATE TRIGGER outbox_went AFTER DELETE ON outbox BEGIN
	UPDATE outbox_size
	   SET waiting = waiting - (old.state = 'waiting'),
	       running = running - (old.state = 'running'),
	       parked = parked - (old.state = 'parked'),
	       bytes = bytes - length(CAST(old.body AS BLOB));
END;

-- Finds the oldest that is still to be done.
CREATE INDEX outbox_oldest ON outbox (accepted_us)
	WHERE state IN ('waiting', 'running');
