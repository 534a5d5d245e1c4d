#!/bin/bash
# doctor.sh: what the tests of stockroute doctor share; sourced by them
#
# Sourced in the root of the repository with the test's arguments, [BUILD
# [CHECK]]. Every check begins with a place where all is well, does it one
# harm, and looks for the line that tells of it. The tool runs as www-data
# when we are root, since to root every file belongs.
# What it names and does not set is set in stage.sh.
# shellcheck disable=SC2034,SC2119,SC2120,SC2154
B=$(realpath "${1:-build}")
only=${2-}
export STOCKROUTE_SIM=$B/stockroute-sim
# shellcheck source=tests/servers/stage.sh
. tests/servers/stage.sh
results=$(mktemp)
top=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-doctor.XXXXXX")
chmod 755 "$top"
dir=$top
mode=doctor
secret=a-word-of-thirty-two-bytes-which-do
careless_pid=
shim=

trap 'exit 1' INT TERM
trap 'sim_stop; rm -rf "$top" "$results"' EXIT

# ---- What is called ------------------------------------------------------

# Its output is in $top/out; $shim is loaded into it.
doctor() { # CODE WORD...
	local code

	(
		umask "${mask-027}"
		exec timeout 60 "${server_user[@]}" env ${shim:+"$shim"} \
			STOCKROUTE_CONFIG="$dir/stockroute.json" \
			"$top/bin/stockroute" doctor "${@:2}"
	) >"$top/out" 2>&1
	code=$?
	same "exit code of doctor ${*:2}" $code "$1" ||
		fail "$(cat "$top/out")"
}

has() { # VERDICT CHECK WORDS
	grep -E "^$1 +$2  " "$top/out" | grep -qF -- "$3" ||
		fail "no $1 '$2' with '$3' in:
$(cat "$top/out")"
}

has_no() { # VERDICT
	! grep -qE "^$1 " "$top/out" || fail "$(cat "$top/out")"
}

# ---- The place -----------------------------------------------------------

own() {
	[ "$(id -u)" != 0 ] || chown -R www-data:www-data "$dir"
}

settings() { # MEMBER...: further ones, or others instead
	jq -n --arg db "$dir/data/stockroute.db" --arg secret "$secret" \
		'{stockroute_db: $db, cxone_base_url: "https://cxone.example",
		cxone_client_id: "us", cxone_client_secret: "to-cxone",
		inventory_api_url: "https://inventory.example/stock",
		webhook_auth: "bearer", webhook_secret: $secret}'" + {$*}" \
		>"$dir/stockroute.json" || return 1
	chmod 600 "$dir/stockroute.json"
	own
}

make_place() { # CHECK
	dir=$top/$1
	shim=
	mkdir -p "$dir"/{data,www,run,log} && settings && chmod 755 "$dir" &&
		chmod 750 "$dir/data" || return 1
	"${server_user[@]}" env STOCKROUTE_CONFIG="$dir/stockroute.json" \
		"$top/bin/stockroute" queue import /dev/null --yes >/dev/null
}

# A library that tells the tool other facts than the machine's.
deceive() { # C
	printf '%s\n' "$1" | gcc -D_GNU_SOURCE -shared -fPIC -x c - \
		-o "$dir/shim.so" && shim=LD_PRELOAD=$dir/shim.so
}

clock_off() { # SECONDS
	perl -e 'print pack "q", $ARGV[0] * 1000000' -- "$1" >"$dir/jump" &&
		shim="LD_PRELOAD=$top/bin/clock_jump.so" &&
		export CLOCK_JUMP=$dir/jump
}

# A web server that shows all that lies in its folder.
careless_start() {
	local port try

	for try in 1 2 3 4 5; do
		port=$((10000 + (RANDOM * 32768 + RANDOM + try) % 22000))
		printf '%s\n' "server.port = $port" \
			'server.bind = "127.0.0.1"' \
			"server.document-root = \"$dir/www\"" \
			'server.modules += ( "mod_dirlisting" )' \
			'dir-listing.activate = "enable"' >"$dir/careless.conf"
		lighttpd -D -f "$dir/careless.conf" 2>>"$dir/log/careless.log" &
		careless_pid=$!
		url=http://127.0.0.1:$port
		server_wait 3 curl -s -o /dev/null "$url/" &&
			kill -0 $careless_pid 2>/dev/null && return
		careless_stop
	done
	fail "no careless server: $(cat "$dir/log/careless.log")"
}

careless_stop() {
	[ -n "$careless_pid" ] || return
	kill "$careless_pid" 2>/dev/null
	wait "$careless_pid"
	careless_pid=
}

# ---- The frame -----------------------------------------------------------

# In a shell of its own, so that no check's user or shim is another's.
run_check() { # FUNCTION
	(
		trap 'careless_stop; server_stop "$dir" >/dev/null 2>&1' EXIT
		make_place "$1" || exit 1
		"$1"
	)
}

check_place() { # FUNCTION: its name is the sentence
	local why

	sim_ask POST reset >/dev/null
	if why=$(run_check "$1" 2>&1); then
		echo "ok - doctor: ${1//_/ }"
	else
		echo "not ok - doctor: ${1//_/ }"
		printf '%s\n' "$why" | sed 's/^/# /'
	fi
}

# All checks, or the one that the test was called with.
doctor_checks() { # CHECKS
	local name

	mkdir "$top/bin"
	install -m 755 "$B/stockroute" "$top/bin"
	gcc -D_GNU_SOURCE -shared -fPIC tests/crash/clock_jump.c \
		-o "$top/bin/clock_jump.so"
	ulimit -S -c 0
	export LOG_LEVEL=error
	sim_start || { echo "not ok - the simulator"; exit 1; }
	for name in ${only:-$1}; do
		check_place "$name"
	done | tee "$results"
	passed=$(grep -c '^ok' "$results")
	failed=$(grep -c '^not ok' "$results")
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}
