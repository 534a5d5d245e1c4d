-- db_open.c: migrate: version 17, what all processes have counted that stands
-- in no decision; label: as tally_words.h has it
CREATE TABLE tally (
	name TEXT NOT NULL,
	label TEXT NOT NULL,
	value INTEGER NOT NULL,
	PRIMARY KEY (name, label)
) STRICT, WITHOUT ROWID;

-- The sums of all time (rollup.h) let a decision go when a later one of its
-- event takes its place; but what a counter has shown it must show for ever.
-- So what is let go is kept here. 'replaced', label: the step, the outcome
-- and n: how many took at most 2^n s, 6 standing for all longer ones;
-- 'replaced_us', label: step and outcome: their sum.
CREATE TRIGGER decision_replaced_tally AFTER UPDATE OF replaced_by ON decision
WHEN old.replaced_by IS NULL AND new.replaced_by IS NOT NULL
BEGIN
	INSERT INTO tally (name, label, value)
	SELECT kind,
	       step || ' ' || old.outcome
	       || iif(kind = 'replaced_us', '', ' ' || (
			SELECT min(n)
			  FROM (SELECT -17 AS n UNION ALL VALUES (-16), (-15),
				(-14), (-13), (-12), (-11), (-10), (-9), (-8),
				(-7), (-6), (-5), (-4), (-3), (-2), (-1), (0),
				(1), (2), (3), (4), (5), (6))
			 WHERE us <= 1000000 << n OR n = 6)),
	       iif(kind = 'replaced_us', us, 1)
	  FROM (SELECT 'replaced' AS kind UNION ALL SELECT 'replaced_us'),
	       (SELECT 'total' AS step, old.total_us AS us
		UNION ALL SELECT 'queue', old.queue_us
		UNION ALL SELECT 'gateway', old.gateway_us
		UNION ALL SELECT 'webhook', old.webhook_us
		UNION ALL SELECT 'event', old.event_us
		UNION ALL SELECT 'claim', old.claim_us
		UNION ALL SELECT 'sku', old.sku_us
		UNION ALL SELECT 'inventory', old.inventory_us
		UNION ALL SELECT 'routing', old.routing_us
		UNION ALL SELECT 'cxone', old.cxone_us
		UNION ALL SELECT 'record', old.record_us)
	 WHERE us >= 0
	    ON CONFLICT (name, label) DO UPDATE
	   SET value = value + excluded.value;
END;
