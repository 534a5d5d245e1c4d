#!/bin/bash
# test_tool_pause.sh: stockroute pause, as an operator calls it
#
#	test_tool_pause.sh [BUILD]	default: build
#
# Every check begins without a pause, and with a simulator as at its start.
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
mode=pause
# shellcheck source=tests/tool.sh
. tests/tool.sh

# One event is answered 429 with so long a pause, and stays in the queue.
ask_for_pause() { # SECONDS
	sim_faults '{"status":429,"headers":{"Retry-After":"'"$1"'"}}'
	waiting call-1 >"$dir/in" &&
		call 0 queue import "$dir/in" --yes || return 1
	stockroute queue drain >"$dir/drain" 2>&1
	call 0 pause --format csv && says "$sim_url,20"
}

# Its attempt is due now, whatever CXone asked for.
tries_again() { # WORDS
	call 0 queue retry --all --yes && call 0 queue drain && says "$1"
}

patches() { # COUNT
	same "updates that CXone got" "$(sim_number interaction)" "$1"
}

# ---- What must hold ------------------------------------------------------

without_a_pause_there_is_none() {
	call 0 pause && call 0 pause list --format json || return 1
	! grep -q "paused_until.*20" "$dir/out" || fail "there is one"
}

a_pause_that_cxone_asked_for_is_told() {
	ask_for_pause 600 && call 0 pause --format csv &&
		says upstream,paused_until,left_s,since,budget || return 1
	grep -qE '^[^,]+,20[^,]+Z,(600|5[0-9][0-9]),20[^,]+Z,[0-9]+.?$' \
		"$dir/out" || fail "$(cat "$dir/out")"
}

nobody_asks_before_its_end() {
	ask_for_pause 600 && patches 1 && call 0 queue retry --all --yes ||
		return 1
	stockroute queue drain >"$dir/out" 2>&1
	patches 1
}

once_ended_it_stops_nobody() {
	ask_for_pause 600 && call 0 pause end && says 'pauses ended: 1' &&
		call 0 pause --format csv || return 1
	! grep -q ',20' "$dir/out" || fail "it goes on" || return 1
	tries_again routed && patches 2
}

what_has_ended_is_not_ended_again() {
	call 0 pause end && says 'pauses ended: 0'
}

what_is_not_understood_is_told() {
	call 2 pause stop && says usage && call 2 pause end cxone &&
		says usage && call 2 pause --since 1h
}

without_a_database_it_says_so() {
	STOCKROUTE_DB=$dir/none/stockroute.db
	call 1 pause && says "$STOCKROUTE_DB" && call 1 pause end
}

open_sim
play_checks "without_a_pause_there_is_none
a_pause_that_cxone_asked_for_is_told nobody_asks_before_its_end
once_ended_it_stops_nobody what_has_ended_is_not_ended_again
what_is_not_understood_is_told without_a_database_it_says_so"
