#!/bin/bash
# test_logs.sh: what the log tells behind a web server, and where
#
# Two confined processes behind lighttpd. With LOG_TO=file and JSON: each
# event has one line, which says what its row says; a hostile id stays a
# text; the file is made again after logrotate. Then syslog and the journal,
# played by a socket each, and the tool.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"
# shellcheck source=tests/servers/daemon.sh
. "$here/daemon.sh"

mode='lighttpd-spawn'
log=
# Quotes, a backslash, an escape that terminals obey, and one beyond 16 bits.
hostile='a\"b\\c \u009b2J=\ud83d\udcde'

# ---- A file, as JSON -----------------------------------------------------

lines() { # FILTER: of jq, over all lines
	jq -c "$1" "$log"
}

has_lines() { # COUNT FILTER
	[ "$(lines "$2" | wc -l)" = "$1" ]
}

decided() { # ID
	lines "select(.msg == \"decided\" and .interaction_id == \"$1\")"
}

is_decided() { # ID
	[ -n "$(decided "$1")" ]
}

told() { # ID OUTCOME STATUS
	same "$1" "$(decided "$1" | jq -r '.level + " " + .outcome + " " +
		.status')" "info $2 $3"
}

faults() { # JSON
	sim_ask PUT faults "$1" >/dev/null
}

# Of each way in which an event can end, one.
play_events() {
	same good "$(post good)" 200 && same again "$(post good)" 200 &&
		same hostile "$(post "$hostile")" 200 || return 1
	faults '{"inventory":[{"status":503}]}'
	same fallback "$(post fallback)" 200 || return 1
	faults '{"interaction":[{"status":404}]}'
	same gone "$(post gone)" 200 || return 1
	faults '{"interaction":[{"status":403}]}'
	same failed "$(post failed)" 500 || return 1
	faults '{"interaction":[{"status":503}]}'
	same queued "$(post queued)" 202 || return 1
	same refused "$(ask refused -d '{}' "$endpoint")" 400 &&
		same path "$(ask path -d '{}' "$endpoint/x")" 404 &&
		same key "$(ask key -H 'Authorization: Bearer none' \
			-d '{}' "$endpoint")" 401 &&
		server_wait 10 is_decided queued
}

every_line_is_an_object_with_the_same_beginning() {
	play_events || return 1
	same odd "$(lines '[keys_unsorted[0:4] == ["ts","level","pid","msg"],
		(.ts | test("^20[0-9-]+T[0-9:]+[.][0-9]{3}Z$"))] |
		select(all | not)' | wc -l)" 0
}

each_event_has_one_line_that_says_how_it_ended() {
	told good routed "ok
info duplicate duplicate" && told fallback fallback ok &&
		told gone skipped interaction_not_found &&
		told failed failed scope_missing &&
		told queued routed ok || return 1
	same refused "$(lines 'select(.outcome == "refused") | .http')" 400 &&
		same lines "$(lines 'select(.outcome) | .msg' |
			grep -c '"decided"')" \
			"$(sql 'SELECT count(*) FROM decision')"
}

sql() { # STATEMENT [OPTION]
	"${server_user[@]}" sqlite3 "${2--batch}" -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" "$1"
}

# Key by key; a key that is no column is told too.
a_line_says_what_its_row_says() {
	local rows=$dir/client/rows told=$dir/client/told

	sql 'SELECT * FROM decision' -json | jq -c '.[] | del(.id) |
		with_entries(select(.value != null))' >"$rows"
	lines 'select(.msg == "decided") |
		del(.ts, .level, .pid, .msg)' >"$told"
	jq -n --slurpfile rows "$rows" --slurpfile told "$told" '
		($rows | map({key: (.request_id + .outcome), value: .}) |
			from_entries) as $by |
		$told[] | . as $line | $by[.request_id + .outcome] as $row |
		to_entries[] | select(.value != $row[.key]) |
		{line: $line.interaction_id, key, told: .value,
			row: $row[.key]}' >"$dir/client/odd"
	[ ! -s "$dir/client/odd" ] || fail "$(head -20 "$dir/client/odd")" ||
		return 1
	same "lines that lack a key" "$(jq -c 'select(.outcome == "routed") |
		["interaction_id", "trace_id", "request_id", "outcome",
		"status", "sku", "skills", "queues", "total_us",
		"inventory_us", "cxone_us", "record_us"] - keys |
		select(length > 0)' "$told")" ''
}

a_hostile_id_stays_a_text() {
	same id "$(lines 'select(.interaction_id != null) |
		.interaction_id | select(startswith("a\""))')" \
		"$(printf '"%s"' "$hostile" | jq -c .)" &&
		same bytes "$(LC_ALL=C grep -c '[^ -~]' "$log")" 0
}

changes_of_state_are_told_once() {
	same starts "$(lines 'select(.msg | startswith("stockroute "))' |
		wc -l)" 2 &&
		same confined "$(lines 'select(.msg | startswith("confined: "))
			| .level' | sort | uniq -c | tr -s ' ')" ' 2 "info"' &&
		same tokens "$(lines 'select(.msg |
			startswith("new access token"))' | wc -l)" 1 &&
		same door "$(lines 'select(.msg |
			startswith("refused at the door: ")) | .level')" \
			'"warn"' &&
		same strangers "$(lines 'select(.msg |
			startswith("webhook refused: ")) | .trace_id' |
			wc -l)" 1
}

nothing_of_it_goes_to_stderr() {
	[ ! -s "$dir/log/stockroute.log" ] || fail "$(cat \
		"$dir/log/stockroute.log")"
}

is_read_by_its_group() {
	same mode "$(stat -c %a "$log")" 640
}

# As logrotate does, under load; no process is told.
post_many() {
	local n

	for n in $(seq 200); do post "rotated-$n" >/dev/null; done
}

log_is_made() {
	post "wake-$RANDOM" >/dev/null
	[ -e "$log" ]
}

after_logrotate_it_is_made_again_and_no_line_is_lost() {
	local turn n

	post_many &
	for turn in 1 2; do
		sleep 0.3
		mv "$log" "$log.$turn"
		server_wait 5 log_is_made || return 1
	done
	wait $!
	is_read_by_its_group || return 1
	n=$(cat "$log" "$log".[12] | jq -r 'select(.msg == "decided") |
		.interaction_id' | grep -c '^rotated-')
	same lines "$n" 200 && same twice "$(cat "$log" "$log".[12] |
		jq -r 'select(.msg == "decided") | .interaction_id' |
		grep '^rotated-' | sort | uniq -d | wc -l)" 0
}

# What repeats is counted; what is held back comes when the process ends.
repeats_are_counted() {
	local n kept

	for n in $(seq 60); do
		ask stranger -H 'Authorization: Bearer none' -d '{}' \
			"$endpoint" >/dev/null
	done
	server_stop "$dir" >/dev/null 2>&1
	kept=$(cat "$log" "$log".[12] | jq 'select(.msg |
		startswith("webhook refused: ")) | .repeated // 1' |
		awk '{ n++; sum += $1 } END { print n <= 22, sum }')
	same refusals "$kept" "1 61"
}

# ---- Daemons -------------------------------------------------------------

restart() { # MEMBERS
	server_stop "$dir" >/dev/null 2>&1
	write_config "$1"
	[ "$(id -u)" != 0 ] || chown www-data "$dir/stockroute.json"
	starts
}

post_again() { # ID: to the server that was started again
	endpoint=$(cat "$dir/url")/webhook/routing-events
	post "$1"
}

the_journal_gets_each_field() {
	daemon_start || return 1
	restart "\"log_to\": \"journal:$dir/run/daemon.sock\"," || return 1
	same journal "$(post_again journal-call)" 200 &&
		server_wait 5 daemon_has "INTERACTION_ID=journal-call" &&
		daemon_has "OUTCOME=routed" && daemon_has "PRIORITY=6" &&
		daemon_has "SYSLOG_IDENTIFIER=stockroute"
}

a_daemon_that_is_away_costs_no_line() {
	daemon_stop
	same away "$(post_again away-call)" 200 &&
		server_wait 5 grep -q 'interaction_id=away-call' \
			"$dir/log/stockroute.log" &&
		same told "$(grep -c 'the log cannot be written' \
			"$dir/log/stockroute.log")" 1
}

# The confined processes connect to a socket that is made after their start.
syslog_is_found_when_it_comes() {
	restart "\"log_to\": \"syslog:$dir/run/daemon.sock\",
		\"log_format\": \"json\"," || return 1
	post_again early >/dev/null
	daemon_start || return 1
	server_wait 5 syslog_hears
}

syslog_hears() {
	post_again "syslog-$RANDOM" >/dev/null
	grep '"outcome":"routed"' "$dir/log/daemon.log" |
		grep -q '^<30>... .. ..:..:.. stockroute.[0-9]*.: {"ts"'
}

# ---- With ROUTING_MODE=queue ---------------------------------------------

# A duplicate has no row there, but its line, as often as it comes.
duplicates_of_queued_events_have_a_line_each() {
	local n

	log=$dir/log/queue.json
	restart "\"log_to\": \"file:$log\", \"log_format\": \"json\",
		\"routing_mode\": \"queue\"," || return 1
	same first "$(post_again first)" 202 || return 1
	# 202 as well, or 200 once it is decided.
	for n in $(seq 14); do
		same "time $n" "$(post_again first | cut -c-2)" 20 || return 1
	done
	server_wait 5 is_decided first && told first routed ok &&
		same repeats "$(lines 'select(.outcome == "duplicate") |
			.interaction_id + " " + .status' | uniq -c |
			tr -s ' ')" ' 14 "first duplicate"'
}

# ---- The tool ------------------------------------------------------------

# As the server's user; the events are in $dir/client/replayed.
replay() { # ID
	printf '%s\n' "$(event "$1")" >"$dir/client/in"
	chmod 644 "$dir/client/in"
	echo "${server_user[*]} env STOCKROUTE_CONFIG=$dir/stockroute.json" \
		"LOG_TO=stderr LOG_FORMAT=logfmt" \
		"$server_root/build/stockroute events replay $dir/client/in"
}

the_tool_logs_to_stderr_but_not_onto_a_terminal() {
	bash -c "$(replay to-a-file)" >"$dir/client/tool" 2>&1 &&
		same file "$(grep -c ' interaction_id=to-a-file ' \
			"$dir/client/tool")" 1 &&
		script -qec "$(replay to-a-terminal)" "$dir/client/tty" \
			>"$dir/client/tool" </dev/null &&
		same terminal "$(grep -c 'ts=' "$dir/client/tool")" 0 &&
		same decided "$(sql "SELECT count(*) FROM decision
			WHERE interaction_id LIKE 'to-a-%'")" 2
}

# ---- All -----------------------------------------------------------------

check_all() {
	check every_line_is_an_object_with_the_same_beginning
	check each_event_has_one_line_that_says_how_it_ended
	check a_line_says_what_its_row_says
	check a_hostile_id_stays_a_text
	check changes_of_state_are_told_once
	check nothing_of_it_goes_to_stderr
	check is_read_by_its_group
	check after_logrotate_it_is_made_again_and_no_line_is_lost
	check repeats_are_counted
	check the_journal_gets_each_field
	check a_daemon_that_is_away_costs_no_line
	check syslog_is_found_when_it_comes
	daemon_stop
	check duplicates_of_queued_events_have_a_line_each
	check the_tool_logs_to_stderr_but_not_onto_a_terminal
}

stage_open sim_start
log=$dir/log/all.json
write_config "\"log_to\": \"file:$log\", \"log_format\": \"json\",
	\"inventory_timeout_ms\": 300, \"queue_backoff_ms\": 100,"
stage_play
