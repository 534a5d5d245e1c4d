#!/bin/bash
# crash.sh: load, while processes are killed -> what was lost (nothing)
#
# CRASH_SECONDS (30) of events through lighttpd to CRASH_PROCS (4) processes
# on one database. Every 100 to 300 ms one of them is killed (SIGKILL) and
# started again, and now and then CXone and the inventory fail. Once with
# ROUTING_MODE=queue and, at the same time on its own, once with sync, which
# spills into the queue.
#
# A ledger holds each interaction that was acknowledged with 200 or 202. As
# senders do, the driver sends again what was not. In the end the ledger is
# held against what the simulator was asked and against the database
# (crash/ledger.sql). An interaction that CXone was told of twice needs an
# excuse: the process that told it first was killed before its commit.
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/servers/stage.sh
. tests/servers/stage.sh

seconds=${CRASH_SECONDS:-30}
procs=${CRASH_PROCS:-4}
round_max=30  # seconds between two looks at all
chunk=100     # events that the driver sends in one go
drain_max=120 # seconds until the last acknowledged event must be done

# Short deadlines, so that the leases of the dead end soon: an item's 10 s
# after the event's deadline. An attempt is counted when it begins, and here
# each may be killed.
settings='"event_deadline_ms": 3000, "inventory_timeout_ms": 500,
	"cxone_timeout_ms": 1500, "cxone_backoff_ms": 20,
	"cxone_jitter_ms": 20, "queue_backoff_ms": 100,
	"queue_attempts": 100, "cxone_max_inflight": 1024,
	"event_max_age_s": 86400, "log_level": "debug",'

fault='{"interaction": [{"status": 503, "times": 4},
		{"fault": "reset", "times": 2},
		{"status": 429, "times": 3},
		{"status": 429, "headers": {"Retry-After": "1"}},
		{"fault": "hang"}],
	"inventory": [{"status": 503, "times": 2}, {"fault": "hang"},
		{"fault": "reset"}]}'

# ---- The processes -------------------------------------------------------

now_us() {
	echo "${EPOCHREALTIME/./}"
}

# lighttpd asks any of the processes, each on a socket of its own.
write_backends() {
	local slot

	echo 'server.modules += ( "mod_fastcgi" )'
	echo 'fastcgi.server = ( "/webhook/routing-events" => ('
	for slot in "${!workers[@]}"; do
		echo "( \"socket\" => \"$dir/run/$slot.sock\","
		echo '"check-local" => "disable", "disable-time" => 0 ),'
	done
	echo '))'
}

start_worker() { # SLOT
	(
		cd / && exec "${server_user[@]}" env -i PATH="$PATH" \
			STOCKROUTE_CONFIG="$dir/stockroute.json" \
			STOCKROUTE_SOCKET="$dir/run/$1.sock" \
			"$dir/bin/stockroute.fcgi"
	) </dev/null >>"$dir/log/program.log" 2>&1 &
	workers[$1]=$!
}

# The time is taken when it is surely dead: what it did, it did before.
kill_worker() { # SLOT
	local pid=${workers[$1]}

	kill -s KILL "$pid" || echo "$pid" >>"$dir/died"
	wait "$pid" 2>/dev/null
	printf '%s\t%s\n' "$pid" "$(now_us)" >>"$dir/kills"
	start_worker "$1"
}

start_world() {
	local slot

	mkdir -p "$dir"/{client,data}
	touch "$dir"/{kills,died,client/acknowledged,client/unanswered}
	write_config "$settings \"routing_mode\": \"$mode\","
	for ((slot = 0; slot < procs; slot++)); do workers[slot]=0; done
	server_prepare lighttpd-socket "$dir" || return 1
	write_backends >"$dir/stockroute.conf"
	for slot in "${!workers[@]}"; do start_worker "$slot"; done
	server_wait 10 server_listens "$dir/run/0.sock" &&
		server_web lighttpd-socket "$dir" &&
		server_wait 5 server_answers "$(cat "$dir/url")" || return 1
	endpoint=$(cat "$dir/url")/webhook/routing-events
}

# ---- The driver ----------------------------------------------------------

# curl's configuration for the events that are named on stdin.
write_requests() {
	awk -v url="$endpoint" -v secret="$secret" -v event="$(event ID)" '
		NR > 1 { print "next" }
		{
			data = event
			sub(/"ID"/, "\"" $1 "\"", data)
			gsub(/"/, "\\\"", data)
			print "url = \"" url "\""
			print "header = \"Authorization: Bearer " secret "\""
			print "data = \"" data "\""
			print "output = \"/dev/null\"\nmax-time = 20"
			print "write-out = \"%{http_code}\\t" $1 "\\n\""
		}'
}

# Sends the events named in client/NAME.
send() { # NAME
	local base=$dir/client/$1

	write_requests <"$base" >"$base.requests"
	curl -s --no-progress-meter -Z --parallel-max 16 \
		-K "$base.requests" >"$base.answers" 2>/dev/null
	# One write each, since two senders write there.
	grep -E "^20[02]" "$base.answers" >"$base.good"
	cat "$base.good" >>"$dir/client/acknowledged"
	grep -vE "^20[02]" "$base.answers" | cut -f2 >"$base.bad"
	cat "$base.bad" >>"$dir/client/unanswered"
}

# At most 1,000 a second, for the simulator's journal has its bounds.
send_new() {
	until [ -e "$dir/enough" ]; do
		sleep 0.1 &
		awk -v mode="$mode" -v from="$sent" -v chunk=$chunk 'BEGIN {
			srand()
			for (i = 0; i < chunk; i++)
				printf "%s-%d-%d\n", mode, from + i,
					rand() * 1e6
		}' >"$dir/client/new"
		send new
		wait $!
		sent=$((sent + chunk))
	done
	echo "$sent" >"$dir/sent"
}

# As senders do; ends with PID when all is acknowledged.
send_again() { # PID
	until server_gone "$1" && [ ! -s "$dir/client/unanswered" ]; do
		sleep 0.5
		[ -s "$dir/client/unanswered" ] || continue
		mv "$dir/client/unanswered" "$dir/client/again"
		send again
	done
}

drive() {
	send_new &
	send_again $!
	wait
}

# ---- A round -------------------------------------------------------------

kill_at_random() { # SECONDS
	local end_us=$(($(now_us) + $1 * 1000000)) turn=0

	while [ "$(now_us)" -lt "$end_us" ]; do
		sleep "0.$((RANDOM % 200 + 100))"
		kill_worker $((RANDOM % procs))
		turn=$((turn + 1))
		[ $((turn % 10)) != 0 ] ||
			sim_ask PUT faults "$fault" >/dev/null
	done
	sim_ask DELETE faults >/dev/null
}

sql() { # QUERY
	"${server_user[@]}" sqlite3 -readonly -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" "$1"
}

is_drained() { # DRIVER-PID
	server_gone "$1" && [ "$(sql 'SELECT count(*) FROM outbox')" = 0 ]
}

# What the simulator was asked is taken away, so that it can go on.
keep_journal() {
	sim_ask GET journal >"$dir/client/journal"
	sim_ask DELETE journal >/dev/null
	sqlite3 -separator $'\t' :memory: "
		SELECT value->>'at_us', value->>'connection',
		       value->>'status', replace(value->>'path',
			'/api/v2/routing/interactions/', '')
		  FROM json_each(readfile('$dir/client/journal'))
		 WHERE value->>'route' = 'interaction'" >>"$dir/client/asked"
}

play_round() { # SECONDS
	local driver

	rm -f "$dir/enough"
	sent=$(cat "$dir/sent" 2>/dev/null || echo 0)
	drive &
	driver=$!
	kill_at_random "$1"
	touch "$dir/enough"
	server_wait $drain_max is_drained "$driver" ||
		echo "not drained" >>"$dir/died"
	echo $(($(now_us) - $(tail -1 "$dir/kills" | cut -f2))) \
		>>"$dir/recoveries"
	# One that the drain did not wait for; its answers count no more.
	kill "$driver" 2>/dev/null
	wait "$driver"
	keep_journal
}

# ---- What must hold ------------------------------------------------------

number() { # NAME
	sed -n "s/^$1 //p" "$dir/sums"
}

is_none() { # NAME
	[ "$(number "$1")" = 0 ] ||
		fail "$(number "$1"): $(tr '\n' ';' <"$dir/client/unexplained")"
}

no_acknowledged_event_is_lost() { is_none lost; }
each_has_its_row() { is_none undecided; }
none_has_two_rows() { is_none decided_twice; }
none_is_dropped_for_another_reason() { is_none not_routed; }
a_second_patch_follows_only_on_a_kill() { is_none unexplained; }
no_connection_is_shared_by_processes() { is_none torn_connections; }
the_queue_is_empty() { is_none in_the_queue; }

the_simulator_kept_its_whole_journal() {
	same requests "$(number asked)" "$(sim_number interaction)"
}

no_process_ended_by_itself() {
	[ ! -s "$dir/died" ] || fail "$(tr '\n' ' ' <"$dir/died")"
}

the_database_is_whole() {
	same integrity "$(sql 'PRAGMA integrity_check')" ok
}

there_were_kills_and_events() {
	local seen

	seen="$(number kills) kills, $(number events) events"
	[ "$(number kills)" -ge $((seconds * 2)) ] || fail "$seen" || return 1
	[ "$(number events)" -ge $((seconds * 20)) ] || fail "$seen"
}

tell_sums() {
	echo "$mode: $(number kills) kills, $(number events) events" \
		"acknowledged ($(number acknowledged_200) with 200," \
		"$(number acknowledged_202) with 202)"
	echo "$mode: $(number lost) lost, $(number patched_again) patched" \
		"again: $(number cut_by_a_kill) by a process that was killed," \
		"$(number cut_by_some_kill) when one was," \
		"$(number unexplained) without excuse"
	echo "$mode: drained $(sort -n "$dir/recoveries" | tail -1 |
		awk '{ printf "%.1f", $1 / 1e6 }') s after the last kill"
}

check_all() {
	grep -E " outcome=(routed|fallback) " "$dir/log/program.log" |
		sed -E "s/.* pid=([0-9]+) event=([^ ]+) .*/\1\t\2/" \
			>"$dir/client/decided"
	(cd "$dir" && sqlite3 :memory: <"$OLDPWD/tests/crash/ledger.sql") \
		>"$dir/sums"
	check there_were_kills_and_events
	check no_acknowledged_event_is_lost
	check each_has_its_row
	check none_has_two_rows
	check none_is_dropped_for_another_reason
	check a_second_patch_follows_only_on_a_kill
	check no_connection_is_shared_by_processes
	check the_queue_is_empty
	check the_database_is_whole
	check no_process_ended_by_itself
	check the_simulator_kept_its_whole_journal
	tell_sums
}

end_world() {
	server_stop "$dir" >/dev/null 2>&1
	sim_stop
	[ -z "${CRASH_KEEP-}" ] || cp -r "$dir" "$CRASH_KEEP/$mode"
	rm -rf "$dir"
}

run_mode() { # MODE
	local left=$seconds workers=()

	mode=$1
	dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-server.XXXXXX")
	trap 'exit 1' INT TERM
	trap end_world EXIT
	if ! sim_start || ! start_world; then
		echo "not ok - $mode: the processes start"
		return
	fi
	while [ "$left" -gt 0 ]; do
		play_round $((left < round_max ? left : round_max))
		left=$((left - round_max))
	done
	check_all
}

results=$(mktemp -d)
# Cut short, it still ends what it started.
trap 'kill $(jobs -rp) 2>/dev/null; wait; rm -rf "$results"' EXIT
trap 'exit 1' INT TERM
[ $# -gt 0 ] || set -- queue sync
for mode; do
	(run_mode "$mode") >"$results/$mode" 2>&1 &
done
wait
for mode; do cat "$results/$mode"; done
passed=$(cat "$results"/* | grep -c '^ok')
failed=$(cat "$results"/* | grep -c '^not ok')
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
