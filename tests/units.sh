#!/bin/bash
# units.sh BUILD: runs every unit test of a build tree
#
# Most of them wait most of their time, so UNIT_JOBS (4) run at once. A line
# per program; what a program prints is shown when it fails, and is kept in
# BUILD/units. No program may take longer than UNIT_SECONDS (120).
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
B=${1:-build}
logs=$B/units
export STOCKROUTE_SIM=${STOCKROUTE_SIM:-$(realpath "$B")/stockroute-sim}

# cmocka's own summary: "[  PASSED  ] 12 test(s)."
count() { # WORD LOG
	sed -n "s/^\[  $1  \] \([0-9]*\) test(s).*/\1/p" "$2" | head -1
}

run() { # TEST
	local log=$logs/$1.log status good bad

	timeout -k 5 "${UNIT_SECONDS:-120}" "$B/$1" >"$log" 2>&1
	status=$?
	good=$(count PASSED "$log")
	bad=$(count FAILED "$log")
	if [ "$status" = 0 ] && [ "${good:-0}" -gt 0 ]; then
		echo "$good 0" >"$logs/$1.sum"
		echo "ok - $1 ($good tests)"
		return
	fi
	# A program that broke off counts as one more.
	[ "${bad:-0}" -gt 0 ] || bad=1
	echo "${good:-0} $bad" >"$logs/$1.sum"
	echo "not ok - $1 (status $status, all in $log)"
	grep -v '^\[ RUN  \|^\[       OK ' "$log" | tail -40 | sed 's/^/    /'
}

# xargs starts this script again for one test; what that says is one write.
if [ $# = 2 ]; then
	text=$(run "$2")
	printf '%s\n' "$text"
	exit
fi
mkdir -p "$logs"
rm -f "$logs"/*.sum
sources=(tests/test_*.c)
printf '%s\n' "${sources[@]}" | sed 's|.*/||; s|\.c$||' |
	xargs -P "${UNIT_JOBS:-4}" -n1 "$0" "$B"
cat "$logs"/*.sum | awk -v programs=${#sources[@]} '
	{ p += $1; f += $2 }
	END {
		f += programs - NR # those that did not even come to count
		printf "units: %d passed, %d failed\n", p, f
		exit f > 0 || p == 0
	}'
