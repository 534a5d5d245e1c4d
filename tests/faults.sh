#!/bin/bash
# faults.sh: FAULTS.md -> faults without a row, and tests that do not exist
#
# Prints what is wrong; it is well when it prints nothing.
set -u -o pipefail

cd "$(dirname "$0")" || exit 1
table=FAULTS.md
groups="R:15 B:13 T:10 Q:16 U:12 S:18 P:10"

# The ids of the rows, one a line; S1-S3 stands for three.
ids() {
	local row='^\| ([A-Z])([0-9]+)(-[A-Z]([0-9]+))? \|.*'

	sed -nE "s/$row/\1 \2 \4/p" $table |
		while read -r group from to; do
			seq -f "$group%g" "$from" "${to:-$from}"
		done
}

wanted() {
	local group

	for group in $groups; do
		seq -f "${group%:*}%g" "${group#*:}"
	done
}

rows() {
	grep -E '^\| [A-Z][0-9]' $table
}

# The tests of the rows: what has a slash between backticks.
references() {
	rows | tr '`' '\n' | grep -E '^[a-z_0-9./]+/[^/|]+$' | sort -u
}

# A name that nobody calls is no test: the list of those that run has it.
exists() { # REFERENCE
	local file=${1%/*} name=${1##*/}

	case $1 in
	cases/*) [ -d "$1" ] ;;
	soak.sh/*) grep -qF "check \"$name\"" "$file" ;;
	*.sh/*) grep -qE "^\s(.*\bcheck )?$name\"?\$" "$file" ;;
	*) grep -qE "\b$name\),\$" "$file.c" ;;
	esac 2>/dev/null
}

# A row without a test says so.
rows | tr '`' "'" | awk -F'|' \
	'$4 !~ /\047/ && $4 != " none " { print $2 "has no test" }'
diff <(wanted | sort) <(ids | sort) | sed -n \
	's/^< \(.*\)/\1 has no row/p; s/^> \(.*\)/\1 has a row too many/p'
references | while read -r reference; do
	exists "$reference" || echo "no such test: $reference"
done
