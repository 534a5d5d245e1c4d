-- db_open.c: migrate: version 21, a clock ahead deletes nothing (prune.h)
-- held_until_us: nobody prunes before, 0 while the clock is trusted
ALTER TABLE rollup_state ADD COLUMN held_until_us INTEGER NOT NULL DEFAULT 0;
