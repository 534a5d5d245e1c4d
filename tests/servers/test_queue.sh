#!/bin/bash
# test_queue.sh: the queue behind real web servers
#
#	test_queue.sh [MODE...]	default: lighttpd-spawn apache-fcgid
#
# Each world below is a configuration and what must hold under it.
here=$(cd "$(dirname "$0")" && pwd)
export STOCKROUTE_PROCS=4
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

# ---- What is seen --------------------------------------------------------

sql() { # QUERY
	"${server_user[@]}" sqlite3 -readonly -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" "$1"
}

in_queue() {
	sql "SELECT count(*) FROM outbox"
}

queue_is_empty() {
	[ "$(in_queue)" = 0 ]
}

# id|outcome|status of what was decided, oldest first.
rows() { # LIKE
	sql "SELECT interaction_id, outcome, status FROM decision
	      WHERE interaction_id LIKE '$1' ORDER BY received_us, id"
}

count_rows() { # LIKE OUTCOME
	rows "$1" | cut -d'|' -f2 | grep -cx "$2"
}

# id and status of every PATCH that CXone was sent.
asked() {
	sim_ask GET journal >"$dir/client/journal"
	sqlite3 -separator ' ' :memory: "
		SELECT replace(value->>'path',
			'/api/v2/routing/interactions/', ''),
		       value->>'status', value->>'at_us'
		  FROM json_each(readfile('$dir/client/journal'))
		 WHERE value->>'route' = 'interaction'"
}

count_asked() { # ID [STATUS]
	asked | grep -c "^$1 ${2-}"
}

is_routed() { # ID
	[ "$(count_asked "$1" 200)" -ge 1 ]
}

was_routed_once() { # ID SECONDS
	server_wait "$2" is_routed "$1" || fail "$1: not routed" || return 1
	server_wait 5 queue_is_empty || fail "$1: still queued" || return 1
	same "$1: PATCHes" "$(count_asked "$1" 200)" 1 &&
		same "$1: row" "$(rows "$1")" "$1|routed|ok"
}

faults() { # ENTRIES: of the interaction route
	sim_ask PUT faults "{\"interaction\":[$1]}" >/dev/null
}

well_again() {
	sim_ask DELETE faults >/dev/null
}

post_many() { # NAME COUNT
	local i

	for ((i = 1; i <= $2; i++)); do post "$1-$i"; done
}

# The same interaction at another time of the day: no duplicate.
post_at() { # ID HH:MM
	ask "$1" --data-binary "$(event "$1" | sed "s/10:30/$2/")" "$endpoint"
}

# The items in hand take all there is room for, for that long.
fill() { # NAME COUNT MS
	slow_upstream "$3"
	post_many "$1" "$2" >/dev/null
	server_wait 5 in_hand "$2"
}

# ---- Worlds --------------------------------------------------------------

world() { # MEMBERS
	server_stop "$dir" >/dev/null 2>&1
	rm -rf "$dir/data" "$dir/log"
	mkdir -p "$dir"/{client,data}
	sim_ask POST reset >/dev/null
	write_config "$1"
	server_start "$mode" "$dir" >/dev/null || return 1
	endpoint=$(cat "$dir/url")/webhook/routing-events
}

# A process without a web server, on the same database.
another_process() {
	server_program "$dir"
}

fifty_events_are_answered_202_and_each_is_routed_once() {
	same answers "$(post_many fifty 50 | sort | uniq -c | xargs)" \
		"50 202" && said fifty-1 queued || return 1
	server_wait 10 queue_is_empty || fail "not drained" || return 1
	same PATCHes "$(asked | grep '^fifty-' | sort -u -k1,1 | wc -l)" 50 &&
		same "all PATCHes" "$(asked | grep -c '^fifty-')" 50 &&
		same rows "$(count_rows 'fifty-%' routed)" 50
}

a_duplicate_of_a_queued_event_is_not_queued() {
	same first "$(post twice)" 202 &&
		server_wait 5 queue_is_empty &&
		same second "$(post twice)" 200 &&
		said twice duplicate &&
		same PATCHes "$(count_asked twice)" 1
}

# The PATCHes that bear the trace; the request's id stays with us.
count_traced() { # TRACE
	asked >/dev/null
	sqlite3 :memory: "
		SELECT count(*) FROM json_each(readfile('$dir/client/journal'))
		 WHERE value->>'route' = 'interaction'
		   AND value->>'\$.headers.traceparent' LIKE '00-$1-%-01'
		   AND value->>'\$.headers.tracestate' = 'rojo=1'
		   AND value->>'\$.headers.x-request-id' IS NULL"
}

a_queued_event_joins_the_trace_it_came_with() {
	local trace=4bf92f3577b34da6a3ce929d0e0e4736

	same status "$(post traced -H 'X-Request-Id: req-1' \
		-H "traceparent: 00-$trace-00f067aa0ba902b7-01" \
		-H 'tracestate: rojo=1')" 202 || return 1
	grep -qi '^x-request-id: req-1' "$dir/client/traced.head" ||
		fail "answered without its id" || return 1
	was_routed_once traced 5 || return 1
	same PATCHes "$(count_traced $trace)" 1 &&
		same row "$(sql "SELECT trace_id, parent_span, request_id
			FROM decision WHERE interaction_id = 'traced'")" \
			"$trace|00f067aa0ba902b7|req-1"
}

no_more_are_in_hand_than_configured() {
	slow_upstream 200
	sim_ask DELETE journal >/dev/null
	post_many many 40 >/dev/null
	server_wait 15 queue_is_empty || fail "not drained" || return 1
	well_again
	same "in hand at most" "$(sim_number inflight_max)" 5 &&
		same PATCHes "$(asked | grep -c '^many-')" 40
}

the_newest_event_of_an_interaction_supersedes() {
	fill full 5 1500 || fail "nothing in hand" || return 1
	post_at newest 10:31 >/dev/null
	post_at newest 10:32 >/dev/null
	well_again
	server_wait 10 queue_is_empty || fail "not drained" || return 1
	same PATCHes "$(count_asked newest)" 1 &&
		same rows "$(rows newest | sort | xargs)" \
			"newest|routed|ok newest|superseded|superseded"
}

cut_short() {
	grep -q 'events are cut short' "$dir"/log/*.log
}

all_routed_again() { # LIKE COUNT
	[ "$(count_rows "$1" routed)" = "$2" ]
}

a_process_that_stops_gives_back_what_it_has_in_hand() {
	local pids cut_us

	faults '{"fault":"hang","times":3}'
	post_many stopped 3 >/dev/null
	server_wait 5 in_hand 3 || fail "nothing in hand" || return 1
	well_again
	pids=$(server_pids "$dir")
	another_process || return 1
	# shellcheck disable=SC2086
	kill -s TERM $pids
	server_wait 8 cut_short || fail "nothing was cut" || return 1
	cut_us=${EPOCHREALTIME/./}
	server_wait 4 all_routed_again 'stopped-%' 3 ||
		fail "not taken: $(rows 'stopped-%' | xargs)" || return 1
	[ $((${EPOCHREALTIME/./} - cut_us)) -lt 2000000 ] ||
		fail "after $((${EPOCHREALTIME/./} - cut_us)) us" || return 1
	same attempts "$(sql "SELECT max(queue_attempts) FROM decision
		WHERE interaction_id LIKE 'stopped-%'")" 1
}

check_queue_mode() {
	world '"routing_mode": "queue", "cxone_max_inflight": 5,
		"cxone_timeout_ms": 15000,' || fail "not ok - $mode: starts"
	check fifty_events_are_answered_202_and_each_is_routed_once
	check a_duplicate_of_a_queued_event_is_not_queued
	check a_queued_event_joins_the_trace_it_came_with
	check no_more_are_in_hand_than_configured
	check the_newest_event_of_an_interaction_supersedes
	check a_process_that_stops_gives_back_what_it_has_in_hand
}

what_waited_too_long_is_not_routed() {
	fill full 1 3500 || fail "nothing in hand" || return 1
	post late >/dev/null
	well_again
	server_wait 10 queue_is_empty || fail "not drained" || return 1
	same PATCHes "$(count_asked late)" 0 &&
		same row "$(rows late)" "late|expired|expired"
}

is_parked() { # ID
	[ "$(sql "SELECT state FROM outbox WHERE interaction_id = '$1'")" = \
		parked ]
}

what_fails_each_attempt_is_parked_with_its_history() {
	faults '{"status":503,"times":0}'
	same status "$(post hopeless)" 202 || return 1
	server_wait 5 is_parked hopeless || fail "not parked" || return 1
	well_again
	same attempts "$(sql "SELECT attempt, attempt.status, http
		FROM attempt JOIN outbox ON outbox.id = outbox_id
		WHERE interaction_id = 'hopeless' ORDER BY attempt" |
		xargs)" "1|upstream_failed|503 2|upstream_failed|503" &&
		same PATCHes "$(count_asked hopeless)" 2 &&
		same row "$(rows hopeless)" "hopeless|failed|upstream_failed"
}

# As if each worker that took it had died. The gate keeps all others out.
an_event_that_kills_its_workers_is_parked() {
	fill full-again 1 1500 || fail "nothing in hand" || return 1
	post deadly >/dev/null
	"${server_user[@]}" flock "$dir/data/stockroute.db-gate" \
		sqlite3 -cmd '.timeout 5000' \
			"$dir/data/stockroute.db" "UPDATE outbox
			SET attempts = 2 WHERE interaction_id = 'deadly'"
	well_again
	server_wait 8 is_parked deadly || fail "not parked" || return 1
	same PATCHes "$(count_asked deadly)" 0 &&
		same row "$(rows deadly)" "deadly|failed|stale"
}

check_ends() {
	world '"routing_mode": "queue", "cxone_max_inflight": 1,
		"event_max_age_s": 2, "queue_attempts": 2,
		"queue_backoff_ms": 100,' || fail "not ok - $mode: starts"
	check what_waited_too_long_is_not_routed
	check what_fails_each_attempt_is_parked_with_its_history
	check an_event_that_kills_its_workers_is_parked
}

spills() { # ID FAULTS
	faults "$2"
	same status "$(post "$1")" 202 && said "$1" queued || return 1
	well_again
	was_routed_once "$1" 8
}

cxone_503_spills() {
	spills down '{"status":503,"times":1}'
}

cxone_hanging_spills() {
	spills hanging '{"fault":"hang","times":1}'
}

cxone_breaking_the_connection_spills() {
	# What breaks on a reused connection is sent again at once; so it
	# takes two.
	spills reset '{"fault":"reset","times":2}'
}

cxone_429_to_the_last_attempt_spills() {
	spills limited '{"status":429,"times":4}' &&
		same "PATCHes refused" "$(count_asked limited 429)" 4
}

# The pause that CXone asked for holds for the queue as well.
a_pause_beyond_the_deadline_spills() {
	local times

	spills paused '{"status":429,"headers":{"Retry-After":"4"}}' ||
		return 1
	mapfile -t times < <(asked | grep '^paused ' | cut -d' ' -f3)
	[ $((times[1] - times[0])) -ge 3900000 ] ||
		fail "asked after $((times[1] - times[0])) us"
}

check_spill() {
	world '"event_deadline_ms": 3000, "cxone_timeout_ms": 500,
		"cxone_backoff_ms": 20, "cxone_jitter_ms": 10,
		"queue_backoff_ms": 200,' || fail "not ok - $mode: starts"
	check cxone_503_spills
	check cxone_hanging_spills
	check cxone_breaking_the_connection_spills
	check cxone_429_to_the_last_attempt_spills
	check a_pause_beyond_the_deadline_spills
}

without_spill_a_failure_is_answered_500() {
	faults '{"status":503,"times":1}'
	same status "$(post plain)" 500 && said plain upstream_failed &&
		same queued "$(in_queue)" 0
}

check_no_spill() {
	world '"spill": "off",' || fail "not ok - $mode: starts"
	check without_spill_a_failure_is_answered_500
}

cgi_queues_and_a_process_that_lives_on_routes() {
	same status "$(post cgi)" 202 || return 1
	same queued "$(in_queue)" 1 && same PATCHes "$(count_asked cgi)" 0 &&
		another_process && was_routed_once cgi 5
}

check_cgi() {
	world '"routing_mode": "queue",' || fail "not ok - $mode: starts"
	check cgi_queues_and_a_process_that_lives_on_routes
}

# ---- All -----------------------------------------------------------------

run_mode() { # MODE
	mode_open "$1" || return
	if [[ $mode = *-cgi ]]; then
		check_cgi
	else
		check_queue_mode
		check_ends
		check_spill
		check_no_spill
	fi
}

[ $# -gt 0 ] || set -- lighttpd-spawn apache-fcgid lighttpd-cgi
play_modes 3 "$@"
