#!/bin/bash
# test_signed.sh: events that are signed by openssl, over 8 processes
#
# The signatures are those of Standard Webhooks 1.0, made on the command line
# as the README shows it.

here=$(cd "$(dirname "$0")" && pwd)
export STOCKROUTE_PROCS=8
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

mode='lighttpd-spawn'
deliveries=100
key=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
other=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX
now=$(date +%s)

# Writes the event and sets $signature, over its bytes.
sign() { # NAME WEBHOOK-ID TIMESTAMP SECRET
	local hex

	hex=$(printf %s "${4#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \n')
	event "$1" >"$dir/client/$1.event"
	signature=v1,$({
		printf %s.%s. "$2" "$3"
		cat "$dir/client/$1.event"
	} | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$hex" -binary |
		base64 -w0)
	echo "${signature#v1,}" >>"$dir/client/secrets"
}

# Posts it with what is given; prints the HTTP status.
send() { # NAME HEADER...
	local name=$1 headers=() header

	for header in "${@:2}"; do
		headers+=(-H "$header")
	done
	curl -s --max-time 20 -o "$dir/client/$name" \
		-D "$dir/client/$name.head" -w '%{http_code}\n' \
		"${headers[@]}" --data-binary "@$dir/client/$name.event" \
		"$endpoint"
}

send_signed() { # NAME WEBHOOK-ID TIMESTAMP SECRET
	sign "$@"
	send "$1" "webhook-id: $2" "webhook-timestamp: $3" \
		"webhook-signature: $signature"
}

a_signed_event_is_decided() {
	same status "$(send_signed one msg_1 "$now" $key)" 200 &&
		said one processed && same patches "$(sim_patches one)" 1
}

# A sender's retry has a new time, and so another signature.
a_retry_with_a_new_signature_is_a_duplicate() {
	same status "$(send_signed one msg_1 $((now + 1)) $key)" 200 &&
		said one duplicate && same patches "$(sim_patches one)" 1
}

one_delivery_played_many_times_is_decided_once() {
	slow_upstream 300
	sign many msg_many "$now" $key
	curl -s -Z --parallel-immediate --parallel-max $deliveries \
		--max-time 20 -o "$dir/client/many.#1" -w '%{http_code}\n' \
		-H "webhook-id: msg_many" -H "webhook-timestamp: $now" \
		-H "webhook-signature: $signature" \
		--data-binary "@$dir/client/many.event" \
		"$endpoint?delivery=[1-$deliveries]" >"$dir/client/many"
	sim_ask DELETE faults >/dev/null
	same "answers 200" "$(grep -cx 200 "$dir/client/many")" $deliveries &&
		same patches "$(sim_patches many)" 1 &&
		same duplicates "$(grep -l '"duplicate":true' \
			"$dir/client/many".* | wc -l)" $((deliveries - 1))
}

# Each in a way of its own; the answers go to a file each.
send_wrongly() {
	send_signed wrong-secret msg_2 "$now" $other
	send_signed old msg_2 $((now - 400)) $key
	send_signed future msg_2 $((now + 400)) $key
	send_signed no-number msg_2 "${now}x" $key
	send_signed dotted msg.2 "$now" $key
	sign no-id msg_2 "$now" $key
	send no-id "webhook-timestamp: $now" "webhook-signature: $signature"
	sign no-signature msg_2 "$now" $key
	send no-signature "webhook-id: msg_2" "webhook-timestamp: $now"
	sign nothing msg_2 "$now" $key
	send nothing
	sign other-kind msg_2 "$now" $key
	send other-kind "webhook-id: msg_2" "webhook-timestamp: $now" \
		"webhook-signature: v2,$signature"
}

wrong="wrong-secret old future no-number dotted no-id no-signature nothing
	other-kind"

# But for what is every answer's own: its time and its request's id.
every_failure_gets_the_same_answer() {
	local name

	same statuses "$(send_wrongly | sort | uniq -c | tr -s ' ')" " 9 401" ||
		return 1
	for name in $wrong; do
		grep -viE '^(date|x-request-id):' "$dir/client/$name.head" |
			cat - "$dir/client/$name" | md5sum
	done | sort -u >"$dir/client/kinds"
	same kinds "$(wc -l <"$dir/client/kinds")" 1 || return 1
	for name in $wrong; do
		same "patches of $name" "$(sim_patches "$name")" 0 || return 1
	done
}

the_log_says_which_check_failed() {
	local reason

	for reason in header_missing id_invalid timestamp_invalid \
		timestamp_old timestamp_future signature_invalid \
		signature_wrong; do
		grep -q "webhook refused: $reason: " \
			"$dir/log/stockroute.log" ||
			fail "not in the log: $reason" || return 1
	done
}

neither_log_nor_database_has_a_secret_or_a_signature() {
	echo "${key#whsec_}" >>"$dir/client/secrets"
	! grep -rlFf "$dir/client/secrets" "$dir"/log "$dir"/data ||
		fail "one of them tells"
}

check_all() {
	check a_signed_event_is_decided
	check a_retry_with_a_new_signature_is_a_duplicate
	check one_delivery_played_many_times_is_decided_once
	check every_failure_gets_the_same_answer
	check the_log_says_which_check_failed
	check neither_log_nor_database_has_a_secret_or_a_signature
}

stage_open sim_start
write_config ""
sed -i "s|\"bearer\"|\"hmac\"|; s|\"$secret\"|\"$key\"|" \
	"$dir/stockroute.json"
stage_play
