#!/bin/bash
# test_metrics.sh: /metrics behind lighttpd, and what Prometheus makes of it
#
# Two processes play a known number of each thing that is counted; whichever
# is asked then tells the sum of both. Prometheus itself checks what was told,
# the rules and the dashboard, and scrapes.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

tool=${STOCKROUTE:-$server_root/build/stockroute}
admin_token=for-the-operator-alone
openmetrics='application/openmetrics-text; version=1.0.0'
old_secret=the-word-of-last-year
rules=$server_root/profiles/prometheus-rules.yml
dashboard=$server_root/profiles/grafana-dashboard.json

# ---- Asking --------------------------------------------------------------

url() { cat "$dir/url"; }

# The answer is in client/NAME.
scrape() { # NAME [CURL-ARGUMENT...]
	curl -s --max-time 10 -o "$dir/client/$1" -D "$dir/client/$1.head" \
		-w '%{http_code}\n' -H "Authorization: Bearer $admin_token" \
		"${@:2}" "$(url)/metrics"
}

# The value of a sample, its name without the prefix.
sample() { # NAME SAMPLE
	awk -v want="stockroute_$2" '
		substr($0, 1, length(want) + 1) == want " " {
			print $NF
		}' "$dir/client/$1"
}

is() { # NAME SAMPLE VALUE
	same "$2" "$(sample "$1" "$2")" "$3"
}

# All that only grows: lines of a sample and its value, with one blank.
counters() { # NAME
	grep -E '^[a-z_]+_(total|bucket|count|sum)[{ ]' "$dir/client/$1" |
		sort
}

nothing_fell() { # BEFORE NOW
	join <(counters "$1") <(counters "$2") >"$dir/client/both"
	same samples "$(wc -l <"$dir/client/both")" \
		"$(counters "$1" | wc -l)" &&
		awk '$3 < $2 { print; fell = 1 } END { exit fell }' \
			"$dir/client/both"
}

# ---- What is played ------------------------------------------------------

# So many requests in parallel, to all processes; prints each one's status.
# %N in ID becomes the number.
post_all() { # COUNT ID [HEADER]
	local i header=${3-Authorization: Bearer $secret}

	for ((i = 1; i <= $1; i++)); do
		[ $i = 1 ] || echo next
		echo "url = \"$endpoint\""
		echo "data-binary = \"@$dir/client/all$i.json\""
		[ -z "$header" ] || echo "header = \"$header\""
		echo "output = \"/dev/null\""
		printf '%s\n' 'write-out = "%{http_code}\n"'
		event "${2//%N/$i}" >"$dir/client/all$i.json"
	done >"$dir/client/all.conf"
	curl -s -Z --parallel-max 20 --max-time 20 -K "$dir/client/all.conf" \
		2>/dev/null
}

all_are() { # STATUS COUNT ID [HEADER]
	same "answers $1" "$(post_all "${@:2}" | grep -cx "$1")" "$2"
}

each_kind_is_played() {
	all_are 200 40 event-%N && all_are 200 10 event-%N &&
		all_are 401 7 wrong "Authorization: Bearer nonsense" &&
		all_are 401 5 nobody "" &&
		all_are 401 3 late "Authorization: Bearer $old_secret" &&
		all_are 400 2 '' || return 1
	faults '{"interaction":[{"status":429,"times":3}]}'
	all_are 200 4 busy-%N || return 1
	server_wait 3 all_is_kept || fail "not in the table after 3 s"
}

# What the processes had in memory yet.
all_is_kept() {
	scrape kept >/dev/null
	[ "$(sample kept 'webhook_requests_total{code="200"}')" = 54 ]
}

each_process_tells_the_sums_of_all() {
	local i pids=()

	for i in 1 2 3 4 5 6; do
		scrape "sums$i" >"$dir/client/status$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in 1 2 3 4 5 6; do
		sums_are "sums$i" || return 1
	done
}

sums_are() { # NAME
	local value name

	while read -r value name; do
		is "$1" "$name" "$value" || return 1
	done <<-'END'
	54 webhook_requests_total{code="200"}
	15 webhook_requests_total{code="401"}
	2 webhook_requests_total{code="400"}
	7 auth_failures_total{door="webhook",reason="secret_wrong"}
	5 auth_failures_total{door="webhook",reason="header_missing"}
	3 auth_failures_total{door="webhook",reason="key_not_valid"}
	56 auth_key_requests_total{result="accepted",key="WEBHOOK_SECRET"}
	3 auth_key_requests_total{result="not_valid",key="spring"}
	10 duplicates_total{first="answered"}
	3 retries_total{upstream="cxone",reason="throttled"}
	45 upstream_requests_total{upstream="cxone",code_class="2xx"}
	3 upstream_requests_total{upstream="cxone",code_class="4xx"}
	44 upstream_requests_total{upstream="inventory",code_class="2xx"}
	1 token_refresh_total{result="ok"}
	44 decisions_total{outcome="routed"}
	10 decisions_total{outcome="duplicate"}
	2 decisions_total{outcome="refused"}
	44 stage_duration_seconds_count{stage="cxone",outcome="routed"}
	END
}

# ---- Who may, and in which format ----------------------------------------

strangers_are_told_nothing() {
	same status "$(curl -s -o "$dir/client/none" -w '%{http_code}' \
		"$(url)/metrics")" 401 &&
		same lines "$(grep -c stockroute_ "$dir/client/none")" 0
}

both_formats_have_their_type() {
	same status "$(scrape text)" 200 &&
		same status "$(scrape open -H "Accept: $openmetrics")" 200 ||
		return 1
	grep -qi '^content-type: text/plain; version=0.0.4' \
		"$dir/client/text.head" || fail "text" || return 1
	grep -qi "^content-type: $openmetrics" "$dir/client/open.head" ||
		fail "openmetrics"
}

promtool_finds_nothing_in_the_text() {
	promtool check metrics <"$dir/client/text" 2>&1
}

openmetrics_reference_parser_accepts_it() {
	/usr/bin/python3 - "$dir/client/open" <<-'END'
	import sys
	from prometheus_client.openmetrics import parser
	families = list(parser.text_string_to_metric_families(
	    open(sys.argv[1]).read()))
	traced = [s for f in families for s in f.samples if s.exemplar]
	assert len(families) > 25, len(families)
	assert traced, "no exemplar"
	for s in traced:
	    assert s.exemplar.value <= float(s.labels["le"]), s
	END
}

no_sample_names_an_event_or_a_product() {
	! grep -E 'event-|SKU|busy-' "$dir/client/text" ||
		fail "one does"
}

# ---- They last -----------------------------------------------------------

a_process_that_ends_leaves_its_counts() {
	local pid before

	before=$(server_pids "$dir" | wc -l)
	scrape before >/dev/null
	same status "$(post_all 3 nobody "" | sort -u)" 401 || return 1
	for pid in $(server_pids "$dir"); do
		kill "$pid"
	done
	server_wait 5 answers_anew || fail "no answer" || return 1
	nothing_fell before after
}

answers_anew() {
	[ "$(scrape after)" = 200 ] && is after \
		'auth_failures_total{door="webhook",reason="header_missing"}' 8
}

a_restart_of_the_server_loses_nothing() {
	scrape before >/dev/null
	server_stop "$dir" && starts || return 1
	endpoint=$(url)/webhook/routing-events
	same status "$(scrape after)" 200 && nothing_fell before after
}

# ---- Prometheus and Grafana ----------------------------------------------

the_rules_are_sound_and_each_alert_comes() {
	promtool check rules "$rules" && promtool test rules \
		"$server_root/tests/metrics/rules_test.yml"
}

expressions() {
	jq -r '.panels[].targets[]?.expr, .annotations.list[].expr' \
		"$dashboard"
}

# As rules, since promtool parses those.
the_dashboards_expressions_parse() {
	expressions | sed 's/[$]__rate_interval/5m/g' | jq -R . |
		jq -s '{groups: [{name: "dashboard", rules: [to_entries[] |
			{record: "panel:p\(.key)", expr: .value}]}]}' \
			>"$dir/client/dashboard.yml"
	promtool check rules "$dir/client/dashboard.yml"
}

# Those of the alerts, too. A recorded one has a colon; stockroute_slow is a
# group of rules.
they_name_only_what_a_scrape_has() {
	{ expressions; cat "$rules"; } |
		grep -oE 'stockroute_[a-z_]+' | sort -u >"$dir/client/named"
	grep -oE '^stockroute_[a-z_]+' "$dir/client/text" |
		sort -u >"$dir/client/had"
	same "not in the scrape" \
		"$(grep -vE '^stockroute_slow$' "$dir/client/named" |
			comm -23 - "$dir/client/had" | tr '\n' ' ')" ""
}

write_prometheus_config() {
	local target

	target=$(url)
	sed -e "s|https|http|; s|cxone.example.com|${target#http://}|" \
		-e "s|15s|1s|; s|/etc/prometheus/|$dir/client/|" \
		-e "s|prometheus-rules.yml|$rules|" \
		"$server_root/profiles/prometheus-scrape.yml"
	echo 'global: {evaluation_interval: 1s}'
}

prometheus_starts() {
	local port

	for _ in 1 2 3 4 5; do
		port=$((10000 + RANDOM % 20000))
		! server_port_free "$port" || break
	done
	printf %s "$admin_token" >"$dir/client/stockroute.token"
	write_prometheus_config >"$dir/client/prometheus.yml"
	promtool check config "$dir/client/prometheus.yml" || return 1
	prometheus --config.file="$dir/client/prometheus.yml" \
		--storage.tsdb.path="$dir/client/tsdb" \
		--web.listen-address="127.0.0.1:$port" \
		--enable-feature=exemplar-storage --log.level=warn \
		>"$dir/client/prometheus.log" 2>&1 &
	echo $! >"$dir/client/prometheus.pid"
	echo "http://127.0.0.1:$port" >"$dir/client/prometheus.url"
	server_wait 15 prometheus_says 'up{job="stockroute"}' 1 ||
		fail "$(cat "$dir/client/prometheus.log")"
}

prometheus_ask() { # PATH CURL-ARGUMENT...
	curl -s --max-time 5 -G "${@:2}" \
		"$(cat "$dir/client/prometheus.url")/api/v1/$1"
}

prometheus_says() { # QUERY VALUE
	[ "$(prometheus_ask query --data-urlencode "query=$1" |
		jq -r '.data.result[0].value[1]' 2>/dev/null)" = "$2" ]
}

a_real_prometheus_scrapes_it() {
	prometheus_says 'stockroute_decisions_total{outcome="routed"}' 44 ||
		fail "$(prometheus_ask query --data-urlencode \
			'query=stockroute_decisions_total')"
}

examples_are_kept_with_their_traces() {
	server_wait 5 has_exemplars || fail "none"
}

has_exemplars() {
	prometheus_ask query_exemplars --data-urlencode \
		'query=stockroute_stage_duration_seconds_bucket' \
		-d "start=$(($(date +%s) - 3600))" \
		-d "end=$(($(date +%s) + 60))" |
		jq -e '.data[0].exemplars[0].labels.trace_id | length == 32' \
			>"$dir/client/exemplars" 2>&1
}

every_rule_is_evaluated() {
	server_wait 5 rules_are_healthy ||
		fail "$(prometheus_ask rules | head -c 2000)"
}

rules_are_healthy() {
	[ "$(prometheus_ask rules |
		jq -r '[.data.groups[].rules[].health] | unique | .[]')" = ok ]
}

prometheus_stop() {
	local pid

	pid=$(cat "$dir/client/prometheus.pid" 2>/dev/null) || return 0
	rm -f "$dir/client/prometheus.pid"
	kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
}

# ---- Trouble -------------------------------------------------------------

faults() { # JSON
	sim_ask PUT faults "$1" >/dev/null
}

kept_is() { # SAMPLE VALUE
	scrape kept >/dev/null
	[ "$(sample kept "$1")" = "$2" ]
}

# Within what processes may hold back.
soon() { # SAMPLE VALUE
	server_wait 3 kept_is "$1" "$2" || is kept "$1" "$2"
}

an_inventory_that_is_slow_then_ill_opens_its_circuit() {
	local i inventory='upstream_requests_total{upstream="inventory",'

	faults '{"inventory":[{"delay_ms":600,"times":1}]}'
	same status "$(post slow)" 200 || return 1
	faults '{"inventory":[{"status":503,"times":0}]}'
	for i in 1 2 3 4 5 6 7 8; do
		same status "$(post "ill-$i")" 200 || return 1
	done
	soon 'decisions_total{outcome="fallback"}' 9 &&
	soon 'breaker_transitions_total{upstream="inventory",state="open"}' 1 &&
	soon "$inventory"'code_class="timeout"}' 1 || return 1
	is kept 'fallback_total{reason="timeout"}' 9 &&
	is kept 'breaker_state{upstream="inventory",state="open"}' 1 &&
	is kept 'breaker_state{upstream="inventory",state="closed"}' 0 &&
	[ "$(sample kept "$inventory"'code_class="5xx"}')" -ge 4 ]
}

a_token_that_is_refused_is_counted() {
	faults '{"interaction":[{"status":401,"times":1}]}'
	same status "$(post renewed)" 200 || return 1
	soon 'retries_total{upstream="cxone",reason="unauthorized"}' 1 &&
		soon 'token_refresh_total{result="ok"}' 2 || return 1
	faults '{"interaction":[{"status":401,"times":1}],
		"token":[{"status":401,"times":0}]}'
	same status "$(post refused)" 500 || return 1
	soon 'token_refresh_total{result="refused"}' 1 &&
		soon 'webhook_requests_total{code="500"}' 1
}

who_guesses_the_admins_token_is_counted() {
	curl -s -o "$dir/client/guess" -H 'Authorization: Bearer a-guess' \
		"$(url)/metrics"
	soon 'auth_failures_total{door="admin",reason="secret_wrong"}' 1
}

# ---- A process for each event --------------------------------------------

each_cgi_process_leaves_its_counts() {
	all_are 202 3 cgi-%N || return 1
	scrape cgi >/dev/null
	is cgi 'webhook_requests_total{code="202"}' 3 &&
		is cgi 'queue_depth{state="waiting"}' 3
}

a_drain_leaves_its_counts() {
	"${server_user[@]}" env STOCKROUTE_CONFIG="$dir/stockroute.json" \
		"$tool" queue drain >"$dir/client/drain" 2>&1 ||
		fail "$(cat "$dir/client/drain")" || return 1
	scrape drained >/dev/null
	is drained \
		'upstream_requests_total{upstream="cxone",code_class="2xx"}' \
		4 && is drained 'decisions_total{outcome="routed"}' 3 &&
		is drained 'queue_depth{state="waiting"}' 0
}

# No disk has so much; each process reads the configuration anew.
what_is_refused_at_the_door_is_counted() {
	write_config "$members \"routing_mode\": \"queue\",
		\"disk_min_bytes\": 1000000000000000,"
	[ "$(id -u)" != 0 ] || chown www-data "$dir/stockroute.json"
	all_are 503 1 full || return 1
	scrape shed >/dev/null
	is shed 'requests_shed_total{reason="disk"}' 1 &&
		is shed 'webhook_requests_total{code="503"}' 1
}

# ---- All -----------------------------------------------------------------

check_all() {
	check each_kind_is_played
	check each_process_tells_the_sums_of_all
	check strangers_are_told_nothing
	check both_formats_have_their_type
	check promtool_finds_nothing_in_the_text
	check openmetrics_reference_parser_accepts_it
	check no_sample_names_an_event_or_a_product
	check the_rules_are_sound_and_each_alert_comes
	check the_dashboards_expressions_parse
	check they_name_only_what_a_scrape_has
	check prometheus_starts
	check a_real_prometheus_scrapes_it
	check examples_are_kept_with_their_traces
	check every_rule_is_evaluated
	prometheus_stop
	check a_process_that_ends_leaves_its_counts
	check a_restart_of_the_server_loses_nothing
	begin_anew lighttpd-spawn '"breaker_min_calls": 5,
		"breaker_open_ms": 60000, "inventory_timeout_ms": 200,'
	check an_inventory_that_is_slow_then_ill_opens_its_circuit
	check a_token_that_is_refused_is_counted
	check who_guesses_the_admins_token_is_counted
	begin_anew lighttpd-cgi '"routing_mode": "queue",'
	check each_cgi_process_leaves_its_counts
	check a_drain_leaves_its_counts
	check what_is_refused_at_the_door_is_counted
}

begin_anew() { # MODE MEMBERS
	server_stop "$dir" >/dev/null 2>&1
	sim_ask DELETE faults >/dev/null
	rm -rf "$dir/data"
	mode=$1
	write_config "$members $2"
	check starts
	endpoint=$(url)/webhook/routing-events
}

stage_open sim_start
trap 'prometheus_stop; server_stop "$dir" >/dev/null 2>&1; sim_stop
	rm -rf "$dir" "$results"' EXIT
mode='lighttpd-spawn'
members='"admin_token": "'$admin_token'", "cxone_backoff_ms": 10,
	"cxone_jitter_ms": 0, "webhook_secrets": [{"id": "spring",
	"secret": "'$old_secret'", "not_after": "2020-01-01T00:00:00Z"}],'
write_config "$members"
stage_play
