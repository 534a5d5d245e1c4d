# world.sh: the processes that crash.sh hurts: started, killed, drained
#
# Sourced. A world is a directory with a simulator, lighttpd, and $procs
# processes on one database, each on a socket of its own.
# What it names and does not set is set in crash.sh, and the other way.
# shellcheck shell=bash disable=SC2034,SC2154

# Short deadlines, so that the leases of the dead end soon: 5 s after the
# event's deadline. An attempt is counted when it begins, and here each may
# be killed. The door would refuse first on the small disk that is filled.
event_max_age_s=240
settings='"event_deadline_ms": 3000, "inventory_timeout_ms": 500,
	"cxone_timeout_ms": 1500, "cxone_backoff_ms": 20,
	"cxone_jitter_ms": 20, "queue_backoff_ms": 100,
	"queue_attempts": 100, "cxone_max_inflight": 1024,
	"breaker_open_ms": 500, "breaker_open_max_ms": 2000,
	"disk_min_bytes": 0, "event_max_age_s": '$event_max_age_s',
	"log_level": "debug",'

now_us() {
	echo "${EPOCHREALTIME/./}"
}

# lighttpd asks any of the processes.
write_backends() {
	local slot

	echo 'server.modules += ( "mod_fastcgi" )'
	echo 'fastcgi.server = ( "/webhook/routing-events" => ('
	for slot in "${!workers[@]}"; do
		echo "( \"socket\" => \"$dir/run/$slot.sock\","
		echo '"check-local" => "disable", "disable-time" => 0 ),'
	done
	echo '))'
}

# Only the program itself lives by the clock that jumps, on the disk that may
# forget.
start_worker() { # SLOT
	(
		cd / && exec "${server_user[@]}" env -i PATH="$PATH" \
			LD_PRELOAD="$shims" \
			CLOCK_JUMP="$dir/clock" "${on_this_disk[@]}" \
			STOCKROUTE_CONFIG="$dir/stockroute.json" \
			STOCKROUTE_SOCKET="$dir/run/$1.sock" \
			"$dir/bin/stockroute.fcgi"
	) </dev/null >>"$dir/log/program.log" 2>&1 &
	workers[$1]=$!
}

# The time is taken when it is surely dead: what it did, it did before.
kill_worker() { # SLOT
	local pid=${workers[$1]}

	kill -s KILL "$pid" || echo "$pid" >>"$dir/died"
	wait "$pid" 2>/dev/null
	printf '%s\t%s\n' "$pid" "$(now_us)" >>"$dir/kills"
	start_worker "$1"
}

# The power fails: what was not synced is undone. Prints since when.
cut_power() { # all|some
	kill -s KILL "${workers[@]}"
	wait "${workers[@]}" 2>/dev/null
	printf "%s\t$(now_us)\n" "${workers[@]}" >>"$dir/kills"
	"${server_user[@]}" env LD_PRELOAD="$dir/bin/power_cut.so" \
		"${on_this_disk[@]}" POWER_CUT_NOW="$1" true
}

# A disk of its own that can be full; root only.
mount_disk() {
	has_disk=no
	if [ "$(id -u)" != 0 ]; then
		echo "# $mode: no full disk: that takes root"
	elif ! mount -t tmpfs -o "size=$disk_size,mode=700" none "$dir/data"
	then
		echo "# $mode: no full disk: this root may not mount"
	else
		has_disk=yes
	fi
}

start_world() {
	local slot

	mkdir -p "$dir"/{client,data}
	touch "$dir"/{kills,faults,died} \
		"$dir"/client/{acknowledged,unanswered,asked}
	mount_disk
	set_clock 0
	write_config "$settings \"routing_mode\": \"$mode\","
	for ((slot = 0; slot < procs; slot++)); do workers[slot]=0; done
	server_prepare lighttpd-socket "$dir" || return 1
	install -m 755 "$build"/{clock_jump,power_cut}.so "$dir/bin" ||
		return 1
	shims=$dir/bin/clock_jump.so:$dir/bin/power_cut.so
	on_this_disk=(POWER_CUT_DIR="$dir"
		POWER_CUT_DB="$dir/data/stockroute.db" "${lie[@]}")
	write_backends >"$dir/stockroute.conf"
	for slot in "${!workers[@]}"; do start_worker "$slot"; done
	server_wait 10 server_listens "$dir/run/0.sock" &&
		server_web lighttpd-socket "$dir" &&
		server_wait 5 server_answers "$(cat "$dir/url")" || return 1
	endpoint=$(cat "$dir/url")/webhook/routing-events
}

end_world() {
	heal
	server_stop "$dir" >/dev/null 2>&1
	sim_stop
	[ -z "${CRASH_KEEP-}" ] || cp -r "$dir" "$CRASH_KEEP/$mode"
	! mountpoint -q "$dir/data" || umount "$dir/data"
	rm -rf "$dir"
}

sql() { # QUERY
	"${server_user[@]}" sqlite3 -readonly -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" "$1"
}

is_drained() { # DRIVER-PID
	server_gone "$1" && [ "$(sql 'SELECT count(*) FROM outbox')" = 0 ]
}

# What the simulator was asked is taken away, so that it can go on.
keep_journal() {
	sim_ask GET journal >"$dir/client/journal"
	sim_ask DELETE journal >/dev/null
	sqlite3 -separator $'\t' :memory: "
		SELECT value->>'at_us', value->>'connection',
		       value->>'status', replace(value->>'path',
			'/api/v2/routing/interactions/', '')
		  FROM json_each(readfile('$dir/client/journal'))
		 WHERE value->>'route' = 'interaction'" >>"$dir/client/asked"
}
