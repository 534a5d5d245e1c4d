#!/bin/bash
# test_servers.sh: every way to run, behind the real web servers
#
#	test_servers.sh [MODE...]	default: all of them
#
# The upstreams are build/stockroute-sim ($STOCKROUTE_SIM), one for each
# mode. Modes run side by side, $STOCKROUTE_JOBS (3) at a time.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

jobs_max=${STOCKROUTE_JOBS:-3}

# ---- What a mode is like -------------------------------------------------

is_cgi() { [[ $mode = *-cgi ]]; }
is_htaccess() { [[ $mode = apache-htaccess* ]]; }
is_fcgid() { [ "$mode" = apache-fcgid ] || [ "$mode" = apache-htaccess ]; }
is_socket() { [ "$mode" = lighttpd-socket ] || [[ $mode = apache-proxy* ]]; }

# ---- The client ----------------------------------------------------------

# Posts COUNT events at once; their statuses go to $dir/client/NAME.
burst() { # NAME COUNT
	local n pids=()

	for ((n = 0; n < $2; n++)); do
		post "$1-$n" >>"$dir/client/$1" &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# Posts one event after the other until $dir/client/NAME.end is there.
steady() { # NAME
	local n

	for ((n = 0; n < 200; n++)); do
		[ ! -e "$dir/client/$1.end" ] || return
		post "$1-$n" >>"$dir/client/$1"
	done
}

# Opens COUNT connections that send a body byte by byte, until killed.
slow_senders() { # COUNT
	local n fd fds=() port=${url##*:}

	for ((n = 0; n < $1; n++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		fds+=("$fd")
		printf 'POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n\r\n{' \
			/webhook/routing-events \
			"Authorization: Bearer $secret" \
			'Content-Length: 500' >&"$fd"
	done
	for ((n = 0; n < 100; n++)); do
		for fd in "${fds[@]}"; do printf ' ' >&"$fd"; done
		sleep 0.2
	done
}

# ---- What must hold ------------------------------------------------------

# Every status in the file is 200, and there are COUNT, or at least one.
all_200() { # NAME [COUNT]
	local file=$dir/client/$1

	[ -s "$file" ] || fail "$1: no answer" || return 1
	! grep -qvx 200 "$file" ||
		fail "$1: $(sort "$file" | uniq -c | xargs)" || return 1
	[ -z "${2-}" ] || same "$1: answers" "$(wc -l <"$file")" "$2"
}

recorded() { # LIKE
	"${server_user[@]}" sqlite3 -readonly -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" \
		"SELECT count(*) FROM decision WHERE interaction_id LIKE '$1'"
}

an_event_is_routed() {
	same status "$(post plain)" 200 &&
		said plain processed &&
		same patches "$(sim_patches plain)" 1
}

get_is_refused_with_allow() {
	same status "$(ask get "$endpoint")" 405 || return 1
	grep -qi '^allow: *POST' "$dir/client/get.head" ||
		fail "no Allow: POST"
}

unknown_path_is_404() {
	same status "$(ask path -d '{}' "$endpoint/nothing")" 404 || return 1
	is_htaccess || said path path_unknown
}

large_body_is_413_by_the_program() {
	head -c 70000 /dev/zero | tr '\0' ' ' >"$dir/client/70000"
	same status "$(ask large --data-binary "@$dir/client/70000" \
		"$endpoint")" 413 && said large too_large
}

huge_body_is_413() {
	head -c 200000 /dev/zero | tr '\0' ' ' >"$dir/client/200000"
	same status "$(ask huge --data-binary "@$dir/client/200000" \
		"$endpoint")" 413
}

credentials_reach_the_program() {
	same "right" "$(post credentials)" 200 || return 1
	same "none" "$(curl -s -o "$dir/client/none" --max-time 5 \
		-w '%{http_code}' -d '{}' "$endpoint")" 401 &&
		said none unauthenticated &&
		same "wrong" "$(curl -s -o /dev/null --max-time 5 \
			-w '%{http_code}' -H 'Authorization: Bearer wrong' \
			-d '{}' "$endpoint")" 401
}

chunked_body_arrives() {
	same status "$(post chunked -H 'Transfer-Encoding: chunked')" 200 &&
		same patches "$(sim_patches chunked)" 1
}

# The simulator forgets the token that all have: many are refused at once,
# one asks for a new one, and no row is lost.
processes_share_the_database() {
	local before

	sim_ask POST reset >/dev/null
	before=$(recorded 'shared-%')
	slow_upstream 100
	burst shared 24
	sim_ask DELETE faults >/dev/null
	all_200 shared 24 || return 1
	[ "$mode" != lighttpd-spawn ] ||
		same processes "$(server_pids "$dir" | wc -l)" 2 || return 1
	same tokens "$(sim_number token)" 1 || return 1
	same records "$(recorded 'shared-%')" $((before + 24)) &&
		same patched "$(sim_ask GET journal |
			grep -o '/interactions/shared-[0-9]*"' | sort -u |
			wc -l)" 24
}

# The simulator's tokens are called sim-N-HEX.
secrets_stay_inside() {
	local pid

	! grep -rlE "to-cxone|$secret|sim-[0-9]+-[0-9a-f]{8}" "$dir/log" ||
		fail "a log tells a secret" || return 1
	! grep -lE "to-cxone|$secret|sim-[0-9]+-[0-9a-f]{8}" "$dir"/data/* ||
		fail "the database has a secret" || return 1
	! sim_ask GET journal | grep -oE '"path": ?"[^"]*"' |
		grep -E "to-cxone|$secret|sim-[0-9]+-" ||
		fail "a URL tells a secret" || return 1
	for pid in $(server_pids "$dir"); do
		! tr '\0' ' ' <"/proc/$pid/cmdline" |
			grep -E "to-cxone|$secret" ||
			fail "the arguments tell a secret" || return 1
		grep -qE '^Max core file size +0 +0 ' "/proc/$pid/limits" ||
			fail "$pid: leaves a core" || return 1
	done
}

# The proof that bodies are streamed: the program has the connections.
slow_bodies_are_inside() {
	[ "$(grep -c " $dir/run/stockroute.sock\$" /proc/net/unix)" -gt 20 ]
}

slow_senders_delay_nobody() {
	local n senders rc=0

	slow_senders 20 2>/dev/null &
	senders=$!
	if [ "$mode" = apache-proxy-streamed ]; then
		server_wait 3 slow_bodies_are_inside ||
			fail "bodies are not streamed" || rc=1
	else
		sleep 0.5
	fi
	for n in 1 2 3; do
		same "status $n" "$(post "slow-$n" --max-time 1)" 200 || rc=1
	done
	kill "$senders"
	wait "$senders" 2>/dev/null
	return $rc
}

patient_sender_is_answered() {
	local body part fd line

	body=$(event patient)
	exec {fd}<>"/dev/tcp/127.0.0.1/${url##*:}"
	printf 'POST /webhook/routing-events HTTP/1.1\r\nHost: x\r\n' >&"$fd"
	printf 'Connection: close\r\nAuthorization: Bearer %s\r\n' \
		"$secret" >&"$fd"
	printf 'Content-Length: %d\r\n\r\n' ${#body} >&"$fd"
	while [ -n "$body" ]; do
		part=${body:0:50}
		body=${body:50}
		printf %s "$part" >&"$fd"
		sleep 0.1
	done
	IFS= read -r -t 5 line <&"$fd"
	exec {fd}>&-
	same answer "${line%$'\r'}" "HTTP/1.1 200 OK"
}

graceful_restart_loses_nothing() {
	local bursting stepping rc=0

	slow_upstream 700
	burst restart 10 &
	bursting=$!
	server_wait 5 in_hand 5 || fail "nothing in hand" || rc=1
	steady steady &
	stepping=$!
	sleep 0.1
	server_graceful "$dir" || fail "it did not restart" || rc=1
	sleep 0.5
	touch "$dir/client/steady.end"
	wait $bursting $stepping
	sim_ask DELETE faults >/dev/null
	all_200 restart 10 && all_200 steady && return $rc
}

killed_program_comes_back() {
	local n pid

	pid=$(server_pids "$dir" | head -n 1)
	kill -s KILL "$pid"
	# Until then its socket takes connections that nobody will serve.
	server_wait 5 server_gone "$pid" || return 1
	! is_socket || server_program "$dir" || return 1
	for n in 1 2 3 4 5; do post "killed-$n" >>"$dir/client/killed"; done
	all_200 killed 5
}

kill_in_hand_is_answered() {
	local posting code

	slow_upstream 700
	post crash >"$dir/client/crash.status" &
	posting=$!
	server_wait 5 in_hand 1
	# shellcheck disable=SC2046
	kill -s KILL $(server_pids "$dir")
	wait $posting
	sim_ask DELETE faults >/dev/null
	code=$(cat "$dir/client/crash.status")
	! is_socket || server_program "$dir" || return 1
	[[ $code = 50[0234] ]] || fail "status $code"
}

a_second_term_changes_nothing() {
	local posting pid=

	slow_upstream 700
	post twice >"$dir/client/twice.status" &
	posting=$!
	server_wait 5 in_hand 1
	pid=$(server_pids "$dir")
	# shellcheck disable=SC2086
	kill -s TERM $pid
	sleep 0.2
	# shellcheck disable=SC2086
	kill -s TERM $pid
	wait $posting
	sim_ask DELETE faults >/dev/null
	server_wait 5 server_gone "$pid" || fail "it still runs" || return 1
	same status "$(cat "$dir/client/twice.status")" 200 &&
		server_program "$dir"
}

# lighttpd gives a program that crashes twice in a second a pause.
answers_again() {
	[ "$(post again)" = 200 ]
}

ended_program_finishes_what_is_in_hand() {
	local posting

	slow_upstream 700
	post term >"$dir/client/term.status" &
	posting=$!
	server_wait 5 in_hand 1
	server_end_programs "$dir"
	wait $posting
	sim_ask DELETE faults >/dev/null
	same status "$(cat "$dir/client/term.status")" 200 &&
		server_program "$dir"
}

# What it asks of the queue waits for the lock then, with nothing in hand.
stop_ends_when_a_locked_database_is_free() {
	local locking rc=0

	"${server_user[@]}" flock "$dir/data/stockroute.db-gate" sleep 1 &
	locking=$!
	sleep 0.5
	# shellcheck disable=SC2046
	kill -s TERM $(server_pids "$dir")
	server_wait 4 server_no_program "$dir" || rc=1
	wait $locking
	[ "$rc" = 0 ] || fail "it still runs, 3.5 s after" || return 1
	server_program "$dir"
}

stop_in_hand() { # NAME stop|drain
	local posting rc=0

	slow_upstream 700
	post "$1" >"$dir/client/$1.status" &
	posting=$!
	server_wait 5 in_hand 1
	"server_$2" "$dir" || rc=1
	wait $posting
	sim_ask DELETE faults >/dev/null
	return $rc
}

drain_finishes_what_is_in_hand() {
	stop_in_hand drained drain &&
		same status "$(cat "$dir/client/drained.status")" 200
}

sudden_stop_leaves_a_record() {
	stop_in_hand sudden stop && same records "$(recorded sudden)" 1
}

# ---- One mode ------------------------------------------------------------

check_requests() {
	check an_event_is_routed
	check get_is_refused_with_allow
	check unknown_path_is_404
	check large_body_is_413_by_the_program
	# What a shared host's mod_fcgid does with 200,000 bytes is its own
	# affair: 500.
	[ "$mode" = apache-htaccess ] || check huge_body_is_413
	check credentials_reach_the_program
	check chunked_body_arrives
	check patient_sender_is_answered
	check processes_share_the_database
	check secrets_stay_inside
	is_cgi || check slow_senders_delay_nobody
}

check_processes() {
	check graceful_restart_loses_nothing
	if ! is_cgi; then
		check killed_program_comes_back
		check kill_in_hand_is_answered
		server_wait 5 answers_again
	fi
	! is_socket || check ended_program_finishes_what_is_in_hand
	! is_socket || check a_second_term_changes_nothing
	! is_socket || check stop_ends_when_a_locked_database_is_free
	check drain_finishes_what_is_in_hand
	check starts
	url=$(cat "$dir/url")
	endpoint=$url/webhook/routing-events
	check sudden_stop_leaves_a_record
}

run_mode() { # MODE
	local further

	mode_open "$1" || return
	# Far fewer than a burst brings.
	[ "$mode" != lighttpd-late ] || further='"max_inflight": 3,'
	write_config "${further-}"
	check starts
	url=$(cat "$dir/url" 2>/dev/null) || return
	endpoint=$url/webhook/routing-events
	check_requests
	check_processes
	[ -z "${STOCKROUTE_LOGS-}" ] || server_log "$dir" | sed 's/^/# /'
}

# ---- All -----------------------------------------------------------------

[ $# -gt 0 ] || mapfile -t modes < <(server_modes; echo lighttpd-late)
[ $# -eq 0 ] || modes=("$@")
play_modes "$jobs_max" "${modes[@]}"
