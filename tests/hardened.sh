#!/bin/bash
# hardened.sh [BUILD]: are the programs built so that a bug is hard to use?
#
# readelf says it of the shipped files, not of the flags that were given. And
# systemd, where it is installed, of the units in profiles/.
set -u -o pipefail
export LC_ALL=C

cd "$(dirname "$0")/.." || exit 1
B=${1:-build}
passed=0
failed=0

# ---- What must hold ------------------------------------------------------

# How many lines of readelf's say so. All are read: a pipe cut short would
# count as a failure.
lines() { # PATTERN OPTION... FILE
	readelf -W "${@:2}" | grep -c "$1"
}

# Loaded anywhere, so that no address is known beforehand.
is_position_independent() { # FILE
	[ "$(lines '^ *Type: *DYN' -h "$1")" = 1 ]
}

# What the loader has bound is read-only when main begins.
has_full_relro() { # FILE
	[ "$(lines '^ *GNU_RELRO ' -l "$1")" = 1 ] &&
		[ "$(lines '(FLAGS.*\<NOW\>' -d "$1")" -gt 0 ]
}

# Neither the stack nor any other segment is writable and executable.
has_no_writable_code() { # FILE
	[ "$(lines '^ *GNU_STACK .* RW  *0x' -l "$1")" = 1 ] &&
		[ "$(lines ' RWE ' -l "$1")" = 0 ]
}

has_stack_protector() { # FILE
	[ "$(lines ' UND __stack_chk_fail@' --dyn-syms "$1")" = 1 ]
}

# snprintf and others that know how large their target is.
has_checked_functions() { # FILE
	[ "$(lines ' UND __snprintf_chk@' --dyn-syms "$1")" = 1 ]
}

# systemd-analyze tells keys that it does not know, and ends well.
units_are_understood() { # FOLDER
	local words

	words=$(systemd-analyze verify "$1"/*.* 2>&1) && [ -z "$words" ]
}

# From 0, which may do nothing, to 10; a unit that says nothing has 9.
unit_is_confined() { # UNIT
	systemd-analyze security --offline=true --threshold=20 "$1" \
		>/dev/null 2>&1
}

checks="is_position_independent has_full_relro has_no_writable_code
	has_stack_protector has_checked_functions"

# ---- Running them --------------------------------------------------------

say() { # SENTENCE COMMAND...
	if "${@:2}"; then
		echo "ok - $1"
		passed=$((passed + 1))
	else
		echo "not ok - $1"
		failed=$((failed + 1))
	fi
}

not() { # COMMAND...
	! "$@"
}

soft=$(mktemp)
trap 'rm -f "$soft"' EXIT
# It has all that must not be; each check must see it.
echo 'int main(void) { char a[99]; return __builtin_sprintf(a, "x"); }' |
	gcc -x c - -o "$soft" -O0 -no-pie -fno-pie -Wl,-z,norelro,-z,lazy \
		-Wl,-z,execstack -fno-stack-protector -U_FORTIFY_SOURCE \
		2>/dev/null || exit 1
for check in $checks; do
	sentence=${check//_/ }
	for program in cgi-bin/stockroute.fcgi "$B/stockroute"; do
		say "${program##*/} $sentence" "$check" "$program"
	done
	say "and what is not so is seen: $sentence" not "$check" "$soft"
done
if command -v systemd-analyze >/dev/null; then
	units=$(mktemp -d)
	cp profiles/*.service profiles/*.socket profiles/*.timer "$units"
	# What is not installed cannot be verified.
	sed -i 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$units"/*.service
	say "the units are understood" units_are_understood "$units"
	for unit in stockroute stockroute-drain; do
		say "$unit.service is confined" unit_is_confined \
			"$units/$unit.service"
	done
	sed -i 's/^ProtectSystem/Protect/; /^[CRS][aey]/d' "$units"/*.service
	say "a key that is not known is seen" not units_are_understood "$units"
	say "a unit that is not confined is seen" not unit_is_confined \
		"$units/stockroute.service"
	rm -rf "$units"
else
	echo "# the units are not looked at: there is no systemd-analyze"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
