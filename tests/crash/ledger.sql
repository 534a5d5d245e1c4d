-- ledger.sql: what was acknowledged, patched, decided and hurt -> the sums
-- Run by crash.sh in a world's directory. Each line is a name and a number.
-- All times are true ones, of the driver and the simulator; those of the
-- program are from a clock that jumps.
CREATE TABLE ack (at_us INTEGER, http INTEGER, id TEXT PRIMARY KEY);
CREATE TABLE killed (pid INTEGER, at_us INTEGER);
CREATE TABLE fault (kind TEXT, what INTEGER, begin_us INTEGER, end_us INTEGER);
CREATE TABLE logged (pid INTEGER, id TEXT);
CREATE TABLE told (pid INTEGER, id TEXT);
CREATE TABLE unclaimed (pid INTEGER, id TEXT);
CREATE TABLE unkept (pid INTEGER, id TEXT);
CREATE TABLE asked (at_us INTEGER, connection INTEGER, status INTEGER,
                    id TEXT);
.mode tabs
.import client/acknowledged ack
.import kills killed
.import faults fault
.import client/decided logged
.import client/told told
.import client/unclaimed unclaimed
.import client/unkept unkept
.import client/asked asked
.separator " "
ATTACH 'file:data/stockroute.db?mode=ro' AS app;

CREATE INDEX asked_id ON asked (id);
CREATE TABLE patch AS
SELECT id, count(*) AS times, min(at_us) AS at_us, max(at_us) AS last_us
  FROM asked WHERE status = 200 GROUP BY id;
CREATE INDEX patch_id ON patch (id);
CREATE INDEX unkept_id ON unkept (id);
CREATE INDEX unclaimed_id ON unclaimed (id);
CREATE INDEX told_id ON told (id);
CREATE INDEX logged_id ON logged (id);

-- Every event but a duplicate is decided by one row.
CREATE TABLE decided AS
SELECT interaction_id AS id,
       count(*) FILTER (WHERE outcome IN ('routed', 'fallback')) AS routed,
       count(*) FILTER (WHERE outcome = 'skipped') AS skipped,
       count(*) FILTER (WHERE outcome = 'expired') AS expired
  FROM app.decision GROUP BY interaction_id;
CREATE INDEX decided_id ON decided (id);

-- How the clock stood from when on, and by how much it then jumped.
CREATE TABLE clock AS
SELECT end_us AS at_us, CAST(what AS INTEGER) AS offset_us,
       CAST(what AS INTEGER) - lag(CAST(what AS INTEGER), 1, 0)
       OVER (ORDER BY end_us) AS jump_us
  FROM fault WHERE kind = 'clock';

-- A connection belongs to the process that logged the decisions of what
-- went over it, once those are left out that went over two.
CREATE TABLE owner AS
SELECT connection, min(pid) AS pid, count(DISTINCT pid) AS pids
  FROM asked JOIN patch USING (id) JOIN logged USING (id)
 WHERE status = 200 AND times = 1
 GROUP BY connection;

-- All PATCHes but the last of an interaction: each must have been cut off
-- from its commit, soon. The simulator may come to read what a process sent
-- before its end: hence 0.1 s. A commit waits 2 s for the lock at most.
CREATE TABLE extra AS
SELECT early.id, early.at_us, owner.pid,
       min(later.at_us) - early.at_us AS until_next_us
  FROM asked AS early
  JOIN asked AS later ON later.id = early.id AND later.status = 200
                     AND (later.at_us, later.rowid)
                       > (early.at_us, early.rowid)
  LEFT JOIN owner ON owner.connection = early.connection
 WHERE early.status = 200
 GROUP BY early.rowid;

-- The excuses, one by one. Where the connection carried nothing that tells
-- whose it was, some process was killed or stopped then, and the next PATCH
-- came only after the lease that the first hand had left: 8 s from before
-- the PATCH, or a jump of the clock. Or the stopped one itself told in its
-- log that its PATCH of this interaction got no answer in time.
CREATE TABLE judged AS
WITH early AS (
	SELECT *, pid IS NOT NULL OR until_next_us > 5000000 OR EXISTS (
		SELECT 1 FROM clock
		 WHERE jump_us >= 5000000
		   AND clock.at_us BETWEEN extra.at_us
		                       AND extra.at_us + until_next_us) AS known
	  FROM extra)
SELECT *,
       known AND EXISTS (
	SELECT 1 FROM killed
	 WHERE killed.at_us BETWEEN extra.at_us - 100000
	                        AND extra.at_us + 2000000
	   AND killed.pid = coalesce(extra.pid, killed.pid)
	   -- Had it told of the decision, it would have committed it.
	   AND NOT EXISTS (SELECT 1 FROM logged
	                    WHERE logged.id = extra.id
	                      AND logged.pid = killed.pid)) AS by_kill,
       EXISTS (
	SELECT 1 FROM fault
	 WHERE kind IN ('stop', 'long_stop')
	   AND begin_us <= extra.at_us + 2000000
	   AND end_us >= extra.at_us - 100000
	   AND (known AND what = coalesce(extra.pid, what)
	        OR what IN (SELECT told.pid FROM told
	                     WHERE told.id = extra.id))) AS by_stop,
       -- The program says of itself that it could not keep the decision, or
       -- not know duplicates of it, and truly the disk was full, or the lock
       -- in a stopped hand: at this PATCH, or, who did not know that it was a
       -- duplicate, at the next.
       (id IN (SELECT id FROM unkept)
        OR id IN (SELECT id FROM unclaimed)) AND EXISTS (
	SELECT 1 FROM fault
	 WHERE kind IN ('disk', 'stop', 'long_stop')
	   AND begin_us <= extra.at_us + 2000000
	   AND end_us >= extra.at_us - 2000000)
       OR id IN (SELECT id FROM unclaimed) AND EXISTS (
	SELECT 1 FROM fault
	 WHERE kind IN ('disk', 'stop', 'long_stop')
	   AND begin_us <= extra.at_us + until_next_us + 2000000
	   AND end_us >= extra.at_us + until_next_us - 2000000) AS by_store,
       -- The clock ended the first hand's lease, of which 5 s are spare,
       -- while it had the event: 3 s, and the commit.
       EXISTS (
	SELECT 1 FROM clock
	 WHERE jump_us >= 5000000
	   AND at_us BETWEEN extra.at_us - 3100000
	                 AND extra.at_us + 2000000) AS by_jump,
       -- Committed, but not yet on the disk when the power failed.
       EXISTS (
	SELECT 1 FROM fault
	 WHERE kind = 'power'
	   AND extra.at_us BETWEEN begin_us - 2000000 AND end_us) AS by_power
  FROM early AS extra;

-- What became of each acknowledged event, if it was not routed: CXone does
-- not know the interaction; or the clock jumped so far over it that it was
-- too old: here none waits for a minute, but one that is acknowledged with 200
-- may have been sent again, and been in the queue before. Or the answer was
-- true, and the row could not be kept, as the log says, or was not yet on the
-- disk when the power failed.
CREATE TABLE fate AS
SELECT ack.id, ack.at_us, http, patch.id IS NOT NULL AS patched,
       coalesce(routed, 0) AS routed,
       ack.id IN (SELECT id FROM asked WHERE status = 404) AS skipped,
       coalesce(skipped, 0) > 0 AS skip_row,
       coalesce(expired, 0) > 0 AND EXISTS (
	SELECT 1 FROM clock
	 WHERE clock.at_us > ack.at_us - late_us
	   AND offset_us - (SELECT min(offset_us) FROM (
		SELECT offset_us FROM clock AS before
		 WHERE before.at_us BETWEEN ack.at_us - late_us
		                        AND ack.at_us
		 UNION ALL
		SELECT coalesce((
			SELECT offset_us FROM clock AS before
			 WHERE before.at_us <= ack.at_us - late_us
			 ORDER BY before.at_us DESC LIMIT 1), 0)))
	       > 180000000) AS expired,
       ack.id IN (SELECT id FROM unkept) AND EXISTS (
	SELECT 1 FROM fault
	 WHERE kind IN ('disk', 'stop', 'long_stop')
	   AND begin_us <= ack.at_us
	   AND end_us >= min(coalesce(patch.last_us, ack.at_us), ack.at_us)
	               - 5000000)
	AS unkept,
       -- A 202 is on the disk, a 200, which follows its commit, need not be.
       http = 200 AND EXISTS (
	SELECT 1 FROM fault
	 WHERE kind = 'power'
	   AND ack.at_us BETWEEN begin_us AND end_us) AS cut
  FROM (SELECT *, iif(http = 200, 60000000, 5000000) AS late_us FROM ack) AS ack
  LEFT JOIN patch USING (id) LEFT JOIN decided USING (id);

SELECT 'events', count(*) FROM ack;
SELECT 'acknowledged_200', count(*) FROM ack WHERE http = 200;
SELECT 'acknowledged_202', count(*) FROM ack WHERE http = 202;
SELECT 'kills', count(*) FROM killed;
SELECT 'kind ' || kind, count(*) FROM fault GROUP BY kind;
SELECT 'lost', count(*) FROM fate
 WHERE NOT patched AND NOT skipped AND NOT expired;
SELECT 'skipped', sum(skipped) FROM fate;
SELECT 'expired', sum(expired AND NOT patched) FROM fate;
SELECT 'unkept', sum(routed = 0 AND NOT skip_row AND unkept) FROM fate;
SELECT 'cut', sum(routed = 0 AND NOT skip_row AND NOT unkept AND cut)
  FROM fate;
SELECT 'undecided', count(*) FROM fate
 WHERE routed = 0 AND NOT skip_row AND NOT expired AND NOT unkept
   AND NOT cut;
-- A second row is right only where a second hand was.
SELECT 'decided_twice', count(*) FROM decided
 WHERE routed > 1
   AND id NOT IN (SELECT id FROM judged WHERE by_stop OR by_store OR by_jump);
SELECT 'not_routed', count(*) FROM app.decision
 WHERE outcome NOT IN ('routed', 'fallback', 'duplicate', 'failed')
   AND NOT (outcome = 'skipped' AND interaction_id LIKE 'gone-%')
   AND NOT (outcome = 'superseded'
            AND interaction_id IN (SELECT id FROM decided WHERE routed > 0))
   AND interaction_id NOT IN (SELECT id FROM fate WHERE expired);
SELECT 'parked', count(*) FROM app.outbox WHERE state = 'parked';
SELECT 'patched_again', count(*) FROM judged;
SELECT 'by_kill', count(*) FROM judged WHERE by_kill;
SELECT 'by_stop', count(*) FROM judged WHERE by_stop AND NOT by_kill;
SELECT 'by_store', count(*) FROM judged
 WHERE by_store AND NOT by_stop AND NOT by_kill;
SELECT 'by_jump', count(*) FROM judged
 WHERE by_jump AND NOT by_store AND NOT by_stop AND NOT by_kill;
SELECT 'by_power', count(*) FROM judged
 WHERE by_power AND NOT by_jump AND NOT by_store AND NOT by_stop
   AND NOT by_kill;
SELECT 'unexplained', count(*) FROM judged
 WHERE NOT by_kill AND NOT by_stop AND NOT by_store AND NOT by_jump
   AND NOT by_power;
SELECT 'torn_connections', count(*) FROM owner WHERE pids > 1;
SELECT 'in_the_queue', count(*) FROM app.outbox;
SELECT 'asked', count(*) FROM asked;

-- From the end of each fault to the first acknowledgement, and until all
-- was done that had been acknowledged before.
CREATE TABLE done AS
SELECT at_us, max(done_us) OVER (ORDER BY at_us) AS done_us
  FROM (SELECT ack.at_us, patch.at_us AS done_us
          FROM ack LEFT JOIN patch USING (id));
CREATE INDEX done_at ON done (at_us);
CREATE TABLE recovery AS
SELECT kind,
       (SELECT min(at_us) FROM done WHERE at_us >= end_us) - end_us AS ack_us,
       max(0, (SELECT done_us FROM done WHERE at_us < end_us
                ORDER BY at_us DESC LIMIT 1) - end_us) AS done_us
  FROM (SELECT kind, end_us FROM fault
        UNION ALL SELECT 'kill', at_us FROM killed);
SELECT 'done_max_us', max(done_us) FROM recovery;

.mode column
.output client/recovery
SELECT kind, count(*) AS times,
       max(iif(ack_rank = times / 2 + 1, printf('%.1f', ack_us / 1e3), ''))
       AS ms_median,
       printf('%.1f', max(ack_us) / 1e3) AS ms_longest,
       max(iif(done_rank = times / 2 + 1, printf('%.1f', done_us / 1e6), ''))
       AS s_median,
       printf('%.1f', max(done_us) / 1e6) AS s_longest
  FROM (SELECT *, count(*) OVER (PARTITION BY kind) AS times,
               row_number() OVER (PARTITION BY kind ORDER BY ack_us)
               AS ack_rank,
               row_number() OVER (PARTITION BY kind ORDER BY done_us)
               AS done_rank
          FROM recovery)
 GROUP BY kind;
.output client/unexplained
.mode list
SELECT id, at_us, coalesce(pid, 0), until_next_us FROM judged
 WHERE NOT by_kill AND NOT by_stop AND NOT by_store AND NOT by_jump
   AND NOT by_power LIMIT 20;
SELECT id, 'lost', http FROM fate
 WHERE NOT patched AND NOT skipped AND NOT expired LIMIT 20;
SELECT id, 'undecided', http FROM fate
 WHERE routed = 0 AND NOT skip_row AND NOT expired AND NOT unkept
   AND NOT cut LIMIT 20;
