#!/bin/bash
# test_secrets.sh: a mark in every secret, and where it shows: nowhere
#
# Everything is done at LOG_LEVEL=debug that has to do with secrets: events
# that are good, refused and queued, upstreams that fail and say our secrets
# back, every tool. Then logs, database, WAL, answers, what the tools print,
# /proc and a forced core are searched. All of it for each place and form of
# the log.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"
# shellcheck source=tests/servers/daemon.sh
. "$here/daemon.sh"

mode='lighttpd-spawn'
tool=$server_root/build/stockroute
client_secret=MARK-of-the-oauth-client
secret=MARK-of-the-first-sender
second_secret=MARK-of-the-second-sender
token=MARK-of-the-operator
# The bytes that these stand for begin with MARK-of-the- too.
key=4d41524b2d6f662d7468652d6b65792d746861742d7365616c732d616c6c2d21
key_old=4d41524b2d6f662d7468652d6b65792d6265666f72652d746861742d6f6e652d
# The simulator's access tokens, sim-N-HEX, are the last secret.
marks="MARK-of-the-|${key:0:16}|sim-[0-9]+-[0-9a-f]{8}"

# ---- What is done --------------------------------------------------------

write_marked_config() { # MEMBERS: further ones, each with its comma
	cat >"$dir/stockroute.json" <<-JSON
	{
		$1
		"stockroute_db": "$dir/data/stockroute.db",
		"stockroute_key": "$key",
		"stockroute_key_old": "$key_old",
		"cxone_base_url": "$sim_url",
		"cxone_client_id": "us",
		"cxone_client_secret": "$client_secret",
		"inventory_api_url": "$sim_url/inventory",
		"inventory_timeout_ms": 300,
		"cxone_timeout_ms": 500,
		"cxone_backoff_ms": 20,
		"cxone_jitter_ms": 5,
		"log_level": "debug",
		"webhook_auth": "bearer",
		"webhook_secret": "$secret",
		"admin_token": "$token",
		"webhook_secrets": [
			{"id": "second", "secret": "$second_secret"}]
	}
	JSON
	chmod 600 "$dir/stockroute.json"
}

sim_start_marked() {
	"$sim" --port-file "$dir/sim.port" --client-id us \
		--client-secret "$client_secret" >"$dir/sim.log" 2>&1 &
	sim_pid=$!
	server_wait 5 test -s "$dir/sim.port" || return 1
	sim_url=http://127.0.0.1:$(cat "$dir/sim.port")
}

faults() { # JSON
	sim_ask PUT faults "$1" >/dev/null
}

# As the server's user. What it prints is kept, the exit code is its own.
call() { # NAME WORD...
	"${server_user[@]}" env -i STOCKROUTE_CONFIG="$dir/stockroute.json" \
		timeout 60 "$tool" "${@:2}" >"$dir/out/$1" 2>&1
}

# ---- What must hold ------------------------------------------------------

events_are_decided_and_refused() {
	same good "$(post good)" 200 && same again "$(post good)" 200 &&
		same second "$(curl -s -o "$dir/client/second" \
			-w '%{http_code}' -d "$(event second)" \
			-H "Authorization: Bearer $second_secret" \
			"$endpoint")" 200 &&
		same wrong "$(curl -s -o "$dir/client/wrong" -w '%{http_code}' \
			-d "$(event wrong)" \
			-H "Authorization: Bearer ${secret}x" \
			"$endpoint")" 401 &&
		same basic "$(curl -s -o "$dir/client/basic" -w '%{http_code}' \
			-d "$(event basic)" -u "us:$secret" "$endpoint")" 401 &&
		same broken "$(ask broken -d "{\"x\": $secret" \
			"$endpoint")" 400 &&
		same field "$(ask field -d '{}' "$endpoint")" 400 &&
		same path "$(ask path -d '{}' "$endpoint/x")" 404 &&
		same method "$(ask method "$endpoint")" 405 &&
		same ready "$(ask ready "${endpoint%/webhook/*}/readyz")" 200 &&
		same alive "$(ask alive "${endpoint%/webhook/*}/healthz")" 200
}

# As those do who know the token and those who know another secret.
pages_are_shown_and_refused() {
	local page name base=${endpoint%/webhook/*}

	for page in report report.json report.csv metrics report/event/1; do
		name=page-${page//\//-}
		same "$page" "$(curl -s -o "$dir/client/$name" \
			-D "$dir/client/$name.head" -w '%{http_code}' \
			-u "me:$token" "$base/$page")" 200 || return 1
		same "no $page" "$(curl -s -o "$dir/client/no-$name" \
			-w '%{http_code}' -u "$token:$secret" \
			"$base/$page")" 401 || return 1
	done
}

# Both say our secret back, in the body and in a header.
upstreams_fail_and_say_our_secrets_back() {
	local said="{\"error\":\"client_secret=$client_secret\"}" n

	faults "{\"interaction\":[{\"status\":403,\"body\":$said,\"times\":1,
		\"headers\":{\"X-Said\":\"$client_secret\"}}]}"
	same 403 "$(post forbidden)" 500 || return 1
	faults "{\"interaction\":[{\"status\":503,\"body\":$said,\"times\":2}],
		\"inventory\":[{\"status\":500,\"body\":$said,\"times\":2}]}"
	same 503 "$(post queued)" 202 || return 1
	sim_ask PUT tokens '{"revoke":true}' >/dev/null
	faults "{\"token\":[{\"status\":401,\"body\":$said,\"times\":1}]}"
	same "no token" "$(post untold)" 500 || return 1
	faults "{\"token\":[{\"body\":\"not $client_secret\",\"times\":1}]}"
	for n in 1 2 3; do post "rubbish-$n" >/dev/null; done
	faults '{"inventory":[{"fault":"hang","times":1}],
		"interaction":[{"fault":"reset","times":1}]}'
	post cut >/dev/null
	sim_ask DELETE faults >/dev/null
	# A refused client is left alone for 15 s; an operator does not wait.
	"${server_user[@]}" sqlite3 -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" \
		'UPDATE token SET refresh_not_before_us = 0'
	server_wait 20 well_again
}

well_again() {
	[ "$(post "well-$RANDOM$RANDOM")" = 200 ]
}

every_tool_is_called() {
	call check check --live && call config config && call report report &&
		call events events && call show events show good &&
		call breaker breaker && call token token &&
		call reseal token reseal && call list queue list &&
		call export queue export --all "$dir/out/exported" &&
		call drain queue drain && call version version &&
		call markdown config --markdown || return 1
	event replayed >"$dir/out/in"
	call replay events replay "$dir/out/in"
}

# What is wrong with a configuration is told without its secrets.
a_broken_configuration_is_told() {
	local good=$dir/stockroute.json mine=$dir/broken.json way

	for way in 's|"second", |"second" |' "s|\"$secret\"|[\"$secret\"]|" \
		"s|\"$key\"|\"${key}00\"|" "s|\"us\"|7|" \
		"s|\"$second_secret\"|\"$second_secret\\\\n\"|"; do
		sed "$way" "$good" >"$mine"
		chmod 600 "$mine"
		[ "$(id -u)" != 0 ] || chown www-data "$mine"
		"${server_user[@]}" env -i STOCKROUTE_CONFIG="$mine" \
			timeout 60 "$tool" check >>"$dir/out/broken" 2>&1 &&
			fail "taken: $way" && return 1
	done
	rm "$mine"
}

# In all that is searched below it would be found.
the_search_finds_what_is_there() {
	same config "$(grep -cE "$marks" "$dir/stockroute.json")" 6 || return 1
	sim_ask GET journal | grep -qE 'Bearer sim-[0-9]+-[0-9a-f]{8}' ||
		fail "no access token was seen"
}

nothing_that_was_written_tells_a_secret() {
	local found

	# With a reader that keeps the WAL there.
	[ -s "$dir/data/stockroute.db-wal" ] || fail "no WAL" || return 1
	# The log was where it was to be, with what has to do with secrets.
	grep -q "webhook refused" "$dir/log/$log" || fail "no log" || return 1
	found=$(grep -rlaE "$marks" "$dir/log" "$dir/data" "$dir/client" \
		"$dir/out" "$dir/run" 2>/dev/null)
	[ -z "$found" ] || fail "told in: $found
$(grep -rhaoE ".{0,60}($marks)" "$dir/log" "$dir/client" "$dir/out" |
		head -5)"
}

no_url_tells_a_secret() {
	! sim_ask GET journal | grep -oE '"path": ?"[^"]*"' |
		grep -E "$marks" || fail "a URL tells a secret"
}

# Of the processes at work, and of a tool that works on the queue.
no_arguments_and_no_environment_tell_a_secret() {
	local pid worker rc=0

	"${server_user[@]}" env -i STOCKROUTE_CONFIG="$dir/stockroute.json" \
		"$tool" queue drain --follow >>"$dir/out/follow" 2>&1 &
	worker=$!
	sleep 0.5
	for pid in $(server_pids "$dir") "$worker"; do
		[ -d "/proc/$pid" ] || fail "$pid is gone" || rc=1
		! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -E "$marks" ||
			fail "the arguments of $pid tell a secret" || rc=1
		! tr '\0' ' ' <"/proc/$pid/environ" | grep -E "$marks" ||
			fail "the environment of $pid tells a secret" || rc=1
	done
	kill "$worker"
	wait "$worker"
	return $rc
}

# Prints 1 when the program left a core, 0 when not. It may leave one, as far
# as the shell goes, and listens before it is told to.
core_of() { # COMMAND...
	# shellcheck disable=SC2016
	(cd "$dir/run" && ulimit -c unlimited && exec "${server_user[@]}" \
		env -i STOCKROUTE_CONFIG="$dir/stockroute.json" \
		STOCKROUTE_SOCKET="$dir/run/core.sock" \
		perl -e '
			my $pid = fork();
			if (!$pid) { exec(@ARGV) or die }
			select(undef, undef, undef, 1);
			kill("ABRT", $pid);
			waitpid($pid, 0);
			die "signal " . ($? & 127) unless ($? & 127) == 6;
			print($? & 128 ? 1 : 0);' "$@" </dev/null \
			2>>"$dir/out/core")
}

a_forced_core_is_not_written() {
	# Where no process may leave one nothing is shown by none.
	[ "$(core_of sleep 60)" = 1 ] || echo "# here nobody leaves a core" >&3
	same core "$(core_of "$dir/bin/stockroute.fcgi")" 0 || return 1
	find "$dir/run" -name 'core*' -type f -user www-data -newer \
		"$dir/sim.port" -exec grep -laE "$marks" {} + |
		grep . && fail "a core tells a secret"
	return 0
}

# The same user's programs, a web page's script for one, cannot look inside.
the_memory_is_closed_to_the_same_user() {
	local pid

	pid=$(server_pids "$dir" | head -n 1)
	[ "$(id -u)" = 0 ] || return 0 # it needs another user that looks
	! "${server_user[@]}" cat "/proc/$pid/environ" >/dev/null 2>&1 ||
		fail "its environment can be read" || return 1
	! "${server_user[@]}" head -c 1 "/proc/$pid/maps" >/dev/null 2>&1 ||
		fail "its memory can be read"
}

# ---- All -----------------------------------------------------------------

starts() {
	mkdir -p "$dir"/{client,data,out}
	[ "$(id -u)" != 0 ] || chown www-data "$dir/out"
	server_start "$mode" "$dir" >/dev/null
}

check_all() {
	check events_are_decided_and_refused
	check upstreams_fail_and_say_our_secrets_back
	check pages_are_shown_and_refused
	check every_tool_is_called
	check a_broken_configuration_is_told
	check no_arguments_and_no_environment_tell_a_secret
	check the_memory_is_closed_to_the_same_user
	check a_forced_core_is_not_written
	check the_search_finds_what_is_there
	check no_url_tells_a_secret
	check nothing_that_was_written_tells_a_secret
}

# The simulator has counted events; the database begins anew.
play() { # LOG MEMBERS
	log=$1
	server_stop "$dir" >/dev/null 2>&1
	rm -rf "${dir:?}"/{client,data,out,run}
	mkdir -p "$dir/run"
	write_marked_config "$2"
	daemon_of_log || return 1
	stage_play || failed=1
	daemon_stop
}

# The server's directories are made when it starts; this one is needed before.
daemon_of_log() {
	[ "$log" = daemon.log ] || return 0
	[ "$(id -u)" != 0 ] || chown www-data "$dir/run"
	daemon_start
}

failed=0
exec 3>&1
stage_open sim_start_marked
play stockroute.log ''
play all.json "\"log_to\": \"file:$dir/log/all.json\",
	\"log_format\": \"json\","
play daemon.log "\"log_to\": \"journal:$dir/run/daemon.sock\","
play daemon.log "\"log_to\": \"syslog:$dir/run/daemon.sock\","
[ "$failed" = 0 ]
