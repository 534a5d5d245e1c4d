-- event_list.c: event_list_size: how many numbers the decisions of a period
-- span
SELECT
	(SELECT id FROM decision
		WHERE received_us < coalesce(:to_us, 9223372036854775807)
		ORDER BY received_us DESC, id DESC LIMIT 1)
	- (SELECT id FROM decision
		WHERE received_us >= coalesce(:from_us, 0)
		ORDER BY received_us, id LIMIT 1)
	+ 1 AS count;
