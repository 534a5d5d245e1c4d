#!/bin/bash
# test_tool_tls.sh: events routed to upstreams behind TLS, from end to end
#
#	test_tool_tls.sh [BUILD]	default: build
#
# A real Apache with TLS stands before the simulator; it has a certificate of
# an authority made here, and wants one of ours.
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
mode=tls
# shellcheck source=tests/tool.sh
. tests/tool.sh
chmod 755 "$dir"
apache_pid=

# ---- The stage -----------------------------------------------------------

certificate() { # NAME
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" \
		-keyout "$dir/$1.key" -out "$dir/$1.csr"
	openssl x509 -req -in "$dir/$1.csr" -days 2 -CA "$dir/ca.pem" \
		-CAkey "$dir/ca.key" -CAcreateserial -out "$dir/$1.pem" \
		-extfile <(echo subjectAltName=IP:127.0.0.1)
}

make_certificates() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ours \
		-keyout "$dir/ca.key" -out "$dir/ca.pem"
	certificate server
	certificate us
}

write_apache_config() { # PORT
	local module

	for module in mpm_event authz_core ssl proxy proxy_http; do
		echo "LoadModule ${module}_module" \
			"/usr/lib/apache2/modules/mod_$module.so"
	done
	cat <<-END
		ServerName localhost
		PidFile $dir/apache.pid
		ErrorLog $dir/apache.log
		Listen 127.0.0.1:$1
		SSLEngine on
		SSLCertificateFile $dir/server.pem
		SSLCertificateKeyFile $dir/server.key
		SSLCACertificateFile $dir/ca.pem
		SSLVerifyClient require
		ProxyPass / $sim_url/
	END
}

# A port that somebody took meanwhile is not used; the next one is tried.
start_apache() {
	local try port

	for try in 1 2 3 4 5; do
		port=$((20000 + (RANDOM + try) % 10000))
		write_apache_config $port >"$dir/apache.conf"
		apache2 -X -d "$dir" -f "$dir/apache.conf" &
		apache_pid=$!
		https=https://127.0.0.1:$port
		wait_for 5 test -s "$dir/apache.pid" && return
		wait $apache_pid
	done
	return 1
}

events() { # ID
	printf '{"data":{"interactionId":"%s","mediaType":"voice"}}\n' "$1" \
		>"$dir/in"
}

# ---- What must hold ------------------------------------------------------

an_event_is_routed_over_tls_with_our_certificate() {
	events trusted && call 0 events replay "$dir/in" && says "1 routed"
}

one_file_may_hold_certificate_and_key() {
	cat "$dir/us.pem" "$dir/us.key" >"$dir/both.pem" &&
		chmod 600 "$dir/both.pem"
	events both && UPSTREAM_CLIENT_CERT=$dir/both.pem \
		UPSTREAM_CLIENT_KEY='' call 0 events replay "$dir/in" &&
		says "1 routed"
}

without_our_certificate_nothing_is_routed() {
	events nobody && UPSTREAM_CLIENT_CERT='' UPSTREAM_CLIENT_KEY='' \
		call 1 events replay "$dir/in" && says "1 failed"
}

a_server_of_an_unknown_authority_gets_nothing() {
	local before

	before=$(sim_ask GET stats)
	events distrusted && UPSTREAM_CA_FILE='' call 1 \
		events replay "$dir/in" && says "1 failed" &&
		[ "$before" = "$(sim_ask GET stats)" ]
}

check_finds_what_is_wrong_with_the_files() {
	call 0 check && call 0 check --live &&
		UPSTREAM_CLIENT_KEY=$dir/server.key call 1 check &&
		says "UPSTREAM_CLIENT_KEY (environment): " &&
		says "holds the key of another certificate" &&
		UPSTREAM_CA_FILE=$dir/server.key call 1 check &&
		says "UPSTREAM_CA_FILE (environment): " &&
		says "holds no certificate"
}

http_to_another_machine_is_refused_or_warned_of() {
	INVENTORY_API_URL=http://inventory.example call 1 check &&
		says "INVENTORY_API_URL (environment): begins with http" &&
		INVENTORY_API_URL=http://inventory.example UPSTREAM_HTTP=on \
			call 0 check && says "INVENTORY_API_URL http: use https"
}

# ---- All -----------------------------------------------------------------

begin_check() { # CHECK
	reset_sim
}

end_all() {
	[ -z "$apache_pid" ] || kill "$apache_pid" 2>/dev/null
	sim_stop
	rm -rf "$dir" "$results"
}

open_sim
make_certificates >/dev/null 2>&1
start_apache >"$dir/start.log" 2>&1 || {
	echo "not ok - Apache does not start"
	sed 's/^/# /' "$dir/start.log"
	exit 1
}
set_upstreams "$https"
export UPSTREAM_CA_FILE=$dir/ca.pem
export UPSTREAM_CLIENT_CERT=$dir/us.pem UPSTREAM_CLIENT_KEY=$dir/us.key
export STOCKROUTE_DB=$dir/stockroute.db QUEUE_ATTEMPTS=1
play_checks "an_event_is_routed_over_tls_with_our_certificate
	one_file_may_hold_certificate_and_key
	without_our_certificate_nothing_is_routed
	a_server_of_an_unknown_authority_gets_nothing
	check_finds_what_is_wrong_with_the_files
	http_to_another_machine_is_refused_or_warned_of"
