#!/bin/bash
# test_store_faults.sh: the store fails under a running program, and mends
#
#	test_store_faults.sh [MODE...]	default: queue sync
#
# Behind lighttpd. With ROUTING_MODE=queue an event is acknowledged only when
# it is on disk, else it is answered 503. With sync customers are routed all
# the same, and the answer says that it is not recorded. When the store is
# well again so are the answers, without a restart.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

disk_kb=6144
tries=8 # events posted, at once, while the store fails

sql() { # QUERY
	"${server_user[@]}" sqlite3 -readonly -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" \
		"$1" 2>/dev/null
}

queue_is_empty() {
	[ "$(sql 'SELECT count(*) FROM outbox')" = 0 ]
}

# Posts events at once; their statuses go to client/NAME.
post_at_once() { # NAME
	local i posts=()

	for ((i = 1; i <= tries; i++)); do
		(echo "$1-$i $(post "$1-$i")" >>"$dir/client/$1") &
		posts+=($!)
	done
	wait "${posts[@]}"
}

statuses() { # NAME
	cut -d' ' -f2 "$dir/client/$1" | sort | uniq -c | xargs
}

# The routing mode's good answer, with its record.
is_well() {
	local id=well-$RANDOM$RANDOM

	if [ "$mode" = queue ]; then
		[ "$(post "$id")" = 202 ]
	else
		[ "$(post "$id")" = 200 ] &&
			! grep -q '"recorded":false' "$dir/client/$id"
	fi
}

acknowledged_are_patched() { # NAME
	local id status

	while read -r id status; do
		[ "$status" = 503 ] || [ "$(sim_patches "$id")" = 1 ] ||
			return 1
	done <"$dir/client/$1"
}

# What was acknowledged is done, and nothing twice.
acknowledged_are_routed() { # NAME
	local id status

	server_wait 20 queue_is_empty || fail "not drained" || return 1
	while read -r id status; do
		[ "$status" = 503 ] ||
			same "$id ($status): PATCHes" \
				"$(sim_patches "$id")" 1 || return 1
	done <"$dir/client/$1"
}

# None of the failing store's answers is a false 202.
were_refused() { # NAME CODE
	[ "$(grep -c ' 503$' "$dir/client/$1")" -ge $((tries / 2)) ] ||
		fail "answers: $(statuses "$1")" || return 1
	! grep -qv ' \(503\|202\)$' "$dir/client/$1" ||
		fail "answers: $(statuses "$1")" || return 1
	grep -l "\"code\":\"$2\"" "$dir/client/$1"-* >/dev/null ||
		fail "code: $(cat "$dir/client/$1"-1)" || return 1
	grep -qi '^retry-after:' "$dir/client/$1"-1.head ||
		fail "no Retry-After"
}

were_routed() { # NAME CODE
	local unrecorded

	unrecorded=$(grep -l '"recorded":false' "$dir/client/$1"-*[0-9] |
		wc -l)
	same answers "$(statuses "$1")" "$tries 200" || return 1
	same "not recorded" "$unrecorded" "$tries" || return 1
	grep -q "decision not recorded ($2)" "$dir"/log/*.log ||
		fail "the log does not say $2"
}

was_heard() { # NAME CODE
	if [ "$mode" = queue ]; then
		were_refused "$@"
	else
		were_routed "$@"
	fi
}

mends() { # NAME
	server_wait 12 is_well || fail "still failing" || return 1
	acknowledged_are_routed "$1" &&
		same processes "$(server_pids "$dir" | sort | xargs)" "$pids" &&
		same integrity "$(sql 'PRAGMA integrity_check')" ok
}

# ---- The faults ----------------------------------------------------------

# What is free when no block is free may still take a row or two.
a_full_disk() {
	dd if=/dev/zero of="$dir/data/filler" bs=4k >/dev/null 2>&1
	post_at_once slack
	post_at_once full
	was_heard full store_full
}

an_emptied_disk() {
	rm "$dir/data/filler"
	mends full
}

# Longer than the program waits for it.
a_database_locked_for_long() {
	"${server_user[@]}" flock "$dir/data/stockroute.db-gate" \
		sleep 12 >/dev/null 2>&1 &
	sleep 0.2
	post_at_once locked
	was_heard locked store_busy
}

an_unlocked_database() {
	"${server_user[@]}" flock "$dir/data/stockroute.db-gate" true
	mends locked
}

damage_is_seen() {
	post seen-$RANDOM$RANDOM >/dev/null
	grep -q store_corrupt "$dir"/log/stockroute.log
}

# As a copy to the wrong place does: file and log are there, but rubbish. A
# process that has all it needs in memory may go on, but then it must also
# route what it acknowledges.
an_overwritten_database() {
	local file

	for file in stockroute.db stockroute.db-wal; do
		dd if=/dev/urandom of="$dir/data/$file" conv=notrunc bs=1k \
			count=$(($(stat -c %s "$dir/data/$file") / 1024)) \
			2>/dev/null
	done
	server_wait 10 damage_is_seen || fail "nobody has seen it" || return 1
	post_at_once trashed
	if [ "$mode" = queue ]; then
		! grep -qv " \(503\|202\)$" "$dir/client/trashed" ||
			fail "answers: $(statuses trashed)" || return 1
		server_wait 10 acknowledged_are_patched trashed ||
			fail "a false 202 among: $(statuses trashed)"
	else
		same answers "$(statuses trashed)" "$tries 200"
	fi
}

# Moved away, so that a new one is begun.
a_new_database() {
	touch "$dir/client/well-again"
	mkdir "$dir/data/old"
	mv "$dir"/data/stockroute.db{,-wal,-shm} "$dir/data/old"
	mends well-again
}

# An operator who takes the file away must not take what is acknowledged.
a_database_moved_away_while_all_is_well() {
	mkdir "$dir/data/moved"
	mv "$dir"/data/stockroute.db{,-wal,-shm} "$dir/data/moved"
	post_at_once moved
	server_wait 3 test -s "$dir/data/stockroute.db" ||
		fail "the file that is gone is still written to" || return 1
	mends moved
}

# As root puts a backup in its place, who then owns it.
a_file_that_is_read_only() {
	local told opened

	opened=$(times_told "opened again")
	mkdir "$dir/data/backup"
	sqlite3 -readonly -cmd '.timeout 5000' "$dir/data/stockroute.db" \
		".backup $dir/data/backup/copy"
	sqlite3 "$dir/data/backup/copy" "PRAGMA journal_mode = WAL" >/dev/null
	chmod 444 "$dir/data/backup/copy"
	# At one stroke: who finds no file in between makes a new one.
	mv "$dir"/data/stockroute.db-{wal,shm} "$dir/data/backup"
	mv -f "$dir/data/backup/copy" "$dir/data/stockroute.db"
	server_wait 5 read_only_is_told || fail "nobody has seen it" || return 1
	post_at_once backup
	was_heard backup store_unavailable || return 1
	sleep 1.5 # longer than between two tries to open it
	read_only_is_told
	told=$(times_told "cannot write .*read-only")
	[ "$told" -le 2 ] || fail "told $told times, by two processes" ||
		return 1
	same "opened again" "$(times_told "opened again")" "$opened"
}

times_told() { # WORDS
	grep -c "$1" "$dir/log/stockroute.log"
}

read_only_is_told() {
	post told-$RANDOM$RANDOM >/dev/null
	[ "$(times_told "cannot write .*read-only")" != 0 ]
}

a_file_that_is_writable_again() {
	[ "$(id -u)" != 0 ] || chown www-data:www-data "$dir/data/stockroute.db"
	chmod 600 "$dir/data/stockroute.db"
	mends backup
}

# The file is gone, and no new one can be made.
a_directory_that_is_read_only() {
	chmod 500 "$dir/data"
	mv "$dir"/data/stockroute.db "$dir/data/moved/again"
	server_wait 5 damage_is_told || fail "nobody has seen it" || return 1
	post_at_once readonly
	was_heard readonly store_unavailable
}

damage_is_told() {
	post told-$RANDOM$RANDOM >/dev/null
	grep -q "cannot make .*denied" "$dir"/log/stockroute.log
}

a_directory_that_is_writable_again() {
	rm -f "$dir"/data/stockroute.db-{wal,shm}
	chmod 700 "$dir/data"
	server_wait 12 is_well || fail "still failing" || return 1
	mends well-again
}

# ---- All -----------------------------------------------------------------

mount_disk() {
	[ "$(id -u)" = 0 ] || return 0
	mount -t tmpfs -o "size=${disk_kb}k,mode=700" none "$dir/data" ||
		return 1
	chown www-data:www-data "$dir/data"
}

starts() {
	mkdir -p "$dir"/{client,data}
	mount_disk && server_start lighttpd-spawn "$dir" >/dev/null
}

# Both processes have a token then.
warm_up() {
	post_at_once warm
	is_well && server_wait 10 queue_is_empty
}

check_all() {
	check starts
	endpoint=$(cat "$dir/url")/webhook/routing-events
	check warm_up
	pids=$(server_pids "$dir" | sort | xargs)
	check a_database_locked_for_long
	check an_unlocked_database
	[ "$(id -u)" != 0 ] || check a_full_disk
	[ "$(id -u)" != 0 ] || check an_emptied_disk
	check an_overwritten_database
	check a_new_database
	check a_database_moved_away_while_all_is_well
	check a_file_that_is_read_only
	check a_file_that_is_writable_again
	if [ "$(id -u)" = 0 ]; then
		check a_directory_that_is_read_only
		check a_directory_that_is_writable_again
	else
		echo "# no full disk, no read-only directory: that takes root"
	fi
}

end_world() {
	server_stop "$dir" >/dev/null 2>&1
	sim_stop
	! mountpoint -q "$dir/data" || umount "$dir/data"
	rm -rf "$dir"
}

run_mode() { # MODE
	mode_open "$1" || return
	trap end_world EXIT
	# The door would refuse first, since the disk is small.
	write_config "\"routing_mode\": \"$mode\",
		\"event_max_age_s\": 86400, \"disk_min_bytes\": 0,"
	check_all
	[ -z "${STOCKROUTE_LOGS-}" ] || server_log "$dir" | sed 's/^/# /'
}

[ $# -gt 0 ] || set -- queue sync
play_modes 3 "$@"
