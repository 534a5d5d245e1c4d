# faults.sh: what else goes wrong while processes are killed
#
# Sourced. A fault is begun by hurt_KIND, which says in $ends_us when it
# ends, and ended by heal_KIND; faults of different kinds overlap. Each
# leaves a line in $dir/faults: kind, what was hit, begin and end. A hurt that
# is not possible now returns 1.
# What it names and does not set is set in crash.sh, and the other way.
# shellcheck shell=bash disable=SC2034,SC2154

# Each is used once before any is used again.
kinds="stop long_stop web_graceful web_killed cxone inventory stumble disk
	clock power"
disk_size=1g       # taken only as it is written
clock_range_s=180  # the clock is at most so far off
long_stop_ms=9000  # and up to 2 s more: a lease lasts 8 s here

declare -A ends_us begun_us hit

note_fault() { # KIND WHAT BEGIN-US
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(now_us)" >>"$dir/faults"
}

lasts() { # KIND WHAT MS
	hit[$1]=$2
	begun_us[$1]=$(now_us)
	ends_us[$1]=$((begun_us[$1] + $3 * 1000))
}

# ---- A process that hangs ------------------------------------------------

is_stopped() { # SLOT
	[ "${hit[stop]-}" = "$1" ] || [ "${hit[long_stop]-}" = "$1" ]
}

pick_slot() {
	slot=$((RANDOM % procs))
	while is_stopped "$slot"; do slot=$(((slot + 1) % procs)); done
}

stop_worker() { # KIND MS
	local slot

	pick_slot
	lasts "$1" "$slot" "$2"
	kill -s STOP "${workers[slot]}"
}

continue_worker() { # KIND
	local pid=${workers[${hit[$1]}]}

	kill -s CONT "$pid" || echo "$pid" >>"$dir/died"
	note_fault "$1" "$pid" "${begun_us[$1]}"
}

hurt_stop() { stop_worker stop $((RANDOM % 3000 + 1000)); }
heal_stop() { continue_worker stop; }
hurt_long_stop() {
	stop_worker long_stop $((RANDOM % 2000 + long_stop_ms))
}
heal_long_stop() { continue_worker long_stop; }

# ---- The web server ------------------------------------------------------

# What is in hand has 5 s; so long the kills go on, but the web server is
# left alone. The fault ends when it runs again.
hurt_web_graceful() {
	local begin_us

	web_is_free || return 1
	begin_us=$(now_us)
	{
		server_graceful "$dir" || echo "lighttpd" >>"$dir/died"
		note_fault web_graceful - "$begin_us"
	} &
	web_restart=$!
}

web_is_free() {
	[ -z "${web_restart-}" ] || server_gone "$web_restart"
}

hurt_web_killed() {
	local begin_us pid

	web_is_free || return 1
	begin_us=$(now_us)
	pid=$(cat "$dir/run/server.pid")
	kill -s KILL "$pid"
	server_wait 5 server_gone "$pid"
	server_web_again lighttpd-socket "$dir" || echo lighttpd >>"$dir/died"
	note_fault web_killed - "$begin_us"
}

# ---- The upstreams -------------------------------------------------------

# All that are set at the time, since one request sets them all.
set_upstream_faults() {
	sim_ask PUT faults "{\"interaction\": [${interaction_faults-}],
		\"inventory\": [${inventory_faults-}]}" >/dev/null
}

outage() {
	local ways=('"status": 503' '"fault": "hang"' '"fault": "reset"')

	echo "{${ways[RANDOM % 3]}, \"times\": 0}"
}

hurt_cxone() {
	interaction_faults=$(outage)
	set_upstream_faults
	lasts cxone "$interaction_faults" $((RANDOM % 2000 + 1000))
}

heal_cxone() {
	interaction_faults=
	set_upstream_faults
	note_fault cxone "${hit[cxone]}" "${begun_us[cxone]}"
}

hurt_inventory() {
	inventory_faults=$(outage)
	set_upstream_faults
	lasts inventory "$inventory_faults" $((RANDOM % 2000 + 1000))
}

heal_inventory() {
	inventory_faults=
	set_upstream_faults
	note_fault inventory "${hit[inventory]}" "${begun_us[inventory]}"
}

# A few requests each go wrong in another way.
hurt_stumble() {
	[ -z "${interaction_faults-}${inventory_faults-}" ] || return 1
	interaction_faults='{"status": 503, "times": 4},
		{"fault": "reset", "times": 2}, {"status": 429, "times": 3},
		{"status": 429, "headers": {"Retry-After": "1"}},
		{"fault": "hang"}'
	inventory_faults='{"status": 503, "times": 2}, {"fault": "hang"},
		{"fault": "reset"}'
	set_upstream_faults
	interaction_faults=
	inventory_faults=
	note_fault stumble - "$(now_us)"
}

# ---- The disk ------------------------------------------------------------

# As small as what is on it, or a little larger: it grows meanwhile.
hurt_disk() {
	local used_kb spare_kb

	[ "$has_disk" = yes ] || return 1
	for spare_kb in 0 16 64 256; do
		used_kb=$(df -k --output=used "$dir/data" | tail -1)
		mount -o "remount,size=$((used_kb + spare_kb))k" \
			"$dir/data" 2>/dev/null || continue
		lasts disk "$used_kb" $((RANDOM % 1000 + 1000))
		return
	done
	echo "the disk cannot be made small" >>"$dir/died"
}

heal_disk() {
	mount -o "remount,size=$disk_size" "$dir/data"
	note_fault disk "${hit[disk]}" "${begun_us[disk]}"
}

# ---- The power -------------------------------------------------------------

# Begins with the oldest write that is undone, ends when all run again.
hurt_power() {
	local slot since_us how=all

	[ $((RANDOM % 2)) = 0 ] || how=some
	heal_now stop
	heal_now long_stop
	cut_power "$how" >"$dir/cut"
	since_us=$(cat "$dir/cut")
	for slot in "${!workers[@]}"; do start_worker "$slot"; done
	note_fault power "$how" "$since_us"
}

# ---- The clock -----------------------------------------------------------

# In one write of 8 bytes, so that nobody reads half a number.
set_clock() { # OFFSET-US
	local bytes='' i

	for i in 0 8 16 24 32 40 48 56; do
		bytes+=$(printf '\\x%02x' $(($1 >> i & 255)))
	done
	# shellcheck disable=SC2059
	printf "$bytes" 1<>"$dir/clock"
}

# What is hit is the new offset, in microseconds.
hurt_clock() {
	local offset_us

	offset_us=$(((RANDOM % (2 * clock_range_s) - clock_range_s) * 1000000))
	set_clock "$offset_us"
	note_fault clock "$offset_us" "$(now_us)"
}

# To the latest it ever was: an event that failed by a later clock waits for
# its next attempt until this one is there, so that the drain would take as
# long as the clock was put back.
put_clock_forward() {
	local latest_us

	latest_us=$(awk -F'\t' '$1 == "clock" && $2 > most { most = $2 }
		END { printf "%d", most }' "$dir/faults")
	set_clock "$latest_us"
	note_fault clock "$latest_us" "$(now_us)"
}

# ---- All of them ---------------------------------------------------------

heal_now() { # KIND
	[ -n "${ends_us[$1]-}" ] || return 0
	"heal_$1"
	unset "ends_us[$1]" "hit[$1]"
}

heal_due() { # US: what ends before then
	local kind

	for kind in "${!ends_us[@]}"; do
		[ "${ends_us[$kind]}" -gt "$1" ] || heal_now "$kind"
	done
}

# All that hurts still.
heal() {
	heal_due $(($(now_us) + 3600 * 1000000))
	[ -z "${web_restart-}" ] || wait "$web_restart" 2>/dev/null
}

# The first that is possible now; the others keep their turn.
hurt_next() {
	local i

	if [ "${#waiting_kinds[@]}" = 0 ]; then
		# shellcheck disable=SC2086
		mapfile -t waiting_kinds < <(shuf -e $kinds)
	fi
	for i in "${!waiting_kinds[@]}"; do
		[ -z "${ends_us[${waiting_kinds[i]}]-}" ] || continue
		"hurt_${waiting_kinds[i]}" || continue
		unset "waiting_kinds[i]"
		return
	done
}
