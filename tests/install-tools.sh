#!/bin/sh
# Installs the Debian packages that building and testing need, when some are
# missing: says which first, and asks nothing. Needs root or sudo only then.
set -eu

packages="gcc clang libclang-rt-dev make libc6-dev libfcgi-dev
 libcurl4-openssl-dev libjansson-dev libssl-dev libsqlite3-dev libseccomp-dev
 libcmocka-dev libmicrohttpd-dev lighttpd apache2 libapache2-mod-fcgid sqlite3
 curl jq openssl wrk procps chromium nodejs universal-ctags valgrind prometheus
 python3-prometheus-client"
[ "${1:-}" = lint ] &&
	packages="$packages clang-format clang-tidy cppcheck shellcheck mandoc"
# The benchmark's peers and what it counts with. Whoever has Node from
# elsewhere has its npm as well, which Debian's would not stand beside.
if [ "${1:-}" = bench ]; then
	packages="$packages golang-go nghttp2-proxy linux-perf"
	command -v npm > /dev/null || packages="$packages nodejs npm"
fi

missing=
for package in $packages; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
	    2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

echo "installing:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo > /dev/null || {
		echo "these packages are missing and need root:$missing" >&2
		exit 1
	}
	as_root=sudo
fi
log=$(mktemp)
# A server package must not start a server of its own.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" > /dev/null
	$as_root chmod 755 "$policy"
	made=yes
fi
status=0
# shellcheck disable=SC2086 # the packages are words
{ $as_root apt-get update -q &&
  $as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends $missing
} > "$log" 2>&1 < /dev/null || status=$?
[ -n "$made" ] && $as_root rm -f "$policy"
# The tests have their own, so that none is to begin with the machine.
case $missing in
*prometheus*) $as_root systemctl disable -q prometheus 2> /dev/null || true ;;
esac
if [ "$status" != 0 ]; then
	cat "$log" >&2
	echo "could not install:$missing" >&2
fi
rm -f "$log"
exit "$status"
