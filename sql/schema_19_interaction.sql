-- db_open.c: migrate: version 19, decisions by interaction, hour by hour
-- An index by a random id alone is written all over: with ten million
-- decisions each cost 2.5 times the CPU. By hour first, new ones meet in a
-- few pages, and a search of 90 days takes some 2,000 steps, 15 ms.
DROP INDEX decision_interaction;
CREATE INDEX decision_interaction
	ON decision (received_us / 3600000000, interaction_id);

-- The hours that have decisions, for such a search:
-- WHERE received_us / 3600000000 IN decision_hour AND interaction_id = ...
CREATE VIEW decision_hour (hour) AS
WITH RECURSIVE next (hour) AS (
	SELECT min(received_us) / 3600000000 FROM decision
	UNION ALL
	SELECT (SELECT min(received_us) / 3600000000 FROM decision
		WHERE received_us >= (hour + 1) * 3600000000)
	FROM next
	WHERE hour IS NOT NULL
)
SELECT hour FROM next WHERE hour IS NOT NULL;
