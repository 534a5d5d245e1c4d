-- soak.lua: wrk -s soak.lua URL -- SECRET RUN: posts events steadily and looks
-- whether each answer is one of the contract's.
dofile("tests/bench/events.lua")

local pause_ms = 20
local start = init
local threads_seen = {}

-- What an answer may say, by status: a name to count it by, and texts that
-- are all in its body.
local contract = {
	[200] = {
		processed = {'"status":"processed"', '"latency_ms":"',
		    '"decision":{', '"timing_ms":{'},
		skipped = {'"status":"skipped"',
		    '"reason":"interaction_not_found"'},
	},
	[202] = {queued = {'"status":"queued"'}},
	[500] = {failed = {'"error":"Routing decision failed"', '"code":"',
	    '"latency_ms":"'}},
	[503] = {refused = {'"error":"', '"code":"'}},
}

function setup(thread)
	thread:set("thread", 1)
	table.insert(threads_seen, thread)
end

function init(args)
	start(args)
	processed, skipped, queued, failed, refused, strange = 0, 0, 0, 0, 0, 0
	first_strange = ""
end

function delay()
	return pause_ms
end

local function holds(body, texts)
	for _, text in ipairs(texts) do
		if not body:find(text, 1, true) then
			return false
		end
	end
	return true
end

function response(status, headers, body)
	for name, texts in pairs(contract[status] or {}) do
		if holds(body, texts) and
		    (status ~= 503 or headers["Retry-After"]) then
			_G[name] = _G[name] + 1
			return
		end
	end
	strange = strange + 1
	if first_strange == "" then
		first_strange = status .. " " .. body
	end
end

function done(summary, latency)
	local errors = summary.errors
	local thread = threads_seen[1]
	local line = "answers " .. summary.requests

	for _, name in ipairs({"processed", "skipped", "queued", "failed",
	    "refused", "strange"}) do
		line = line .. " " .. name .. " " .. thread:get(name)
	end
	print(line .. " broken " .. errors.connect + errors.read +
	    errors.write + errors.timeout)
	if thread:get("strange") > 0 then
		print("strange answer: " .. thread:get("first_strange"))
	end
end
