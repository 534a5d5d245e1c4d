# prove.sh: the crash test's own test: something is lost, or done twice, and
# it must say so
#
# Sourced. Each deceit is played for some seconds in a world of its own:
#
#	lying_disk	says that the WAL is written, and forgets it at a cut
#	thief		takes events that wait out of the queue
#	copier		puts events that wait into the queue once more
# shellcheck shell=bash disable=SC2034,SC2154

prove_seconds=12
deceits="lying_disk thief copier"

# Under the write gate, as every writer. Events wait while CXone fails.
change_queue() { # SQL
	"${server_user[@]}" flock "$dir/data/stockroute.db-gate" \
		sqlite3 -cmd '.timeout 5000' "$dir/data/stockroute.db" "$1" \
		>/dev/null 2>&1
}

steal() {
	change_queue "DELETE FROM outbox WHERE id IN (
		SELECT id FROM outbox WHERE state = 'waiting' LIMIT 1)"
}

copy() {
	change_queue "INSERT INTO outbox (interaction_id, claim_key,
		claim_holder, body, accepted_us, due_us, state, attempts)
		SELECT interaction_id, claim_key, claim_holder, body,
		       accepted_us, due_us, state, 0
		  FROM outbox WHERE state = 'waiting' LIMIT 1"
}

# Begun with each of the crash test's kills.
deceive() {
	case $deceit in
	thief) steal ;;
	copier) copy ;;
	esac
}

an_event_lost_by_a_lying_disk_is_seen() { is_some lost; }
an_event_lost_by_a_thief_is_seen() { is_some lost; }
an_event_done_twice_by_a_copier_is_seen() { is_some unexplained; }

is_some() { # NAME
	[ "$(number "$1")" -gt 0 ] || fail "none was seen"
}

check_deceit() {
	read_log
	check the_ledger_adds_up
	case $deceit in
	lying_disk) check an_event_lost_by_a_lying_disk_is_seen ;;
	thief) check an_event_lost_by_a_thief_is_seen ;;
	copier) check an_event_done_twice_by_a_copier_is_seen ;;
	esac
	echo "$deceit: $(number lost) lost, $(number unexplained) patched" \
		"again without excuse, of $(number events) acknowledged"
}

# In the queue, with few other faults.
run_deceit() { # DECEIT
	deceit=$1
	kinds="cxone power"
	drain_max=30
	seconds=$prove_seconds
	[ "$deceit" != lying_disk ] || lie=(POWER_CUT_LIE=yes)
	run_world queue check_deceit
}
