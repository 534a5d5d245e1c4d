#!/bin/bash
# test_tool_queue.sh: stockroute queue and events replay, as an operator calls
#
#	test_tool_queue.sh [BUILD]	default: build
#
# Every check begins with an empty queue and a simulator as at its start.
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
mode=queue
# shellcheck source=tests/tool.sh
. tests/tool.sh

# ---- What is called ------------------------------------------------------

sql() { # QUERY
	sqlite3 -readonly -cmd '.timeout 5000' "$STOCKROUTE_DB" "$1"
}

is() { # QUERY EXPECTED
	same "$1" "$(sql "$1")" "$2"
}

# ---- What is put in ------------------------------------------------------

# A line of an export: an event that waits, or was parked as timed out.
line() { # ID [STATE [ATTEMPTS]]
	printf '{"interaction_id":"%s","state":"%s",' "$1" "${2-waiting}"
	printf '"claim_key":"key-%s","claim_holder":"4611686018427387904",' "$1"
	printf '"accepted_us":%s000000,"due_us":0,' "$(date +%s)"
	printf '"attempts":%s,"fence":9' "${3-2}"
	printf ',"superseded":false,"history":'
	printf '[{"fence":9,"attempt":8,"ended_us":1,"status":"timeout",'
	printf '"http":0,"error":"no answer"}],"body":"{\\"data\\":'
	printf '{\\"interactionId\\":\\"%s\\",' "$1"
	printf '\\"mediaType\\":\\"voice\\"}}"}\n'
}

lines() { # COUNT [STATE]
	local i

	for ((i = 1; i <= $1; i++)); do line "call-$i" "${@:2}"; done
}

put() { # COUNT [STATE]
	lines "$@" >"$dir/in"
	call 0 queue import "$dir/in" --yes
}

# ---- What must hold ------------------------------------------------------

the_list_filters_and_prints_in_three_formats() {
	put 3 parked && line other >"$dir/in" &&
		call 0 queue import "$dir/in" --yes &&
		call 0 queue list && says other && says timeout &&
		call 0 queue list --parked --format csv &&
		same lines "$(wc -l <"$dir/out")" 4 &&
		call 0 queue list --state waiting --format json &&
		same ids "$(grep -c interaction_id "$dir/out")" 1 &&
		call 0 queue list --interaction call-2 --format csv &&
		same lines "$(wc -l <"$dir/out")" 2 &&
		call 0 queue list --status timeout --limit 2 --format csv &&
		same lines "$(wc -l <"$dir/out")" 3
}

what_is_not_understood_is_told_and_nothing_is_done() {
	put 2 parked || return 1
	call 2 queue && call 2 queue frob && call 2 queue list --status frob &&
		call 2 queue list --status timeout --status frob &&
		call 2 queue list --state parked --state frob &&
		call 2 queue list --limit 0 && call 2 queue retry --yes &&
		says "which events?" && call 2 queue drop --parked --all &&
		call 2 queue drop call-1 && call 2 queue export &&
		call 2 queue drain --twice && call 2 events replay &&
		call 2 events replay - --rate 0 && call 2 queue show &&
		call 1 queue drop 99 --yes && says "no such event" &&
		is "SELECT count(*) FROM outbox WHERE state = 'parked'" 2
}

show_tells_the_event_and_every_attempt() {
	put 1 parked && call 0 queue show 1 && says '"mediaType":"voice"' &&
		says "no answer" && call 0 queue show 1 --format json &&
		same state "$(sqlite3 :memory: "SELECT
			json_extract(readfile('$dir/out'), '\$.item.state') ||
			json_extract(readfile('$dir/out'),
				'\$.attempts[0].status')")" parkedtimeout &&
		call 1 queue show 77 && says "not in the queue"
}

retry_and_drop_only_tell_without_yes() {
	put 12 parked && call 0 queue retry --parked &&
		says "12 events would" &&
		says "... and 2 more" && says "Nothing was changed" &&
		call 0 queue drop 3 4 && says "2 events would" &&
		is "SELECT count(*) FROM outbox WHERE state = 'parked'" 12 &&
		is "SELECT count(*) FROM decision" 0
}

retry_counts_attempts_anew_and_keeps_claim_and_history() {
	put 3 parked && call 0 queue retry 2 --yes && says "1 event put back" &&
		is "SELECT attempts, state, claim_key, claim_holder, fence
			FROM outbox WHERE id = 2" \
			"0|waiting|key-call-2|4611686018427387904|10" &&
		is "SELECT group_concat(status) FROM attempt
			WHERE outbox_id = 2" "timeout,queued" &&
		call 0 queue drain && says "1 routed" &&
		call 0 queue list --parked --format csv &&
		same lines "$(wc -l <"$dir/out")" 3
}

a_retried_event_that_was_overtaken_is_not_routed() {
	put 1 parked && sleep 1.1 || return 1
	event call-1 | call 0 events replay - || return 1
	call 0 queue retry --all --yes && call 0 queue drain &&
		says "1 superseded" &&
		same patches "$(sim_number interaction)" 1
}

# Parked, put back and parked once more, put back and routed.
a_parked_event_that_is_decided_later_counts_once() {
	sim_faults '{"status":403,"times":0}'
	put 1 && call 1 queue drain && call 0 queue retry --all --yes &&
		call 1 queue drain && call 0 queue retry --all --yes ||
		return 1
	sim_ask POST reset >/dev/null
	call 0 queue drain && says "1 routed" &&
		is "SELECT group_concat(outcome), count(replaced_by)
			FROM decision" "failed,failed,routed|2" &&
		call 0 report --by outcome --format csv &&
		same groups "$(cut -d, -f1,2 "$dir/out" | tail -n +2)" \
			routed,1 &&
		call 0 events show call-1 && says "1  replaced by this" &&
		says "2  replaced by this" &&
		call 0 events show 1 && says "3  replaced this"
}

drop_leaves_a_decision() {
	put 3 parked && call 0 queue drop --interaction call-2 --yes &&
		is "SELECT interaction_id, outcome, status, media_type, error
			FROM decision" "call-2|dropped|dropped|voice|dropped `
			`by an operator; last: timeout, no answer" &&
		is "SELECT count(*) FROM outbox" 2 &&
		is "SELECT count(*) FROM attempt" 2 &&
		call 0 report --by outcome --format csv && says dropped
}

what_is_in_hand_is_left_alone() {
	local worker

	sim_faults '{"delay_ms":2500,"times":0}'
	put 2 || return 1
	"$B/stockroute" queue drain >"$dir/drain" 2>&1 &
	worker=$!
	wait_for 5 is "SELECT count(*) FROM outbox WHERE state = 'running'" \
		2 >/dev/null
	line third parked >"$dir/in"
	call 0 queue import "$dir/in" --yes && call 0 queue drop --all &&
		says "2 in hand would be left alone" &&
		call 0 queue retry 1 2 --yes && says "0 events put back" &&
		says "2 in hand were left alone" &&
		call 0 queue drop --all --yes && says "1 event dropped" &&
		says "2 in hand were left alone"
	wait $worker
	is "SELECT group_concat(outcome) FROM (SELECT outcome FROM decision
		ORDER BY outcome)" dropped,routed,routed
}

export_and_import_move_everything() {
	put 3 parked && put 450 || return 1
	sql "SELECT interaction_id, claim_key, claim_holder, body, accepted_us,
		attempts, fence, state, traceparent, tracestate, request_id
		FROM outbox ORDER BY id" >"$dir/before"
	call 0 queue export "$dir/all" && says "450 events exported" &&
		call 0 queue import "$dir/all" --yes &&
		says "0 events imported; 450 are in the queue already" &&
		call 0 queue drop --all --yes && says "450 events dropped" &&
		call 0 queue import "$dir/all" && says "450 events would" &&
		is "SELECT count(*) FROM outbox" 0 &&
		call 0 queue import - --yes <"$dir/all" || return 1
	sql "SELECT interaction_id, claim_key, claim_holder, body, accepted_us,
		attempts, fence, state, traceparent, tracestate, request_id
		FROM outbox ORDER BY id" >"$dir/after"
	cmp "$dir/before" "$dir/after" &&
		is "SELECT count(*) FROM attempt
			WHERE error = 'no answer'" 450 &&
		same mode "$(stat -c %a "$dir/all")" 600 &&
		call 0 queue export --parked - &&
		same lines "$(wc -l <"$dir/out")" 3
}

an_export_into_a_pipe_is_whole() {
	put 2 && mkfifo "$dir/gzip" || return 1
	cat "$dir/gzip" >"$dir/copy" &
	call 0 queue export "$dir/gzip" && says "2 events exported" || return 1
	wait $!
	same lines "$(wc -l <"$dir/copy")" 2
}

a_number_that_is_given_twice_is_there() {
	put 2 && call 0 queue retry 1 2 1 && says "2 events would" || return 1
	! grep -F "numbers" "$dir/err"
}

an_import_names_line_and_field_and_imports_nothing_then() {
	{
		line one
		line two | sed 's/"waiting"/"sleeping"/'
		line three | sed 's/"fence":9,"sup/"fence":8,"sup/'
		line four | sed 's/\\"call-1\\"//; s/voice/voi\\nce/'
		line five | sed 's/"due_us":0/"due_us":"soon"/'
		line six | sed 's/"status":"timeout",//'
		echo '{"interaction_id":'
	} >"$dir/in"
	call 1 queue import "$dir/in" --yes && says "line 2: /state:" &&
		says "line 3: /fence:" && says "line 4: /body:" &&
		says "line 5: /due_us:" && says "line 6: /history/status:" &&
		says "line 7: " && says "6 of 7 lines" &&
		is "SELECT count(*) FROM outbox" 0 &&
		call 1 queue import "$dir/nowhere"
}

holds() { # ROWS
	is "SELECT count(*) FROM outbox" "$1"
}

an_import_that_has_no_room_is_not_begun() {
	put 3 && lines 30 >"$dir/in" &&
		QUEUE_MAX_ROWS=29 call 1 queue import "$dir/in" --yes &&
		says "QUEUE_MAX_ROWS is 29, and 30 events would wait" &&
		says "nothing was imported: overloaded" && holds 3 &&
		QUEUE_MAX_ROWS=29 call 1 queue import "$dir/in" &&
		QUEUE_MAX_BYTES=1024 call 1 queue import "$dir/in" --yes &&
		says "QUEUE_MAX_BYTES is 1024, and" && holds 3 &&
		DISK_MIN_BYTES=1125899906842624 call 1 queue import \
			"$dir/in" --yes &&
		says "or lower DISK_MIN_BYTES" && holds 3 &&
		QUEUE_MAX_ROWS=30 call 0 queue import "$dir/in" --yes &&
		says "27 events imported; 3 are" && holds 30
}

what_is_parked_or_known_needs_no_room_among_the_waiting() {
	lines 5 parked >"$dir/in"
	QUEUE_MAX_ROWS=2 call 0 queue import "$dir/in" --yes && holds 5 &&
		line one >"$dir/in" && line two >>"$dir/in" &&
		call 0 queue import "$dir/in" --yes &&
		QUEUE_MAX_ROWS=2 call 0 queue import "$dir/in" --yes && holds 7
}

# The others: when one event comes, the queue has twice as many at once.
an_import_that_others_overtake_stops_before_the_cap() {
	sqlite3 "$STOCKROUTE_DB" "CREATE TRIGGER others AFTER INSERT ON outbox
		WHEN new.interaction_id = 'call-300' BEGIN
		INSERT INTO outbox (interaction_id, claim_key, claim_holder,
			body, accepted_us, due_us, state, attempts)
		SELECT 'other-' || id, '', 0, '{}', 0, 0, 'waiting', 0
		FROM outbox; END" || return 1
	lines 450 >"$dir/in"
	QUEUE_MAX_ROWS=450 call 1 queue import "$dir/in" --yes &&
		says "QUEUE_MAX_ROWS is 450, and 700 events" &&
		says "the import is not whole: overloaded" &&
		says "200 events imported" && holds 200 || return 1
	sqlite3 "$STOCKROUTE_DB" "DROP TRIGGER others"
	QUEUE_MAX_ROWS=450 call 0 queue import "$dir/in" --yes &&
		says "250 events imported; 200 are in the queue" && holds 450
}

drain_once_leaves_what_waits_for_another_attempt() {
	sim_faults '{"status":503,"times":0}'
	put 2 && QUEUE_ATTEMPTS=20 QUEUE_BACKOFF_MS=60000 call 0 queue drain &&
		says "drained: 0 ended, 2 attempts to be repeated" &&
		is "SELECT count(*) FROM outbox WHERE state = 'waiting'" 2
}

drain_tells_of_what_it_parked_by_its_exit_code() {
	sim_faults '{"status":403,"times":0}'
	put 1 && call 1 queue drain && says "1 parked" &&
		is "SELECT state FROM outbox" parked &&
		is "SELECT outcome, status FROM decision" "failed|scope_missing"
}

an_event_whose_workers_died_each_time_is_parked() {
	line bomb waiting 8 >"$dir/in"
	call 0 queue import "$dir/in" --yes && call 1 queue drain &&
		same patches "$(sim_number interaction)" 0 &&
		is "SELECT state FROM outbox" parked &&
		is "SELECT outcome, status FROM decision" "failed|stale"
}

two_drains_at_once_do_everything_once() {
	local other

	put 400 || return 1
	"$B/stockroute" queue drain >"$dir/drain" 2>&1 &
	other=$!
	call 0 queue drain || return 1
	wait $other || fail "$(cat "$dir/drain")" || return 1
	is "SELECT count(*) FROM outbox" 0 &&
		is "SELECT count(*), count(DISTINCT interaction_id)
			FROM decision WHERE outcome = 'routed'" "400|400" &&
		same patches "$(sim_number interaction)" 400
}

drain_follows_until_it_is_told_to_stop() {
	local worker

	"$B/stockroute" queue drain --follow >"$dir/drain" 2>&1 &
	worker=$!
	put 1 && wait_for 5 is "SELECT count(*) FROM decision" 1 >/dev/null &&
		line later >"$dir/in" && call 0 queue import "$dir/in" --yes &&
		wait_for 5 is "SELECT count(*) FROM decision" 2 >/dev/null
	kill -TERM $worker
	wait $worker
	same code $? 0 || return 1
	grep -q "drained: 2 ended (2 routed)" "$dir/drain" ||
		fail "$(cat "$dir/drain")"
}

# What cannot end within 5 s is given back whole.
a_stopped_drain_gives_back_what_it_has_in_hand() {
	local worker

	sim_faults '{"fault":"hang","times":0}'
	put 1 || return 1
	CXONE_TIMEOUT_MS=20000 EVENT_DEADLINE_MS=25000 "$B/stockroute" \
		queue drain --follow >"$dir/drain" 2>&1 &
	worker=$!
	wait_for 5 is "SELECT count(*) FROM outbox WHERE state = 'running'" \
		1 >/dev/null
	kill -TERM $worker
	wait $worker
	same code $? 0 &&
		is "SELECT state, attempts FROM outbox" "waiting|2" &&
		is "SELECT count(*) FROM attempt" 1
}

drain_says_what_it_lacks() {
	CXONE_CLIENT_SECRET='' call 1 queue drain && says CXONE_CLIENT_SECRET &&
		STOCKROUTE_DB=$dir/no/where call 1 queue drain
}

replay_sums_up_by_outcome() {
	sim_ask PUT stock \
		'{"*":"in_stock","SKU-VOICE-call-2":"gone"}' >/dev/null
	{
		events 30
		event gone-1
		event call-7
	} >"$dir/in"
	call 0 events replay "$dir/in" && says "29 routed" &&
		says "1 fallback" && says "1 skipped" && says "1 duplicate" &&
		is "SELECT count(*) FROM outbox" 0
}

replay_tells_the_numbers_of_bad_lines_and_takes_the_others() {
	{
		event one
		echo '{"data":{"interactionId":7}}'
		echo
		echo nonsense
		head -c 70000 /dev/zero | tr '\0' x
		echo
		event two
	} >"$dir/in"
	call 1 events replay "$dir/in" --dry-run &&
		says "line 2: /data/inter" &&
		says "line 4: " && says "line 5: is larger" &&
		says "2 of 5 lines are acceptable" &&
		same patches "$(sim_number interaction)" 0 &&
		call 1 events replay - <"$dir/in" && says "line 4: " &&
		says "2 routed" && says "3 not acceptable"
}

# Neither the next line nor what follows the NUL is lost unseen.
a_line_with_a_nul_is_one_bad_line() {
	{
		event one
		printf 'a\0b\n'
		event two
		event three | tr -d '\n'
		printf '\0'
	} >"$dir/in"
	call 1 events replay "$dir/in" && says "line 2: " && says "line 4: " &&
		says "4 of 4 lines" && says "2 routed" &&
		says "2 not acceptable"
}

what_can_be_read_but_once_is_read_as_a_file_is() {
	mkfifo "$dir/pipe" || return 1
	events 3 >"$dir/pipe" &
	call 0 events replay "$dir/pipe" && says "3 of 3 lines" &&
		says "3 routed" || return 1
	lines 2 >"$dir/pipe" &
	call 0 queue import "$dir/pipe" --yes && says "2 events imported"
}

replay_keeps_to_its_rate() {
	local begin

	events 20 >"$dir/in"
	begin=$(date +%s%N)
	call 0 events replay "$dir/in" --rate 20 && says "20 routed" || return 1
	[ $(($(date +%s%N) - begin)) -gt 800000000 ] || fail "too fast"
}

replay_waits_for_what_others_have_in_hand() {
	local worker

	"$B/stockroute" queue drain --follow >"$dir/drain" 2>&1 &
	worker=$!
	events 300 >"$dir/in"
	call 0 events replay "$dir/in" && says "300 routed"
	same "exit code" $? 0 || {
		kill $worker
		return 1
	}
	kill $worker
	wait $worker
	same patches "$(sim_number interaction)" 300
}

# ---- All -----------------------------------------------------------------

open_sim
play_checks "the_list_filters_and_prints_in_three_formats
	what_is_not_understood_is_told_and_nothing_is_done
	show_tells_the_event_and_every_attempt
	retry_and_drop_only_tell_without_yes
	retry_counts_attempts_anew_and_keeps_claim_and_history
	a_retried_event_that_was_overtaken_is_not_routed
	a_parked_event_that_is_decided_later_counts_once
	drop_leaves_a_decision
	what_is_in_hand_is_left_alone
	export_and_import_move_everything
	an_export_into_a_pipe_is_whole
	a_number_that_is_given_twice_is_there
	an_import_names_line_and_field_and_imports_nothing_then
	an_import_that_has_no_room_is_not_begun
	what_is_parked_or_known_needs_no_room_among_the_waiting
	an_import_that_others_overtake_stops_before_the_cap
	drain_once_leaves_what_waits_for_another_attempt
	drain_tells_of_what_it_parked_by_its_exit_code
	an_event_whose_workers_died_each_time_is_parked
	two_drains_at_once_do_everything_once
	drain_follows_until_it_is_told_to_stop
	a_stopped_drain_gives_back_what_it_has_in_hand
	drain_says_what_it_lacks
	replay_sums_up_by_outcome
	replay_tells_the_numbers_of_bad_lines_and_takes_the_others
	a_line_with_a_nul_is_one_bad_line
	what_can_be_read_but_once_is_read_as_a_file_is
	replay_keeps_to_its_rate
	replay_waits_for_what_others_have_in_hand"
