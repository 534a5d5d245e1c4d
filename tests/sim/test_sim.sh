#!/usr/bin/env bash
# Every line of this directory's README, asked of the binary given as $1.
set -euo pipefail

binary=${1:?usage: test_sim.sh BINARY}
work=$(mktemp -d)
pids=()
passed=0 failed=0

finish() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT

# is SENTENCE EXPECTED ACTUAL
is() {
	if [[ $2 == "$3" ]]; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		echo "#  expected: ${2:0:200}"
		echo "#       got: ${3:0:200}"
	fi
}

# holds SENTENCE CONDITION, an arithmetic one
holds() {
	is "$1" 1 "$(($2))"
}

# start OPTION...: a simulator of its own; sets pid, port and url
start() {
	rm -f "$work/port"
	"$binary" --port-file "$work/port" "$@" >"$work/out" 2>"$work/err" &
	pid=$!
	pids+=("$pid")
	for _ in {1..200}; do
		[[ -s $work/port ]] && break
		sleep 0.02
	done
	port=$(<"$work/port")
	url=http://127.0.0.1:$port
}

# ask METHOD PATH [BODY [curl options]]: sets body, status, head and code
ask() {
	local method=$1 path=$2 data=${3-}
	shift $(($# < 3 ? $# : 3))
	[[ -z $data ]] || set -- --data-binary "$data" "$@"
	code=0
	: >"$work/head"
	: >"$work/body"
	status=$(curl -s -m 5 -X "$method" -D "$work/head" -o "$work/body" \
		-w '%{http_code}' "$@" "$url$path") || code=$?
	head=$(tr -d '\r' <"$work/head")
	body=$(tr -d '\0' <"$work/body")
}

json() {
	jq -cr "$1" <<<"$body" 2>/dev/null || echo "not JSON"
}

stats() {
	curl -s "$url/control/stats" | jq -c "$1"
}

journal() {
	curl -s "$url/control/journal" | jq -c "$1"
}

faults() {
	ask PUT /control/faults "$1"
	[[ $status == 200 ]] || is "faults are accepted: $1" 200 "$status $body"
}

reset() {
	ask POST /control/reset
}

form='grant_type=client_credentials&client_id=me&client_secret=s%26+t'
update='{"routing":{"skills":[{"id":"a"}],"queues":[{"id":"b"}]}}'
interaction=/api/v2/routing/interactions

# token: asks for one and keeps it in token
token() {
	ask POST /oauth/token "$form"
	token=$(json .access_token)
}

# patch ID [BODY [TYPE]]
patch() {
	ask PATCH "$interaction/$1" "${2-$update}" \
		-H "Authorization: Bearer $token" \
		-H "Content-Type: ${3-application/json}"
}

test_start() {
	start
	is "it says where it listens" "listening on $url" "$(<"$work/out")"
	is "nothing is left beside the port file" port \
		"$(cd "$work" && ls -d port*)"
	local code=0
	"$binary" --port x 2>/dev/null || code=$?
	is "a bad option ends it with 2" 2 "$code"
	code=0
	"$binary" --stock /nowhere 2>/dev/null || code=$?
	is "a missing file ends it with 1" 1 "$code"
	code=0
	"$binary" --port "$port" 2>/dev/null || code=$?
	is "a taken port ends it with 1" 1 "$code"
}

test_token() {
	token
	is "a token is given for client credentials" \
		'200 Bearer 3600 true' \
		"$status $(json '"\(.token_type) \(.expires_in) \(.scope |
			split(" ") | any(. == "routing:interaction:write"))"')"
	local first=$token
	token
	is "each token is new" different \
		"$([[ $first == "$token" ]] || echo different)"
	ask POST /oauth/token "grant_type=password&client_id=a&client_secret=b"
	is "another grant type is refused" "400 unsupported_grant_type" \
		"$status $(json .error)"
	ask POST /oauth/token "grant_type=client_credentials&client_id=a"
	is "a missing secret is refused" "401 invalid_client" \
		"$status $(json .error)"
	ask POST /oauth/token
	is "an empty form is refused" "400 unsupported_grant_type" \
		"$status $(json .error)"
	ask GET /oauth/token
	is "a token is not to be had with GET" "405 Allow: POST" \
		"$status $(grep ^Allow <<<"$head")"
}

test_interaction() {
	token
	patch a1b2
	is "an interaction is updated" '200 {"id":"a1b2","status":"updated"}' \
		"$status $body"
	patch 'a%20%22b%C3%A9'
	is "an id is decoded" '200 a "bé' "$status $(json .id)"
	patch x "$update" 'Application/JSON; charset=utf-8'
	is "a charset after the media type is allowed" 200 "$status"
	patch x '{"routing":{"queues":[],"skills":[]}}'
	is "empty lists are allowed" 200 "$status"
	ask PATCH "$interaction/x" "$update" -H 'Content-Type: application/json'
	is "no token is 401" \
		'401 WWW-Authenticate: Bearer error="invalid_token"' \
		"$status $(grep ^WWW <<<"$head")"
	token=sim-1-0000000000000000 patch x
	is "a token it did not issue is 401" 401 "$status"
	patch x "$update" text/plain
	is "another media type is 415" 415 "$status"
	local bad
	for bad in '{"routing":{"skills":[]}}' '[]' '{' \
		'{"routing":{"skills":[],"queues":[],"more":[]}}' \
		'{"routing":{"skills":[{"id":1}],"queues":[]}}' \
		'{"routing":{"skills":[{"id":"a","n":1}],"queues":[]}}' \
		'{"routing":{"skills":{},"queues":[]}}' \
		'{"routing":{"skills":[],"queues":[]},"x":1}'; do
		patch x "$bad"
		is "a body of another shape is 400: $bad" 400 "$status"
	done
	patch gone-1
	is "an id that begins with gone- is 404" 404 "$status"
	ask PUT /control/interactions '{"unknown":["lost","away"]}'
	is "further ids are made unknown" 200 "$status"
	patch lost
	is "such an id is 404" 404 "$status"
	reset
	token
	patch lost
	is "after a reset it is known again" 200 "$status"
	patch a/b
	is "an id is one segment" 404 "$status"
	ask PUT "$interaction/x" "$update"
	is "an interaction is not to be PUT" "405 Allow: PATCH" \
		"$status $(grep ^Allow <<<"$head")"
	faults '{"token":[{"scope":"routing:interaction:read"}]}'
	token
	patch x
	is "a token without the scope is 403" 403 "$status"
}

test_inventory() {
	ask GET /inventory/SKU-X
	is "without a file all is in stock" \
		'200 {"sku":"SKU-X","status":"in_stock"}' "$status $body"
	is "answers are JSON" "Content-Type: application/json" \
		"$(grep Content-Type <<<"$head")"
	ask GET '/inventory/a%2Fb%22'
	is "a SKU is decoded" 'a/b"' "$(json .sku)"
	ask PUT /control/stock '{"SKU-A":"low_stock","SKU-B":"a \"word\""}'
	ask GET /inventory/SKU-A
	is "the stock says the word" low_stock "$(json .status)"
	ask GET /inventory/SKU-B
	is "any word can be said" 'a "word"' "$(json .status)"
	ask GET /inventory/SKU-C
	is "an unknown SKU is 404" 404 "$status"
	ask PUT /control/stock '{"SKU-A":"low_stock","*":"out_of_stock"}'
	ask GET /inventory/SKU-C
	is "a star is the word for all others" out_of_stock "$(json .status)"
	ask PUT /control/stock '{"SKU-A":1}'
	is "a stock of another shape is 400" 400 "$status"
	ask POST /inventory/SKU-A
	is "inventory is not to be POSTed" "405 Allow: GET" \
		"$status $(grep ^Allow <<<"$head")"
	ask GET /elsewhere
	is "another path is 404" 404 "$status"
	ask PUT /control/stock '{"*":"in_stock"}'
}

test_fault_lists() {
	local bad got
	for bad in '{"nowhere":[]}' '{"token":{}}' '{"token":[{"tims":1}]}' \
		'{"token":[{"fault":"bang"}]}' '{"inventory":[{"set":{}}]}' \
		'{"token":[{"status":99}]}' '{"token":[{"times":-1}]}' \
		'{"token":[{"headers":{"Content-Length":"1"}}]}' '[]' '{'; do
		ask PUT /control/faults "$bad"
		is "a fault that cannot be is 400: $bad" 400 "$status"
	done
	faults '{"inventory":[{"status":500},{"status":503,"times":2}]}'
	got=
	for _ in 1 2 3 4; do
		ask GET /inventory/x
		got+=" $status"
	done
	is "entries are used up in order, times each" " 500 503 503 200" "$got"
	faults '{"inventory":[{"status":503,"times":0}]}'
	got=
	for _ in 1 2 3 4; do
		ask GET /inventory/x
		got+=" $status"
	done
	is "times 0 is for ever" " 503 503 503 503" "$got"
	faults '{"inventory":[{"match":"KU-1","status":500},{"status":501}]}'
	got=
	for sku in SKU-2 SKU-1 SKU-1; do
		ask GET "/inventory/$sku"
		got+=" $status"
	done
	is "match leaves an entry to its paths" " 501 500 200" "$got"
	faults '{"inventory":[{"status":500}]}'
	ask DELETE /control/faults
	ask GET /inventory/x
	is "faults are cleared" 200 "$status"
	faults '{"inventory":[{"status":500}]}'
	faults '{"token":[{"status":500}]}'
	ask GET /inventory/x
	is "a route not named has no faults left" 200 "$status"
}

# took MILLISECONDS-MIN MAX COMMAND...: sets in_time
took() {
	local from=$1 to=$2 begun ms
	shift 2
	begun=$(date +%s%3N)
	"$@"
	ms=$(($(date +%s%3N) - begun))
	in_time="$((ms >= from && ms < to ? 1 : ms))"
}

test_fault_answers() {
	faults '{"inventory":[{"delay_ms":200},{"delay_ms":200,"status":500}]}'
	took 200 400 ask GET /inventory/x
	is "delay_ms alone is the normal answer, late" "1 200 in_stock" \
		"$in_time $status $(json .status)"
	took 200 400 ask GET /inventory/x
	is "delay_ms goes on with its entry" "1 500" "$in_time $status"
	faults '{"inventory":[{"status":429,"headers":{"Retry-After":"1",
		"Content-Type":"text/plain"},"body":"slow down"},
		{"status":503,"body":{"error":"down"}},
		{"body":[1]},{"headers":{"X-A":"b"}},{"status":204}]}'
	ask GET /inventory/x
	is "status, headers and a text body are sent" \
		"429 slow down Content-Type: text/plain Retry-After: 1" \
		"$status $body $(grep -E '^(Ret|Content-T)' <<<"$head" | sort |
			paste -sd ' ')"
	ask GET /inventory/x
	is "a body that is no text is sent as JSON" '503 {"error":"down"}' \
		"$status $body"
	ask GET /inventory/x
	is "a body alone comes with 200" '200 [1]' "$status $body"
	ask GET /inventory/x
	is "headers alone go with the normal answer" "in_stock X-A: b" \
		"$(json .status) $(grep X-A <<<"$head")"
	ask GET /inventory/x
	is "204 has no body" "0 204 " "$code $status $body"
	faults '{"inventory":[{"status":429,"retry_after_date_s":90}]}'
	ask GET /inventory/x
	local ahead
	ahead=$(sed -n 's/^Retry-After: //p' <<<"$head")
	ahead=$(($(date -d "$ahead" +%s) - $(date +%s)))
	holds "Retry-After is a date so many seconds ahead" \
		"$ahead >= 88 && $ahead <= 91"
}

test_fault_tokens() {
	reset
	faults '{"token":[{"set":{"expires_in":"3600","scope":null}},
		{"set":{"access_token":"@same"}}]}'
	token
	is "set lays members over, null removes" '"3600" false' \
		"$(json '"\(.expires_in | tojson) \(has("scope"))"')"
	local first=$token
	token
	is "@same repeats the last token" "$first" "$token"
	patch x
	is "that token is good" 200 "$status"
	ask PUT /control/tokens '{"revoke":true}'
	patch x
	is "a revoked token is 401" "401" "$status"
	faults '{"token":[{"set":{"access_token":"@same"}}]}'
	token
	patch x
	is "repeated, it remains revoked" "$first 401" "$token $status"
	token
	patch x
	is "the next one is good" 200 "$status"
}

test_fault_wire() {
	faults '{"inventory":[{"fault":"reset"},{"fault":"close"},
		{"fault":"truncate"},{"fault":"garbage"},{"fault":"huge"}]}'
	ask GET /inventory/x
	is "reset closes with RST" "56 000" "$code $status"
	ask GET /inventory/x
	is "close closes in order, without a byte" "52 000" "$code $status"
	ask GET /inventory/x
	is "truncate promises more than it sends" \
		'18 200 {"sku":"x","status":"in_stock"}' "$code $status $body"
	ask GET /inventory/x
	is "garbage is 200 and not JSON" "200 not JSON" "$status $(json .)"
	ask GET /inventory/x
	is "huge is 1 MiB of JSON" "200 1048576 string" \
		"$status ${#body} $(json '.filler | type')"
	faults '{"inventory":[{"fault":"drip","body":"123456"},
		{"fault":"drip"}]}'
	took 400 900 ask GET /inventory/x
	is "drip sends a byte every 100 ms" "1 0 123456" "$in_time $code $body"
	ask GET /inventory/x '' -m 0.35
	is "drip sends the start at once" "28 200 1" \
		"$code $status $((${#body} >= 3 && ${#body} <= 5))"
}

test_fault_hang() {
	reset
	faults '{"inventory":[{"fault":"hang"}]}'
	ask GET /inventory/hung '' -m 0.3 &
	local asker=$!
	sleep 0.15
	is "a hung request is in flight" '{"token":0,"interaction":0,
"inventory":1,"inflight":1,"inflight_max":1,"connections":1}' \
		"$(stats . | sed 's/"inventory/\n&/')"
	is "its status is 0" '["/inventory/hung",0]' \
		"$(journal '.[0] | [.path, .status]')"
	took 0 100 ask GET /inventory/other
	is "others are not held up" "1 200" "$in_time $status"
	wait "$asker" || true
	sleep 0.1
	is "it ends when the client leaves" 0 "$(stats .inflight)"
}

test_close_after() {
	faults '{"inventory":[{"fault":"close_after"}]}'
	local got
	got=$(curl -s -o /dev/null -o /dev/null -D "$work/head" \
		-w '%{http_code} %{num_connects},' \
		"$url/inventory/a" "$url/inventory/b")
	is "close_after answers, then closes" "200 1,200 1," "$got"
	is "and does not say so" 0 \
		"$(grep -ic '^connection' "$work/head" || true)"
	faults '{"inventory":[{"fault":"close_after"}]}'
	exec {raw}<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /inventory/raw HTTP/1.1\r\nHost: x\r\n\r\n' >&"$raw"
	got=$(timeout 2 cat <&"$raw" | tail -n 1; echo "${PIPESTATUS[0]}")
	exec {raw}>&-
	is "the client sees the end of the stream" \
		'{"sku":"raw","status":"in_stock"}0' "${got//$'\n'/}"
}

test_keep_alive() {
	reset
	local i args=()
	for i in {1..50}; do
		args+=(-o /dev/null "$url/inventory/$i")
	done
	took 0 1000 curl -s -w '%{num_connects}\n' "${args[@]}" >"$work/n"
	is "50 requests on one connection wait for nothing" "1 1" \
		"$in_time $(awk "{ n += \$1 } END { print n }" "$work/n")"
	is "stats count requests and connections" "[50,1,0]" \
		"$(stats '[.inventory, .connections, .inflight]')"
	is "the journal numbers the connection" '[50,[1]]' \
		"$(journal '[length, (map(.connection) | unique)]')"
	curl -s "$url/inventory/x" >/dev/null
	is "the next connection is the next number" 2 \
		"$(journal '.[-1].connection')"
}

test_inflight() {
	reset
	faults '{"inventory":[{"delay_ms":200,"times":0}]}'
	local askers=()
	for _ in 1 2 3 4 5; do
		curl -s "$url/inventory/x" >/dev/null &
		askers+=($!)
	done
	took 0 1000 wait "${askers[@]}"
	is "delays pass side by side" "1 [0,5,5]" \
		"$in_time $(stats '[.inflight, .inflight_max, .connections]')"
	reset
}

test_journal() {
	reset
	ask GET '/inventory/a%2fb?q=1' '' -H 'X-Two: 1' -H 'x-two: 2'
	ask POST /oauth/token 'grant_type=nothing'
	ask PUT /elsewhere $'\xff'
	is "paths are kept as they were sent" \
		'["/inventory/a%2fb?q=1","/oauth/token","/elsewhere"]' \
		"$(journal 'map(.path)')"
	is "entries are numbered, with route, method and status" \
		'1 inventory GET 200,2 token POST 400,3 other PUT 404' \
		"$(journal 'map("\(.n) \(.route) \(.method) \(.status)") |
			join(",")' | tr -d '"')"
	is "header names are in lower case, repeated ones joined" '"1, 2"' \
		"$(journal '.[0].headers["x-two"]')"
	is "bodies are kept" '["","grant_type=nothing","�"]' \
		"$(journal 'map(.body)')"
	local at
	at=$(journal '.[0].at_us')
	holds "times are wall clock microseconds" \
		"$(date +%s%6N) - $at < 5000000 && $at < $(date +%s%6N)"
	ask DELETE /control/journal
	is "the journal is emptied" '[]' "$(journal .)"
	is "the counts remain" 1 "$(stats .token)"
	reset
	is "a reset empties the counts" '[0,0,0,0]' \
		"$(stats '[.token, .inventory, .inflight_max, .connections]')"
	ask POST /oauth/token "$(head -c 70000 /dev/zero | tr '\0' x)"
	is "a body over 64 KiB is 413" 413 "$status"
	ask PATCH /control/journal
	is "another control method is 405" 405 "$status"
	ask GET /control/nothing
	is "another control path is 404" 404 "$status"
}

test_end() {
	faults '{"inventory":[{"fault":"hang"},{"delay_ms":60000},
		{"fault":"drip"}]}'
	local code=0
	for _ in 1 2 3; do
		curl -s "$url/inventory/x" >/dev/null &
	done
	sleep 0.2
	kill -TERM "$pid"
	wait "$pid" || code=$?
	is "SIGTERM ends it with 0, whoever waits" 0 "$code"
	is "it has said nothing on the way" "" "$(<"$work/err")"
}

test_options() {
	echo '{"SKU-1":"low_stock"}' >"$work/stock"
	echo '{"inventory":[{"status":503}]}' >"$work/faults"
	start --stock "$work/stock" --faults "$work/faults" --client-id me \
		--client-secret 's& t' --token-lifetime 2 --threads 2
	ask GET /inventory/SKU-1
	is "--faults are played" 503 "$status"
	ask GET /inventory/SKU-1
	is "--stock is said" low_stock "$(json .status)"
	reset
	ask GET /inventory/SKU-1
	is "a reset brings the faults of --faults back" 503 "$status"
	ask GET /inventory/SKU-1
	is "a reset leaves the stock" low_stock "$(json .status)"
	token
	is "the right client gets a token" "200 2" "$status $(json .expires_in)"
	# Its end is a whole second, so that it lasts one at least.
	patch x
	is "which is good" 200 "$status"
	ask POST /oauth/token "${form/me/you}"
	is "another client does not" "401 invalid_client" \
		"$status $(json .error)"
	ask POST /oauth/token "${form/s%26/s}"
	is "nor another secret" "401 invalid_client" "$status $(json .error)"
	sleep 2.1
	patch x
	is "a token expires after --token-lifetime" 401 "$status"
	local code=0
	kill -INT "$pid"
	wait "$pid" || code=$?
	is "SIGINT ends it with 0" 0 "$code"
	start --no-journal
	ask GET /inventory/SKU-1
	is "--no-journal keeps none, and counts" '[] 1' \
		"$(journal .) $(stats .inventory)"
	kill -TERM "$pid"
	wait "$pid" || true
}

test_start
test_token
test_interaction
test_inventory
test_fault_lists
test_fault_answers
test_fault_tokens
test_fault_wire
test_fault_hang
test_close_after
test_keep_alive
test_inflight
test_journal
test_end
test_options
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
