#!/bin/bash
# readme.sh: says whether the generated parts of the README and of
# stockroute.conf(5) are what the program and the sources say today; with
# --write, makes them so.
#
# Parts stand between <!-- name --> and <!-- /name -->, in a page behind the
# mark of a comment. The demo and the benchmark are pasted by hand: their
# figures are of one run.
set -euo pipefail
cd "$(dirname "$0")/.."

part() {
	local directory name sentence

	case $1 in
	behaviour)
		for directory in tests/cases/[0-9]*; do
			name=${directory##*/}
			sentence=${name#*-}
			# shellcheck disable=SC2016 # the backticks are Markdown
			printf -- '- %s. `%s`\n' "${sentence//-/ }" \
			    "${name%%-*}"
		done ;;
	config)
		build/stockroute config --markdown ;;
	settings)
		build/stockroute config --markdown |
			awk -f man/settings.awk |
			fold -s -w 78 | sed 's/ $//' ;;
	map)
		make -s map | sed 's/^/    /' ;;
	esac
}

# Prints a file with one part replaced by what stands in PART. A page may have
# no empty lines.
replaced() { # NAME PART FILE
	awk -v first="<!-- $1 -->" -v last="<!-- /$1 -->" -v file="$2" '
	{
		mark = $0
		gap = sub(/^\.\\" /, "", mark) ? "" : "\n"
	}
	mark == first {
		printf "%s\n%s", $0, gap
		while ((getline line < file) > 0)
			print line
		printf "%s", gap
		skip = 1
	}
	mark == last { skip = 0 }
	!skip && mark != first { print }
	' "$3"
}

bring() { # FILE WRITE NAME...
	local file=$1 write=$2 name

	cp "$file" "$new"
	for name in "${@:3}"; do
		part "$name" > "$now"
		[ -s "$now" ] ||
			{ echo "nothing to write for $name" >&2; exit 1; }
		replaced "$name" "$now" "$new" > "$new.2"
		mv "$new.2" "$new"
	done
	if [ "$write" = --write ]; then
		cat "$new" > "$file"
	elif ! diff -u "$file" "$new"; then
		echo "$file is not up to date; run tests/readme.sh --write" >&2
		stale=1
	fi
}

now=$(mktemp)
new=$(mktemp)
stale=0
trap 'rm -f "$now" "$new" "$new.2"' EXIT
bring README.md "${1:-}" behaviour config map
bring man/stockroute.conf.5 "${1:-}" settings
exit $stale
