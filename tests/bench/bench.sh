#!/bin/bash
# bench.sh: the cost of a decision: stockroute, the floor and its peers
#
# BENCHMARKS.md tells the method. BENCH_ONLY chooses sections, apart by
# commas: idle, rows, latency, inflight, curve, processes, tls, cgi; all are
# played without it. BENCH_ROUNDS (3) and BENCH_SECONDS (2) say how often and
# how long each row of the table is played. Writes results.csv, table.txt,
# goals.txt and plots to B/bench. Needs what make bench builds.
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/../.." || exit 1
rounds=${BENCH_ROUNDS:-3}
seconds=${BENCH_SECONDS:-2}
only=${BENCH_ONLY:-rows,latency,inflight,curve,processes,tls,idle,cgi}
upstream=
tls=
# Both of stockroute's limits, for more than 256 in flight.
wide='"max_inflight": 4096, "max_transfers": 1024,'

# shellcheck source=tests/bench/stage.sh
. tests/bench/stage.sh
program=$(realpath "${FCGI:-cgi-bin/stockroute.fcgi}")

wanted() { # SECTION
	[[ ,$only, = *,$1,* ]]
}

say() {
	printf '%s %s\n' "$(date +%T)" "$*" >&2
}

# ---- The peers -----------------------------------------------------------

has_go() {
	command -v go >/dev/null && (
		cd tests/bench/peers/go &&
			GOCACHE=$out/go-cache go build -o "$out/go_peer" .
	)
}

has_node() {
	command -v npm >/dev/null && mkdir -p "$out/node" &&
		cp tests/bench/peers/node/* "$out/node" &&
		(cd "$out/node" && { [ -d node_modules ] ||
			npm ci --silent --no-audit --no-fund; })
}

find_peers() {
	peers=
	if has_go; then peers+=" go"; else echo "skipped: Go is missing"; fi
	if has_node; then
		peers+=" fastify express"
	else
		echo "skipped: Node's peers are missing"
	fi
}

start_one_peer() { # NAME PEER [URL]
	case $2 in
	go) start_peer "$1" "${3:-$upstream}" "$out/go_peer" ;;
	*) start_peer "$1" "${3:-$upstream}" node "$out/node/$2.mjs" ;;
	esac
}

# ---- The table: closed loop, 64 connections, no delay --------------------

start_rows() {
	start_behind floor lighttpd-socket "$out/floor"
	start_behind empty lighttpd-socket "$out/empty_responder"
	start_behind stockroute lighttpd-socket "$program"
	start_behind stockroute-proxy apache-proxy "$program"
	start_behind stockroute-fcgid apache-fcgid "$program"
	rows="floor empty stockroute stockroute-proxy stockroute-fcgid"
	for peer in $peers; do
		start_one_peer "$peer" "$peer"
		rows+=" $peer"
	done
	for row in $rows; do
		load "$row" -c 64 -s 1 >/dev/null
		rest_of[$row]=$(program_us "$row")
		decided[$row]=0
		busy[$row]=0
	done
}

play_row() { # ROUND ROW
	local own all line answers

	own=$(program_us "$2")
	all=$(all_us "$2")
	line=$(load "$2" -c 64 -s "$seconds")
	own=$(($(program_us "$2") - own))
	all=$(($(all_us "$2") - all))
	answers=$(word "$line" answers)
	decided[$2]=$((decided[$2] + answers))
	busy[$2]=$((busy[$2] + own))
	note rows "$2" "$1" program_us "$(divide $own "$answers")"
	note rows "$2" "$1" all_us "$(divide $all "$answers")"
	note rows "$2" "$1" per_second \
		"$(divide "${answers}000000" "$(word "$line" us)")"
	note rows "$2" "$1" errors "$(word "$line" errors)"
}

# Each event was decided, recorded and told to CXone.
check_kept() { # ROW
	local bad

	bad=$(sqlite3 -readonly -cmd '.timeout 5000' \
		"$work/$1/run/stockroute.db" "SELECT group_concat(told, ', ')
		FROM (SELECT count(*) || ' ' || outcome || ' ' || status ||
		' ' || coalesce(error, '') AS told FROM decision
		WHERE http != 200 OR outcome != 'routed'
		GROUP BY outcome, status)")
	[ -z "$bad" ] || fail "$1: events were not routed: $bad"
}

# What a row did between its rounds, and after: stockroute folds decisions
# into sums, others collect garbage.
note_rest() { # ROW
	local rest

	case $1 in
	stockroute*) server_wait 30 is_folded "$1" ||
		fail "the sums of $1 are not made"
		check_kept "$1" ;;
	esac
	rest=$(($(program_us "$1") - ${rest_of[$1]} - ${busy[$1]}))
	note rows "$1" 1 rest_us "$(divide $rest "${decided[$1]}")"
	note rows "$1" 1 pss_mb "$(divide "$(pss_kb "$1")" 1024)"
}

# Counted in a round of their own, as counting slows down.
note_calls() { # ROW
	local pids line

	pids=$(programs "$1" | paste -sd,)
	line=$(perf stat -x, -e raw_syscalls:sys_enter -p "$pids" \
		-o "$work/calls" -- "$out/load" -k "$secret" -i "$(run_id)" \
		-p "$(sed 's/.*://' "$work/$1/url")" -c 64 -s 1 2>/dev/null)
	note rows "$1" 1 calls "$(divide "$(awk -F, \
		'/sys_enter/ { print $1 + 0 }' "$work/calls")" \
		"$(word "$line" answers)")"
}

play_rows() {
	local round row

	for round in $(seq "$rounds"); do
		say "the table, round $round of $rounds"
		for row in $rows; do play_row "$round" "$row"; done
	done
	for row in $rows; do note_rest "$row"; done
	if perf stat -e raw_syscalls:sys_enter true >/dev/null 2>&1; then
		for row in $rows; do note_calls "$row"; done
	else
		echo "skipped: perf may not count system calls"
	fi
}

# ---- Latency: open loop, at half of each row's own rate and at one for all

median() { # SECTION ROW METRIC
	awk -F, -v s="$1" -v r="$2" -v m="$3" '
		$1 == s && $2 == r && $4 == m { print $5 }' \
		"$out/results.csv" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Each upstream takes 5 ms: what is above 10 ms is the program's.
play_latency_at() { # SECTION ROW RATE
	local line part

	say "latency of $2 at $3 a second"
	line=$(load "$2" -c 1000 -r "$3" -w 1 -s 3)
	note "$1" "$2" 1 rate "$3"
	for part in p50 p99 p999; do
		note "$1" "$2" 1 "$part" \
			"$(divide $(($(word "$line" $part) - 10000)) 1000)"
	done
}

# Half of the fastest rows' rates leaves these machines no time to spare.
play_latency() {
	local row rate

	delay_is 5000
	for row in $rows; do
		[ "$row" != empty ] || continue
		rate=$(median rows "$row" per_second)
		play_latency_at latency "$row" $((${rate%.*} / 2))
		play_latency_at thousand "$row" 1000
	done
	delay_is 0
}

# ---- Many in flight ------------------------------------------------------

start_wide() {
	start_behind floor-wide lighttpd-socket "$out/floor"
	start_behind stockroute-wide lighttpd-socket "$program" "$upstream" \
		"$wide"
	widest="floor-wide stockroute-wide"
	for peer in $peers; do
		connections_most=1024 start_one_peer "$peer-wide" "$peer"
		widest+=" $peer-wide"
	done
}

play_inflight() {
	local row load_pid

	delay_is 200000
	for row in $widest; do
		say "1,000 in flight: $row"
		load "$row" -c 1000 -s 4 >"$work/line" &
		load_pid=$!
		sleep 3
		note inflight "$row" 1 pss_mb \
			"$(divide "$(pss_kb "$row")" 1024)"
		wait $load_pid
		note inflight "$row" 1 per_second \
			"$(divide "$(word "$(cat "$work/line")" answers)" 4)"
	done
	delay_is 0
}

# The upstreams wait the longer the more are in flight, a quarter of a second
# at most: so the rate stays near 2,000 a second, and what changes is the
# number in flight. stockroute and the floor are called without a web server.
play_curve() {
	local row count delay own line by

	for count in 1 8 64 256 1000 2000 4000; do
		delay=$((count * 250 < 250000 ? count * 250 : 250000))
		delay_is $delay
		say "the curve: $count in flight"
		for row in $widest; do
			by=load_direct
			case $row in
			express*) continue ;;
			go* | fastify*) by=load ;;
			esac
			$by "$row" -c "$count" -s 1 >/dev/null
			own=$(program_us "$row")
			line=$($by "$row" -c "$count" -s 2)
			own=$(($(program_us "$row") - own))
			note curve "$row" "$count" program_us \
				"$(divide $own "$(word "$line" answers)")"
		done
	done
	delay_is 0
}

# ---- The others ----------------------------------------------------------

play_processes() {
	local row round line own

	STOCKROUTE_PROCS=1 start_behind one lighttpd-spawn "$program"
	STOCKROUTE_PROCS=2 start_behind two lighttpd-spawn "$program"
	for row in one two; do load $row -c 64 -s 1 >/dev/null; done
	for round in $(seq "$rounds"); do
		say "one process and two, round $round of $rounds"
		for row in one two; do
			own=$(program_us $row)
			line=$(load $row -c 64 -s "$seconds")
			own=$(($(program_us $row) - own))
			note processes $row "$round" per_second "$(divide \
				"$(word "$line" answers)" "$seconds")"
			note processes $row "$round" program_us \
				"$(divide $own "$(word "$line" answers)")"
		done
	done
}

play_tls_row() { # NAME ROUND
	local own line

	own=$(program_us "$1")
	line=$(load "$1" -c 64 -s "$seconds")
	own=$(($(program_us "$1") - own))
	note tls "$1" "$2" program_us \
		"$(divide $own "$(word "$line" answers)")"
}

play_tls() {
	local protocol row round all=

	command -v nghttpx >/dev/null || {
		echo "skipped: nghttpx, for TLS and HTTP/2, is missing"
		return
	}
	for protocol in http/1.1 h2; do
		start_tls $protocol
		row=${protocol%/*}
		start_behind "stockroute-$row" lighttpd-socket "$program" \
			"$tls" "\"upstream_ca_file\": \"$work/tls.pem\","
		all+=" stockroute-$row"
		[[ $peers != *go* ]] || {
			HTTP2=$([ "$row" = h2 ] && echo on) \
				start_one_peer "go-$row" go "$tls"
			all+=" go-$row"
		}
	done
	for row in $all; do load "$row" -c 64 -s 1 >/dev/null; done
	for round in $(seq "$rounds"); do
		say "over TLS, round $round of $rounds"
		for row in $all; do play_tls_row "$row" "$round"; done
	done
}

play_idle() {
	start_behind idle lighttpd-socket "$program"
	note idle stockroute 1 pss_mb "$(divide "$(pss_kb idle)" 1024)"
	server_stop "$work/idle"
	for peer in $peers; do
		start_one_peer "idle-$peer" "$peer"
		note idle "$peer" 1 pss_mb \
			"$(divide "$(pss_kb "idle-$peer")" 1024)"
	done
}

play_cgi() {
	local all line round

	start_behind cgi lighttpd-cgi "$program"
	load cgi -c 2 -s 1 >/dev/null
	for round in $(seq "$rounds"); do
		say "plain CGI, round $round of $rounds"
		all=$(all_us cgi)
		line=$(load cgi -c 2 -s "$seconds")
		all=$(($(all_us cgi) - all))
		note cgi stockroute "$round" all_ms "$(divide \
			"$(divide $all "$(word "$line" answers)")" 1000)"
	done
}

mkdir -p "$out"
[ "$(ulimit -Hn)" = unlimited ] || ulimit -n "$(ulimit -Hn)"
echo section,row,round,metric,value >"$out/results.csv"
declare -A rest_of decided busy
start_upstream
find_peers
# First: PSS shares libraries out among all who run.
! wanted idle || play_idle
if wanted rows || wanted latency; then
	start_rows
	play_rows
	! wanted latency || play_latency
fi
if wanted inflight || wanted curve; then
	start_wide
	! wanted inflight || play_inflight
	! wanted curve || play_curve
fi
for section in processes tls cgi; do
	! wanted $section || "play_$section"
done
awk -f tests/bench/table.awk "$out/results.csv" | tee "$out/table.txt"
awk -f tests/bench/goals.awk "$out/results.csv" | tee "$out/goals.txt"
awk -f tests/bench/curve.awk "$out/results.csv" >"$out/curve.svg"
awk -f tests/bench/bars.awk "$out/results.csv" >"$out/cpu.svg"
