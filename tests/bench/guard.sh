#!/bin/bash
# guard.sh: a decision -> the instructions it takes, held against guard.txt
#
#	guard.sh [BUILD]	default: build; fails when they grew too much
#	guard.sh --record [BUILD]	writes guard.txt anew
#
# Times differ from run to run and from machine to machine, counts of
# instructions hardly do: here by less than 1 %. callgrind counts them by
# thread: the loop, which does all but the database, and the store. Events
# come one at a time, each signed, over FastCGI, so that no two share a turn
# of the loop or a commit by chance; then the fold of all of them into sums is
# waited for, which is counted apart: what it costs depends on how many
# minutes they came in. Two programs play runs of different length, and the
# difference is divided, so that start and end are left out.
#
# A new compiler or library changes them too. What they were is in guard.txt;
# whoever makes a decision dearer on purpose records them anew and says why.
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/../.." || exit 1
record=
if [ "${1-}" = --record ]; then
	record=yes
	shift
fi
build=${1:-build}
program=${FCGI:-$build/stockroute.fcgi}
[ "$build" != build ] || program=${FCGI:-cgi-bin/stockroute.fcgi}
recorded=tests/bench/guard.txt
short=200
long=1700
secret=whsec_Z3VhcmQtZ3VhcmQtZ3VhcmQtZ3VhcmQtZ3VhcmQ=
work=$(mktemp -d /tmp/stockroute-guard.XXXXXX)
pids=

fail() {
	echo "guard: $*" >&2
	exit 1
}

clean_up() {
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

wait_for() { # SECONDS COMMAND...
	local tries=$(($1 * 20))

	until "${@:2}"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# valgrind needs what SECCOMP and LANDLOCK forbid.
write_config() { # DIR
	local url

	url=http://127.0.0.1:$(cat "$work/port")
	cat >"$1/stockroute.json" <<-END
		{"stockroute_db": "$1/stockroute.db",
		 "stockroute_socket": "$1/socket",
		 "cxone_base_url": "$url",
		 "cxone_client_id": "guard",
		 "cxone_client_secret": "guard-secret",
		 "inventory_api_url": "$url/inventory",
		 "webhook_auth": "hmac",
		 "webhook_secret": "$secret",
		 "seccomp": "off",
		 "landlock": "off"}
	END
	chmod 600 "$1/stockroute.json"
}

start() { # EVENTS
	local dir=$work/$1

	mkdir "$dir"
	write_config "$dir"
	STOCKROUTE_CONFIG=$dir/stockroute.json \
		timeout -k 5 150 valgrind -q --tool=callgrind \
		--separate-threads=yes --callgrind-out-file="$dir/count" \
		"$program" </dev/null >"$dir/log" 2>&1 &
	echo $! >"$dir/pid"
	pids="$pids $!"
	wait_for 60 test -S "$dir/socket" ||
		fail "no start: $(tail "$dir/log")"
}

play() { # EVENTS
	local dir=$work/$1

	"$build/bench/load" -f "$dir/socket" -k "$secret" -n "$1" -s 300 \
		>"$dir/load" ||
		fail "events fail: $(cat "$dir/load"; tail "$dir/log")"
}

is_folded() { # EVENTS
	[ "$(sqlite3 -readonly -cmd '.timeout 2000' "$work/$1/stockroute.db" \
		"SELECT upto_id FROM rollup_state")" = "$1" ]
}

stop() { # EVENTS
	local pid

	pid=$(cat "$work/$1/pid")
	wait_for 30 is_folded "$1" || fail "the sums are not made"
	kill "$pid"
	wait "$pid" || fail "it ends with $?: $(tail "$work/$1/log")"
}

# callgrind's file of a thread ends with its number, in the order of starts:
# the loop is 01, the store 02.
count() { # EVENTS THREAD
	awk '/^(summary|totals):/ { sum = $2 } END { print sum + 0 }' \
		"$work/$1/count-$2"
}

# With all that it calls.
count_fold() { # EVENTS
	callgrind_annotate --inclusive=yes --threshold=100 --auto=no \
		"$work/$1/count-02" |
		awk '/keeper\.c:fold_body/ { gsub(",", ""); sum = $1 }
			END { print sum + 0 }'
}

per_decision() { # COUNT-OF-LONG COUNT-OF-SHORT
	echo $((($1 - $2) / (long - short)))
}

compare() { # NAME COUNT
	awk -v name="$1" -v now="$2" '
		$1 == name { before = $2; max = $3 }
		END {
			if (before <= 0) {
				print "not ok - " name " is not recorded"
				exit 1
			}
			grown = (now / before - 1) * 100
			printf "%s: %d instructions a decision, recorded " \
				"are %d: %+.1f %%\n", name, now, before, grown
			if (grown > max)
				printf "not ok - more than %d %% dearer\n", max
			if (grown < -max)
				print "cheaper: record it with " \
					"tests/bench/guard.sh --record"
			exit grown > max
		}' "$recorded"
}

write_recorded() {
	cat <<-END
		# guard.txt: what may grow by how many percent: instructions of
		# one decision in the loop, in the store's thread, and to fold
		# it into sums; counted by tests/bench/guard.sh --record with
		# $("${CC:-gcc}" --version | head -1)
		loop $loop 5
		store $store 5
		fold $fold 50
	END
}

command -v valgrind >/dev/null || fail "valgrind is not installed"
"$build/bench/upstream" "$work/port" &
pids=$!
wait_for 5 test -s "$work/port" || fail "no upstream"
start $short
play $short
start $long # folds ten seconds later, when all events are in
play $long
stop $short
stop $long
pids=${pids%% *}
loop=$(per_decision "$(count $long 01)" "$(count $short 01)")
fold=$(per_decision "$(count_fold $long)" "$(count_fold $short)")
store=$(per_decision "$(count $long 02)" "$(count $short 02)")
store=$((store - fold))
status=0
if [ -n "$record" ]; then
	write_recorded >"$recorded"
	tail -3 "$recorded"
else
	compare loop "$loop" || status=1
	compare store "$store" || status=1
	compare fold "$fold" || status=1
fi
[ $status = 0 ]
