-- event_list.c: event_list_page: decisions of a period that fit what is set,
-- newest first; without :limit 20. They begin with decision :from_id of
-- :from_us and end before :before_id of :before_us. :slower_us is rounded as
-- total_ms was, so that equal times are equal.
-- In the sqlite3 shell: .parameter set :outcome "'failed'"
SELECT *
FROM report_decision
WHERE (received_us, id) >= (coalesce(:from_us, 0), coalesce(:from_id, 0))
	AND (received_us, id) < (
		coalesce(:before_us, 9223372036854775807),
		coalesce(:before_id, 0))
	AND (:outcome IS NULL OR outcome = :outcome)
	AND (:status IS NULL OR status = :status)
	AND (:media IS NULL OR media_type = :media)
	AND (:sku IS NULL OR sku = :sku)
	AND total_ms > round(coalesce(:slower_us, -1) / 1e3, 3)
	AND (:route IS NULL OR inventory_status = :route
		OR :route IN (SELECT value FROM json_each(skills))
		OR :route IN (SELECT value FROM json_each(queues)))
ORDER BY received_us DESC, id DESC
LIMIT coalesce(:limit, 20);
