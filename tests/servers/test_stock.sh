#!/bin/bash
# test_stock.sh: one answer of the inventory for several events
#
# One process behind lighttpd, so that what it keeps in memory can be told.
# A product's SKU ends in the last six characters of an event's id.
here=$(cd "$(dirname "$0")" && pwd)
export STOCKROUTE_PROCS=1
# shellcheck source=tests/servers/stage.sh
. "$here/stage.sh"

mode='lighttpd-spawn'
many=50
cache_ms=500

# What the rows hold of the inventory, counted: N|outcome|attempts|result...
rows() { # LIKE
	"${server_user[@]}" sqlite3 -readonly "$dir/data/stockroute.db" \
		"SELECT count(*), outcome, inventory_attempts,
			inventory_result, inventory_word, inventory_http
		   FROM decision WHERE interaction_id LIKE '$1'
		  GROUP BY 2, 3, 4, 5, 6 ORDER BY 3"
}

written() { # LIKE LINES
	[ "$(rows "$1")" = "$2" ]
}

# The rows are written behind the answer.
same_rows() { # LIKE LINES
	server_wait 2 written "$1" "$2" || same rows "$(rows "$1")" "$2"
}

asked() { # SKU
	sim_ask GET journal | grep -o "/inventory/$1\"" | wc -l
}

# One curl for all: so many of their own would not start in time.
post_many() {
	local i

	for ((i = 1; i <= many; i++)); do
		[ $i = 1 ] || echo next
		echo "url = \"$endpoint\""
		echo "data-binary = \"@$dir/client/many$i.json\""
		echo "header = \"Authorization: Bearer $secret\""
		echo "output = \"$dir/client/many.$i\""
		event "many$i-567890" >"$dir/client/many$i.json"
	done >"$dir/client/many.conf"
	curl -s -Z --parallel-immediate --parallel-max $many --max-time 20 \
		-K "$dir/client/many.conf"
}

many_events_of_a_product_ask_once() {
	sim_ask PUT faults '{"inventory":[{"delay_ms":200}]}' >/dev/null
	post_many
	same "answers in stock" \
		"$(grep -l '"inventory_status":"in_stock"' \
			"$dir"/client/many.[0-9]* | wc -l)" $many &&
		same GETs "$(asked SKU-VOICE-567890)" 1 &&
		same "attempts recorded" \
			"$(rows 'many%' | cut -d'|' -f2-5 | sort -u)" \
			"$(printf '%s\n' 'routed|0|ok|in_stock' \
				'routed|1|ok|in_stock')" &&
		same "those that asked" \
			"$(rows 'many%' | grep -c '^1|routed|1|')" 1
}

a_young_answer_is_used_again() {
	same first "$(post first-111111)" 200 &&
		same second "$(post second-111111)" 200 &&
		said second-111111 skill-premium-support-id &&
		same GETs "$(asked SKU-VOICE-111111)" 1 &&
		same_rows first% '1|routed|1|ok|in_stock|200' &&
		same_rows second% '1|routed|0|ok|in_stock|'
}

an_old_answer_stands_in_while_the_inventory_fails() {
	sleep 0.$((cache_ms / 100 + 1))
	sim_ask PUT faults '{"inventory":[{"status":503,"times":2}]}' \
		>/dev/null
	same third "$(post third-111111)" 200 &&
		same fourth "$(post fourth-111111)" 200 &&
		said third-111111 skill-premium-support-id &&
		said third-111111 stale && said fourth-111111 stale &&
		same GETs "$(asked SKU-VOICE-111111)" 3 &&
		same_rows third% '1|routed|1|upstream_failed|in_stock|503'
}

that_is_logged_once_a_minute_for_a_product() {
	same lines "$(grep -c 'is used for SKU-VOICE-111111' \
		"$dir/log/stockroute.log")" 1
}

an_answer_that_there_is_no_such_product_is_believed() {
	sim_ask PUT faults '{"inventory":[{"status":404}]}' >/dev/null
	same fifth "$(post fifth-111111)" 200 && said fifth-111111 unknown &&
		! said fifth-111111 stale >/dev/null
}

check_all() {
	check many_events_of_a_product_ask_once
	check a_young_answer_is_used_again
	check an_old_answer_stands_in_while_the_inventory_fails
	check that_is_logged_once_a_minute_for_a_product
	check an_answer_that_there_is_no_such_product_is_believed
}

stage_open sim_start
write_config "\"inventory_cache_ms\": $cache_ms, \"inventory_stale_s\": 60,"
stage_play
