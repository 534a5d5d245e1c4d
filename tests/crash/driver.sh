# driver.sh: events by the hundred -> the ledger of what was acknowledged
#
# Sourced. As senders do, the driver sends again what was not answered with
# 200 or 202. client/acknowledged gets a line for each that was: when, the
# status, the id.
# What it names and does not set is set in crash.sh, and the other way.
# shellcheck shell=bash disable=SC2034,SC2154

chunk=100 # events that a lane sends in one go
lanes=4   # a process that is stopped holds up one lane, not the load
pace_s=0.4
# Less than a stop may last, so that some are sent again meanwhile.
patience_s=5

# curl's configuration for the events that are named on stdin.
write_requests() {
	awk -v url="$endpoint" -v secret="$secret" -v event="$(event ID)" \
		-v patience="$patience_s" '
		NR > 1 { print "next" }
		{
			data = event
			sub(/"ID"/, "\"" $1 "\"", data)
			gsub(/"/, "\\\"", data)
			print "url = \"" url "\""
			print "header = \"Authorization: Bearer " secret "\""
			print "data = \"" data "\""
			print "output = \"/dev/null\"\nmax-time = " patience
			print "write-out = \"%{http_code}\\t" $1 "\\n\""
		}'
}

# The moment at which each line comes.
stamp_lines() {
	local line

	while IFS= read -r line; do
		printf '%s\t%s\n' "${EPOCHREALTIME/./}" "$line"
	done
}

# Sends the events named in client/NAME.
send() { # NAME PARALLEL
	local base=$dir/client/$1

	write_requests <"$base" >"$base.requests"
	stdbuf -oL curl -s --no-progress-meter -Z --parallel-max "$2" \
		-K "$base.requests" 2>/dev/null | stamp_lines >"$base.answers"
	# One write each, since several write there.
	awk '$2 == 200 || $2 == 202' "$base.answers" >"$base.good"
	cat "$base.good" >>"$dir/client/acknowledged"
	awk '$2 != 200 && $2 != 202 { print $3 }' "$base.answers" \
		>"$base.bad"
	cat "$base.bad" >>"$dir/client/unanswered"
}

# One in a hundred is about an interaction that CXone does not know.
name_events() { # LANE FROM
	awk -v mode="$mode" -v lane="$1" -v from="$2" -v chunk=$chunk '
		BEGIN {
			srand()
			for (i = 0; i < chunk; i++)
				printf "%s%s-%d-%d-%d\n",
					i == 0 ? "gone-" : "", mode, lane,
					from + i, rand() * 1e6
		}'
}

# All lanes at most 1,000 a second, for the simulator's journal has its
# bounds.
send_new() { # LANE
	local sent

	sent=$(cat "$dir/sent.$1" 2>/dev/null || echo 0)
	until [ -e "$dir/enough" ]; do
		sleep $pace_s &
		name_events "$1" "$sent" >"$dir/client/new.$1"
		send "new.$1" 4
		wait $!
		sent=$((sent + chunk))
	done
	echo "$sent" >"$dir/sent.$1"
}

all_gone() { # PID...
	local pid

	for pid; do server_gone "$pid" || return 1; done
}

# As senders do; ends with the lanes when all is acknowledged.
send_again() { # PID...
	until all_gone "$@" && [ ! -s "$dir/client/unanswered" ]; do
		sleep 0.5
		[ -s "$dir/client/unanswered" ] || continue
		mv "$dir/client/unanswered" "$dir/client/again"
		send again 16
	done
}

# The load waits for its slowest event; this asks all the same every tenth of
# a second, so that the ledger knows from when on there are answers again.
send_probe() { # ID
	local code

	code=$(post "$1" --max-time "$patience_s")
	case $code in
	200 | 202)
		printf '%s\t%s\t%s\n' "$(now_us)" "$code" "$1" \
			>>"$dir/client/acknowledged"
		;;
	*) echo "$1" >>"$dir/client/unanswered" ;;
	esac
	rm -f "$dir/client/$1" "$dir/client/$1.head"
}

send_probes() {
	local i=0 sent=()

	until [ -e "$dir/enough" ]; do
		i=$((i + 1))
		send_probe "$mode-probe-$i-$RANDOM$RANDOM" &
		sent+=($!)
		sleep 0.1
	done
	wait "${sent[@]}"
}

drive() {
	local lane senders=()

	send_probes &
	senders+=($!)

	for ((lane = 0; lane < lanes; lane++)); do
		send_new "$lane" &
		senders+=($!)
	done
	send_again "${senders[@]}" &
	wait
}
