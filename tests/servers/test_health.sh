#!/bin/bash
# test_health.sh: /healthz, /readyz and the caps, behind the web servers
#
#	test_health.sh [MODE...]	default: all of them
#
# Every way to run answers both pages. What happens at a cap, when CXone is
# gone and when the store is, is played where one process does all, behind
# lighttpd and behind Apache, and with a new process for each event.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

jobs_max=${STOCKROUTE_JOBS:-3}

is_htaccess() { [[ $mode = apache-htaccess* ]]; }
is_socket() { [ "$mode" = lighttpd-socket ] || [[ $mode = apache-proxy* ]]; }

# ---- Asking --------------------------------------------------------------

# On shared hosting the pages lie beside the events.
page() { # NAME
	! is_htaccess || printf /webhook
	printf '/%s' "$1"
}

health() { # healthz|readyz [CURL-ARGUMENT...]; the answer is in client/$1
	curl -s --max-time 10 -o "$dir/client/$1" -D "$dir/client/$1.head" \
		-w '%{http_code}\n' "${@:2}" "$url$(page "$1")"
}

has_head() { # NAME LINE
	tr -d '\r' <"$dir/client/$1.head" | grep -qi "^$2" ||
		fail "$1: no $2"
}

ready_is() { # STATUS
	[ "$(health readyz)" = "$1" ]
}

post_is() { # ID STATUS
	[ "$(post "$1")" = "$2" ]
}

sql() { # STATEMENTS: as a stranger with the file would
	"${server_user[@]}" sqlite3 -cmd '.timeout 3000' \
		"$dir/data/stockroute.db" "$1"
}

# Waiting events, due in an hour, so that no worker takes them.
fill_queue() { # COUNT AGE_S
	sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < $1)
	INSERT INTO outbox (interaction_id, claim_key, claim_holder, body,
		accepted_us, due_us, state, attempts)
	SELECT 'filler-' || i, '', 0, '{}',
		(unixepoch() - $2) * 1000000, (unixepoch() + 3600) * 1000000,
		'waiting', 0 FROM n"
}

# ---- In every mode -------------------------------------------------------

alive_is_answered() {
	same status "$(health healthz)" 200 && said healthz version &&
		has_head healthz 'Content-Type: application/json' &&
		has_head healthz 'Cache-Control: no-store'
}

alive_touches_no_database() {
	[ ! -e "$dir/data/stockroute.db" ] || fail "the database was made"
}

ready_is_answered_with_each_part() {
	local word

	same status "$(health readyz)" 200 || return 1
	for word in store token breakers queue flows disk_free_bytes; do
		said readyz $word || return 1
	done
}

head_has_no_body() {
	same alive "$(health healthz --head)" 200 &&
		same ready "$(health readyz --head)" 200
}

other_methods_are_refused_with_allow() {
	same alive "$(health healthz -d x)" 405 &&
		has_head healthz 'Allow: GET, HEAD' &&
		same ready "$(health readyz -X PUT)" 405 &&
		has_head readyz 'Allow: GET, HEAD'
}

neither_tells_a_secret_or_an_id() {
	same status "$(post secret-call)" 200 || return 1
	# The look of before may be a second old.
	sleep 1
	same status "$(health readyz)" 200 && said readyz valid || return 1
	! grep -qE "secret-call|to-cxone|$secret|127\.0\.0\.1" \
		"$dir/client/readyz" "$dir/client/healthz" ||
		fail "told: $(cat "$dir/client/readyz")"
}

# ---- Without a configuration ---------------------------------------------

without_a_configuration_it_is_alive_but_not_ready() {
	mv "$dir/stockroute.json" "$dir/away.json"
	# Those that are configured already stay so.
	same alive "$(health healthz)" 200 &&
		same ready "$(health readyz)" 503 &&
		said readyz config_invalid &&
		has_head readyz 'Retry-After: '
	local rc=$?
	mv "$dir/away.json" "$dir/stockroute.json"
	return $rc
}

# ---- Caps ----------------------------------------------------------------

# The door refuses with the code and a Retry-After, and readyz says why;
# when sql has made room, events come in again.
cap_is_reached_and_left() { # CAP SQL
	local wait_s

	# Those of the first second are still let in.
	server_wait 5 post_is "early-$1" 503 || fail "not refused" || return 1
	same status "$(post "over-$1")" 503 && said "over-$1" overloaded ||
		return 1
	wait_s=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]*\).*/\1/p' \
		"$dir/client/over-$1.head")
	[ "${wait_s:-0}" -ge 1 ] && [ "$wait_s" -le 60 ] ||
		fail "Retry-After: $wait_s" || return 1
	server_wait 5 ready_is 503 && said readyz overloaded &&
		said readyz "$1" || return 1
	sql "$2"
	server_wait 5 post_is "under-$1" 202 || fail "still refused" ||
		return 1
	server_wait 5 ready_is 200
}

rows_are_capped() {
	fill_queue 50 0
	cap_is_reached_and_left rows \
		"DELETE FROM outbox WHERE interaction_id LIKE 'filler-%'"
}

parked_bytes_are_capped() {
	sql "INSERT INTO outbox (interaction_id, claim_key, claim_holder,
		body, accepted_us, due_us, state, attempts)
		VALUES ('filler-big', '', 0, hex(randomblob(50000)),
		1, 1, 'parked', 8)"
	cap_is_reached_and_left bytes \
		"DELETE FROM outbox WHERE interaction_id = 'filler-big'"
}

age_is_capped() {
	fill_queue 1 100
	cap_is_reached_and_left age \
		"DELETE FROM outbox WHERE interaction_id LIKE 'filler-%'"
}

a_refused_event_leaves_no_row() {
	same rows "$(sql "SELECT count(*) FROM decision
		WHERE interaction_id LIKE 'over-%'")" 0 &&
		same queued "$(sql "SELECT count(*) FROM outbox
		WHERE interaction_id LIKE 'over-%'")" 0
}

# DISK_MIN_BYTES is above what any disk has.
little_disk_is_refused() {
	same status "$(post disk)" 503 && said disk overloaded &&
		has_head disk 'Retry-After: 60' &&
		same ready "$(health readyz)" 503 && said readyz disk
}

little_disk_stops_no_routing_in_sync_mode() {
	same status "$(post disk-sync)" 200 && said disk-sync processed &&
		same ready "$(health readyz)" 200
}

little_disk_leaves_no_spill() {
	local rc=0

	sim_ask PUT faults '{"interaction":[{"status":503,"times":0}]}' \
		>/dev/null
	same status "$(post disk-spill)" 500 || rc=1
	sim_ask DELETE faults >/dev/null
	return $rc
}

# ---- The store, down -----------------------------------------------------

# Holds the write gate as a process that was stopped in it would.
hold_gate() {
	"${server_user[@]}" flock --no-fork "$dir/data/stockroute.db-gate" \
		sleep 60 &
	holder=$!
	server_wait 3 gate_is_held
}

gate_is_held() {
	! "${server_user[@]}" flock -n "$dir/data/stockroute.db-gate" true
}

free_gate() {
	kill "$holder"
	wait "$holder" 2>/dev/null
	server_wait 3 gate_is_free
}

gate_is_free() {
	! gate_is_held
}

without_the_store_events_are_routed() {
	local rc=0

	same before "$(post store-before)" 200 || return 1
	hold_gate || fail "no gate" || return 1
	same status "$(post store-gone)" 200 &&
		grep -q '"recorded":false' "$dir/client/store-gone" &&
		same patches "$(sim_patches store-gone)" 1 || rc=1
	same ready "$(health readyz)" 200 && said readyz store_busy || rc=1
	free_gate
	return $rc
}

# Only the first had to wait the whole time for the gate.
a_store_that_hangs_holds_nobody_for_long() {
	local rc=0 from

	hold_gate || fail "no gate" || return 1
	post hang-1 >/dev/null
	from=${EPOCHREALTIME/./}
	same status "$(post hang-2)" 200 || rc=1
	[ $((${EPOCHREALTIME/./} - from)) -lt 3000000 ] ||
		fail "$((${EPOCHREALTIME/./} - from)) us" || rc=1
	free_gate
	return $rc
}

without_the_store_a_queue_takes_nothing() {
	local rc=0

	same before "$(post queue-before)" 202 || return 1
	hold_gate || fail "no gate" || return 1
	same status "$(post queue-gone)" 503 || rc=1
	server_wait 8 ready_is 503 || rc=1
	said readyz store_busy || rc=1
	free_gate
	return $rc
}

with_the_store_back_all_is_well() { # STATUS
	server_wait 8 post_is back "$1" || fail "not back" || return 1
	server_wait 8 ready_is 200 || return 1
	! grep -q '"recorded":false' "$dir/client/back"
}

routing_is_well_again() { with_the_store_back_all_is_well 200; }
queueing_is_well_again() { with_the_store_back_all_is_well 202; }

# ---- One mode ------------------------------------------------------------

end() {
	server_stop "$dir" >/dev/null 2>&1
}

check_pages() {
	mode_begin '' || return
	check alive_is_answered
	# Those that the environment configures open it at once.
	[[ $mode != *-cgi && $mode != *-late && $mode != apache-htaccess ]] ||
		check alive_touches_no_database
	[[ $mode != *-cgi && $mode != *-late ]] ||
		check without_a_configuration_it_is_alive_but_not_ready
	check ready_is_answered_with_each_part
	check head_has_no_body
	check other_methods_are_refused_with_allow
	check neither_tells_a_secret_or_an_id
	end
}

check_caps() {
	mode_begin '"routing_mode": "queue", "queue_max_rows": 50,
		"queue_max_bytes": 100000, "queue_max_age_s": 60,' || return
	# The first event of all makes the database.
	post first >/dev/null
	check rows_are_capped
	check parked_bytes_are_capped
	check age_is_capped
	check a_refused_event_leaves_no_row
	end
	mode_begin '"routing_mode": "queue",
		"disk_min_bytes": 1000000000000000,' || return
	check little_disk_is_refused
	end
	mode_begin '"disk_min_bytes": 1000000000000000,' || return
	check little_disk_stops_no_routing_in_sync_mode
	check little_disk_leaves_no_spill
	end
}

check_store() {
	mode_begin '' || return
	check without_the_store_events_are_routed
	check routing_is_well_again
	check a_store_that_hangs_holds_nobody_for_long
	end
	mode_begin '"routing_mode": "queue",' || return
	check without_the_store_a_queue_takes_nothing
	check queueing_is_well_again
	end
}

run_mode() { # MODE
	mode_open "$1" || return
	check_pages
	case $mode in
	lighttpd-socket | apache-proxy)
		check_caps
		check_store ;;
	lighttpd-cgi | apache-fcgid)
		check_caps ;;
	esac
	[ -z "${STOCKROUTE_LOGS-}" ] || server_log "$dir" | sed 's/^/# /'
}

# ---- All -----------------------------------------------------------------

[ $# -gt 0 ] || mapfile -t modes < <(server_modes; echo lighttpd-late)
[ $# -eq 0 ] || modes=("$@")
play_modes "$jobs_max" "${modes[@]}"
