-- event_list.c: find_page: with which decision a page of :rows ends; no row
-- when it reaches to the period's beginning. The index alone tells.
SELECT received_us, id
FROM decision
WHERE received_us >= coalesce(:from_us, 0)
	AND (received_us, id) < (
		coalesce(:before_us, 9223372036854775807),
		coalesce(:before_id, 0))
ORDER BY received_us DESC, id DESC
LIMIT 1 OFFSET coalesce(:rows, 5000) - 1;
