#!/bin/bash
# test_tool_prune.sh: stockroute prune, as cron calls it
#
#	test_tool_prune.sh [BUILD]	default: build
#
# What goes when is tested by test_prune.c; here are the words, the codes that
# cron sees, and that --dry-run changes nothing.
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=$(realpath "${1:-build}")
dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-prune.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export STOCKROUTE_DB=$dir/stockroute.db
export RETENTION_DECISIONS_DAYS=90 RETENTION_MINUTES_DAYS=0
passed=0
failed=0

ok() { # WHAT COMMAND...
	if "${@:2}"; then
		echo "ok - $1"
		passed=$((passed + 1))
	else
		echo "not ok - $1"
		sed 's/^/# /' "$dir/out"
		failed=$((failed + 1))
	fi
}

called() { # CODE WORDS ARGUMENT...
	timeout 60 "$B/stockroute" prune "${@:3}" >"$dir/out" 2>&1
	[ $? = "$1" ] && grep -q -- "$2" "$dir/out"
}

count_is() { # TABLE COUNT
	sqlite3 "$STOCKROUTE_DB" "SELECT count(*) FROM $1" >"$dir/out" &&
		[ "$(cat "$dir/out")" = "$2" ]
}

ok "a new database has nothing to delete" \
	called 0 '^pruned: 0 decisions, 0 sums$'
sqlite3 "$STOCKROUTE_DB" "WITH age (days) AS (VALUES (200), (91), (1))
	INSERT INTO decision (received_us, outcome, status, http,
		inventory_attempts, cxone_attempts, token_refreshes, total_us)
	SELECT (strftime('%s') - days * 86400) * 1000000, 'routed', 'ok', 200,
		1, 1, 0, 12000 FROM age"
ok "--dry-run tells how many" called 0 '^would be deleted: 2 dec' --dry-run
ok "and deletes none" count_is decision 3
ok "and adds none up" count_is rollup 0
ok "the old ones are deleted" called 0 '^pruned: 2 decisions, 0 sums$'
ok "the others stay" count_is decision 1
ok "all are in the sums first" \
	count_is "rollup WHERE level = 0 AND kind = 'total' AND count = 3" 1
ok "there is no more to do" called 0 '^pruned: 0 decisions, 0 sums$'
sqlite3 "$STOCKROUTE_DB" "UPDATE rollup_state SET pruned_us = 1000000;
	UPDATE decision SET received_us = 1000000;
	INSERT INTO decision (received_us, outcome, status, http,
		inventory_attempts, cxone_attempts, token_refreshes, total_us)
	VALUES (2000000, 'routed', 'ok', 200, 1, 1, 0, 12000)"
ok "a clock that seems ahead deletes nothing" called 1 'may be ahead'
ok "nor does it later in the day" called 1 'may be ahead'
ok "all are there still" count_is decision 2
ok "unless it is said to be right" called 0 '^pruned: 1 dec' --anyway
ok "and then it is" called 0 '^pruned: 0 dec'
ok "a wrong word is answered with the usage" called 2 '^usage: ' --all
STOCKROUTE_DB=$dir/none/stockroute.db
ok "what cannot be opened is told" called 1 . --dry-run
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
