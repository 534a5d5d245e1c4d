#!/bin/bash
# lint.sh: the sources -> where they break the house's rules
#
#	lint.sh [BUILD] [CHECK...]	default: build, and all checks
#
# A line per check; below a `not ok` stands what was found. Two checks run at
# a time. A check is a function below: what it prints are its findings, and
# it holds when it prints none and returns 0.
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=${1:-build}
lines_max=600
columns_max=80

# First of all, and alone, comes gcc: some look at what it made. The slow ones
# are next, so that they share the time evenly.
checks="tidy_program tidy_tests analyzer clang tidy_reads_its_rules
	format cppcheck shellcheck file_lines columns first_lines
	global_variables include_circles headers_alone getenv fcgi curl sqlite
	names readme faults man mandoc"

# ---- What is looked at ---------------------------------------------------

program=$(ls cgi-bin/*.c src/*.c)
tests=$(ls tests/*.c tests/*/*.c)
not_units=$(find tests -name '*.c' ! -name 'test_*' | sort)
headers=$(ls include/*.h src/*.h tests/*.h tests/*/*.h 2>/dev/null)
scripts=$(ls tests/*.sh tests/*/*.sh .ci/run)
texts="$program $tests $headers $scripts $(ls Makefile tests/*.mk sql/* man/* \
	tests/*/*.awk tests/*/*.lua)"
flags="-std=c11 -D_GNU_SOURCE -Iinclude -Itests -I$B"

# Runs a command on each file, two at a time. One file per run: clang-tidy 14
# takes leftovers of the file before for findings.
each() { # FILES COMMAND...
	tr -s ' \t\n' '\n' <<<"$1" | xargs -P2 -n1 "${@:2}"
}

# ---- The compilers and analyzers -----------------------------------------

compile() { # COMPILER BUILD
	make -s -k -j2 CC="$1" B="$2" compile 2>&1 |
		grep -vE '^  (CC|LD|AR|SQL|TXT) '
	return "${PIPESTATUS[0]}"
}

check_gcc() { # "gcc compiles everything without a warning"
	compile gcc "$B"
}

# A time in microseconds does not fit into an int; that is clang's to say.
check_clang() { # "clang compiles everything without a warning"
	compile "clang -Wshorten-64-to-32" "$B/clang"
}

# Its own count of what it kept silent about is no finding.
tidy_file() { # OPTION... FILE
	# shellcheck disable=SC2086
	clang-tidy --quiet --config-file=.clang-tidy "$@" -- $flags 2>&1
}

tidy() { # FILES OPTION...
	each "$1" "$0" "$B" tidy_file "${@:2}" |
		grep -v 'warnings.* generated\|^Suppressed\|^Use -header-filter'
	return "${PIPESTATUS[0]}"
}

check_tidy_program() { # "clang-tidy finds nothing in the program"
	tidy "$program"
}

# cmocka's assertions look to the analyzer as if they might return; a test's
# random numbers are the same every time on purpose, and it may use rm -rf.
check_tidy_tests() { # "clang-tidy finds nothing in the tests"
	local left_out=-clang-analyzer-core.\*,-cert-env33-c

	left_out+=,-cert-msc30-c,-cert-msc32-c,-cert-msc50-cpp,-cert-msc51-cpp
	tidy "$tests" --checks="$left_out"
}

# clang-tidy ends with 0 when it cannot read its configuration.
check_tidy_reads_its_rules() { # "clang-tidy reads .clang-tidy"
	local broken=$B/lint/broken.c found

	{
		echo "int many(int a, int b, int c, int d, int e, int f);"
		echo "int many(int a, int b, int c, int d, int e, int f)"
		echo "{"
		for _ in $(seq 61); do echo "	a += b + c + d + e + f;"; done
		echo "	if (a) { if (b) { if (c) { if (d) { return 1; } } } }"
		echo "	return a;"
		echo "}"
	} >"$broken"
	found=$(clang-tidy --quiet --config-file=.clang-tidy "$broken" -- 2>&1)
	for rule in "lines including" "6 parameters" "nesting level 4"; do
		grep -q "$rule" <<<"$found" || echo "it did not see: $rule"
	done
}

# Optimised and not, because each sees what the other does not. The latter
# takes a counted i for unset at a memcpy; -Wmaybe-uninitialized sees better.
# -Wanalyzer-malloc-leak takes a node kept in a list for a leak. cmocka's
# assertions look as if they might return, so the unit tests are left out.
analyze_file() { # FILE
	local level

	for level in -O0 -O2; do
		# shellcheck disable=SC2086
		gcc $flags $level -fanalyzer -Wno-analyzer-malloc-leak \
			-Wno-analyzer-use-of-uninitialized-value \
			-Werror -c -o /dev/null "$1" 2>&1 || return 1
	done
}

check_analyzer() { # "gcc -fanalyzer finds nothing"
	each "$program $not_units" "$0" "$B" analyze_file
}

# variableScope: declarations stand at the top of their block of work.
# arrayIndexThenCheck: a text ends with NUL, so text[i] may be looked at
# before the limit of i.
# redundantInitialization: what a struct-valued call gives first may be
# thrown away. shadowFunction: the tests' helpers have the shortest names.
# It reads no system headers, so it is told what jansson's loops are.
check_cppcheck() { # "cppcheck finds nothing"
	local loops=$B/lint/jansson_loops.h

	cat >"$loops" <<-'END'
		#define json_object_foreach(all, key, value) \
			for (key = "", value = all; value;)
		#define json_array_foreach(all, i, value) \
			for (i = 0, value = all; value; i++)
	END
	cppcheck -q --std=c11 --platform=unix64 \
		--enable=warning,style,performance,portability \
		--inline-suppr --error-exitcode=1 -j2 \
		--suppress=missingIncludeSystem --suppress=variableScope \
		--suppress=arrayIndexThenCheck \
		--suppress=redundantInitialization \
		--suppress='shadowFunction:tests/*' \
		-D_GNU_SOURCE --include="$loops" -Iinclude -Itests -I"$B" \
		cgi-bin src tests 2>&1
}

check_format() { # "clang-format would change nothing"
	# shellcheck disable=SC2086
	clang-format --dry-run -Werror $program $tests $headers 2>&1 |
		grep 'error:' | cut -d: -f1 | uniq -c |
		awk '{ print $2 ": " $1 " places" }'
	return "${PIPESTATUS[0]}"
}

check_shellcheck() { # "shellcheck finds nothing in the scripts"
	# shellcheck disable=SC2086
	shellcheck -x -f gcc $scripts
}

# ---- The house's own rules -----------------------------------------------

check_file_lines() { # "no file is over 600 lines"
	# shellcheck disable=SC2086
	wc -l $texts | awk -v max=$lines_max \
		'$2 != "total" && $1 > max { print $2 ": " $1 " lines" }'
}

# Tabs count as up to 8. Bytes that continue a UTF-8 character do not count.
check_columns() { # "no line is over 80 columns"
	local file

	for file in $texts; do
		expand "$file" | awk -v file="$file" -v max=$columns_max '
			{ gsub(/[\200-\277]/, "") }
			length($0) > max {
				print file ":" FNR ": " length($0) " columns"
			}'
	done
}

check_first_lines() { # "line 1 of a source says what goes in and out"
	local file name

	for file in $program $not_units; do
		name=$(basename "$file")
		head -1 "$file" | grep -q "^/\* $name: .* -> " ||
			echo "$file:1: not /* $name: input -> output */"
	done
}

# Constant tables with pointers are in .data.rel.ro. The log is the one variable
# of the program.
check_global_variables() { # "no variable lives outside a function's run"
	local object

	for object in "$B"/src/*.o "$B/cgi-bin/main.o"; do
		objdump -t "$object" | awk -v object="${object##*/}" '
			NF > 4 && $(NF - 2) ~ /^(\.t?data|\.t?bss|\*COM\*)/ &&
			$(NF - 2) !~ /^\.data\.rel\.ro/ && $NF !~ /^\./ {
				print object ": " $NF
			}'
	done | grep -v '^log.o: the_log$' || true
}

# tsort tells the circles.
check_include_circles() { # "no header includes itself in a circle"
	# shellcheck disable=SC2086
	awk '/^#include "/ {
		split($2, part, "\"")
		name = FILENAME
		sub(/.*\//, "", name)
		print name, part[2]
	}' $headers | { tsort >/dev/null; } 2>&1
}

check_headers_alone() { # "every header compiles by itself"
	local header

	for header in $headers; do
		# shellcheck disable=SC2086
		gcc $flags -fsyntax-only -x c "$header" 2>&1
	done
}

# Who uses a thing that only some may use.
only() { # PATTERN ALLOWED
	# shellcheck disable=SC2086
	grep -nE "$1" $program include/*.h src/*.h | grep -vE "^$2" || true
}

check_getenv() { # "only config reads the environment"
	only '\b(secure_)?getenv *\(' 'src/config[a-z_]*\.c:'
}

check_fcgi() { # "only the gateway knows FastCGI"
	only '#include <fcgi' '(src|include)/gateway[a-z_]*\.[ch]:'
}

check_curl() { # "only http knows curl"
	only '#include <curl' '(src|include)/http[a-z_]*\.[ch]:'
}

check_sqlite() { # "only the database's files know SQLite"
	only '#include <sqlite3' \
		'(src|include)/(db[a-z_]*|store|writegate)\.[ch]:'
}

check_readme() { # "the lists of README and pages are what the program says"
	tests/readme.sh 2>&1
}

check_faults() { # "every fault of FAULTS.md has tests that exist"
	tests/faults.sh 2>&1
}

check_man() { # "stockroute(1) tells every command and option"
	tests/man.sh "$B" 2>&1
}

check_mandoc() { # "mandoc finds nothing in the pages"
	mandoc -T lint -W warning man/*.[158] 2>&1
}

check_names() { # "no two sources share an object's name"
	# shellcheck disable=SC2086
	basename -a $program | sort | uniq -d
}

# ---- Running them --------------------------------------------------------

# What stands behind a check's name in this file.
sentence() { # CHECK
	sed -n "s/^check_$1() { # \"\(.*\)\"\$/\1/p" tests/lint.sh
}

run_one() { # CHECK
	local log=$B/lint/$1.log

	if "check_$1" >"$log" 2>&1 && [ ! -s "$log" ]; then
		echo "ok - $(sentence "$1")"
		return
	fi
	{
		echo "not ok - $(sentence "$1")"
		head -60 "$log" | sed 's/^/    /'
		[ "$(wc -l <"$log")" -le 60 ] || echo "    ... all in $log"
	} >"$log.shown"
	cat "$log.shown"
}

# xargs starts this script again for one check, or one file.
case ${2-} in
run_one | tidy_file | analyze_file)
	"${@:2}"
	exit
	;;
esac

tests/install-tools.sh lint || exit 1
rm -rf "$B/lint"
mkdir -p "$B/lint"
[ $# -lt 2 ] || checks=${*:2}
# shellcheck disable=SC2086
{
	run_one gcc
	printf '%s\n' $checks | xargs -P2 -n1 "$0" "$B" run_one
} | tee "$B/lint/all.log"
passed=$(grep -c '^ok - ' "$B/lint/all.log")
failed=$(grep -c '^not ok - ' "$B/lint/all.log")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" = $((1 + $(wc -w <<<"$checks"))) ]
