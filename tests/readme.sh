#!/bin/bash
# readme.sh: says whether the README's generated parts are what the program
# and the sources say today; with --write, makes them so.
#
# Parts stand between <!-- name --> and <!-- /name -->. The demo and the
# benchmark are pasted by hand: their figures are of one run.
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
	map)
		make -s map | sed 's/^/    /' ;;
	esac
}

# Prints README.md with one part replaced by what stands in FILE.
replaced() { # NAME FILE
	awk -v first="<!-- $1 -->" -v last="<!-- /$1 -->" -v file="$2" '
	$0 == first {
		print
		print ""
		while ((getline line < file) > 0)
			print line
		print ""
		skip = 1
	}
	$0 == last { skip = 0 }
	!skip && $0 != first { print }
	' "$3"
}

now=$(mktemp)
new=$(mktemp)
trap 'rm -f "$now" "$new" "$new.2"' EXIT
cp README.md "$new"
for name in behaviour config map; do
	part "$name" > "$now"
	[ -s "$now" ] || { echo "nothing to write for $name" >&2; exit 1; }
	replaced "$name" "$now" "$new" > "$new.2"
	mv "$new.2" "$new"
done
if [ "${1:-}" = --write ]; then
	cat "$new" > README.md
elif ! diff -u README.md "$new"; then
	echo "README.md is not up to date; run tests/readme.sh --write" >&2
	exit 1
fi
