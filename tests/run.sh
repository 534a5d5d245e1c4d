#!/bin/bash
# run.sh: builds all and runs every test there is
#
#	run.sh [PART...]	default: all parts
#
# First come the parts that compute, two at once, the compilers above all; so
# they do not disturb the others, which wait most of their time for a moment
# to come: TEST_LANES (2) of them run at once. What a part prints goes to
# B/logs/PART.log; here it gets one line when it ends and, when it fails, the
# lines that say so. The last line is the sum. Each part must end within
# PART_SECONDS (400).
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
logs=$B/logs
modes="cgi $(tests/servers/server.sh modes)"
# The longest come first, so that the lanes end together.
busy="built-race built-check clang fuzz"
parts="race check"
for mode in $modes; do parts+=" cases-$mode"; done
for script in tests/servers/test_*.sh tests/test_tool_*.sh; do
	parts+=" $(basename "$script" .sh)"
done
parts+=" crash units browser guard hardened cases-memory simulator"

run_part() { # PART
	case $1 in
	gcc) make -s -j2 compile ;;
	clang) make -s CC="clang -Wshorten-64-to-32" B="$B/clang" compile ;;
	built-*) make -s -j2 "${1#built-}" GOALS=tested ;;
	check | race) UNIT_JOBS=2 make -s "$1" ;;
	units) tests/units.sh "$B" ;;
	test_tool_*) "tests/$1.sh" "$B" ;;
	test_*) "tests/servers/$1.sh" ;;
	browser) tests/browser/test_browser.sh "$B" ;;
	hardened) tests/hardened.sh "$B" ;;
	guard) tests/bench/guard.sh "$B" ;;
	crash) tests/crash.sh ;;
	fuzz) FUZZ_SECONDS=${FUZZ_SECONDS:-5} tests/fuzz.sh ;;
	simulator) tests/sim/test_sim.sh "$B/stockroute-sim" ;;
	cases-*) "$B/cases" "${1#cases-}" ;;
	*) echo "no part $1" && return 1 ;;
	esac
}

# The sums that the part's programs printed as their last lines. A part that
# failed without one counts as one failure, one that needs none as one pass.
count() { # LOG STATUS
	awk -v status="$2" '
		/^([a-z-]+: )?[0-9]+ passed, [0-9]+ failed$/ {
			passed += $(NF - 3)
			failed += $(NF - 1)
			sums++
		}
		END {
			if (status != 0 && !failed)
				failed = 1
			if (status == 0 && !sums)
				passed = 1
			print passed + 0, failed + 0
		}' "$1"
}

# Each failure with what is indented below it, and what a compiler said; else
# how the log ends.
show_failures() { # LOG
	local shown

	shown=$(awk '/^not ok|error: / { show = 1; print; next }
		!/^[ \t]/ { show = 0 }
		show' "$1" | head -40)
	[ -n "$shown" ] || shown=$(tail -20 "$1")
	printf '%s\n' "$shown" | sed 's/^/    /'
}

play() { # PART
	local log=$logs/$1.log begin=$SECONDS status passed failed word=ok

	timeout -k 10 "${PART_SECONDS:-400}" "$0" --part "$1" \
		>"$log" 2>&1 </dev/null
	status=$?
	read -r passed failed < <(count "$log" "$status")
	echo "$passed $failed" >"$logs/$1.sum"
	[ "$failed" = 0 ] || word="not ok"
	printf '%s - %s: %d passed, %d failed (%d s)\n' "$word" "$1" \
		"$passed" "$failed" $((SECONDS - begin))
	[ "$failed" = 0 ] && return
	[ "$status" != 124 ] || echo "    it did not end in time"
	show_failures "$log"
	echo "    all in $log"
}

play_all() { # LANES PARTS
	# shellcheck disable=SC2086
	printf '%s\n' $2 | xargs -r -P "$1" -n1 "$0" --play
}

# xargs and timeout start this script again for one part. What is told of it
# is one write, so that two that end together do not mix.
case ${1-} in
--part)
	run_part "$2"
	exit
	;;
--play)
	text=$(play "$2")
	printf '%s\n' "$text"
	exit
	;;
esac

mkdir -p "$logs"
rm -f "$logs"/*.sum
[ $# = 0 ] || { busy= && parts=$*; }
play gcc
play_all 2 "$busy"
play_all "${TEST_LANES:-2}" "$parts"
echo "$SECONDS s in all; logs are in $logs"
cat "$logs"/*.sum | awk '{ p += $1; f += $2 } END {
	print p " passed, " f " failed"
	exit f > 0 || p == 0 }'
