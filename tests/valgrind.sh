#!/bin/bash
# valgrind.sh: every unit test and case in memory, each access looked at
#
# Under valgrind all takes some twenty times as long. Left out are programs
# that hold what they test against the clock; `make check` looks at their
# memory with the compiler's own means. A case that fails for its time, and
# without a finding, is no failure here. A confined process is no place for
# valgrind, which does not know Landlock.
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
seconds=${VALGRIND_SECONDS:-400} # for each program
logs=$B/valgrind
left_out="breaker breaker_row breaker_shared claim claim_row confine
	cxone_retry gateway_limits gateway_start http_many http_network
	outbox report store token token_processes writegate"
export STOCKROUTE_SIM=${STOCKROUTE_SIM:-$(realpath "$B")/stockroute-sim}

memcheck() { # LOG COMMAND...
	timeout -k 5 "$seconds" valgrind -q --error-exitcode=99 \
		--leak-check=full --show-leak-kinds=definite,indirect \
		--errors-for-leak-kinds=definite,indirect \
		--child-silent-after-fork=yes --log-file="$1.found" \
		"${@:2}" >"$1" 2>&1 </dev/null
}

look_at() { # NAME COMMAND...
	local log=$logs/$1 status

	memcheck "$log" "${@:2}"
	status=$?
	if [ -s "$log.found" ] || [ "$status" -gt 99 ] ||
		{ [ "$1" != cases ] && [ "$status" != 0 ]; }; then
		echo "not ok - $1 (status $status, all in $log*)"
		head -30 "$log.found" | sed 's/^/    /'
		grep -A2 '^\[  ERROR' "$log" | head -6 | sed 's/^/    /'
		return 1
	fi
	echo "ok - $1"
}

# xargs starts this script again for one program.
if [ "${1-}" = --look ]; then
	case $2 in
	cases) look_at cases "$B/cases" memory ;;
	*) look_at "$2" "$B/$2" ;;
	esac
	exit
fi
mkdir -p "$logs"
{
	echo cases
	for source in tests/test_*.c; do
		name=$(basename "$source" .c)
		[[ " ${left_out//[[:space:]]/ } " = *" ${name#test_} "* ]] ||
			echo "$name"
	done
} | xargs -P2 -n1 "$0" --look | tee "$logs/summary"
failed=$(grep -c '^not ok' "$logs/summary")
echo "valgrind: $(grep -c '^ok' "$logs/summary") passed, $failed failed"
[ "$failed" = 0 ]
