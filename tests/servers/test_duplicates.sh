#!/bin/bash
# test_duplicates.sh: the same event, many times at once, over 8 processes
#
# lighttpd spreads the deliveries over the processes. The simulator takes
# its time for the PATCH, so that the deliveries meet in flight.

here=$(cd "$(dirname "$0")" && pwd)
export STOCKROUTE_PROCS=8
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

mode='lighttpd-spawn'
deliveries=100
deadline_ms=3000

# Delivers one event many times at once; statuses go to $dir/client/NAME,
# answers to NAME.1 and so on. The program does not look at the query.
deliver() { # ID
	curl -s -Z --parallel-immediate --parallel-max $deliveries \
		--max-time 20 -o "$dir/client/$1.#1" -w '%{http_code}\n' \
		-H "Authorization: Bearer $secret" \
		--data-binary "$(event "$1")" \
		"$endpoint?delivery=[1-$deliveries]" >"$dir/client/$1"
}

rows() { # ID OUTCOME
	"${server_user[@]}" sqlite3 -readonly -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" \
		"SELECT count(*) FROM decision
		  WHERE interaction_id = '$1' AND outcome = '$2'"
}

marked() { # ID
	grep -l '"duplicate":true' "$dir/client/$1".* | wc -l
}

# The processes that answered, by the pid in their log lines.
processes_used() { # ID
	grep "id=$1 " "$dir"/log/stockroute.log | grep -o 'pid=[0-9]*' |
		sort -u | wc -l
}

many_deliveries_at_once_are_decided_once() {
	slow_upstream 300
	deliver many
	sim_ask DELETE faults >/dev/null
	same "answers 200" "$(grep -cx 200 "$dir/client/many")" $deliveries &&
		same patches "$(sim_patches many)" 1 &&
		same duplicates "$(marked many)" $((deliveries - 1)) &&
		same "rows routed" "$(rows many routed)" 1 &&
		same "rows duplicate" "$(rows many duplicate)" \
			$((deliveries - 1))
}

all_get_the_firsts_answer() {
	cat "$dir/client"/many.* | sed 's/"duplicate":true,//g' |
		sed 's/}{/}\n{/g' | sort -u >"$dir/client/kinds"
	same "kinds of answer" "$(wc -l <"$dir/client/kinds")" 1
}

the_deliveries_were_spread_over_the_processes() {
	same processes "$(processes_used many)" 8
}

when_the_first_fails_one_other_is_tried() {
	sim_ask PUT faults '{"interaction":[{"delay_ms":300,
		"status":403}]}' >/dev/null
	deliver failing
	sim_ask DELETE faults >/dev/null
	same "answers 500" "$(grep -cx 500 "$dir/client/failing")" 1 &&
		same "answers 200" "$(grep -cx 200 "$dir/client/failing")" \
			$((deliveries - 1)) &&
		same patches "$(sim_patches failing)" 2 &&
		same duplicates "$(marked failing)" $((deliveries - 2))
}

until_200() { # ID
	[ "$(post "$1")" = 200 ]
}

# The lease is the event's deadline and 5 s.
a_dead_holders_event_is_decided_after_its_lease() {
	local posting before

	slow_upstream 2000
	post dead >"$dir/client/dead.status" &
	posting=$!
	server_wait 5 in_hand 1 || fail "nothing in hand" || return 1
	before=$SECONDS
	# shellcheck disable=SC2046
	kill -s KILL $(server_pids "$dir")
	wait $posting
	sim_ask DELETE faults >/dev/null
	server_wait 5 until_200 other || fail "no process" || return 1
	same "while the lease lasts" "$(post dead)" 503 || return 1
	said dead in_flight || return 1
	server_wait 15 until_200 dead || fail "never decided" || return 1
	[ $((SECONDS - before)) -ge $((deadline_ms / 1000 + 4)) ] ||
		fail "decided before the lease had ended" || return 1
	! grep -q '"duplicate"' "$dir/client/dead" ||
		fail "the repeat was taken for a duplicate" || return 1
	same patches "$(sim_patches dead)" 2 &&
		same "rows routed" "$(rows dead routed)" 1 &&
		same again "$(post dead)" 200 && said dead duplicate
}

check_all() {
	check many_deliveries_at_once_are_decided_once
	check all_get_the_firsts_answer
	check the_deliveries_were_spread_over_the_processes
	check when_the_first_fails_one_other_is_tried
	check a_dead_holders_event_is_decided_after_its_lease
}

stage_open sim_start
write_config "\"event_deadline_ms\": $deadline_ms, \"log_level\": \"debug\","
stage_play
