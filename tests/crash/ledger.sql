-- ledger.sql: what was acknowledged, patched, decided and killed -> the sums
-- Run by crash.sh in a world's directory. Each line is a name and a number.
CREATE TABLE ack (http INTEGER, id TEXT PRIMARY KEY);
CREATE TABLE killed (pid INTEGER, at_us INTEGER);
CREATE TABLE logged (pid INTEGER, id TEXT);
CREATE TABLE asked (at_us INTEGER, connection INTEGER, status INTEGER,
                    id TEXT);
.mode tabs
.import client/acknowledged ack
.import kills killed
.import client/decided logged
.import client/asked asked
.separator " "
ATTACH 'file:data/stockroute.db?mode=ro' AS app;

CREATE INDEX asked_id ON asked (id);
CREATE TABLE patch AS
SELECT id, count(*) AS times FROM asked WHERE status = 200 GROUP BY id;
CREATE INDEX patch_id ON patch (id);

-- Every event but a duplicate is decided by one row.
CREATE TABLE decided AS
SELECT interaction_id AS id, count(*) AS times
  FROM app.decision WHERE outcome IN ('routed', 'fallback')
 GROUP BY interaction_id;
CREATE INDEX decided_id ON decided (id);

-- A connection belongs to the process that logged the decisions of what
-- went over it, once those are left out that went over two.
CREATE TABLE owner AS
SELECT connection, min(pid) AS pid, count(DISTINCT pid) AS pids
  FROM asked JOIN patch USING (id) JOIN logged USING (id)
 WHERE status = 200 AND times = 1
 GROUP BY connection;

-- All PATCHes but the last of an interaction: each must have been cut off
-- from its commit by the death of its process, soon. Where the connection
-- carried nothing that tells whose it was, some process has died then, and
-- the next PATCH came only after the lease that the dead one had left: 13 s
-- on an item of the queue, 8 s on a claim, both from before the PATCH.
-- The simulator may come to read what a process sent before its death.
CREATE TABLE extra AS
SELECT early.id, early.at_us, owner.pid,
       min(later.at_us) - early.at_us AS until_next_us
  FROM asked AS early
  JOIN asked AS later ON later.id = early.id AND later.status = 200
                     AND later.at_us > early.at_us
  LEFT JOIN owner ON owner.connection = early.connection
 WHERE early.status = 200
 GROUP BY early.rowid;
CREATE TABLE judged AS
SELECT *, (pid IS NOT NULL OR until_next_us > 5000000)
          AND EXISTS (SELECT 1 FROM killed
                       WHERE killed.at_us BETWEEN extra.at_us - 100000
                                              AND extra.at_us + 2000000
                         AND killed.pid = coalesce(extra.pid, killed.pid))
          AS cut
  FROM extra;

SELECT 'events', count(*) FROM ack;
SELECT 'acknowledged_200', count(*) FROM ack WHERE http = 200;
SELECT 'acknowledged_202', count(*) FROM ack WHERE http = 202;
SELECT 'kills', count(*) FROM killed;
SELECT 'lost', count(*) FROM ack WHERE id NOT IN (SELECT id FROM patch);
SELECT 'undecided', count(*) FROM ack
 WHERE id NOT IN (SELECT id FROM decided);
SELECT 'decided_twice', count(*) FROM decided WHERE times > 1;
SELECT 'not_routed', count(*) FROM app.decision
 WHERE outcome NOT IN ('routed', 'fallback', 'duplicate', 'failed');
SELECT 'patched_again', count(*) FROM judged;
SELECT 'cut_by_a_kill', count(*) FROM judged WHERE cut AND pid;
SELECT 'cut_by_some_kill', count(*) FROM judged WHERE cut AND pid IS NULL;
SELECT 'unexplained', count(*) FROM judged WHERE NOT cut;
SELECT 'torn_connections', count(*) FROM owner WHERE pids > 1;
SELECT 'in_the_queue', count(*) FROM app.outbox;
SELECT 'asked', count(*) FROM asked;

.output client/unexplained
SELECT id, at_us, coalesce(pid, 0) FROM judged WHERE NOT cut LIMIT 20;
SELECT id, 'lost', http FROM ack
 WHERE id NOT IN (SELECT id FROM patch) LIMIT 20;
SELECT id, 'undecided', http FROM ack
 WHERE id NOT IN (SELECT id FROM decided) LIMIT 20;
