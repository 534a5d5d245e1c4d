#!/bin/bash
# make demo: a web server, the program and the simulator of both upstreams on
# this machine; fourteen events through them; what was decided, and how fast.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d /tmp/stockroute-demo-XXXXXX)
chmod 755 "$dir"
sim_pid=

stop() {
	tests/servers/server.sh stop "$dir" > /dev/null 2>&1 || true
	if [ -n "$sim_pid" ]; then
		kill "$sim_pid" 2> /dev/null || true
		wait "$sim_pid" 2> /dev/null || true
	fi
	rm -rf "$dir"
}
trap stop EXIT

cat > "$dir/stock.json" << 'END'
{"SKU-VOICE-000001": "in_stock", "SKU-CHAT-000002": "low_stock",
 "SKU-EMAIL-000003": "out_of_stock", "SKU-VOICE-000004": "in_stock",
 "SKU-CHAT-000005": "in_stock", "SKU-VOICE-000007": "recalled",
 "SKU-VOICE-000008": "in_stock", "SKU-CHAT-000009": "low_stock",
 "SKU-EMAIL-000010": "in_stock", "SKU-VOICE-000011": "in_stock"}
END
build/stockroute-sim --port-file "$dir/sim.port" --stock "$dir/stock.json" \
    --client-id demo-client --client-secret demo-secret \
    > "$dir/sim.log" 2>&1 &
sim_pid=$!
for _ in $(seq 100); do
	[ -s "$dir/sim.port" ] && break
	sleep 0.05
done
sim=http://127.0.0.1:$(cat "$dir/sim.port")

cat > "$dir/stockroute.json" << END
{"stockroute_db": "$dir/stockroute.db",
 "cxone_base_url": "$sim", "cxone_client_id": "demo-client",
 "cxone_client_secret": "demo-secret",
 "inventory_api_url": "$sim/inventory", "inventory_timeout_ms": 500,
 "webhook_auth": "bearer", "webhook_secret": "the-secret-of-the-demo",
 "admin_token": "the-token-of-the-demo"}
END
chmod 600 "$dir/stockroute.json"
url=$(tests/servers/server.sh start lighttpd-spawn "$dir")
export STOCKROUTE_CONFIG=$dir/stockroute.json
echo "lighttpd runs stockroute at $url, the upstreams are played at $sim"
echo

faults() {
	curl -sS -o /dev/null -X PUT --data "$1" "$sim/control/faults"
}

day=$(date -u +%FT%TZ)

# post ID MEDIA SENTENCE: sends one event and prints what became of it.
post() {
	local body answer http line
	body=$(printf '{"event_type":"routing.interaction.created",
"timestamp":"%s","data":{"interactionId":"%s","mediaType":"%s"}}' \
	    "$day" "$1" "$2")
	answer=$(curl -sS -w '\n%{http_code}' --max-time 30 --data "$body" \
	    -H 'Authorization: Bearer the-secret-of-the-demo' \
	    "$url/webhook/routing-events")
	http=${answer##*$'\n'}
	line=$(jq -r 'if .status == "processed" then
	    [.decision.inventory_status,
	     (.decision.skills + .decision.queues | join(" ")),
	     .latency_ms + " ms" +
	         (if .decision.fallback then "  fallback" else "" end) +
	         (if .duplicate then "  duplicate" else "" end)]
	  else [.status // .code, .reason // .field // "", ""] end |
	  map(if . == "" then " " else . end) | @tsv' \
	    <<< "${answer%$'\n'*}")
	IFS=$'\t' read -r what where latency <<< "$line"
	printf '%-42s %s  %-12s %-29s %s\n' "$3" "$http" "$what" "$where" \
	    "$latency"
}

printf '%-42s %s %-12s %-29s %s\n' 'event' HTTP 'inventory' \
    'sent to skill or queue' 'latency'
post call-000001 voice "a call, the product is in stock"
post chat-000002 chat "a chat, few are left"
post mail-000003 email "an e-mail, sold out"
faults '{"inventory":[{"fault":"hang"}]}'
post call-000004 voice "a call, the inventory hangs"
faults '{"inventory":[{"status":503}]}'
post chat-000005 chat "a chat, the inventory is down"
faults '{}'
post mail-000006 email "an e-mail, an unknown product"
post call-000007 voice "a call, a status nobody mapped"
faults '{"interaction":[{"status":429,"headers":{"Retry-After":"1"}}]}'
post call-000008 voice "a call, CXone says 429 once"
curl -sS -o /dev/null -X PUT --data '{"revoke":true}' "$sim/control/tokens"
post chat-000009 chat "a chat, CXone revoked our token"
faults '{"inventory":[{"delay_ms":120}]}'
post mail-000010 email "an e-mail, a slow inventory"
faults '{}'
post gone-000011 voice "a call, the caller has hung up"
post "" voice "an event without an interaction id"
faults '{"interaction":[{"status":503}]}'
post call-000013 voice "a call, CXone is down for a moment"
faults '{}'
post call-000001 voice "the first call, sent again"
sleep 2

echo
echo '$ stockroute report'
build/stockroute report --since 1h
echo
echo '$ stockroute events --limit 5'
build/stockroute events --since 1h --limit 5

# What the page says at its top, as a program reads it.
echo
echo "\$ curl -u me:the-token-of-the-demo $url/report.json | jq .health"
curl -sS -u me:the-token-of-the-demo "$url/report.json" | jq -c .health
echo
echo "The page: $url/report, any user, password the-token-of-the-demo"
if [ -t 0 ]; then
	read -r -p "It is there until you press Enter. " || true
fi
