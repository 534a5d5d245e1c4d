-- story.c: read_decisions: the other decisions of an event's interaction,
-- newest first; an event that comes again has the same type and timestamp
SELECT
	id,
	CASE
		WHEN replaced_by = :id THEN 'replaced'
		WHEN id = :replaced_by THEN 'replacing'
		WHEN event_type IS :event_type
			AND event_timestamp IS :event_timestamp
			AND (outcome = 'duplicate') <> (:outcome = 'duplicate')
			THEN iif(outcome = 'duplicate', 'duplicate', 'first')
		WHEN event_type IS :event_type
			AND event_timestamp IS :event_timestamp
			AND outcome = 'duplicate' THEN 'duplicate'
		ELSE 'other'
	END AS relation,
	received_us,
	outcome,
	status,
	http,
	total_us
FROM decision
WHERE received_us / 3600000000 IN decision_hour
	AND interaction_id = :interaction_id AND id <> coalesce(:id, 0)
ORDER BY id DESC
LIMIT coalesce(:limit, 100);
