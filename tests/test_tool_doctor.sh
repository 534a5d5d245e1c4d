#!/bin/bash
# test_tool_doctor.sh: stockroute doctor, on machines that are well and not
#
#	test_tool_doctor.sh [BUILD [CHECK]]	default: build, all checks
#
# Every check begins with a place where all is well, does it one harm, and
# looks for the line that tells of it. The tool runs as www-data when we are
# root, since to root every file belongs.
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=$(realpath "${1:-build}")
export STOCKROUTE_SIM=$B/stockroute-sim
# shellcheck source=tests/servers/stage.sh
. tests/servers/stage.sh
results=$(mktemp)
top=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-doctor.XXXXXX")
chmod 755 "$top"
dir=$top
mode=doctor
secret=a-word-of-thirty-two-bytes-which-do
careless_pid=
shim=

# ---- What is called ------------------------------------------------------

# Its output is in $top/out; $shim is loaded into it.
doctor() { # CODE WORD...
	local code

	(
		umask "${mask-027}"
		exec timeout 60 "${server_user[@]}" env ${shim:+"$shim"} \
			STOCKROUTE_CONFIG="$dir/stockroute.json" \
			"$top/bin/stockroute" doctor "${@:2}"
	) >"$top/out" 2>&1
	code=$?
	same "exit code of doctor ${*:2}" $code "$1" ||
		fail "$(cat "$top/out")"
}

has() { # VERDICT CHECK WORDS
	grep -E "^$1 +$2  " "$top/out" | grep -qF -- "$3" ||
		fail "no $1 '$2' with '$3' in:
$(cat "$top/out")"
}

has_no() { # VERDICT
	! grep -qE "^$1 " "$top/out" || fail "$(cat "$top/out")"
}

# ---- The place -----------------------------------------------------------

own() {
	[ "$(id -u)" != 0 ] || chown -R www-data:www-data "$dir"
}

settings() { # MEMBER...: further ones, or others instead
	jq -n --arg db "$dir/data/stockroute.db" --arg secret "$secret" \
		'{stockroute_db: $db, cxone_base_url: "https://cxone.example",
		cxone_client_id: "us", cxone_client_secret: "to-cxone",
		inventory_api_url: "https://inventory.example/stock",
		webhook_auth: "bearer", webhook_secret: $secret}'" + {$*}" \
		>"$dir/stockroute.json" || return 1
	chmod 600 "$dir/stockroute.json"
	own
}

make_place() { # CHECK
	dir=$top/$1
	shim=
	mkdir -p "$dir"/{data,www,run,log} && settings && chmod 755 "$dir" &&
		chmod 750 "$dir/data" || return 1
	"${server_user[@]}" env STOCKROUTE_CONFIG="$dir/stockroute.json" \
		"$top/bin/stockroute" queue import /dev/null --yes >/dev/null
}

# A library that tells the tool other facts than the machine's.
deceive() { # C
	printf '%s\n' "$1" | gcc -D_GNU_SOURCE -shared -fPIC -x c - \
		-o "$dir/shim.so" && shim=LD_PRELOAD=$dir/shim.so
}

clock_off() { # SECONDS
	perl -e 'print pack "q", $ARGV[0] * 1000000' -- "$1" >"$dir/jump" &&
		shim="LD_PRELOAD=$top/bin/clock_jump.so" &&
		export CLOCK_JUMP=$dir/jump
}

# A web server that shows all that lies in its folder.
careless_start() {
	local port try

	for try in 1 2 3 4 5; do
		port=$((10000 + (RANDOM * 32768 + RANDOM + try) % 22000))
		printf '%s\n' "server.port = $port" \
			'server.bind = "127.0.0.1"' \
			"server.document-root = \"$dir/www\"" \
			'server.modules += ( "mod_dirlisting" )' \
			'dir-listing.activate = "enable"' >"$dir/careless.conf"
		lighttpd -D -f "$dir/careless.conf" 2>>"$dir/log/careless.log" &
		careless_pid=$!
		url=http://127.0.0.1:$port
		server_wait 3 curl -s -o /dev/null "$url/" &&
			kill -0 $careless_pid 2>/dev/null && return
		careless_stop
	done
	fail "no careless server: $(cat "$dir/log/careless.log")"
}

careless_stop() {
	[ -n "$careless_pid" ] || return
	kill "$careless_pid" 2>/dev/null
	wait "$careless_pid"
	careless_pid=
}

# ---- What must hold ------------------------------------------------------

a_place_that_is_well_has_nothing_to_mend() {
	deceive 'int sqlite3_libversion_number(void) { return 3051003; }' &&
		settings '"stockroute_socket": "'"$dir"'/run/socket"' &&
		chmod 755 "$dir/run" &&
		doctor 0 --docroot "$dir/www" &&
		has ok user "not root" && has ok umask 0027 &&
		has ok "core limit" 0 && has ok SQLite "is fixed" &&
		has ok libraries OpenSSL/ && has ok configuration loads &&
		has ok CXONE_BASE_URL https &&
		has ok INVENTORY_API_URL https &&
		has ok WEBHOOK_AUTH "show a secret" &&
		has ok WEBHOOK_SECRET "35 bytes" &&
		has ok "configuration file" "mode 0600" &&
		has ok database "stockroute.db: mode 0600" &&
		has ok database "stockroute.db-gate: mode 0600" &&
		has ok "database folder" "mode 0750" &&
		has ok "local disk" "local file system" &&
		has ok "free space" bytes &&
		has ok "socket folder" "mode 0755" &&
		has ok "document root" "secrets, database or log" &&
		sed -i '/this kernel has none/d' "$top/out" &&
		has_no fail && has_no warn
}

it_can_be_read_by_programs() {
	doctor 0 --format json &&
		same database "$(jq -r '[.[] | select(.check == "database")
			| .verdict] | unique | join(",")' "$top/out")" ok &&
		doctor 0 --format csv &&
		same head "$(head -1 "$top/out" | tr -d '\r')" \
			verdict,check,found,remedy
}

what_is_not_understood_is_told() {
	doctor 2 --frob && doctor 2 --docroot && doctor 2 --format xml &&
		doctor 2 --url
}

what_cannot_be_written_fails() {
	local code format

	for format in text json; do
		timeout 60 "${server_user[@]}" env \
			STOCKROUTE_CONFIG="$dir/stockroute.json" \
			"$top/bin/stockroute" doctor --format $format \
			>/dev/full 2>"$top/out"
		code=$?
		same "exit code of $format" $code 1 &&
			same complaint "$(cat "$top/out")" \
				"stockroute doctor: io" || return 1
	done
}

a_configuration_that_does_not_load_is_told() {
	settings '"claim_window_s": -1, "webhok_auth": "none"' && doctor 1 &&
		has fail configuration claim_window_s &&
		has fail configuration webhok_auth &&
		has fail "all else" "was not looked at"
}

root_and_a_loose_umask_and_core_files_are_warned_of() {
	local mask=000

	ulimit -S -c "$(ulimit -H -c)"
	doctor 0 && has warn umask 0000 || return 1
	[ "$(ulimit -c)" = 0 ] || has warn "core limit" secrets || return 1
	[ "$(id -u)" = 0 ] || return 0
	server_user=()
	doctor 1 && has warn user root && has fail database "www-data owns it"
}

old_libraries_are_warned_of() {
	deceive 'int sqlite3_libversion_number(void) { return 3051002; }
		unsigned long OpenSSL_version_num(void)
		{ return 0x30000000; }' &&
		doctor 0 && has warn SQLite "has the WAL-reset bug" &&
		has warn libraries "is older than"
}

a_program_that_is_not_confined_is_warned_of() {
	settings '"landlock": "off", "seccomp": "off"' && doctor 0 &&
		has warn LANDLOCK "can do what its user can" &&
		has warn SECCOMP "can do what its user can" && settings &&
		deceive '#include <dlfcn.h>
			#include <errno.h>
			#include <sys/syscall.h>
			long syscall(long number, long a, long b, long c)
			{
				long (*next)(long, ...) = (long (*)(long, ...))
					dlsym(RTLD_NEXT, "syscall");
				errno = ENOSYS;
				if (number == 444 || number == SYS_seccomp)
					return -1;
				return next(number, a, b, c);
			}' && doctor 0 &&
		has warn LANDLOCK "this kernel has none" &&
		has warn SECCOMP "this kernel has none"
}

http_upstreams_on_other_machines_are_told() {
	settings '"cxone_base_url": "http://cxone.example",
		"inventory_api_url": "http://inventory.example/stock",
		"upstream_http": "on"' && doctor 1 &&
		has fail CXONE_BASE_URL "can be read on the way" &&
		has warn INVENTORY_API_URL "can be read on the way" &&
		settings '"cxone_base_url": "http://127.0.0.1:1"' && doctor 0 &&
		has ok CXONE_BASE_URL "on this machine"
}

an_open_webhook_fails() {
	settings '"webhook_auth": "none"' && doctor 1 &&
		has fail WEBHOOK_AUTH "whoever reaches the webhook"
}

secrets_that_are_short_are_warned_of() {
	settings '"webhook_secret": "0123456789abcdef"' && doctor 0 &&
		has warn WEBHOOK_SECRET "16 bytes, less than 24" &&
		settings '"webhook_auth": "basic",
			"webhook_secret": "a-long-user-name-indeed:12345678"' &&
		doctor 0 && has warn WEBHOOK_SECRET "8 bytes, less than 24" &&
		settings '"webhook_auth": "hmac", "webhook_secret":
			("whsec_" + ("x" * 32 | @base64))' && doctor 0 &&
		has ok WEBHOOK_AUTH "signed" && has ok WEBHOOK_SECRET "32 bytes"
}

list() { # NAME END
	printf '{"id":"%s","secret":"%s-%s","not_after":"%s"}' "$1" \
		"$secret" "$1" "$(date -ud "$2" +%Y-%m-%dT%H:%M:%SZ)"
}

secrets_whose_time_ends_are_told() {
	settings "webhook_secrets: [
		$(list old -1day), $(list now +13days), $(list next +15days)]
		} | del(.webhook_secret) + {" && doctor 0 &&
		has warn "webhook secret old" "its time ended" &&
		has warn "webhook secret now" "its time ends" &&
		has ok "webhook secret next" "its time ends" &&
		settings "webhook_secrets: [$(list old -1day)]
			} | del(.webhook_secret) + {" && doctor 1 &&
		has fail WEBHOOK_SECRETS "every event is refused"
}

files_that_others_can_touch_are_told() {
	local file=$dir/data/stockroute.db

	touch "$file.key" && own && chmod 640 "$file" "$file.key" &&
		chmod 620 "$dir/stockroute.json" &&
		chmod 770 "$dir/data" && doctor 1 &&
		has fail database "$file: mode 0640 is not for its owner" &&
		has fail database "$file.key: mode 0640 is not for its" &&
		has warn "configuration file" "lets the group change" &&
		has warn "database folder" "lets the group change" &&
		chmod 600 "$file" "$file.key" &&
		chmod 777 "$dir/data" && doctor 1 &&
		has fail "database folder" "lets every user" &&
		rm -r "$dir/data" && doctor 1 &&
		has fail "database folder" "No such file"
}

files_of_another_owner_are_told() {
	[ "$(id -u)" = 0 ] || return 0
	chown games "$dir/data/stockroute.db" "$dir/stockroute.json" &&
		chmod 640 "$dir/stockroute.json" && doctor 1 &&
		has fail database "games owns it" &&
		has fail "configuration file" "games owns it" &&
		chown games "$dir/data" && doctor 1 &&
		has fail "database folder" "games owns it"
}

files_of_secrets_are_looked_at() {
	local first

	printf word >"$dir/cxone" && printf %s "$secret" >"$dir/senders" &&
		printf %s "$secret-2" >"$dir/two" &&
		chmod 600 "$dir"/{cxone,senders,two} &&
		settings "webhook_secrets: [{id: \"a\", secret_file:
			\"$dir/senders\"}, {id: \"b\", secret_file:
			\"$dir/two\"}]
			} | del(.webhook_secret, .cxone_client_secret) + {" &&
		export CXONE_CLIENT_SECRET_FILE=$dir/cxone && doctor 0 &&
		has ok CXONE_CLIENT_SECRET "$dir/cxone: mode 0600" &&
		has ok WEBHOOK_SECRETS "$dir/senders: mode 0600" &&
		has ok WEBHOOK_SECRETS "$dir/two: mode 0600" &&
		doctor 1 --docroot "$dir" &&
		has fail "document root" "CXONE_CLIENT_SECRET $dir/cxone" &&
		chmod 644 "$dir/cxone"
	first=$?
	doctor 1 && has fail configuration "run chmod 600 on it" &&
		same first $first 0
}

the_key_of_our_certificate_is_for_us_alone() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=us \
		-keyout "$dir/us.key" -out "$dir/us.pem" 2>/dev/null
	settings "upstream_client_cert: \"$dir/us.pem\",
		upstream_client_key: \"$dir/us.key\"" &&
		chmod 644 "$dir/us.key" && doctor 1 &&
		has fail configuration "us.key\" can be read or changed by" &&
		chmod 600 "$dir/us.key" && doctor 0 &&
		has ok UPSTREAM_CLIENT_KEY "mode 0600"
}

a_socket_that_others_reach_is_told() {
	settings "stockroute_socket: \"$dir/run/socket\"" &&
		chmod 777 "$dir/run" && doctor 1 &&
		has fail "socket folder" "lets every user" &&
		chmod 755 "$dir/run" && perl -MIO::Socket::UNIX -e \
		'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1)' \
		"$dir/run/socket" && own && chmod 666 "$dir/run/socket" &&
		doctor 1 && has fail socket "post as the web server does" &&
		chmod 660 "$dir/run/socket" && doctor 0 &&
		has ok socket "mode 0660"
}

a_network_disk_is_told() {
	deceive '#include <sys/vfs.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int statfs(const char *path, struct statfs *about)
		{
			int rc = (int)syscall(SYS_statfs, path, about);
			about->f_type = 0x6969;
			return rc;
		}' && doctor 1 && has fail "local disk" "is on NFS"
}

# Others write to this disk meanwhile: a GiB more or less does not matter.
little_space_is_told() {
	local free

	free=$(($(stat -f -c '%a * %S' "$dir/data")))
	settings "disk_min_bytes: $((free + 2 ** 30))" && doctor 1 &&
		has fail "free space" "less than DISK_MIN_BYTES" &&
		settings "disk_min_bytes: $((free > 2 ** 31 ?
			free - 2 ** 31 : 0)), queue_max_bytes: $((2 ** 33))" &&
		doctor 0 && has warn "free space" "cannot grow"
}

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

# ---- The frame -----------------------------------------------------------

# In a shell of its own, so that no check's user or shim is another's.
run_check() { # FUNCTION
	(
		trap 'careless_stop; server_stop "$dir" >/dev/null 2>&1' EXIT
		make_place "$1" || exit 1
		"$1"
	)
}

check_place() { # FUNCTION: its name is the sentence
	local why

	sim_ask POST reset >/dev/null
	if why=$(run_check "$1" 2>&1); then
		echo "ok - doctor: ${1//_/ }"
	else
		echo "not ok - doctor: ${1//_/ }"
		printf '%s\n' "$why" | sed 's/^/# /'
	fi
}

checks="a_place_that_is_well_has_nothing_to_mend
	it_can_be_read_by_programs
	what_is_not_understood_is_told
	what_cannot_be_written_fails
	a_configuration_that_does_not_load_is_told
	root_and_a_loose_umask_and_core_files_are_warned_of
	old_libraries_are_warned_of
	a_program_that_is_not_confined_is_warned_of
	http_upstreams_on_other_machines_are_told
	an_open_webhook_fails
	secrets_that_are_short_are_warned_of
	secrets_whose_time_ends_are_told
	files_that_others_can_touch_are_told
	files_of_another_owner_are_told
	files_of_secrets_are_looked_at
	the_key_of_our_certificate_is_for_us_alone
	a_socket_that_others_reach_is_told
	a_network_disk_is_told
	little_space_is_told
	what_lies_below_a_document_root_is_told
	a_document_root_too_many_is_told
	a_document_root_that_is_not_there_is_not_well
	a_program_below_a_document_root_needs_its_htaccess
	the_examples_limits_are_well
	limits_that_cut_events_are_told
	of_apaches_timeouts_one_has_a_unit
	a_server_that_does_not_reach_the_program_is_told
	what_a_careless_server_gives_is_told
	lighttpd_with_the_example_gives_nothing
	apache_with_our_htaccess_gives_nothing
	a_program_that_still_lets_everybody_in_is_told
	clocks_are_compared_with_the_upstreams
	a_clock_that_breaks_signatures_fails
	an_upstream_without_time_or_answer_is_told"

trap 'exit 1' INT TERM
trap 'sim_stop; rm -rf "$top" "$results"' EXIT
mkdir "$top/bin"
install -m 755 "$B/stockroute" "$top/bin"
gcc -D_GNU_SOURCE -shared -fPIC tests/crash/clock_jump.c \
	-o "$top/bin/clock_jump.so"
ulimit -S -c 0
export LOG_LEVEL=error
dir=$top
sim_start || { echo "not ok - the simulator"; exit 1; }
for name in ${2:-$checks}; do check_place "$name"; done | tee "$results"
passed=$(grep -c '^ok' "$results")
failed=$(grep -c '^not ok' "$results")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
