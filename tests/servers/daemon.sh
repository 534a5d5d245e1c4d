# daemon.sh: a socket that plays syslog's daemon, or the journal's
#
# Sourced, after stage.sh. It lies in $dir/run/daemon.sock; what comes is kept
# in $dir/log/daemon.log, each datagram with an empty line behind it.
# shellcheck shell=bash disable=SC2154

daemon_start() {
	rm -f "$dir/run/daemon.sock"
	# It must not hold the pipe of a shell that waits for an output's end.
	# shellcheck disable=SC2016
	"${server_user[@]}" perl -MIO::Socket::UNIX -e '
		my $daemon = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
			Local => $ARGV[0]) or die("$ARGV[0]: $!");
		open(my $log, ">", $ARGV[1]) or die("$ARGV[1]: $!");
		$log->autoflush(1);
		while (defined($daemon->recv(my $got, 65536))) {
			print $log "$got\n\n" }' \
		"$dir/run/daemon.sock" "$dir/log/daemon.log" \
		>/dev/null 2>&1 &
	echo $! >"$dir/daemon.pid"
	server_wait 5 test -S "$dir/run/daemon.sock"
}

daemon_stop() {
	[ ! -s "$dir/daemon.pid" ] || kill "$(cat "$dir/daemon.pid")"
	rm -f "$dir/run/daemon.sock" "$dir/daemon.pid"
}

daemon_has() { # TEXT
	grep -qF "$1" "$dir/log/daemon.log"
}
