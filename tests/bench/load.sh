# load.sh: what the benchmark and the soak test share; sourced by both.
# Makes a directory of its own, $work, and ends in clean_up what it started.
# shellcheck shell=bash
# shellcheck source=tests/servers/server.sh
. tests/servers/server.sh

build=${B:-build}
secret=load-webhook-secret
work=$(mktemp -d /tmp/stockroute-load.XXXXXX)
chmod 755 "$work" # web servers give up root
simulator=
upstream=

fail() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

clean_up() {
	local dir

	for dir in "$work"/*/; do
		[ ! -e "$dir/mode" ] || server_stop "${dir%/}"
	done
	[ ! -s "$work/wrk.pid" ] || kill "$(cat "$work/wrk.pid")"
	[ -z "$simulator" ] || kill "$simulator" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

start_simulator() {
	"$build/stockroute-sim" --no-journal --port-file "$work/port" \
		>"$work/sim.log" 2>&1 &
	simulator=$!
	server_wait 5 test -s "$work/port" || fail "no simulator"
	upstream=http://127.0.0.1:$(cat "$work/port")
}

# A program behind a web server, in $work/NAME.
start_server() { # NAME MODE PROGRAM [SETTINGS]
	local dir=$work/$1

	mkdir "$dir"
	cat >"$dir/stockroute.json" <<-END
		{"stockroute_db": "$dir/run/stockroute.db",
		 "cxone_base_url": "$upstream",
		 "cxone_client_id": "load",
		 "cxone_client_secret": "load-secret",
		 "inventory_api_url": "$upstream/inventory",
		 ${4-}
		 "webhook_auth": "bearer",
		 "webhook_secret": "$secret"}
	END
	chmod 640 "$dir/stockroute.json"
	STOCKROUTE_FCGI=$3 server_start "$2" "$dir" >/dev/null ||
		fail "$2 does not start $3"
}

# Posts events for SECONDS with the Lua script, which prints a line that
# begins with "answers".
load() { # NAME SCRIPT RUN SECONDS WRK-OPTION...
	wrk "${@:5}" -d"$4s" -s "$2" \
		"$(cat "$work/$1/url")/webhook/routing-events" \
		-- "$secret" "$3" >"$work/wrk.log" 2>&1 &
	echo $! >"$work/wrk.pid"
	wait $!
	rm "$work/wrk.pid"
	grep '^answers ' "$work/wrk.log" || {
		cat "$work/wrk.log" >&2
		return 1
	}
}
