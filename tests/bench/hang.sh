#!/bin/bash
# hang.sh: what a hanging inventory costs a decision, with the breaker and
# without
#
# The simulator's inventory never answers; the program, with its timeout of
# 2,000 ms, stands behind lighttpd in two processes. 40 events come at once,
# then 200 more, four at a time, and are timed by what each answer says.
# Then the inventory is well again: how long till it is asked as before, and
# what 200 events cost then.
#
# Prints a table and writes B/hang.csv; fails when the median after the
# opening is not under 5 ms. HANG_OFF=no leaves out the run without a
# breaker, which takes a minute and a half. Needs what make all builds.
set -u -o pipefail

cd "$(dirname "$0")/../.." || exit 1
build=${B:-build}
secret=hang-webhook-secret
first=40
later=200
at_a_time=4
median_max_ms=5

. tests/servers/server.sh

work=$(mktemp -d /tmp/stockroute-hang.XXXXXX)
chmod 755 "$work"
simulator=

fail() {
	echo "hang: $*" >&2
	exit 1
}

clean_up() {
	local dir

	for dir in "$work"/*/; do
		[ ! -e "$dir/mode" ] || server_stop "${dir%/}"
	done
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

inventory_is() { # FAULTS
	curl -sS -o "$work/control" -X PUT --data "{\"inventory\":[$1]}" \
		"$upstream/control/faults" || fail "the simulator is gone"
}

start_program() { # BREAKER
	local dir=$work/$1

	mkdir "$dir"
	cat >"$dir/stockroute.json" <<-END
		{"stockroute_db": "$dir/run/stockroute.db",
		 "cxone_base_url": "$upstream",
		 "cxone_client_id": "hang",
		 "cxone_client_secret": "hang-secret",
		 "inventory_api_url": "$upstream/inventory",
		 "breaker": "$1",
		 "webhook_auth": "bearer",
		 "webhook_secret": "$secret"}
	END
	chmod 640 "$dir/stockroute.json"
	STOCKROUTE_FCGI=${FCGI:-$PWD/cgi-bin/stockroute.fcgi} \
		server_start lighttpd-spawn "$dir" >"$dir/start.log" ||
		fail "lighttpd does not start the program"
}

# Sends events NAME-1 to NAME-COUNT; a line per answer: its latency in ms
# and the inventory's status.
send() { # BREAKER NAME COUNT AT_A_TIME
	local url body

	url=$(cat "$work/$1/url")/webhook/routing-events
	body='{"event_type":"routing.interaction.created",
"timestamp":"2024-05-15T10:30:00Z","data":{"interactionId":"NAME",
"mediaType":"voice"}}'
	seq -f "$2-%06.0f" "$3" | xargs -P "$4" -I NAME \
		curl -sS --max-time 30 --data "$body" -w '\n' \
		-H "Authorization: Bearer $secret" "$url" |
		jq -r '[.latency_ms, .decision.inventory_status] | @tsv' \
		>"$work/$1/$2"
	[ "$(wc -l <"$work/$1/$2")" = "$3" ] || fail "$2: answers are missing"
}

# The middle, the 95th of a hundred and the last.
percentiles() { # FILE
	cut -f1 "$1" | sort -n | awk '{ v[NR] = $1 } END {
		print v[int((NR + 1) / 2)], v[int(NR * 0.95 + 0.5)], v[NR] }'
}

row() { # BREAKER PHASE NAME
	local p50 p95 max

	read -r p50 p95 max < <(percentiles "$work/$1/$3")
	printf '%-8s %-34s %6d %10s %10s %10s\n' "$1" "$2" \
		"$(wc -l <"$work/$1/$3")" "$p50" "$p95" "$max"
	echo "$1,$3,$(wc -l <"$work/$1/$3"),$p50,$p95,$max" >>"$build/hang.csv"
}

# What is left of the opening, and three probes.
recover() {
	local from now tries=0

	from=$(date +%s%N)
	until grep -qs in_stock "$work/on/again-$tries"; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail "the inventory is not asked again"
		send on "again-$tries" 1 1
		sleep 0.05
	done
	now=$(date +%s%N)
	echo "well again: asked after $(((now - from) / 1000000)) ms"
}

play() { # BREAKER
	start_program "$1"
	inventory_is '{"fault":"hang","times":0}'
	send "$1" hanging "$first" "$first"
	send "$1" after "$later" "$at_a_time"
	row "$1" "inventory hangs, the first" hanging
	row "$1" "inventory hangs, those after" after
	inventory_is ''
	[ "$1" = off ] || recover
	send "$1" well "$later" "$at_a_time"
	row "$1" "inventory well again" well
}

start_simulator
echo breaker,phase,events,p50_ms,p95_ms,max_ms >"$build/hang.csv"
printf '%-8s %-34s %6s %10s %10s %10s\n' breaker phase events 'p50 ms' \
	'p95 ms' 'max ms'
play on
[ "${HANG_OFF:-yes}" = no ] || play off
read -r median _ < <(percentiles "$work/on/after")
awk -v median="$median" -v max="$median_max_ms" \
	'BEGIN { exit !(median < max) }' ||
	fail "the median after the opening is $median ms"
echo "ok: after it opened, the median is $median ms"
