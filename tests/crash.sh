#!/bin/bash
# crash.sh: load, while all that can break breaks -> what was lost (nothing)
#
#	crash.sh [MODE...]	default: queue sync, at the same time
#	crash.sh --prove	does this test see it when something is lost?
#
# CRASH_SECONDS (45) of events through lighttpd to CRASH_PROCS (4) processes
# on one database. Every 100 to 300 ms one of them is killed (SIGKILL) and
# started again; at every fifth kill something else goes wrong as well
# (crash/faults.sh): a process hangs, also for longer than its lease, the
# web server is restarted or killed, an upstream fails, the disk is full,
# the clock jumps, the power fails. MODE is the ROUTING_MODE; sync spills
# into the queue.
#
# A ledger holds each interaction that was acknowledged with 200 or 202. As
# senders do, the driver sends again what was not. In the end the ledger is
# held against what the simulator was asked and against the database
# (crash/ledger.sql). An interaction that CXone was told of twice needs an
# excuse: whoever told it first was killed or stopped before its commit, or
# the store failed, the clock jumped over its lease, or the power was cut.
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/servers/stage.sh
. tests/servers/stage.sh
. tests/crash/world.sh
. tests/crash/driver.sh
. tests/crash/faults.sh
. tests/crash/prove.sh

build=${B:-build}
seconds=${CRASH_SECONDS:-45}
procs=${CRASH_PROCS:-4}
round_max=50  # seconds between two looks at all
drain_max=120 # seconds until the last acknowledged event must be done

# ---- A round -------------------------------------------------------------

hurt_at_random() { # SECONDS
	local end_us=$(($(now_us) + $1 * 1000000)) turn=0 slot

	while [ "$(now_us)" -lt "$end_us" ]; do
		sleep "0.$((RANDOM % 200 + 100))"
		heal_due "$(now_us)"
		pick_slot
		kill_worker "$slot"
		deceive
		turn=$((turn + 1))
		[ $((turn % 5)) != 0 ] || hurt_next
	done
	heal
	put_clock_forward
	sim_ask DELETE faults >/dev/null
}

play_round() { # SECONDS
	local driver

	rm -f "$dir/enough"
	drive &
	driver=$!
	hurt_at_random "$1"
	touch "$dir/enough"
	server_wait $drain_max is_drained "$driver" ||
		echo "not drained" >>"$dir/died"
	# One that the drain did not wait for; its answers count no more.
	kill "$driver" 2>/dev/null
	wait "$driver" 2>/dev/null
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

the_ledger_adds_up() {
	(cd "$dir" && sqlite3 -bail :memory:) <tests/crash/ledger.sql \
		>"$dir/sums"
}

no_acknowledged_event_is_lost() { is_none lost; }
each_has_its_row() { is_none undecided; }
none_has_two_rows() { is_none decided_twice; }
none_is_dropped_for_another_reason() { is_none not_routed; }
a_second_patch_has_an_excuse() { is_none unexplained; }
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

# In thirty seconds each kind has had its turn.
there_were_faults_and_events() {
	local kind seen

	seen="$(number kills) kills, $(number events) events"
	[ "$(number kills)" -ge "$seconds" ] || fail "$seen" || return 1
	[ "$(number events)" -ge $((seconds * 20)) ] || fail "$seen" ||
		return 1
	[ "$seconds" -ge 30 ] || return 0
	for kind in $kinds; do
		[ "$kind $has_disk" = "disk no" ] ||
			[ -n "$(number "kind $kind")" ] ||
			fail "none of: $kind" || return 1
	done
}

tell_sums() {
	echo "$mode: $(number kills) kills, $(number events) events" \
		"acknowledged ($(number acknowledged_200) with 200," \
		"$(number acknowledged_202) with 202)"
	echo "$mode: $(number lost) lost, $(number skipped) skipped as gone," \
		"$(number expired) expired by a jump of the clock," \
		"$(number parked) parked; rows not kept: $(number unkept)" \
		"while the store failed, $(number cut) at a power cut"
	echo "$mode: $(number patched_again) patched again:" \
		"$(number by_kill) after a kill, $(number by_stop) a stop," \
		"$(number by_store) a failure of the store," \
		"$(number by_jump) a jump, $(number by_power) a power cut," \
		"$(number unexplained) without excuse"
	echo "$mode: after each kind of fault: ms to the first" \
		"acknowledgement, s until all from before was done"
	cat "$dir/client/recovery"
}

# From the program's log: who decided what, and what could not be kept.
read_log() {
	local line='s/.* pid=([0-9]+) .* interaction_id=([^ ]+) .*/\1\t\2/'

	grep -E " outcome=(routed|fallback) " "$dir/log/program.log" |
		sed -E "$line" >"$dir/client/decided"
	grep " msg=\"PATCH, attempt " "$dir/log/program.log" |
		sed -E "$line" >"$dir/client/told"
	grep "duplicates cannot be known" "$dir/log/program.log" |
		sed -E "$line" >"$dir/client/unclaimed"
	grep "decision not recorded" "$dir/log/program.log" |
		sed -E "$line" >"$dir/client/unkept"
}

check_all() {
	read_log
	check the_ledger_adds_up
	check there_were_faults_and_events
	check no_acknowledged_event_is_lost
	check each_has_its_row
	check none_has_two_rows
	check none_is_dropped_for_another_reason
	check a_second_patch_has_an_excuse
	check no_connection_is_shared_by_processes
	check the_queue_is_empty
	check the_database_is_whole
	check no_process_ended_by_itself
	check the_simulator_kept_its_whole_journal
	tell_sums
}

deceit=
lie=()

run_world() { # MODE CHECKS
	local left=$seconds workers=() waiting_kinds=()

	mode=$1
	dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-server.XXXXXX")
	trap 'exit 1' INT TERM HUP
	trap end_world EXIT
	if ! sim_start || ! start_world; then
		echo "not ok - $mode: the processes start"
		return
	fi
	while [ "$left" -gt 0 ]; do
		play_round $((left < round_max ? left : round_max))
		left=$((left - round_max))
	done
	"$2"
}

run_mode() { # MODE
	run_world "$1" check_all
}

results=$(mktemp -d)
# Cut short, it still ends what it started.
trap 'kill $(jobs -rp) 2>/dev/null; wait; rm -rf "$results"' EXIT
trap 'exit 1' INT TERM HUP
run=run_mode
if [ "${1-}" = --prove ]; then
	run=run_deceit
	# shellcheck disable=SC2086
	set -- $deceits
fi
[ $# -gt 0 ] || set -- queue sync
for world; do
	("$run" "$world") >"$results/$world" 2>&1 &
done
wait
for world; do cat "$results/$world"; done
passed=$(cat "$results"/* | grep -c '^ok')
failed=$(cat "$results"/* | grep -c '^not ok')
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
