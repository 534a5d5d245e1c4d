#!/bin/bash
# units.sh BUILD: runs every unit test of a build tree
#
# A line per program; what a program prints is shown when it fails, and is
# kept in BUILD/logs. No program may take longer than UNIT_SECONDS (120).
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
B=${1:-build}
seconds=${UNIT_SECONDS:-120}
mkdir -p "$B/logs"
export STOCKROUTE_SIM=${STOCKROUTE_SIM:-$(realpath "$B")/stockroute-sim}
passed=0
failed=0

# cmocka's own summary: "[  PASSED  ] 12 test(s)."
count() { # WORD LOG
	sed -n "s/^\[  $1  \] \([0-9]*\) test(s).*/\1/p" "$2" | head -1
}

for source in tests/test_*.c; do
	name=$(basename "$source" .c)
	log=$B/logs/$name.log
	timeout -k 5 "$seconds" "$B/$name" >"$log" 2>&1
	status=$?
	good=$(count PASSED "$log")
	bad=$(count FAILED "$log")
	passed=$((passed + ${good:-0}))
	if [ "$status" = 0 ] && [ "${good:-0}" -gt 0 ]; then
		echo "ok - $name ($good tests)"
		continue
	fi
	# A program that broke off counts as one more.
	[ "${bad:-0}" -gt 0 ] || bad=1
	failed=$((failed + bad))
	echo "not ok - $name (status $status, all in $log)"
	grep -v '^\[ RUN  \|^\[       OK ' "$log" | tail -40 | sed 's/^/    /'
done
echo "units: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
