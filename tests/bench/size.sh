#!/bin/bash
# size.sh: ten million decisions of 90 days -> what reports and writes take
#
# Makes the database once, in SIZE_DIR (default /var/tmp/stockroute-size, some
# 5 GB), and keeps it for the next run. SIZE_ROWS and SIZE_DAYS make another.
# Wall times are medians of five, after one that fills the caches; CPU times
# are of the process that writes. Ends with 1 when a goal is missed.
set -u -o pipefail

cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
rows=${SIZE_ROWS:-10000000}
days=${SIZE_DAYS:-90}
place=${SIZE_DIR:-/var/tmp/stockroute-size}
file=$place/$rows-$days.db
token=an-unguessable-admin-token
missed=0
dir=
# shellcheck source=tests/servers/stage.sh
. tests/servers/stage.sh

tell() { # WHAT FIGURE UNIT [MOST]
	local verdict=

	if [ -z "$2" ]; then
		verdict="could not be measured"
		missed=1
	elif [ -n "${4-}" ]; then
		verdict="at most $4"
		if [ "$(echo "$2 > $4" | bc)" = 1 ]; then
			verdict="$verdict: missed"
			missed=1
		fi
	fi
	printf '%-44s %10s %-3s %s\n' "$1" "$2" "$3" "$verdict"
}

median() {
	sort -n | sed -n 3p
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# Median ms of a command.
timed() { # COMMAND...
	local begin

	"$@" >/dev/null || return 1
	for _ in 1 2 3 4 5; do
		begin=$(now_ms)
		"$@" >/dev/null
		echo $(($(now_ms) - begin))
	done | median
}

# Called through timed, as fetch is below.
# shellcheck disable=SC2317
report() { # ARGUMENT...
	STOCKROUTE_DB=$file "$B/stockroute" report --since "${days}d" "$@"
}

# One that was kept is brought to this program's schema, and stays as it was.
make_file() {
	if [ -e "$file" ]; then
		RETENTION_DECISIONS_DAYS=0 RETENTION_MINUTES_DAYS=0 \
			RETENTION_HOURS_DAYS=0 RETENTION_DAYS_DAYS=0 \
			STOCKROUTE_DB=$file "$B/stockroute" prune >/dev/null
		return
	fi
	mkdir -p "$place"
	rm -f "$file.part"*
	"$B/decisions" "$file.part" "$rows" "$days" &&
		RETENTION_DECISIONS_DAYS=0 STOCKROUTE_DB=$file.part \
			"$B/stockroute" prune && mv "$file.part" "$file"
}

# CPU us a decision to insert and fold 200,000, newer than all there are.
insert_us() { # FILE DAYS-AHEAD
	local spent TIMEFORMAT='%U %S'

	spent=$({ time "$B/decisions" "$1" 200000 1 "$2" 2>&3; } 3>&2 2>&1) ||
		return 1
	echo "$spent" | awk '{ printf "%.2f\n", ($1 + $2) * 1e6 / 200000 }'
}

# The median of five, of rounds that take turns: a round is noisy. On a copy,
# so that the next run finds the file as it was; on the disk, since what the
# copy left to be written would be counted.
tell_inserts() {
	local empty full round

	rm -f "$place/insert.db"* "$place/empty.db"* "$place"/*.us
	cp --reflink=auto "$file" "$place/insert.db"
	sync "$place/insert.db"
	for round in 1 2 3 4 5; do
		rm -f "$place/empty.db"*
		insert_us "$place/empty.db" "$round" >>"$place/empty.us"
		insert_us "$place/insert.db" "$round" >>"$place/full.us"
	done
	empty=$(median <"$place/empty.us")
	full=$(median <"$place/full.us")
	rm -f "$place/insert.db"* "$place/empty.db"* "$place"/*.us
	tell "CPU an insert, empty file" "$empty" us
	tell "CPU an insert, this file" "$full" us \
		"$(echo "scale=2; $empty * 1.2" | bc)"
}

# ---- Behind lighttpd -----------------------------------------------------

serve() {
	dir=$(mktemp -d /tmp/sr.XXXXXX)
	mkdir -p "$dir/data" "$dir/client"
	ln "$file" "$dir/data/stockroute.db" 2>/dev/null ||
		cp --reflink=auto "$file" "$dir/data/stockroute.db"
	sim_start || return 1
	write_config "\"admin_token\": \"$token\",
		\"retention_decisions_days\": 0,"
	base=$(server_start lighttpd-socket "$dir")
}

# shellcheck disable=SC2317
end_serving() {
	[ -n "$dir" ] || return
	server_stop "$dir" >/dev/null 2>&1
	sim_stop
	rm -rf "$dir"
}

# shellcheck disable=SC2317
fetch() { # PATH [ACCEPT]
	curl -sSf --max-time 20 -H "Authorization: Bearer $token" \
		-H "Accept: ${2:-*/*}" "$base$1"
}

tell_pages() {
	tell "/report, $days days" \
		"$(timed fetch "/report?since=${days}d")" ms 300
	tell "/report.json" "$(timed fetch "/report.json?since=${days}d")" ms
	tell "/metrics" "$(timed fetch /metrics)" ms 20
	tell "/metrics, OpenMetrics" \
		"$(timed fetch /metrics 'application/openmetrics-text')" ms 20
}

make_file || exit 1
trap end_serving EXIT
echo "$rows decisions of $days days, $(du -m "$file" | cut -f1) MB"
tell "report --by step" "$(timed report)" ms 200
tell "report --by day" "$(timed report --by day)" ms 200
tell "report --by media" "$(timed report --by media)" ms 200
tell "report --by step --versus previous" \
	"$(timed report --versus previous)" ms
tell_inserts
if serve; then
	tell_pages
else
	echo "no web server to ask for pages" >&2
	missed=1
fi
exit "$missed"
