#!/bin/bash
# soak.sh: hours in minutes: steady load while the upstreams fail in turn
#
# SOAK_SECONDS (600) of events through lighttpd. The faults below follow one
# another; after the last comes the first again, four times over. The first
# time round is for warming up; what the program holds later is compared to
# it: memory may be a fifth more, descriptors and threads not more. The WAL
# keeps its bound, but for a long reader in the second round, who holds it up
# as long as he reads. The processes stay the same, every answer is one of the
# contract's, and when the upstreams are well again, so are the answers.
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
seconds=${SOAK_SECONDS:-600}
connections=16
rounds=4
wal_bytes_max=$((20 * 1024 * 1024)) # a restart at 16 MB, and one step
wal_bytes_kept=$((64 * 1024 * 1024)) # journal_size_limit: cut to by a restart
reader_seconds=$((seconds / rounds / 4 < 30 ? seconds / rounds / 4 : 30))
rss_percent_max=120
# Two processes open connections as they need them, up to one per event.
fds_slack=$connections

settings='"inventory_timeout_ms": 200, "cxone_timeout_ms": 300,
	"cxone_backoff_ms": 20, "cxone_jitter_ms": 10,
	"event_deadline_ms": 5000, "log_level": "error",'

# For good (times 0) until the next one is set.
faults=(
	'{}'
	'{"inventory": [{"fault": "hang", "times": 0}]}'
	'{"inventory": [{"fault": "drip", "times": 0}]}'
	'{"inventory": [{"fault": "reset", "times": 0}]}'
	'{"inventory": [{"fault": "garbage", "times": 0}]}'
	'{"inventory": [{"fault": "huge", "times": 0}]}'
	'{"inventory": [{"fault": "truncate", "times": 0}]}'
	'{"inventory": [{"fault": "close_after", "times": 0}],
	  "interaction": [{"fault": "close_after", "times": 0}]}'
	'{"inventory": [{"status": 503, "times": 0}]}'
	'{"interaction": [{"status": 429, "times": 0}]}'
	'{"interaction": [{"status": 429, "times": 40,
		"headers": {"Retry-After": "1"}}]}'
	'{"interaction": [{"status": 401, "times": 0}]}'
	'{"interaction": [{"status": 404, "times": 0}]}'
	'{"interaction": [{"status": 500, "times": 0}]}'
	'{"interaction": [{"fault": "hang", "times": 0}]}'
	'{"interaction": [{"fault": "reset", "times": 0}]}'
	'{"interaction": [{"fault": "truncate", "times": 0}]}'
	'{"interaction": [{"status": 401}],
	  "token": [{"status": 503, "times": 3}]}'
	'{"interaction": [{"status": 401}],
	  "token": [{"fault": "hang", "times": 3}]}'
	'{"interaction": [{"status": 401, "times": 0}],
	  "token": [{"fault": "garbage", "times": 3}]}'
)

# shellcheck source=tests/bench/load.sh
. tests/bench/load.sh

set_faults() { # JSON
	curl -sS -o /dev/null --fail -X PUT -d "$1" \
		"$upstream/control/faults" || fail "the simulator refuses $1"
}

count_fds() { # PID
	# shellcheck disable=SC2012
	ls "/proc/$1/fd" 2>/dev/null | wc -l
}

# round fault RSS-kB descriptors WAL-bytes threads reader; the most of any
# process
sample() { # ROUND FAULT
	local pid rss=0 fds=0 threads=0 kb count wal

	for pid in $pids; do
		kb=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status") ||
			fail "process $pid has ended"
		count=$(count_fds "$pid")
		[ "$kb" -le "$rss" ] || rss=$kb
		[ "$count" -le "$fds" ] || fds=$count
		count=$(awk '/^Threads/ { print $2 }' "/proc/$pid/status")
		[ "$count" -le "$threads" ] || threads=$count
	done
	wal=$(stat -c %s "$work/app/run/stockroute.db-wal")
	echo "$1 $2 $rss $fds $wal $threads $(reader_state)"
}

# A report that takes long, or an operator who has left a shell open.
read_for_long() {
	"${server_user[@]}" sqlite3 -readonly \
		"$work/app/run/stockroute.db" "BEGIN" \
		"SELECT count(*) FROM decision" ".shell sleep $reader_seconds" \
		"COMMIT" >/dev/null &
	reader=$!
}

reader_state() {
	if [ -z "$reader" ]; then
		echo before
	elif server_gone "$reader"; then
		echo after
	else
		echo reads
	fi
}

# Faults in turn, for as long as wrk runs, with a sample every half second.
break_in_turn() {
	local round fault
	local slot_ms=$((seconds * 1000 / (rounds * ${#faults[@]})))
	local end_ms

	end_ms=$(date +%s%3N)
	for round in $(seq "$rounds"); do
		[ "$round" != 2 ] || read_for_long
		for fault in "${!faults[@]}"; do
			end_ms=$((end_ms + slot_ms))
			set_faults "${faults[fault]}"
			while sample "$round" "$fault" >>"$work/samples" &&
				[ "$(date +%s%3N)" -lt "$end_ms" ]; do
				sleep 0.5
			done
		done
		awk -v round="$round" -v of="$rounds" '
			$1 == round {
				if ($3 > rss) rss = $3
				if ($4 > fds) fds = $4
				if ($5 > wal) wal = $5
				if ($6 > threads) threads = $6
			}
			END { printf "round %d of %d: at most %d kB, %d " \
				"descriptors, %d threads, WAL %d kB\n", round,
				of, rss, fds, threads, wal / 1024 }
			' "$work/samples"
	done
}

passed=0
failed=0
check() { # SENTENCE DETAIL COMMAND...
	if "${@:3}"; then
		echo "ok - $1 ($2)"
		passed=$((passed + 1))
	else
		echo "not ok - $1 ($2)"
		failed=$((failed + 1))
	fi
}

# The most of a column in some rounds.
most() { # COLUMN FROM-ROUND TO-ROUND
	awk -v column="$1" -v from="$2" -v to="$3" '
		$1 >= from && $1 <= to && $column > most { most = $column }
		END { print most + 0 }' "$work/samples"
}

most_wal() { # READER-STATE
	awk -v state="$1" '$7 == state && $5 > most { most = $5 }
		END { print most + 0 }' "$work/samples"
}

# A checkpoint is tried again when the WAL has grown by a quarter. Then the
# file is used again from its begin, and cut if it is longer than is kept.
check_long_reader() {
	local during after end

	during=$(most_wal reads)
	after=$(most_wal after)
	end=$(tail -1 "$work/samples" | cut -d' ' -f5)
	check "a long reader holds up the WAL no longer than he reads" \
		"$reader_seconds s: $((during / 1024)) kB, then at most \
$((after / 1024)) kB, in the end $((end / 1024)) kB" \
		[ "$after" -le $((during * 5 / 4 + wal_bytes_max)) -a \
		"$end" -le $((during > wal_bytes_kept ? wal_bytes_kept :
			during + wal_bytes_max)) ]
}

is_processed() {
	curl -s --max-time 10 -H "Authorization: Bearer $secret" -d '{
		"event_type": "routing.interaction.created",
		"timestamp": "2024-05-15T10:30:00Z",
		"data": {"interactionId": "after-'$RANDOM$RANDOM'",
			"mediaType": "voice"}}' \
		"$(cat "$work/app/url")/webhook/routing-events" |
		grep -q '"status":"processed"'
}

queue_is_done() {
	[ "$(sqlite3 -cmd '.timeout 5000' "$work/app/run/stockroute.db" \
		"SELECT count(*) FROM outbox WHERE state <> 'parked'")" = 0 ]
}

answer_count() { # NAME
	grep -o " $1 [0-9]*" "$work/answers" | cut -d' ' -f3
}

check_what_was_held() {
	local rss fds threads later

	rss=$(most 3 1 1)
	later=$(most 3 "$rounds" "$rounds")
	check "memory does not grow" "$rss kB, in the end $later kB" \
		[ $((later * 100)) -le $((rss * rss_percent_max)) ]
	if [ "$(id -u)" = 0 ]; then
		fds=$(most 4 1 1)
		later=$(most 4 "$rounds" "$rounds")
		check "descriptors are given back" "$fds, in the end $later" \
			[ "$later" -le $((fds + fds_slack)) ]
	else
		echo "descriptors are not looked at: only root sees them"
	fi
	threads=$(most 6 1 1)
	later=$(most 6 "$rounds" "$rounds")
	check "threads do not become more" "$threads, in the end $later" \
		[ "$later" -le "$threads" ]
	later=$(most_wal before)
	check "the WAL keeps its bound" "at most $((later / 1024)) kB" \
		[ "$later" -le "$wal_bytes_max" ]
	check_long_reader
	later=$(server_pids "$work/app" | sort | xargs)
	check "no process ended" "$later" [ "$later" = "$pids" ]
}

check_answers() {
	local answers kept

	answers=$(cut -d' ' -f2 "$work/answers")
	cat "$work/answers"
	check "every answer is one of the contract's" "$answers answers" \
		[ "$(answer_count strange)" = 0 ]
	grep '^strange' "$work/wrk.log"
	check "no request broke off" "$(answer_count broken)" \
		[ "$(answer_count broken)" = 0 ]
	check "there were good answers and failed ones" \
		"$(answer_count processed) and $(answer_count failed)" \
		[ "$(answer_count processed)" -gt 0 -a \
		"$(answer_count failed)" -gt 0 ]
	check "well upstreams make good answers again" "in 30 s" \
		server_wait 30 is_processed
	# What was queued is decided after a wait of a minute at most.
	check "the queue is worked off" "in 90 s" server_wait 90 queue_is_done
	kept=$(sqlite3 -cmd '.timeout 5000' "$work/app/run/stockroute.db" \
		"SELECT count(*) FROM decision
		 WHERE interaction_id NOT LIKE 'after-%'")
	check "every decision is kept" "$kept rows" \
		[ "$kept" -ge "$answers" -a \
		"$kept" -le $((answers + connections)) ]
}

reader=
start_simulator
start_server app lighttpd-spawn "${FCGI:-$PWD/cgi-bin/stockroute.fcgi}" \
	"$settings"
is_processed || fail "the first event is not processed"
pids=$(server_pids "$work/app" | sort | xargs)
load app tests/bench/soak.lua s "$seconds" -t1 -c"$connections" \
	--timeout 30s >"$work/answers" &
break_in_turn
set_faults '{}'
wait $! || fail "wrk failed"
check_what_was_held
check_answers
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
