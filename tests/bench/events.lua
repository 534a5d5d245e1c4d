-- events.lua: wrk -s events.lua URL -- SECRET RUN: posts events, each with an
-- interaction id of its own and the time it is made at; prints a line for the
-- shell to read.
local ffi = require("ffi")
local threads = 0
local body = '{"event_type":"routing.interaction.created",' ..
    '"timestamp":"%s.%03dZ","data":{"interactionId":' ..
    '"%s-%08x-%04x-abcd-%012x","mediaType":"voice","channel":"phone",' ..
    '"routing":{"skills":[],"queues":[]}}}'

ffi.cdef("struct timeval { long s; long us; };" ..
    "int gettimeofday(struct timeval *now, void *);")
local now = ffi.new("struct timeval")

function setup(thread)
	threads = threads + 1
	thread:set("thread", threads)
end

function init(args)
	wrk.headers["Authorization"] = "Bearer " .. args[1]
	wrk.headers["Content-Type"] = "application/json"
	run = args[2]
	count = 0
end

function request()
	count = count + 1
	ffi.C.gettimeofday(now, nil)
	return wrk.format("POST", nil, nil, body:format(
	    os.date("!%Y-%m-%dT%H:%M:%S", tonumber(now.s)),
	    tonumber(now.us) / 1000, run, count, thread, count))
end

-- errors.status counts what is 400 or more. errors.read: connections that
-- the server closed between two requests, as a busy Apache does.
function done(summary, latency)
	local errors = summary.errors

	io.write(string.format(
	    "answers %d errors %d closed %d us %d p50 %d p99 %d\n",
	    summary.requests, errors.connect + errors.write +
	    errors.status + errors.timeout, errors.read, summary.duration,
	    latency:percentile(50), latency:percentile(99)))
end
