#!/bin/bash
# test_tool_events.sh: stockroute events, as an operator calls it
#
#	test_tool_events.sh [BUILD]	default: build
#
# Every check begins with an empty database and a simulator as at its start.
# What other programs read is compared byte for byte.
set -u
export LC_ALL=C TZ=UTC

cd "$(dirname "$0")/.." || exit 1
mode=events
# shellcheck source=tests/tool.sh
. tests/tool.sh

# ---- What is called ------------------------------------------------------

# The whole output is what it always was.
prints() { # GOLDEN
	diff -u "tests/golden/events.$1" "$dir/out"
}

lines() { # COUNT
	[ "$(wc -l <"$dir/out")" = "$1" ] ||
		fail "$(wc -l <"$dir/out") lines, expected $1"
}

has_lines() { # FILE COUNT
	[ "$(wc -l <"$1")" -ge "$2" ]
}

sql() { # STATEMENT
	sqlite3 -cmd '.timeout 5000' "$STOCKROUTE_DB" "$1"
}

# Two decisions: one as they mostly are, one that a stranger named.
two_decisions() {
	sql "INSERT INTO decision (received_us, interaction_id, event_type,
		event_timestamp, media_type, sku, sku_rule, inventory_word,
		inventory_status, inventory_result, skills, queues,
		map_digest, outcome, status, http, inventory_http,
		inventory_attempts, cxone_http, cxone_attempts,
		token_refreshes, waits, gateway_us, webhook_us, event_us,
		claim_us, sku_us, inventory_us, routing_us, cxone_us,
		record_us, total_us, trace_id, request_id)
	VALUES (1715768400123456, 'call-1', 'created', '2024-05-15', 'voice',
		'SKU-1', 'media-suffix', 'in_stock', 'in_stock', 'ok',
		'[\"s\"]', '[]', 'd1', 'routed', 'ok', 200, 200, 1, 200, 2,
		0, 'cxone:429:10.000ms cxone:retry_after:1000.000ms', 50,
		100, 20, 30, 50, 200000, 100, 1020000, 90, 1220300, 't1',
		'req-1'), (1715768401000000,
		'a\"b,' || char(27) || '[31m', NULL, NULL, 'x' || char(10),
		NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'refused',
		'field_invalid', 400, NULL, 0, NULL, 0, 0, NULL, 50, 100, 20,
		NULL, NULL, NULL, NULL, NULL, 90, 120, 't2', 'req-2')"
}

# ---- What must hold ------------------------------------------------------

text_has_the_columns_that_tell_the_most() {
	two_decisions
	call 0 events --since all && prints text
}

csv_has_all_columns() {
	two_decisions
	call 0 events --since all --format csv && prints csv
}

ndjson_has_an_object_a_line() {
	two_decisions
	call 0 events --since all --format ndjson && prints ndjson && lines 2
}

json_is_one_list() {
	local count

	two_decisions
	call 0 events --since all --format json && prints json || return 1
	count=$(sqlite3 :memory: \
		"SELECT json_array_length(readfile('$dir/out'))")
	[ "$count" = 2 ] || fail "no list of two" || return 1
	call 0 events --since all --format json --media none &&
		[ "$(cat "$dir/out")" = "[]" ]
}

the_story_tells_each_step_and_why() {
	two_decisions
	call 0 events show call-1 && prints story
}

# Piped there is none, unless it is asked for.
colour_is_ours_alone() {
	local escape

	escape=$(printf '\033')
	two_decisions
	call 0 events show 2 --color always &&
		says "${escape}[31mrefused${escape}[0m" &&
		says 'a"b,\x1b[31m' && call 0 events show 2 || return 1
	! grep -q "$escape" "$dir/out" || fail "an escape"
	call 2 events show 2 --color blue
}

hostile_ids_stay_text_in_the_story() {
	two_decisions
	sql "UPDATE decision SET interaction_id = char(27) || '[2J',
		error = char(7) || 'x', request_id = char(155) || '1m'
		WHERE id = 2"
	call 0 events show 2 && says 'event      \x1b[2J' &&
		says '\x07x' && says '\x9b1m' || return 1
	call 0 events show "$(printf '\033[2J')" && call 1 events show \
		"$(printf '\033[3J')" && says '\x1b[3J' || return 1
	! grep -q "$(printf '\033')" "$dir/out" "$dir/err" || fail "an escape"
}

the_story_is_json_for_programs() {
	two_decisions
	call 0 events show 1 --format json && prints story.json
}

waits_and_failed_requests_are_told() {
	sim_faults '{"status":429,"headers":{"Retry-After":"1"}}'
	event call-1 | call 0 events replay - && call 0 events show call-1 &&
		says "a request, answered 429" &&
		says "waited as long as CXone asked" &&
		says "waited for an access token" && says "(2 sent, HTTP 200)"
}

# The first attempt from the queue fails; the second one is told with it.
the_queues_history_outlives_the_queue() {
	sim_faults '{"status":503}'
	event call-1 | QUEUE_BACKOFF_MS=100 call 0 events replay - &&
		call 0 events show call-1 &&
		says "taken from the queue, attempt 2" &&
		says "  attempt 1  " && says "upstream_failed  HTTP 503" &&
		[ "$(sql "SELECT count(*) FROM attempt")" = 0 ]
}

what_waits_in_the_queue_has_a_story_too() {
	sql "INSERT INTO outbox (interaction_id, claim_key, claim_holder,
		body, accepted_us, due_us, state, attempts, request_id)
		VALUES ('call-9', 'k', 1, '{}', 1715768400000000,
		1715768460000000, 'waiting', 0, 'req-9')"
	call 0 events show call-9 && says "none yet: it is in the queue" &&
		says "req-9" && says "due 2024-05-15T10:21:00.000000Z"
}

each_filter_narrows_the_list() {
	two_decisions
	for words in "--outcome refused" "--status field_invalid" \
		"--media voice" "--sku SKU-1" "--route in_stock" "--route s" \
		"--interaction call-1" "--slower 300ms" "--limit 1" \
		"--from 2024-05-15T10:20:01Z" "--to 2024-05-15T10:20:01Z" \
		"--during 2024-05-15T10:20:00"; do
		# shellcheck disable=SC2086
		call 0 events --since all --format ndjson $words 2>/dev/null ||
			call 0 events --format ndjson $words || return 1
		lines 1 || fail "$words" || return 1
	done
	call 0 events --since all --slower 2s --format ndjson && lines 0
}

what_is_not_understood_is_told() {
	call 2 events --outcome lost && says "--outcome takes routed" &&
		call 2 events --status lost && call 2 events --limit -1 &&
		call 2 events --limit 1x && call 2 events --slower 300 &&
		call 2 events --slower && call 2 events --since never &&
		call 2 events -f --format json && says "ndjson" &&
		call 2 events --for 1s && call 2 events --format xml &&
		call 2 events show && call 2 events show 1 --format csv &&
		call 2 events "$(printf '\033')" && says '\x1b'
}

# Over several pages; nothing twice, nothing left out.
an_export_has_every_decision_once() {
	sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
			WHERE i < 12000)
		INSERT INTO decision (received_us, interaction_id, outcome,
			status, http, inventory_attempts, cxone_attempts,
			token_refreshes, total_us)
		SELECT i / 7, 'c', 'routed', 'ok', 200, 1, 1, 0, 5 FROM n"
	call 0 events --since all --format csv && lines 12001 || return 1
	[ "$(tail -n +2 "$dir/out" | cut -d, -f1 | sort -un | wc -l)" = \
		12000 ] || fail "some twice" || return 1
	call 0 events --since all && lines 21 &&
		call 0 events --since all --limit all && lines 12001
}

# Another process writes; the follower is ended by a signal.
follow_shows_what_comes() {
	local follower code

	two_decisions
	timeout 30 "$B/stockroute" events -f --since all --format ndjson \
		--limit 1 >"$dir/follow" 2>"$dir/err" &
	follower=$!
	wait_for 5 has_lines "$dir/follow" 1 || return 1
	events 30 | call 0 events replay - &&
		wait_for 10 has_lines "$dir/follow" 31 || return 1
	# To the program itself, not to timeout.
	kill -INT "$(cat "/proc/$follower/task/$follower/children")"
	wait $follower
	code=$?
	[ $code = 0 ] || fail "exit $code" || return 1
	cp "$dir/follow" "$dir/out"
	lines 31 && says '"id": 2,' && says '"interaction_id": "call-30"' &&
		[ "$(grep -o '"id": [0-9]*' "$dir/out" | uniq -d)" = "" ]
}

follow_keeps_to_the_filter_and_to_its_time() {
	two_decisions
	timeout 30 "$B/stockroute" events -f --interaction call-7 --for 3s \
		--limit 0 >"$dir/follow" 2>"$dir/err" &
	wait_for 5 has_lines "$dir/follow" 1 &&
		events 9 | call 0 events replay - || return 1
	wait $! || fail "exit $?" || return 1
	cp "$dir/follow" "$dir/out"
	lines 2 && says call-7
}

# As `tail -f | head` does, but without waiting for another event.
follow_ends_when_nobody_reads() {
	two_decisions
	timeout 10 "$B/stockroute" events -f --since all |
		head -n 2 >"$dir/out"
	[ "${PIPESTATUS[0]}" = 0 ] || fail "it went on" || return 1
	lines 2
}

# ---- All -----------------------------------------------------------------

open_sim
play_checks "text_has_the_columns_that_tell_the_most
	csv_has_all_columns
	ndjson_has_an_object_a_line
	json_is_one_list
	the_story_tells_each_step_and_why
	colour_is_ours_alone
	hostile_ids_stay_text_in_the_story
	the_story_is_json_for_programs
	waits_and_failed_requests_are_told
	the_queues_history_outlives_the_queue
	what_waits_in_the_queue_has_a_story_too
	each_filter_narrows_the_list
	what_is_not_understood_is_told
	an_export_has_every_decision_once
	follow_shows_what_comes
	follow_keeps_to_the_filter_and_to_its_time
	follow_ends_when_nobody_reads"
