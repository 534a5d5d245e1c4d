#!/bin/bash
# test_browser.sh [BUILD]: the operator's pages in a real Chromium
#
# A server with decisions of an hour and of ninety days, some of them hostile,
# and check_pages.js to look at its pages. axe-core judges contrast and names
# when npm can fetch it (it is pinned by package-lock.json); without it those
# checks are left out, which is told. Pictures are left in BUILD/browser.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/stage.sh
. "$here/../servers/stage.sh"

mode="lighttpd-spawn"
token=the-token-of-the-operator
out=$(realpath "${1:-$server_root/build}")/browser

# Kept from run to run.
fetch_axe() {
	mkdir -p "$out"
	cp "$here"/package*.json "$out"
	[ -e "$out/node_modules/axe-core/axe.min.js" ] ||
		(cd "$out" && timeout 60 npm ci --ignore-scripts --no-audit \
			--no-fund >"$out/npm.log" 2>&1)
}

# Decisions through ninety days, most of them in the last hour, of which one
# in five fell back; one of them and its product are hostile.
fill() {
	"${server_user[@]}" sqlite3 -cmd '.timeout 5000' \
		"$dir/data/stockroute.db" "
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
			WHERE i < 3000)
		INSERT INTO decision (received_us, interaction_id, media_type,
			sku, inventory_status, inventory_result, skills, queues,
			outcome, status, http, inventory_attempts,
			cxone_attempts, token_refreshes, gateway_us, event_us,
			inventory_us, routing_us, cxone_us, total_us)
		SELECT unixepoch() * 1000000 - iif(i % 4 = 0, i * 2592000000,
				i % 3600 * 1000000),
			iif(i % 1000 = 1, '\"><script>alert(1)</script>' ||
				char(8238), 'filler-' || i), 'voice',
			iif(i % 1000 = 1, '<img src=x onerror=alert(2)>',
				'SKU-' || i),
			iif(i % 5 = 0, 'timeout', 'in_stock'),
			iif(i % 5 = 0, 'timeout', 'ok'),
			'[\"skill-premium-support-id\"]', '[]',
			iif(i % 5 = 0, 'fallback', 'routed'), 'ok', 200,
			1, 1, 0,
			100 + i % 50, 40, iif(i % 5 = 0, 2000000,
				8000 + i % 997 * 20), 5, 30000 + i % 991 * 40,
			iif(i % 5 = 0, 2000000, 8000) + 32000 + i % 991 * 40
		FROM n"
}

play() {
	local url axe=

	url=$(server_start "$mode" "$dir") || return 1
	endpoint=$url/webhook/routing-events
	[ "$(post call-1)" = 200 ] && fill || return 1
	fetch_axe && axe=$out/node_modules/axe-core/axe.min.js
	[ -n "$axe" ] || echo "# no axe-core: contrast and names not judged"
	node "$here/check_pages.js" "$url" "$token" "$out" ${axe:+"$axe"}
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/stockroute-browser.XXXXXX")
trap 'exit 1' INT TERM
trap 'server_stop "$dir" >/dev/null 2>&1; sim_stop
	rm -rf "$dir" "$out/profile"' EXIT
mkdir -p "$dir"/{client,data} "$out"
sim_start || { echo "not ok - the simulator starts"; exit 1; }
write_config "\"admin_token\": \"$token\","
play
