#!/bin/bash
# stage.sh: what the tests behind real web servers share; sourced by them
#
# A test sets $mode and $dir, then calls sim_start and write_config, starts a
# server (server.sh) and sets $endpoint.

# shellcheck source=tests/servers/server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

sim=${STOCKROUTE_SIM:-$server_root/build/stockroute-sim}
secret=an-unguessable-word
endpoint=

# ---- The simulator -------------------------------------------------------

sim_start() {
	"$sim" --port-file "$dir/sim.port" --client-id us \
		--client-secret to-cxone >"$dir/sim.log" 2>&1 &
	sim_pid=$!
	server_wait 5 test -s "$dir/sim.port" || return 1
	sim_url=http://127.0.0.1:$(cat "$dir/sim.port")
}

sim_stop() {
	[ -z "${sim_pid-}" ] || kill "$sim_pid" 2>/dev/null
	wait
}

sim_ask() { # METHOD PATH [BODY]
	curl -sS --max-time 5 -X "$1" ${3+-d "$3"} "$sim_url/control/$2"
}

# How often the interaction was patched.
sim_patches() { # ID
	sim_ask GET journal | grep -o "/interactions/$1\"" | wc -l
}

slow_upstream() { # MS
	sim_ask PUT faults \
		"{\"interaction\":[{\"delay_ms\":$1,\"times\":0}]}" >/dev/null
}

sim_number() { # NAME
	sim_ask GET stats | grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$'
}

in_hand() { # COUNT
	[ "$(sim_number inflight)" -ge "$1" ]
}

# ---- The client ----------------------------------------------------------

event() { # ID
	printf '{"event_type":"routing.interaction.created",'
	printf '"timestamp":"2024-05-15T10:30:00Z","data":{'
	printf '"interactionId":"%s","mediaType":"voice",' "$1"
	printf '"channel":"phone","routing":{"skills":[],"queues":[]}}}'
}

# Asks the endpoint; prints the HTTP status, 000 when no answer came. The
# answer is in $dir/client/NAME.
ask() { # NAME CURL-ARGUMENT...
	curl -s --max-time 20 -o "$dir/client/$1" -D "$dir/client/$1.head" \
		-w '%{http_code}\n' -H "Authorization: Bearer $secret" \
		"${@:2}"
}

post() { # ID [CURL-ARGUMENT...]
	ask "$1" "${@:2}" --data-binary "$(event "$1")" "$endpoint"
}

# ---- What must hold ------------------------------------------------------

fail() { # WHY
	echo "$1"
	return 1
}

same() { # WHAT GOT EXPECTED
	[ "$2" = "$3" ] || fail "$1: $2, expected $3"
}

said() { # NAME WORD
	grep -q "\"$2\"" "$dir/client/$1" ||
		fail "$1: no \"$2\" in: $(head -c 200 "$dir/client/$1")"
}

check() { # FUNCTION: its name is the sentence
	local why

	if why=$("$1" 2>&1); then
		echo "ok - $mode: ${1//_/ }"
	else
		echo "not ok - $mode: ${1//_/ }"
		printf '%s\n' "$why" | sed 's/^/# /'
	fi
}

# ---- The configuration ---------------------------------------------------

write_config() { # MEMBERS: further ones, each with its comma
	cat >"$dir/stockroute.json" <<-JSON
	{
		$1
		"stockroute_db": "$dir/data/stockroute.db",
		"cxone_base_url": "$sim_url",
		"cxone_client_id": "us",
		"cxone_client_secret": "to-cxone",
		"inventory_api_url": "$sim_url/inventory",
		"webhook_auth": "bearer",
		"webhook_secret": "$secret"
	}
	JSON
	chmod o-r "$dir/stockroute.json"
}

# ---- A whole script ------------------------------------------------------

# What run.sh reads; fails when a check has failed, or none was made.
sum_up() { # RESULT...
	local passed failed

	passed=$(cat "$@" | grep -c '^ok')
	failed=$(cat "$@" | grep -c '^not ok')
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}

# Calls run_mode for each, so many at a time, and prints in their order.
play_modes() { # JOBS MODE...
	local jobs_max=$1 each

	shift
	results=$(mktemp -d)
	# Cut short, it still ends what it started.
	trap 'kill $(jobs -rp) 2>/dev/null; wait; rm -rf "$results"' EXIT
	trap 'exit 1' INT TERM
	for each; do
		while [ "$(jobs -rp | wc -l)" -ge "$jobs_max" ]; do
			wait -n
		done
		(run_mode "$each") >"$results/$each" 2>&1 &
	done
	wait
	for each; do cat "$results/$each"; done
	sum_up "$results"/*
}

# A place with a simulator for run_mode, until the shell of that ends.
mode_open() { # MODE
	mode=$1
	dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-server.XXXXXX")
	trap 'exit 1' INT TERM
	trap 'server_stop "$dir" >/dev/null 2>&1; sim_stop; rm -rf "$dir"' EXIT
	sim_start || fail "not ok - $mode: the simulator starts"
}

# The server, with an empty database.
mode_begin() { # MEMBERS
	write_config "$1"
	rm -rf "$dir"/{client,data}
	check starts
	url=$(cat "$dir/url" 2>/dev/null) || return 1
	endpoint=$url/webhook/routing-events
}

# A place with a simulator, for a script that needs one server only; until
# the script ends.
stage_open() { # SIM-START
	dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-server.XXXXXX")
	results=$(mktemp)
	trap 'exit 1' INT TERM
	trap 'server_stop "$dir" >/dev/null 2>&1; sim_stop
		rm -rf "$dir" "$results"' EXIT
	"$1" || { echo "not ok - the simulator starts"; exit 1; }
}

starts() {
	mkdir -p "$dir"/{client,data}
	server_start "$mode" "$dir" >/dev/null
}

# Starts the server and calls check_all.
stage_play() {
	check starts
	endpoint=$(cat "$dir/url")/webhook/routing-events || exit 1
	check_all | tee "$results"
	sum_up "$results"
}
