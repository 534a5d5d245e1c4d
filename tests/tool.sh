#!/bin/bash
# tool.sh: what the tests of the command line share; sourced by them
#
# A test sets $mode, the word its lines begin with. Sourced in the root of
# the repository, this takes the test's arguments, [BUILD [CHECK]], makes $dir
# and ends all when the test ends. begin_check and end_all can be written
# anew.
# What it names and does not set is set in stage.sh.
# shellcheck disable=SC2034,SC2154
B=$(realpath "${1:-build}")
only=${2-}
export STOCKROUTE_SIM=$B/stockroute-sim
# shellcheck source=tests/servers/stage.sh
. tests/servers/stage.sh
results=$(mktemp)
dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-$mode.XXXXXX")

end_all() {
	sim_stop
	rm -rf "$dir" "$results"
}

trap 'exit 1' INT TERM
trap end_all EXIT

# ---- What is called ------------------------------------------------------

stockroute() {
	timeout 60 "$B/stockroute" "$@"
}

# Its output is in $dir/out, what it complains of in $dir/err.
call() { # CODE WORD...
	local code

	stockroute "${@:2}" >"$dir/out" 2>"$dir/err"
	code=$?
	[ $code = "$1" ] || fail "${*:2}: exit $code, expected $1:
$(cat "$dir/out" "$dir/err")"
}

says() { # WORDS
	grep -qF -- "$1" "$dir/out" "$dir/err" || fail "no '$1' in:
$(cat "$dir/out" "$dir/err")"
}

wait_for() { # SECONDS COMMAND...
	server_wait "$@" || fail "in vain: ${*:2}"
}

sim_faults() { # FAULT: of every PATCH
	sim_ask PUT faults "{\"interaction\":[$1]}" >/dev/null
}

# ---- What is put in ------------------------------------------------------

# An event as replay reads it.
event() { # ID
	printf '{"event_type":"routing.interaction.created",'
	printf '"timestamp":"2024-05-15T10:30:00Z","data":{'
	printf '"interactionId":"%s","mediaType":"voice"}}\n' "$1"
}

events() { # COUNT
	local i

	for ((i = 1; i <= $1; i++)); do event "call-$i"; done
}

# A line of an export, of an event that waits.
waiting() { # ID
	printf '{"interaction_id":"%s","state":"waiting",' "$1"
	printf '"claim_key":"key-%s","claim_holder":"4611686018427387904",' "$1"
	printf '"accepted_us":%s000000,"due_us":0,' "$(date +%s)"
	printf '"attempts":0,"fence":1,"superseded":false,"history":[],'
	printf '"body":"{\\"data\\":{\\"interactionId\\":\\"%s\\",' "$1"
	printf '\\"mediaType\\":\\"voice\\"}}"}\n'
}

# ---- The frame -----------------------------------------------------------

# The tool's settings; the upstreams are at this URL.
set_upstreams() { # URL
	export CXONE_BASE_URL=$1 CXONE_CLIENT_ID=us
	export CXONE_CLIENT_SECRET=to-cxone INVENTORY_API_URL=$1/inventory
	export WEBHOOK_AUTH=none LOG_LEVEL=error
}

open_sim() {
	sim_start || { echo "not ok - the simulator starts"; exit 1; }
	set_upstreams "$sim_url"
}

reset_sim() {
	sim_ask POST reset >/dev/null
	sim_ask PUT stock '{"*":"in_stock"}' >/dev/null
}

empty_database() { # CHECK
	export STOCKROUTE_DB=$dir/$1.db
	stockroute queue import /dev/null --yes >/dev/null 2>&1
}

# What is done before each check.
begin_check() { # CHECK
	reset_sim
	empty_database "$1"
}

# All checks, or the one that the test was called with.
play_checks() { # CHECKS
	local name

	for name in ${only:-$1}; do
		begin_check "$name"
		check "$name"
	done | tee "$results"
	sum_up "$results"
}
