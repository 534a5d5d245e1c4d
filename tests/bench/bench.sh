#!/bin/bash
# bench.sh: the CPU of a decision, behind lighttpd and Apache
#
# Each round plays every row once, so that what else the machine does meets
# all of them alike. A row is one program behind one web server: stockroute,
# which asks two upstreams and keeps a record, or the empty responder, which
# is what libfcgi and the web server cost alone. The upstreams answer at
# once. CPU is user and system time of whole process trees, from /proc.
#
# BENCH_ROUNDS, BENCH_SECONDS and BENCH_CONNECTIONS; B for the build tree.
# Prints a table and writes B/bench.csv. Needs what make all builds.
set -u -o pipefail

cd "$(dirname "$0")/../.." || exit 1
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-4}
connections=${BENCH_CONNECTIONS:-64}
# Modes of tests/servers/server.sh. In the first lighttpd starts two processes,
# as its example says; in the others one process serves all.
modes="lighttpd-spawn lighttpd-socket apache-proxy"
programs="app empty"
slower_max=20 # times, than the empty responder
ticks_per_second=$(getconf CLK_TCK)
# shellcheck source=tests/bench/load.sh
. tests/bench/load.sh


program_of() { # PROGRAM
	case $1 in
	app) echo "${FCGI:-$PWD/cgi-bin/stockroute.fcgi}" ;;
	empty) echo "$work/empty_responder" ;;
	esac
}

# A process and its children, whatever their number now. Those that ended
# count in their parent.
tree_ticks() { # PID...
	local pid

	for pid; do
		echo "$pid"
		cat /proc/"$pid"/task/*/children 2>/dev/null
	done | tr ' ' '\n' | sort -u | while read -r pid; do
		[ -z "$pid" ] || cat "/proc/$pid/stat" 2>/dev/null
	done | sed 's/.*) //' |
		awk '{ t += $12 + $13 + $14 + $15 } END { print t + 0 }'
}

# A web server's own, without the programs that it started.
web_ticks() { # DIR
	local all programs

	all=$(tree_ticks "$(cat "$1/run/server.pid")")
	[ "$(cat "$1/mode")" = lighttpd-spawn ] || { echo "$all"; return; }
	programs=$(app_ticks "$1")
	echo $((all - programs))
}

app_ticks() { # DIR
	# shellcheck disable=SC2046
	tree_ticks $(server_pids "$1")
}

ticks() { # DIR
	echo "$(app_ticks "$1") $(web_ticks "$1") $(tree_ticks "$simulator")"
}

play() { # ROUND MODE PROGRAM
	local dir=$work/$2-$3 before after line

	before=$(ticks "$dir")
	line=$(load "$2-$3" tests/bench/events.lua "$2$1" "$seconds" \
		-t2 -c"$connections" --timeout 10s) || fail "wrk failed"
	after=$(ticks "$dir")
	echo "$1 $2 $3 $before $after $line" >>"$work/rounds"
}

# Rows in the table are what wrk counted, and what was on its way when wrk
# stopped or the server closed a kept connection.
check_row() { # MODE
	local dir=$work/$1-app answers errors lost kept good

	read -r answers errors lost < <(awk -v row="$1" -v lost="$connections" '
		$2 == row && $3 == "app" {
			a += $11; e += $13; l += $15 + lost }
		END { print a + 0, e + 0, l + 0 }' "$work/rounds")
	[ "$errors" = 0 ] || fail "$1: $errors answers were not 200"
	read -r kept good < <(sqlite3 -cmd '.timeout 5000' \
		-separator ' ' "$dir/run/stockroute.db" \
		"SELECT count(*), sum(http = 200 AND outcome = 'routed')
		 FROM decision")
	[ "$kept" = "$good" ] || fail "$1: $((kept - good)) were not routed"
	if [ "$kept" -lt "$answers" ] || [ "$kept" -gt $((answers + lost)) ]
	then
		fail "$1: $answers answers, but $kept rows"
	fi
	echo "$1: $answers answers, all 200; $kept rows, all routed"
	all_kept=$((all_kept + kept))
}

# No event was sent to CXone without a record, none recorded without.
check_sent() {
	local sent

	sent=$(curl -s "$upstream/control/stats" | jq .interaction)
	[ "$sent" = "$all_kept" ] ||
		fail "CXone was asked $sent times, but $all_kept rows"
	echo "CXone was asked $sent times: once for each row"
}

check_empty() {
	awk '$3 == "empty" { e += $13 } END { exit e > 0 }' "$work/rounds" ||
		fail "the empty responder answered not always 200"
}

# A ratio and no time, as machines differ: rounds of both were played in
# turn. Three to six times is usual; ten times slower than that is a mistake.
check_floor() { # MODE
	awk -F, -v mode="$1" -v most="$slower_max" '
		$2 == mode { sum[$3] += $5 }
		END {
			times = sum["app"] > 0 ? sum["empty"] / sum["app"] : 1e9
			printf "%s: the empty responder answers %.1f " \
				"times as fast; at most %d\n", mode, times, most
			exit times > most
		}' "$build/bench.csv" || fail "$1: decisions are too slow"
}

write_csv() {
	echo "round,server,program,answers,per_second,program_us,web_us," \
		"simulator_us,p50_us,p99_us" | tr -d ' '
	awk -v tick_us=$((1000000 / ticks_per_second)) '{
		n = $11
		printf "%d,%s,%s,%d,%.0f,%.2f,%.2f,%.2f,%d,%d\n", $1, $2, $3,
		    n, n * 1e6 / $17, ($7 - $4) * tick_us / n,
		    ($8 - $5) * tick_us / n, ($9 - $6) * tick_us / n, $19, $21
	}' "$work/rounds"
}

cc -O2 -o "$work/empty_responder" tests/bench/empty_responder.c -lfcgi ||
	fail "the empty responder does not compile"
start_simulator
for mode in $modes; do
	for program in $programs; do
		start_server "$mode-$program" "$mode" "$(program_of "$program")"
	done
done
for round in $(seq "$rounds"); do
	for mode in $modes; do
		for program in $programs; do
			play "$round" "$mode" "$program"
		done
	done
done
write_csv >"$build/bench.csv"
awk -f tests/bench/table.awk "$build/bench.csv"
echo
sleep 1 # what wrk left behind is decided and written
all_kept=0
for mode in $modes; do
	check_row "$mode"
done
check_empty
check_sent
for mode in $modes; do
	check_floor "$mode"
done
