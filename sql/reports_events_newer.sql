-- event_list.c: event_list_newer: the same by number, after :after, oldest
-- first, whenever received
SELECT *
FROM report_decision
WHERE id > coalesce(:after, 0)
	AND id <= coalesce(:upto, 9223372036854775807)
	AND (:interaction IS NULL OR +interaction_id = :interaction)
	AND (:outcome IS NULL OR outcome = :outcome)
	AND (:status IS NULL OR status = :status)
	AND (:media IS NULL OR media_type = :media)
	AND (:sku IS NULL OR sku = :sku)
	AND total_ms > round(coalesce(:slower_us, -1) / 1e3, 3)
	AND (:route IS NULL OR inventory_status = :route
		OR :route IN (SELECT value FROM json_each(skills))
		OR :route IN (SELECT value FROM json_each(queues)))
ORDER BY id
LIMIT coalesce(:limit, 20);
