#!/bin/bash
# test_tool_token.sh: stockroute token, as an operator calls it
#
#	test_tool_token.sh [BUILD]	default: build
#
# Every check begins without a database and a simulator as at its start.
# Events that are replayed need a token; the simulator counts how many it
# issued.
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
mode=token
# shellcheck source=tests/tool.sh
. tests/tool.sh
key_a=$(printf 'a%.0s' {1..64})
key_b=$(printf 'b%.0s' {1..64})

# ---- What is called ------------------------------------------------------

issued() { # COUNT
	same "tokens issued" "$(sim_number token)" "$1"
}

# An event that is decided now, which takes a token.
decide() { # ID
	printf '{"data":{"interactionId":"%s","mediaType":"voice"}}\n' "$1" \
		>"$dir/in"
	call 0 events replay "$dir/in" && says routed
}

key_id() {
	"$B/stockroute" token --format json | grep -o '"key_id": *"[^"]*"'
}

is_decided() { # ID
	[ "$(sqlite3 -readonly -cmd '.timeout 5000' "$STOCKROUTE_DB" \
		"SELECT count(*) FROM decision WHERE
		interaction_id = '$1' AND outcome = 'routed'")" = 1 ]
}

# The keys are read right after the database was opened.
has_open() { # FILE
	find "/proc/$follower/fd" -lname "$1" 2>/dev/null | grep -q . &&
		sleep 0.2
}

# ---- What must hold ------------------------------------------------------

it_shows_the_tokens_age_and_never_the_token() {
	decide one && call 0 token && says valid && says key_id &&
		call 0 token show --format json && says '"version": "1"' &&
		says '"refreshed_by": "' && says '"client_id": "us"' || return 1
	! grep -E 'sim-[0-9]+-' "$dir/out" || fail "it shows the token"
}

what_is_not_understood_is_told() {
	decide one && call 2 token reseal now && says usage &&
		call 2 token steal && says usage &&
		call 2 token show --since 1h
}

without_a_database_it_says_so() {
	call 1 token && says "$STOCKROUTE_DB"
}

a_new_key_of_the_file_costs_no_token() {
	local before after

	decide one || return 1
	before=$(key_id)
	cp "$STOCKROUTE_DB.key" "$dir/key.before"
	call 0 token reseal && says 'resealed 1, ' &&
		says "$STOCKROUTE_DB.key has a new key" || return 1
	after=$(key_id)
	[ "$before" != "$after" ] || fail "the same key" || return 1
	same "keys in the file" "$(wc -l <"$STOCKROUTE_DB.key")" 2 &&
		same "the one before" "$(tail -n 1 "$STOCKROUTE_DB.key")" \
			"$(cat "$dir/key.before")" &&
		same mode "$(stat -c %a "$STOCKROUTE_DB.key")" 600 &&
		decide two && issued 1
}

# It begins with one key and, after two changes, knows none that is in use:
# with its first event it must read the file again.
running_processes_go_on_with_the_new_key() {
	decide one || return 1
	"$B/stockroute" queue drain --follow >"$dir/follow" 2>&1 &
	follower=$!
	trap 'kill $follower; wait $follower' EXIT # of this check
	wait_for 10 has_open "$STOCKROUTE_DB-wal" &&
		call 0 token reseal && call 0 token reseal &&
		waiting two >"$dir/in" &&
		call 0 queue import "$dir/in" --yes &&
		wait_for 10 is_decided two && issued 1 || return 1
	! grep -i 'cannot be opened' "$dir/follow" ||
		fail "it could not open it"
}

from_one_key_of_the_settings_to_the_next() {
	STOCKROUTE_KEY=$key_a decide one || return 1
	export STOCKROUTE_KEY=$key_b STOCKROUTE_KEY_OLD=$key_a
	call 0 token reseal && says 'resealed 1, ' &&
		says 'STOCKROUTE_KEY is the key' &&
		call 0 token reseal && says 'already 1, ' || return 1
	unset STOCKROUTE_KEY_OLD
	decide two && issued 1 || return 1
	[ ! -e "$STOCKROUTE_DB.key" ] || fail "a key file was made"
}

without_the_old_key_a_token_is_fetched_anew() {
	STOCKROUTE_KEY=$key_a decide one || return 1
	export STOCKROUTE_KEY=$key_b
	call 0 token reseal && says 'fetched anew 1' && call 0 token &&
		says none && decide two && issued 2
}

a_key_that_is_none_is_refused_unseen() {
	STOCKROUTE_KEY=${key_a/a/g} call 1 token reseal &&
		says 'STOCKROUTE_KEY (environment): is no key' || return 1
	! grep -q aaaa "$dir/err" || fail "it shows the key" || return 1
	STOCKROUTE_KEY_OLD=short call 1 check && says 'is too short'
}

a_key_file_that_others_can_read_is_refused() {
	decide one && chmod 604 "$STOCKROUTE_DB.key" && call 1 token reseal &&
		says 'can be read or changed by every user' && call 1 check &&
		says 'FAIL  key file'
}

# ---- All -----------------------------------------------------------------

begin_check() { # CHECK
	export STOCKROUTE_DB=$dir/data/s.db
	rm -rf "$dir/data"
	mkdir "$dir/data"
	reset_sim
}

open_sim
export LOG_LEVEL=warn
play_checks "it_shows_the_tokens_age_and_never_the_token
	what_is_not_understood_is_told
	without_a_database_it_says_so
	a_new_key_of_the_file_costs_no_token
	running_processes_go_on_with_the_new_key
	from_one_key_of_the_settings_to_the_next
	without_the_old_key_a_token_is_fetched_anew
	a_key_that_is_none_is_refused_unseen
	a_key_file_that_others_can_read_is_refused"
