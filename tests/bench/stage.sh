# stage.sh: what the benchmark measures with: programs, their load, their CPU
# and memory; sourced by bench.sh. Makes a directory of its own, $work, and
# ends in clean_up what it started.
# shellcheck shell=bash
# shellcheck source=tests/servers/server.sh
. tests/servers/server.sh

build=${B:-build}
out=$(realpath -m "$build/bench")
secret=whsec_YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g=
work=$(mktemp -d /tmp/stockroute-bench.XXXXXX)
chmod 755 "$work" # web servers give up root
tick_us=$((1000000 / $(getconf CLK_TCK)))
others= # processes that are no web server's

fail() {
	echo "bench: $*" >&2
	exit 1
}

clean_up() {
	local dir

	for dir in "$work"/*/; do
		[ ! -e "$dir/mode" ] || server_stop "${dir%/}"
	done
	# shellcheck disable=SC2086
	[ -z "$others" ] || kill $others 2>/dev/null
	wait
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

start_upstream() {
	"$out/upstream" "$work/port" &
	others+=" $!"
	server_wait 5 test -s "$work/port" || fail "no upstream"
	upstream=http://127.0.0.1:$(cat "$work/port")
}

delay_is() { # MICROSECONDS
	curl -sS -o /dev/null -X PUT "$upstream/control/delay/$1" ||
		fail "the upstream is gone"
}

make_certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$work/tls.key" \
		-out "$work/tls.pem" 2>/dev/null
	chmod 644 "$work/tls.pem"
}

# TLS before the upstream, in HTTP/1.1 or HTTP/2 (h2).
start_tls() { # PROTOCOL
	local port=$((20000 + RANDOM % 10000))

	[ -e "$work/tls.pem" ] || make_certificate
	nghttpx --conf=/dev/null -f"127.0.0.1,$port" \
		-b"127.0.0.1,${upstream##*:}" \
		--npn-list="$1" --errorlog-file="$work/tls.log" --workers=1 \
		--no-ocsp --accesslog-file=/dev/null \
		"$work/tls.key" "$work/tls.pem" 2>>"$work/tls.log" &
	others+=" $!"
	tls=https://127.0.0.1:$port
	server_wait 5 curl -sk -o /dev/null "$tls/control/stats" ||
		fail "nghttpx: $(cat "$work/tls.log")"
}

# A program behind a web server. lighttpd takes more connections than usual.
start_behind() { # NAME MODE PROGRAM [URL [SETTINGS]]
	local dir=$work/$1 url=${4:-$upstream}

	mkdir "$dir"
	cat >"$dir/stockroute.json" <<-END
		{"stockroute_db": "$dir/run/stockroute.db",
		 "cxone_base_url": "$url",
		 "cxone_client_id": "bench",
		 "cxone_client_secret": "bench-secret",
		 "inventory_api_url": "$url/inventory",
		 ${5-}
		 "webhook_auth": "hmac",
		 "webhook_secret": "$secret"}
	END
	chmod 640 "$dir/stockroute.json"
	STOCKROUTE_FCGI=$3 server_prepare "$2" "$dir" || fail "$1"
	case $2 in lighttpd-*)
		printf '%s\n' 'server.max-fds = 16384' \
			'server.max-connections = 6000' \
			'server.max-keep-alive-requests = 1000000' \
			>>"$dir/stockroute.conf" ;;
	esac
	server_own_program "$2" "$dir" && server_web "$2" "$dir" &&
		server_wait 5 server_answers "$(cat "$dir/url")" && return
	fail "$2 does not start $1: $(server_log "$dir" | tail -5)"
}

# A program that speaks HTTP itself.
start_peer() { # NAME URL COMMAND...
	local dir=$work/$1 port=$((20000 + RANDOM % 10000))

	mkdir "$dir"
	UPSTREAM=$2 PORT=$port CONNECTIONS=${connections_most:-192} \
		SSL_CERT_FILE=$work/tls.pem NODE_EXTRA_CA_CERTS=$work/tls.pem \
		NODE_ENV=production "${@:3}" >"$dir/log" 2>&1 &
	echo $! >"$dir/pid"
	others+=" $!"
	echo "http://127.0.0.1:$port" >"$dir/url"
	server_wait 10 server_answers "$(cat "$dir/url")" ||
		fail "$1 does not start: $(cat "$dir/log")"
}

programs() { # NAME
	if [ -e "$work/$1/pid" ]; then
		cat "$work/$1/pid"
	else
		server_pids "$work/$1"
	fi
}

# A process and all below it.
tree() { # PID
	local child

	echo "$1"
	cat /proc/"$1"/task/*/children 2>/dev/null | tr ' ' '\n' |
		while read -r child; do
			[ -z "$child" ] || tree "$child"
		done
}

# Of processes, with what those that ended below them took.
cpu_us() { # PID...
	local pid

	for pid; do cat "/proc/$pid/stat" 2>/dev/null; done | sed 's/.*) //' |
		awk -v us="$tick_us" '{ t += $12 + $13 + $14 + $15 }
			END { print t * us }'
}

program_us() { # NAME
	# shellcheck disable=SC2046
	cpu_us $(programs "$1")
}

# Of the web server, and programs it started; 0 for peers.
all_us() { # NAME
	local pids

	pids=$(programs "$1")
	[ -e "$work/$1/pid" ] ||
		pids+=" $(tree "$(cat "$work/$1/run/server.pid")")"
	# shellcheck disable=SC2046,SC2086
	cpu_us $(printf '%s\n' $pids | sort -u)
}

pss_kb() { # NAME
	local pid

	for pid in $(programs "$1"); do
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Pss:/ { kb += $2 } END { print kb + 0 }'
}

# Ids of runs differ, so that no event is a duplicate.
run_id() {
	printf '%s%04x' "$(date +%s%N | cut -c6-13)" $((RANDOM % 65536))
}

# Prints the line of tests/bench/load.c.
load() { # NAME OPTION...
	local url

	url=$(cat "$work/$1/url")
	"$out/load" -p "${url##*:}" -k "$secret" -i "$(run_id)" "${@:2}" ||
		echo "bench: $1 answered not always 200" >&2
}

# The same over FastCGI, without the web server.
load_direct() { # NAME OPTION...
	"$out/load" -f "$work/$1/run/stockroute.sock" -k "$secret" \
		-i "$(run_id)" "${@:2}" ||
		echo "bench: $1 answered not always 200" >&2
}

# One of the words behind it: "answers 5 errors 0" has 0 errors.
word() { # LINE WORD
	awk -v word="$2" '{ for (i = 1; i < NF; i++)
		if ($i == word) print $(i + 1) }' <<<"$1"
}

note() { # SECTION ROW ROUND METRIC VALUE
	echo "$1,$2,$3,$4,$5" >>"$out/results.csv"
}

divide() { # A B
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (b > 0 ? a / b : 0) }'
}

# All decisions since an earlier look are in the sums.
is_folded() { # NAME
	[ "$(sqlite3 -readonly -cmd '.timeout 5000' \
		"$work/$1/run/stockroute.db" "SELECT upto_id >= ifnull((SELECT
		max(id) FROM decision), 0) FROM rollup_state")" = 1 ]
}
