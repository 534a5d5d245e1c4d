#!/bin/bash
# man.sh: says what stockroute's commands take that man/stockroute.1 does not
# tell
#
#	man.sh [BUILD]	default: build
#
# What they take is what `stockroute` and each command's usage say.
set -u -o pipefail
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1
tool=${1:-build}/stockroute
page=man/stockroute.1
found=0

# What the page has of one command: its items, up to another command's.
told() { # COMMAND
	sed '/^\.It Xo$/{N;s/^\.It Xo\n\./.It /;}' "$page" |
		awk -v command="$1" '
		/^\.It Ic / { mine = $3 == command }
		/^\.Sh / { mine = 0 }
		mine'
}

usage() { # COMMAND
	timeout 10 "$tool" "$1" --no-such-option 2>&1 |
		sed '/no-such-option/d'
}

# list, show ... behind the name; open|close|auto are three.
subcommands() { # COMMAND
	sed -nE "s/^.*stockroute $1 \[?([a-z|]+).*/\1/p" | tr '|' '\n'
}

missing() { # WHAT
	echo "$page does not tell: $1"
	found=1
}

commands=$("$tool" help | sed -nE 's/^  ([a-z]+)  .*/\1/p')
options=0
for command in $commands; do
	lines=$(told "$command")
	[ -n "$lines" ] || missing "$command"
	[ "$command" != version ] || continue
	said=$(usage "$command")
	for word in $(subcommands "$command" <<<"$said"); do
		grep -qE "(Ic $command|Cm|[|]) $word( |\$)" <<<"$lines" ||
			missing "$command $word"
	done
	while read -r option; do
		options=$((options + 1))
		grep -qE -- "(Fl|[|,]) ${option#-}( |\$)" <<<"$lines" ||
			missing "$command $option"
	done < <(grep -oE -- '(^|[^a-z-])--?[a-z]+(-[a-z]+)*' <<<"$said" |
		grep -oE -- '-.*' | sort -u)
done
# So that a changed way of printing usages does not pass for a full page.
if [ "$(wc -w <<<"$commands")" -lt 10 ] || [ $options -lt 40 ]; then
	echo "the usages tell only $options options of: $commands"
	found=1
fi
exit $found
