#!/bin/bash
# server.sh: a mode and a directory -> a web server with stockroute behind it
#
#	server.sh start MODE DIR	prints the base URL
#	server.sh stop DIR		at once, requests in hand or not
#	server.sh drain DIR		after the requests in hand
#	server.sh graceful DIR		restarts the web server without loss
#	server.sh program DIR		starts the program again (socket modes)
#	server.sh pids DIR		the program's processes
#	server.sh log DIR		prints the error logs
#	server.sh modes			prints the modes, one a line; in
#					lighttpd-late, which is for tests
#					only, the first request configures
#
# It runs the examples of the repository, apache.conf.example,
# lighttpd.conf.example and cgi-bin/.htaccess; only their paths and the way
# to run are put in. DIR, which holds stockroute.json, receives all that is
# made: configuration, sockets, logs, and a copy of $STOCKROUTE_FCGI
# (default cgi-bin/stockroute.fcgi). Nothing of the system is changed.
# lighttpd-spawn starts $STOCKROUTE_PROCS processes (default 2).
#
# A web server that root starts gives up root for www-data. Here all of it
# starts as www-data, which DIR is given to: the same for root and others.
# DIR must be reachable for www-data then, and short: a socket's path has at
# most 107 bytes.
#
# Sourced, it gives the functions server_start, server_stop and so on.

server_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

server_modes() {
	printf '%s\n' lighttpd-spawn lighttpd-socket lighttpd-cgi \
		apache-proxy apache-proxy-streamed apache-fcgid apache-cgi \
		apache-htaccess apache-htaccess-cgi
}

# What a command is run through: nothing, or as www-data when we are root.
server_user=()
if [ "$(id -u)" = 0 ]; then
	server_user=(setpriv --reuid=www-data --regid=www-data --clear-groups)
fi

# Tries a command every 20 ms until it succeeds, at most SECONDS.
server_wait() { # SECONDS COMMAND...
	local tries=$(($1 * 50))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.02
	done
}

server_program_path() { # MODE DIR
	case $1 in
	apache-htaccess*) echo "$2/www/webhook/stockroute.fcgi" ;;
	*) echo "$2/bin/stockroute.fcgi" ;;
	esac
}

# Without min-procs lighttpd starts no more than 4.
server_procs() {
	local procs=${STOCKROUTE_PROCS:-2}

	echo "\"max-procs\" => $procs, \"min-procs\" => $procs"
}

# The example for MODE with DIR's paths.
server_paths() { # DIR FILE
	sed -e "s|/usr/lib/stockroute/|$1/bin/|" \
		-e "s|/etc/stockroute/|$1/|" -e "s|/home/user/|$1/|" \
		-e "s|/run/stockroute/|$1/run/|" \
		-e "s|/run/lighttpd/|$1/run/|" \
		-e "s|/var/log/lighttpd/|$1/log/|" \
		-e "s|\"max-procs\" => 2|$(server_procs)|" "$2"
}

# lighttpd's example with part N chosen: the other parts go, and in this one
# the # goes that no space follows.
server_lighttpd_part() { # N
	awk -v n="$1" '
		/^## [0-9]/ { part = substr($2, 1, 1) }
		part && part != n { next }
		part && /^#[^# ]/ { sub(/^#/, "") }
		{ print }'
}

server_apache_way() { # WAY
	sed "s|^Define STOCKROUTE_PROXY\$|Define STOCKROUTE_$1|"
}

server_write_conf() { # MODE DIR
	local dir=$2 conf=$2/stockroute.conf
	local lighttpd=$server_root/lighttpd.conf.example
	local apache=$server_root/apache.conf.example

	case $1 in
	lighttpd-spawn)
		server_paths "$dir" "$lighttpd" | server_lighttpd_part 1 ;;
	lighttpd-late) # the configuration comes with the first request
		server_paths "$dir" "$lighttpd" | server_lighttpd_part 1 |
			sed '/bin-environment/,/),/d'
		echo 'server.modules += ( "mod_setenv" )'
		echo 'setenv.add-environment = ('
		echo "\"STOCKROUTE_CONFIG\" => \"$dir/stockroute.json\" )" ;;
	lighttpd-socket)
		server_paths "$dir" "$lighttpd" | server_lighttpd_part 2 ;;
	lighttpd-cgi)
		server_paths "$dir" "$lighttpd" | server_lighttpd_part 3 ;;
	apache-proxy)
		server_paths "$dir" "$apache" ;;
	apache-proxy-streamed) # as an operator without mod_buffer has it
		server_paths "$dir" "$apache" |
			sed '/SetInputFilter/d; /BufferSize/d; /sendcl/d' ;;
	apache-fcgid)
		server_paths "$dir" "$apache" | server_apache_way FCGID ;;
	apache-cgi)
		server_paths "$dir" "$apache" | server_apache_way CGI ;;
	apache-htaccess*)
		server_paths "$dir" "$server_root/cgi-bin/.htaccess" ;;
	*)
		echo "server.sh: no mode $1" >&2
		return 1 ;;
	esac >"$conf"
}

server_prepare() { # MODE DIR
	local mode=$1 dir=$2 program

	mkdir -p "$dir"/{bin,log,run/fcgid,www/webhook}
	server_write_conf "$mode" "$dir" || return 1
	if [[ $mode = apache-htaccess* ]]; then
		mv "$dir/stockroute.conf" "$dir/www/webhook/.htaccess"
	fi
	program=$(server_program_path "$mode" "$dir")
	install -m 755 \
		"${STOCKROUTE_FCGI:-$server_root/cgi-bin/stockroute.fcgi}" \
		"$program" || return 1
	cp "$server_root"/tests/servers/{apache,lighttpd}.conf "$dir"
	echo "$mode" >"$dir/mode"
	[ "$(id -u)" != 0 ] || chown -R www-data:www-data "$dir"
}

# True when a process listens on the unix socket (flag SO_ACCEPTCON).
server_listens() { # PATH
	grep -q " 00010000 .* $1\$" /proc/net/unix
}

server_silent() { # PATH
	! server_listens "$1"
}

server_program() { # DIR
	local dir=$1 socket=$1/run/stockroute.sock

	# One that was killed may still be on its way out.
	server_wait 5 server_silent "$socket" || return 1

	# Redirected outside and exec'd inside: no shell stays behind that
	# holds the pipe of our caller's $(server.sh start ...).
	(
		cd / && exec "${server_user[@]}" env -i PATH="$PATH" \
			STOCKROUTE_CONFIG="$dir/stockroute.json" \
			STOCKROUTE_SOCKET="$socket" "$dir/bin/stockroute.fcgi"
	) </dev/null >>"$dir/log/program.log" 2>&1 &
	server_wait 5 server_listens "$socket" && return
	echo "server.sh: the program does not listen" >&2
	cat "$dir/log/program.log" >&2
	return 1
}

# Only in the socket modes the program is ours to start.
server_own_program() { # MODE DIR
	case $1 in
	lighttpd-socket | apache-proxy*) server_program "$2" ;;
	esac
}

server_web_command() { # MODE DIR
	case $1 in
	lighttpd-*) echo lighttpd -f "$2/lighttpd.conf" ;;
	apache-proxy*) echo apache2 -f "$2/apache.conf" -D WITH_PROXY ;;
	apache-fcgid) echo apache2 -f "$2/apache.conf" -D WITH_FCGID ;;
	apache-htaccess)
		echo apache2 -f "$2/apache.conf" -D WITH_FCGID \
			-D WITH_HTACCESS ;;
	apache-htaccess-cgi)
		echo apache2 -f "$2/apache.conf" -D WITH_HTACCESS ;;
	apache-cgi) echo apache2 -f "$2/apache.conf" ;;
	esac
}

server_port_free() { # PORT
	! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Both servers go into the background when they listen.
server_web_at() { # MODE DIR PORT
	local command

	read -ra command < <(server_web_command "$1" "$2")
	"${server_user[@]}" env -i DIR="$2" PORT="$3" \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "${command[@]}" \
		</dev/null >>"$2/log/start.log" 2>&1
}

# Another may take the port in between; then the next one is tried. Below
# 32768, where the kernel takes ports for outgoing connections from.
server_web() { # MODE DIR
	local dir=$2 port try

	for try in 1 2 3 4 5; do
		port=$((10000 + (RANDOM * 32768 + RANDOM) % 22000))
		server_port_free "$port" || continue
		if server_web_at "$1" "$dir" "$port"; then
			echo "http://127.0.0.1:$port" >"$dir/url"
			return
		fi
		grep -qi 'address already in use' "$dir"/log/*.log || break
	done
	echo "server.sh: $1 does not start, try $try" >&2
	server_log "$dir" >&2
	return 1
}

# Where it was, after it has ended.
server_web_again() { # MODE DIR
	local url

	url=$(cat "$2/url")
	server_wait 5 server_web_at "$1" "$2" "${url##*:}"
}

server_answers() { # URL
	curl -s -o /dev/null --max-time 2 "$1/"
}

server_start() { # MODE DIR
	local mode=$1 dir

	dir=$(cd "$2" && pwd -P) || return 1
	server_prepare "$mode" "$dir" || return 1
	if server_own_program "$mode" "$dir" && server_web "$mode" "$dir" &&
		server_wait 5 server_answers "$(cat "$dir/url")"; then
		cat "$dir/url"
		return
	fi
	server_stop "$dir"
	return 1
}

# By the command line, which everyone may read: the program keeps the rest
# of its /proc to root. A zombie has none. The path comes to grep on stdin,
# so that grep does not find itself.
server_pids() { # DIR
	local all=(/proc/[0-9]*/cmdline)

	server_program_path "$(cat "$1/mode")" "$1" |
		grep -lszFx -f - "${all[@]}" | cut -d/ -f3
}

# A zombie, which waits for init to fetch it, counts as gone.
server_gone() { # PID
	! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}

server_no_program() { # DIR
	[ -z "$(server_pids "$1")" ]
}

# Signals the web server and waits until it is gone, killing it in the end.
server_end_web() { # DIR SIGNAL SECONDS
	local pid

	pid=$(cat "$1/run/server.pid" 2>/dev/null) || return 0
	kill -s "$2" "$pid" 2>/dev/null || return 0
	server_wait "$3" server_gone "$pid" && return
	echo "server.sh: the web server had to be killed" >&2
	kill -s KILL "$pid"
	return 1
}

# What the web server has not ended is ended here.
server_end_programs() { # DIR
	local pids rc=0

	pids=$(server_pids "$1")
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill -s TERM $pids 2>/dev/null
	if ! server_wait 8 server_no_program "$1"; then
		echo "server.sh: the program had to be killed" >&2
		# shellcheck disable=SC2046
		kill -s KILL $(server_pids "$1")
		rc=1
	fi
	return $rc
}

# What a sanitizer in the program said, for sanitized.sh.
server_heed() { # DIR
	[ -n "${STOCKROUTE_FINDINGS-}" ] || return 0
	server_log "$1" 2>/dev/null |
		grep -a -A20 -E 'Sanitizer: |runtime error: ' \
			>>"$STOCKROUTE_FINDINGS"
	return 0
}

server_stop() { # DIR
	local dir rc=0

	dir=$(cd "$1" && pwd -P) || return 1
	server_end_web "$dir" TERM 10 || rc=1
	server_end_programs "$dir" || rc=1
	server_heed "$dir"
	return $rc
}

server_drain() { # DIR
	local dir rc=0 signal=WINCH

	dir=$(cd "$1" && pwd -P) || return 1
	case $(cat "$dir/mode") in lighttpd-*) signal=INT ;; esac
	server_end_web "$dir" "$signal" 20 || rc=1
	server_end_programs "$dir" || rc=1
	server_heed "$dir"
	return $rc
}

# How often the web server has said that it runs.
server_starts() { # DIR
	grep -c -E 'resuming normal operations|server started' \
		"$1/log/server.log"
}

server_started_again() { # DIR STARTS
	[ "$(server_starts "$1")" -gt "$2" ]
}

server_graceful() { # DIR
	local dir before

	dir=$(cd "$1" && pwd -P) || return 1
	before=$(server_starts "$dir")
	kill -s USR1 "$(cat "$dir/run/server.pid")" || return 1
	server_wait 15 server_started_again "$dir" "$before"
}

server_log() { # DIR
	tail -n +1 "$1"/log/*.log
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case ${1-} in
	start | stop | drain | graceful | program | pids | log | modes)
		"server_$1" "${@:2}" ;;
	*)
		sed -n '3,14s/^# \{0,1\}//p' "$0" >&2
		exit 2 ;;
	esac
fi
