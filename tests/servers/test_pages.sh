#!/bin/bash
# test_pages.sh: the operator's pages behind the web servers
#
#	test_pages.sh [MODE...]		default: one of each kind
#
# Who may see them, what their answers bear, and that what senders of events
# chose stays text; and that without ADMIN_TOKEN there are none.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

jobs_max=${STOCKROUTE_JOBS:-2}
token=the-token-of-the-operator
next_token=the-token-of-tomorrow
pages="report report.json report.csv report/event/1 report/event?id=x"

# ---- Asking --------------------------------------------------------------

# Prints the HTTP status; the answer is in client/NAME. On shared hosting
# the pages lie beside the events.
get() { # NAME PATH [CURL-ARGUMENT...]
	local shared=

	[[ $mode != apache-htaccess* ]] || shared=/webhook
	curl -s --max-time 10 -o "$dir/client/$1" -D "$dir/client/$1.head" \
		-w '%{http_code}\n' "${@:3}" "$url$shared/$2"
}

look() { # NAME PATH: as who may
	get "$1" "$2" -H "Authorization: Bearer $token"
}

has() { # NAME WORDS
	grep -qF -- "$2" "$dir/client/$1" ||
		fail "$1: no \"$2\" in: $(head -c 300 "$dir/client/$1")"
}

has_not() { # NAME WORDS
	! grep -qF -- "$2" "$dir/client/$1" || fail "$1 has \"$2\""
}

has_head() { # NAME LINE
	tr -d '\r' <"$dir/client/$1.head" | grep -qi "^$2" ||
		fail "$1: no $2 in: $(cat "$dir/client/$1.head")"
}

# ---- Who may --------------------------------------------------------------

the_token_opens_every_page() {
	local page

	for page in report report.json report.csv report/event/1; do
		same "$page" "$(look page "$page")" 200 || return 1
	done
}

browsers_show_it_as_a_password() {
	same any-user "$(get basic report -u "anybody:$token")" 200 &&
		same no-user "$(get basic report -u ":$token")" 200 &&
		same next "$(get basic report -u "x:$next_token")" 200
}

# But for what is every answer's own: its time.
all_others_get_the_same_401() {
	local page

	for page in $pages; do
		same "$page" "$(get none "$page")" 401 || return 1
	done
	get wrong report -H "Authorization: Bearer $secret" >/dev/null
	get scheme report -H "Authorization: Digest $token" >/dev/null
	get user report -u "$token:" >/dev/null
	has_head none 'WWW-Authenticate: Basic realm="stockroute"' || return 1
	for page in none wrong scheme user; do
		grep -vi '^date:' "$dir/client/$page.head" |
			cat - "$dir/client/$page" | md5sum
	done | sort -u >"$dir/client/kinds"
	same kinds "$(wc -l <"$dir/client/kinds")" 1
}

other_methods_are_refused() {
	same post "$(get method report -d x)" 405 &&
		has_head method 'Allow: GET, HEAD' &&
		same head "$(look method report --head)" 200
}

the_log_tells_why_and_no_token() {
	local log

	log=$(server_log "$dir")
	grep -q "admin page refused: secret_wrong" <<<"$log" &&
		grep -q "admin page refused: scheme_wrong" <<<"$log" ||
		fail "no reason in the log" || return 1
	! grep -qE "$token|$next_token" <<<"$log" || fail "the log has it"
}

every_answer_bears_the_headers() {
	local name line

	look page report >/dev/null
	look data report.json >/dev/null
	get none report >/dev/null
	for name in page data none; do
		for line in "Content-Security-Policy: default-src 'none'" \
			"Cache-Control: no-store" "Referrer-Policy: no-refer" \
			"X-Content-Type-Options: nosniff" \
			"X-Frame-Options: DENY" \
			"Cross-Origin-Resource-Policy: same-origin"; do
			has_head $name "$line" || return 1
		done
	done
	has_head page 'Content-Type: text/html; charset=utf-8' &&
		has_head data 'Content-Type: application/json'
}

# ---- What they show --------------------------------------------------------

hostile='\"><script>alert(1)</script>\u202e&\u00e9'

ids_of_strangers_stay_text() {
	local name page id

	same post "$(ask hostile --data-binary "$(event "$hostile")" \
		"$endpoint")" 200 || return 1
	look page report >/dev/null
	has page '&quot;&gt;&lt;script&gt;alert(1)' || return 1
	# The link in its row of the slowest.
	id=$(sed 's/<tr>/\n&/g' "$dir/client/page" | grep '^<tr>.*alert(1)' |
		grep -o 'report/event/[0-9]*')
	same story "$(look story "$id")" 200 &&
		has story '&quot;&gt;&lt;script&gt;alert(1)' || return 1
	same search "$(look search \
		'report/event?id=%22%3E%3Cscript%3Ealert(2)')" 404 &&
		has search '&quot;&gt;&lt;script&gt;alert(2)' || return 1
	for name in page story search; do
		page=$(grep -c '<script' "$dir/client/$name")
		same "scripts of $name" "$page" 1 || return 1
	done
}

an_interaction_is_found_with_its_story() {
	same post "$(post call-7)" 200 &&
		same found "$(look found 'report/event?id=call-7')" 200 &&
		has found 'Routed by the product' && has found 'CXone was told'
}

programs_get_the_same_facts() {
	look data 'report.json?since=1h' >/dev/null
	jq -e '.health.state == "healthy" and .total.count >= 2 and
		.token.state == "valid"' "$dir/client/data" >/dev/null ||
		fail "$(head -c 400 "$dir/client/data")" || return 1
	same csv "$(look times 'report.csv?table=slowest')" 200 &&
		has times 'id,received,interaction_id' && has times call-7
}

a_period_that_is_none_is_told() {
	same json "$(look wrong 'report.json?since=soon')" 400 &&
		same page "$(look wrong 'report?since=soon')" 200 &&
		has wrong 'These are the last 24 hours'
}

# ---- Without ADMIN_TOKEN ---------------------------------------------------

without_a_token_no_page_is_there() {
	local page

	for page in $pages; do
		same "$page" "$(look "gone" "$page")" 404 &&
			has gone path_unknown || return 1
	done
	! grep -qi '^www-authenticate' "$dir/client/gone.head" ||
		fail "it asks for a password"
}

# ---- One mode --------------------------------------------------------------

check_pages() {
	mode_begin "\"admin_token\": \"$token $next_token\"," || return
	post first >/dev/null
	check the_token_opens_every_page
	check browsers_show_it_as_a_password
	check all_others_get_the_same_401
	check other_methods_are_refused
	check the_log_tells_why_and_no_token
	check every_answer_bears_the_headers
	check ids_of_strangers_stay_text
	check an_interaction_is_found_with_its_story
	check programs_get_the_same_facts
	check a_period_that_is_none_is_told
	server_stop "$dir" >/dev/null 2>&1
}

run_mode() { # MODE
	mode_open "$1" || return
	check_pages
	mode_begin '' || return
	check without_a_token_no_page_is_there
}

[ $# -gt 0 ] || set -- lighttpd-spawn lighttpd-cgi apache-proxy \
	apache-fcgid apache-cgi apache-htaccess
play_modes "$jobs_max" "$@"
