#!/bin/bash
# test_tool_doctor.sh: stockroute doctor, on machines that are well and not
#
#	test_tool_doctor.sh [BUILD [CHECK]]	default: build, all checks
set -u
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/doctor.sh
. tests/doctor.sh

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

doctor_checks "a_place_that_is_well_has_nothing_to_mend
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
	little_space_is_told"
