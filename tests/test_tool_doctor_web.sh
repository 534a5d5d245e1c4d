#!/bin/bash
# test_tool_doctor_web.sh: stockroute doctor, on web servers and upstreams
#
#	test_tool_doctor_web.sh [BUILD [CHECK]]	default: build, all checks
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/doctor.sh
. tests/doctor.sh

# ---- What must hold ------------------------------------------------------

what_lies_below_a_document_root_is_told() {
	printf 'DocumentRoot "%s"\n' "$dir" >"$dir/site.conf"
	touch "$dir/log/a" && chmod 644 "$dir/log/a" &&
		settings '"log_to": "file:'"$dir"'/log/a"' || return 1
	doctor 1 --server-config "$dir/site.conf" &&
		has warn log "for every user" && has ok "log folder" "mode" &&
		has fail "document root" "log $dir/log/a lies in" &&
		has fail "document root" "configuration file" &&
		has fail "document root" "stockroute.db lies in $dir," &&
		printf 'server.document-root = "%s/data"\n' "$dir" \
			>"$dir/site.conf" &&
		doctor 1 --server-config "$dir/site.conf" &&
		has fail "document root" "stockroute.db-gate lies" &&
		printf 'DocumentRoot $%s/www\n' '{HERE}' >"$dir/site.conf" &&
		doctor 0 --server-config "$dir/site.conf" &&
		has warn "document root" "cannot be followed" &&
		doctor 1 --docroot "$dir/nowhere" &&
		has fail "document root" "No such file"
}

a_document_root_too_many_is_told() {
	local i

	for ((i = 1; i <= 16; i++)); do
		mkdir "$dir/www/$i" && echo "DocumentRoot $dir/www/$i"
	done >"$dir/site.conf"
	doctor 0 --server-config "$dir/site.conf" --docroot "$dir/www" &&
		has warn "document root" "site.conf:16: '$dir/www/16'"
}

a_document_root_that_is_not_there_is_not_well() {
	doctor 1 --docroot "$dir/nowhere" &&
		has fail "document root" "No such file" || return 1
	! grep -q '^ok *document root' "$top/out" || fail "$(cat "$top/out")"
}

a_program_below_a_document_root_needs_its_htaccess() {
	mkdir "$dir/www/cgi-bin" && touch "$dir/www/cgi-bin/stockroute.fcgi" &&
		doctor 1 --docroot "$dir/www" &&
		has fail "document root" "could be fetched by everybody" &&
		cp cgi-bin/.htaccess "$dir/www/cgi-bin" && own &&
		doctor 0 --docroot "$dir/www" &&
		has ok "document root" "has a .htaccess beside it"
}

the_examples_limits_are_well() {
	doctor 0 --server-config apache.conf.example \
		--server-config lighttpd.conf.example &&
		has ok timeout= "apache.conf.example:55: 40 s, enough" &&
		has ok LimitRequestBody "131072 bytes, enough" &&
		has ok FcgidIOTimeout "40 s" &&
		has ok FcgidMaxRequestLen "1048576 bytes" &&
		has ok FcgidBusyTimeout "not set, and so by default: 300 s" &&
		has ok CGIDScriptTimeout "40 s" &&
		has ok server.max-request-size "128 KiB" &&
		has ok '"read-timeout"' "40 s" &&
		has ok CGIPassAuth "passes the header" &&
		doctor 0 --server-config cgi-bin/.htaccess &&
		has ok CGIPassAuth "passes the header"
}

limits_that_cut_events_are_told() {
	cat >"$dir/site.conf" <<-'END'
		# "read-timeout" => 1
		Timeout 20
		ProxyTimeout 25
		LimitRequestBody 65535
		FcgidMaxRequestLen 1000
		FcgidIOTimeout 9
		FcgidBusyTimeout 8
		CGIDScriptTimeout ${SECONDS}
		ProxyPass "/webhook" \
		  "unix:/x|fcgi://x" connectiontimeout=90 \
		  timeout=1mi
		server.max-request-size = 63
		server.max-read-idle = 3
		fastcgi.server = ( "" => (( "read-timeout" => 24 )))
	END
	doctor 1 --server-config "$dir/site.conf" &&
		has warn Timeout ":2: 20 s is too little" &&
		has fail ProxyTimeout "25 s is too little" &&
		has fail LimitRequestBody ":4: 65535 bytes is too little" &&
		has fail FcgidMaxRequestLen "1000 bytes" &&
		has fail FcgidIOTimeout "9 s" &&
		has fail FcgidBusyTimeout "8 s" &&
		has warn CGIDScriptTimeout "is no number" &&
		has fail timeout= ":9: 1 s" &&
		has fail server.max-request-size "63 KiB" &&
		has warn server.max-read-idle "3 s is too little" &&
		has fail '"read-timeout"' "24 s is too little" &&
		! grep -F ':1:' "$top/out" &&
		has fail CGIPassAuth "keeps the header" &&
		settings '"event_deadline_ms": 60000' &&
		echo 'AddHandler fcgid-script .fcgi' >"$dir/site.conf" &&
		doctor 1 --server-config "$dir/site.conf" &&
		has fail FcgidIOTimeout "not set, and so by default: 40 s" &&
		doctor 1 --server-config "$dir/none.conf" &&
		has fail "server's file" "cannot be opened"
}

# To Apache 2.4 the others are whole seconds, whatever stands behind them.
of_apaches_timeouts_one_has_a_unit() {
	cat >"$dir/site.conf" <<-'END'
		ProxyTimeout 1mi
		ProxyPass /x fcgi://x timeout=40000ms
		CGIDScriptTimeout 1mi
		CGIDScriptTimeout 1h
		CGIDScriptTimeout 900ms
		CGIDScriptTimeout 9223372036854775807h
	END
	doctor 1 --server-config "$dir/site.conf" &&
		has fail ProxyTimeout ":1: 1 s is too little" &&
		has ok timeout= ":2: 40000 s, enough" &&
		has ok CGIDScriptTimeout ":3: 60 s, enough" &&
		has ok CGIDScriptTimeout ":4: 3600 s, enough" &&
		has fail CGIDScriptTimeout ":5: 1 s is too little" &&
		has ok CGIDScriptTimeout ":6: "
}

# Behind the simulator's address there is a server, but not the program.
a_server_that_does_not_reach_the_program_is_told() {
	doctor 1 --url "$sim_url" && has fail health "neither /healthz" &&
		has fail stranger "not 401" &&
		doctor 1 --url http://127.0.0.1:1 &&
		has fail url "gives no answer"
}

# To GET it says 404; a POST it ends without a word.
a_server_that_drops_what_is_posted_is_told() {
	perl -MIO::Socket::INET -e '$| = 1; $s = IO::Socket::INET->new(
		LocalAddr => "127.0.0.1", Listen => 5) or die;
		print $s->sockport; close STDOUT;
		while ($c = $s->accept) {
			$first = <$c>;
			while (($line = <$c>) =~ /\S/) {}
			print $c "HTTP/1.0 404 None\r\n\r\n"
				if $first =~ /^GET/;
			close $c;
		}' >"$dir/port" &
	careless_pid=$!
	server_wait 3 test -s "$dir/port" &&
		doctor 1 --url "http://127.0.0.1:$(cat "$dir/port")" &&
		has fail stranger "gives no answer: "
}

gives() { # PLACE WHAT
	has fail url "$url$1 gives everybody $2"
}

what_a_careless_server_gives_is_told() {
	mkdir -p "$dir/www"/{cgi-bin,webhook,.git,in} &&
		cp "$B/stockroute" "$dir/www/cgi-bin/stockroute.fcgi" &&
		cp "$B/stockroute" "$dir/www/webhook/stockroute.fcgi" &&
		cp cgi-bin/main.c cgi-bin/.htaccess "$dir/www/cgi-bin" &&
		echo 'ref: refs/heads/main' >"$dir/www/.git/HEAD" &&
		mv "$dir/data" "$dir/www/in/data" &&
		settings "stockroute_db: \"$dir/www/in/data/stockroute.db\"" &&
		cp "$dir/stockroute.json" "$dir/www" &&
		chmod 755 "$dir/www/in/data" &&
		chmod 644 "$dir/www/stockroute.json" && careless_start &&
		doctor 1 --url "$url" --docroot "$dir/www" &&
		gives /cgi-bin/stockroute.fcgi "the program" &&
		gives /webhook/stockroute.fcgi "the program" &&
		gives /cgi-bin/main.c "a source" &&
		gives /cgi-bin/.htaccess "server settings" &&
		gives /cgi-bin/ "a list of files" &&
		gives /.git/HEAD "a repository" &&
		gives /stockroute.json "configuration file" &&
		gives /in/data/stockroute.db "database" &&
		doctor 1 --url "${url/127.0.0.1/0.0.0.0}" &&
		has fail url "can be read on the way"
}

behind() { # MODE HEALTH
	mode=$1
	write_config '' && chmod 600 "$dir/stockroute.json"
	mkdir -p "$dir/data" && chmod 750 "$dir/data" && own
	url=$(server_start "$1" "$dir") || fail "$1 does not start" || return 1
	doctor 0 --url "$url/" --docroot "$dir/www" &&
		has ok health "$url$2 says that the program is alive" &&
		has ok stranger "refuses who shows no secret" &&
		has ok url "gives nothing of ours at"
}

lighttpd_with_the_example_gives_nothing() {
	behind lighttpd-spawn /healthz
}

apache_with_our_htaccess_gives_nothing() {
	behind apache-htaccess /webhook/healthz &&
		has ok "document root" "has a .htaccess beside it"
}

a_program_that_still_lets_everybody_in_is_told() {
	write_config '' && sed -i 's/bearer/none/' "$dir/stockroute.json" &&
		own && url=$(server_start lighttpd-spawn "$dir") && settings &&
		doctor 1 --url "$url" &&
		has fail stranger "answers 400, not 401"
}

clocks_are_compared_with_the_upstreams() {
	settings "cxone_base_url: \"$sim_url\",
		inventory_api_url: \"$sim_url/inventory/X\"" &&
		doctor 0 --live && has ok "clock, CXone" "s from that of" &&
		has ok "clock, inventory" "s from that of" &&
		clock_off 100 && doctor 0 --live &&
		has warn "clock, CXone" "s ahead of that of $sim_url" &&
		clock_off -100 && doctor 0 --live &&
		has warn "clock, inventory" "s behind that of $sim_url" &&
		clock_off 1000 && doctor 0 --live &&
		has warn "clock, CXone" "s ahead of"
}

a_clock_that_breaks_signatures_fails() {
	settings "cxone_base_url: \"$sim_url\", webhook_auth: \"hmac\",
		webhook_secret: (\"whsec_\" + (\"x\" * 32 | @base64)),
		webhook_tolerance_past_s: 200,
		inventory_api_url: \"$sim_url/inventory/X\"" &&
		clock_off 100 && doctor 0 --live &&
		has warn "clock, CXone" "ahead of" &&
		clock_off 210 && doctor 1 --live &&
		has fail "clock, CXone" "right signatures are refused" &&
		clock_off -210 && doctor 0 --live &&
		has warn "clock, CXone" "behind"
}

an_upstream_without_time_or_answer_is_told() {
	sim_ask PUT stock '{"*":"in_stock"}' >/dev/null
	sim_ask PUT faults '{"inventory":[{"headers":{"Date":"never"},
		"times":0}]}' >/dev/null
	settings "cxone_base_url: \"http://127.0.0.1:1\",
		inventory_api_url: \"$sim_url/inventory/X\"" &&
		doctor 1 --live &&
		has fail "clock, CXone" "gives no answer" &&
		has warn "clock, inventory" "tells no time"
}

doctor_checks "what_lies_below_a_document_root_is_told
	a_document_root_too_many_is_told
	a_document_root_that_is_not_there_is_not_well
	a_program_below_a_document_root_needs_its_htaccess
	the_examples_limits_are_well
	limits_that_cut_events_are_told
	of_apaches_timeouts_one_has_a_unit
	a_server_that_does_not_reach_the_program_is_told
	a_server_that_drops_what_is_posted_is_told
	what_a_careless_server_gives_is_told
	lighttpd_with_the_example_gives_nothing
	apache_with_our_htaccess_gives_nothing
	a_program_that_still_lets_everybody_in_is_told
	clocks_are_compared_with_the_upstreams
	a_clock_that_breaks_signatures_fails
	an_upstream_without_time_or_answer_is_told"
