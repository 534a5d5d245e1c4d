-- events.lua: wrk -s events.lua URL -- SECRET RUN: posts events, each with an
-- interaction id of its own; prints a line for the shell to read.
local threads = 0
local body = '{"event_type":"routing.interaction.created",' ..
    '"timestamp":"2024-05-15T10:30:00Z","data":{"interactionId":' ..
    '"%s-%08x-%04x-abcd-%012x","mediaType":"voice","channel":"phone",' ..
    '"routing":{"skills":[],"queues":[]}}}'

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
	return wrk.format("POST", nil, nil,
	    body:format(run, count, thread, count))
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
