-- event_list.c: event_list_page: the same of one interaction, :interaction
SELECT *
FROM report_decision
WHERE received_us / 3600000000 IN decision_hour
	AND interaction_id = :interaction
	AND +received_us >= coalesce(:from_us, 0)
	AND +received_us < coalesce(:to_us, 9223372036854775807)
	AND (:outcome IS NULL OR outcome = :outcome)
	AND (:status IS NULL OR status = :status)
	AND (:media IS NULL OR media_type = :media)
	AND (:sku IS NULL OR sku = :sku)
	AND total_ms > round(coalesce(:slower_us, -1) / 1e3, 3)
	AND (:route IS NULL OR inventory_status = :route
		OR :route IN (SELECT value FROM json_each(skills))
		OR :route IN (SELECT value FROM json_each(queues)))
ORDER BY id DESC
LIMIT coalesce(:limit, 20);
