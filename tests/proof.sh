#!/bin/bash
# proof.sh: kills, outages, cuts and hours in minutes -> what was lost (nothing)
#
# Plays the crash test until it has killed 1,000 processes and more, lets it
# prove that it sees a loss, times the breaker, starts 32 processes without a
# token, and soaks. Takes about twelve minutes. PROOF_CRASH_SECONDS (200) and
# SOAK_SECONDS (240) make it shorter or longer. What each part prints is kept
# in B/proof/; the last lines are the figures. Ends with 1 when a part fails.
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
logs=$B/proof
failed=0
mkdir -p "$logs"

play() { # NAME COMMAND...
	local begin=$SECONDS

	if "${@:2}" >"$logs/$1" 2>&1; then
		echo "ok - $1 ($((SECONDS - begin)) s)"
	else
		echo "not ok - $1 ($((SECONDS - begin)) s)"
		grep '^not ok' "$logs/$1" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

row() { # WHAT FIGURE
	printf '%-34s %s\n' "$1" "$2"
}

# The sum over both modes of the number before a word.
total() { # WORD
	grep -oE "[0-9]+ $1" "$logs/crash" |
		awk '{ n += $1 } END { print n + 0 }'
}

token_calls() {
	if grep -q "OK.*thirty_two_processes_start_with_one_token_request" \
		"$logs/tokens"; then
		echo 1
	else
		echo "not 1"
	fi
}

# As the soak's rounds say it: the first and the last.
soaked() {
	sed -n "s/^round \([0-9]*\) of [0-9]*: at most/round \1:/p" \
		"$logs/soak" | sed -n '1p;$p'
}

tell() {
	local line

	row "processes killed" "$(total 'kills')"
	row "other faults" "$(grep -E '^[a-z_]+ +[0-9]+ +[0-9.]+ ' \
		"$logs/crash" | awk '$1 != "kill" { n += $2 } END { print n }')"
	row "events acknowledged" "$(total 'events acknowledged')"
	row "lost" "$(total lost)"
	row "told twice without excuse" "$(total 'without excuse')"
	row "skipped: CXone knows them not" "$(total skipped)"
	row "expired by a jump of the clock" "$(total expired)"
	row "parked" "$(total parked)"
	grep -E '^(lying_disk|thief|copier):' "$logs/prove" |
		while IFS= read -r line; do
			row "seen: ${line%%:*}" "${line#*: }"
		done
	row "median while the inventory hangs" "$(sed -n \
		's/^ok: after it opened, the median is //p' "$logs/breaker")"
	row "tokens asked for by 32 processes" "$(token_calls)"
	soaked | while IFS= read -r line; do row soak "$line"; done
	row "a long reader" "$(sed -n 's/^ok - a long reader.*(\(.*\))/\1/p' \
		"$logs/soak")"
	sed -n '/: after each kind of fault/,/^ok\|^[a-z]*: [0-9]/p' \
		"$logs/crash" | grep -v '^ok\|: [0-9]\| passed, '
}

play crash env CRASH_SECONDS="${PROOF_CRASH_SECONDS:-200}" tests/crash.sh
play prove tests/crash.sh --prove
play breaker env HANG_OFF=no tests/bench/hang.sh
play tokens "$B/test_token_processes"
play soak env SOAK_SECONDS="${SOAK_SECONDS:-240}" tests/soak.sh
echo
tell
[ "$failed" = 0 ]
