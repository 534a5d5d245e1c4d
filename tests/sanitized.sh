#!/bin/bash
# sanitized.sh: the server scripts with ASan and UBSan, then with TSan, inside
#
# Builds the program as `make check` and `make race` do and plays all that
# runs behind real web servers with it; takes about six minutes. What a
# sanitizer says goes to the web server's log and fails the script. Leaks are
# not looked for: LeakSanitizer cannot attach to a process that keeps its
# memory to itself, and `make check` looks for them. SANITIZED_SCRIPTS chooses
# ("test_stock.sh test_queue.sh").
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
scripts=${SANITIZED_SCRIPTS:-$(cd tests/servers && echo test_*.sh)}
failed=0

play() { # BUILD SCRIPT
	local log=$B/$1/$2.log findings=$B/$1/$2.found

	: >"$findings"
	if STOCKROUTE_FCGI=$PWD/$B/$1/stockroute.fcgi \
		STOCKROUTE_FINDINGS=$PWD/$findings \
		"tests/servers/$2" >"$log" 2>&1 && [ ! -s "$findings" ]
	then
		echo "ok - $1: $2"
		return
	fi
	echo "not ok - $1: $2"
	grep -A3 '^not ok' "$log" | head -20 | sed 's/^/    /'
	head -30 "$findings" | sed 's/^/    /'
	failed=$((failed + 1))
}

build() { # NAME SANITIZERS
	make -s -j2 B="$B/$1" all HARDEN='-O1 -g' SANITIZE="$2" || exit 1
}

build check "-fsanitize=address,undefined -fno-sanitize-recover=all \
-fno-omit-frame-pointer"
build race -fsanitize=thread
for build in check race; do
	for script in $scripts; do
		play "$build" "$script"
	done
done
[ "$failed" = 0 ]
