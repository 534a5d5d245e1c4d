#!/bin/bash
# test_tool_report.sh: stockroute report, as an operator calls it
#
#	test_tool_report.sh [BUILD]	default: build
#
# What is printed is tested by test_view.c; here are the words of the command
# line, and what a terminal changes.
set -u
export LC_ALL=C TZ=CET-1CEST,M3.5.0,M10.5.0/3
unset COLUMNS NO_COLOR

cd "$(dirname "$0")/.." || exit 1
mode=report
# shellcheck source=tests/tool.sh
. tests/tool.sh

# ---- What is called ------------------------------------------------------

report() { # CODE WORD...
	call "$1" report "${@:2}"
}

# The same on a terminal of 100 columns.
call_on_terminal() { # WORD...
	timeout 60 script -qec "stty cols 100; '$B/stockroute' report $*" \
		/dev/null </dev/null >"$dir/out"
}

says_not() { # WORDS
	! grep -qF -- "$1" "$dir/out" "$dir/err" || fail "'$1' is in:
$(cat "$dir/out" "$dir/err")"
}

# One decision in the middle of each of these hours of 2024.
decide() { # HOUR... as 05-15T10
	local hour

	for hour; do
		sqlite3 "$STOCKROUTE_DB" "INSERT INTO decision (received_us,
			media_type, outcome, status, http, inventory_attempts,
			cxone_attempts, token_refreshes, event_us, total_us)
		VALUES (strftime('%s', '2024-$hour:30:00') * 1000000, 'voice',
			'routed', 'ok', 200, 1, 1, 0, 10, 12000)"
	done
}

count_is() { # COUNT
	says "$1 decision" || return 1
}

# ---- The checks ----------------------------------------------------------

days_are_those_of_the_zone() {
	decide 05-14T21 05-14T22 05-15T21 05-15T22
	report 0 --during 2024-05-15 && count_is 2 &&
		says "2024-05-15T00:00:00+02:00 to 2024-05-16T00:00:00+02:00" &&
		report 0 --during 2024-05-15 --utc && count_is 2 &&
		says "2024-05-15T00:00:00Z to 2024-05-16T00:00:00Z" &&
		report 0 --from 2024-05-14T21:00Z --to 2024-05-15 && count_is 1
}

the_day_on_which_clocks_go_back_has_25_hours() {
	decide 10-26T22 10-27T00 10-27T01 10-27T22
	report 0 --during 2024-10-27 --by hour && count_is 4 && says "25 h" &&
		says "2024-10-27T02:00+02:00" && says "2024-10-27T02:00+01:00"
}

the_default_is_the_last_24_hours_by_step() {
	report 0 && count_is 0 && says "24." &&
		report 0 --since all --by step && count_is 0
}

each_grouping_can_be_asked_for() {
	local by

	decide 05-15T10
	for by in step hour day status media outcome route map inventory; do
		report 0 --during 2024-05-15 --by $by --format csv || return 1
		[ "$(head -c ${#by} "$dir/out")" = $by ] ||
			fail "$by: $(head -1 "$dir/out")" || return 1
		[ "$(wc -l <"$dir/out")" -ge 2 ] || fail "no row by $by" ||
			return 1
	done
}

each_format_can_be_read_back() {
	decide 05-15T10
	report 0 --during 2024-05-15 --format json --versus previous \
		--slo 10ms &&
		jq -e '.total.count == 1 and .slo.within_percent == 0 and
			.versus.total.count == 0 and
			.rows[-1].step == "total"' \
			"$dir/out" >/dev/null || return 1
	report 0 --during 2024-05-15 --format ndjson && jq -es 'length == 2' \
		"$dir/out" >/dev/null || return 1
	report 0 --during 2024-05-15 --format html && says "<td>total</td>" &&
		says_not "<script" && [ "$(tail -1 "$dir/out")" = "</html>" ]
}

sums_and_decisions_agree() {
	decide 05-15T10 05-15T11 05-15T12
	report 0 --during 2024-05-15 && count_is 3 && says "within 4.33 %" &&
		report 0 --during 2024-05-15 --exact && count_is 3 &&
		says "percentiles are exact" && says " 12.00"
}

a_wrong_word_is_named_with_what_is_expected() {
	report 2 --since yesterdya && says '"yesterdya" is no period' &&
		says "'last week'" &&
		report 2 --from today --to yesterday &&
		says '"today" does not come before "yesterday"' &&
		report 2 --since 1h --during today && says "only one of" &&
		report 2 --during 2999-01-01 && says "is yet to come" &&
		report 2 --versus later && says '"later" is no period' &&
		report 2 --by step,hour && says "--by takes step, hour, day" &&
		report 2 --slo 300 && says "--slo takes 300ms" &&
		report 2 --slo 300ms:100 && says "--slo takes" &&
		report 2 --color red && says "--color takes auto" &&
		report 2 --format xml && says "ndjson, or html" &&
		report 2 --exactly && says "'--exactly' is not understood" &&
		report 2 --since && says "--since takes" &&
		says "usage: stockroute report"
}

any_length_of_time_fits_the_terminal() {
	decide 05-15T10
	COLUMNS=40 report 0 --from 1970-01-02 --to 9999-12-31 && count_is 1 &&
		COLUMNS=40 report 0 --from 1970-01-02 --to 9999-12-31 --exact &&
		count_is 1 && [ "$(wc -L <"$dir/out")" -le 90 ] &&
		report 0 --from 9998-01-01 --to 9999-01-01 --exact && count_is 0
}

too_many_hours_are_told() {
	decide 01-01T10
	report 1 --since 2024-01-01 --by hour && says "take a shorter period"
}

a_terminal_has_colour_blocks_and_its_width() {
	decide 05-15T10
	LC_ALL=C.UTF-8 TERM=xterm call_on_terminal --during 2024-05-15
	says $'\033[1m' && says $'\xe2\x96\x88' || return 1
	LC_ALL=C.UTF-8 TERM=xterm NO_COLOR=1 \
		call_on_terminal --during 2024-05-15
	says_not $'\033[' && says $'\xe2\x96\x88' || return 1
	TERM=xterm call_on_terminal --during 2024-05-15 --color never
	says_not $'\033[' && says_not $'\xe2\x96\x88' && says "####"
}

piped_it_is_plain_whatever_the_terminal_is() {
	decide 05-15T10
	TERM=xterm LC_ALL=C.UTF-8 report 0 --during 2024-05-15 &&
		says_not $'\033[' && says "####" && cp "$dir/out" "$dir/piped"
	TERM=dumb LC_ALL=C report 0 --during 2024-05-15 &&
		cmp "$dir/out" "$dir/piped" &&
		report 0 --during 2024-05-15 --color always && says $'\033[1m'
}

without_a_database_the_reason_is_told() {
	STOCKROUTE_DB=$dir/no/where.db report 1 && says "no/where.db"
}

# ---- All -----------------------------------------------------------------

begin_check() { # CHECK
	empty_database "$1"
}

set_upstreams http://127.0.0.1:9
play_checks "days_are_those_of_the_zone
	the_day_on_which_clocks_go_back_has_25_hours
	the_default_is_the_last_24_hours_by_step
	each_grouping_can_be_asked_for
	each_format_can_be_read_back
	sums_and_decisions_agree
	a_wrong_word_is_named_with_what_is_expected
	any_length_of_time_fits_the_terminal
	too_many_hours_are_told
	a_terminal_has_colour_blocks_and_its_width
	piped_it_is_plain_whatever_the_terminal_is
	without_a_database_the_reason_is_told"
