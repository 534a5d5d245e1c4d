#!/bin/bash
# fuzz.sh: hostile input, made up while watching which code it reaches
#
#	fuzz.sh [TARGET...]	default: all of tests/fuzz/fuzz_*.c
#
# Each target runs FUZZ_SECONDS (60), two at a time, from the seeds in
# tests/fuzz/seeds/TARGET and from what earlier runs found in B/fuzz/corpus.
# Prints a line for each: executions, code blocks reached, inputs kept. An
# input that breaks a target is kept in B/fuzz/found and named.
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
seconds=${FUZZ_SECONDS:-60}
fuzz=$B/fuzz
sanitize='-fsanitize=address,undefined,fuzzer-no-link'
sanitize+=' -fno-sanitize-recover=all -fno-omit-frame-pointer'

build() { # TARGET...
	make -s -j2 CC=clang B="$fuzz" HARDEN='-O1 -g' SANITIZE="$sanitize" \
		"${@/#/$fuzz/fuzz_}"
}

# libFuzzer's last lines: "#12 DONE cov: 3 ft: 4 corp: 5/6b", statistics.
tell() { # TARGET LOG STATUS
	awk -v target="$1" -v status="$3" '
		/ cov: / {
			for (i = 1; i < NF; i++) {
				if ($i == "cov:")
					blocks = $(i + 1)
				if ($i == "corp:")
					kept = $(i + 1)
			}
			sub(/\/.*/, "", kept)
		}
		/^stat::number_of_executed_units/ { runs = $2 }
		/^stat::average_exec_per_sec/ { rate = $2 }
		END {
			good = status == 0 && runs > 0
			printf "%s - %s: %d executions, %d a second, " \
			    "%d blocks, %d inputs kept\n",
			    good ? "ok" : "not ok", target, runs, rate,
			    blocks, kept
			exit !good
		}' "$2"
}

run() { # TARGET
	local corpus=$fuzz/corpus/$1 log=$fuzz/logs/$1.log words=()
	local status

	mkdir -p "$corpus" "$fuzz/found" "$fuzz/logs"
	[ ! -e "tests/fuzz/seeds/$1.dict" ] ||
		words=("-dict=tests/fuzz/seeds/$1.dict")
	env -i PATH="$PATH" "$fuzz/fuzz_$1" "${words[@]}" \
		-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-max_len=8192 -print_final_stats=1 -verbosity=1 \
		-artifact_prefix="$fuzz/found/$1-" \
		"$corpus" "tests/fuzz/seeds/$1" >"$log" 2>&1 </dev/null
	status=$?
	tell "$1" "$log" "$status" && return
	grep -E -A12 'not so: |ERROR: |runtime error: |Test unit written' \
		"$log" | tail -30 | sed 's/^/    /'
	return 1
}

# xargs starts this script again for one target.
if [ "${1-}" = --run ]; then
	run "$2"
	exit
fi
targets=("$@")
if [ $# = 0 ]; then
	for source in tests/fuzz/fuzz_*.c; do
		name=$(basename "$source" .c)
		targets+=("${name#fuzz_}")
	done
fi
build "${targets[@]}" || exit 1
printf '%s\n' "${targets[@]}" | xargs -P2 -n1 "$0" --run |
	tee "$fuzz/summary"
passed=$(grep -c '^ok' "$fuzz/summary")
echo "fuzz: $passed passed, $((${#targets[@]} - passed)) failed"
[ "$passed" = ${#targets[@]} ]
