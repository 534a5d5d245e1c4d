-- db_open.c: migrate: version 13, when a pause was asked for, so that a clock
-- that was put back does not stretch it
ALTER TABLE throttle ADD COLUMN since_us INTEGER NOT NULL DEFAULT 0;
