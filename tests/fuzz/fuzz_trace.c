/* fuzz_trace.c: traceparent, tracestate, X-Request-Id -> a valid trace */
#include "fuzz.h"

#include <string.h>

#include "trace.h"

static void is_line(const char *line, const char *begin, size_t most)
{
	must(strncmp(line, begin, strlen(begin)) == 0);
	must(strlen(line) <= strlen(begin) + most);
	for (; *line != '\0'; line++)
		must(*line >= ' ' && *line <= '~');
}

static void is_hex(const char *digits, size_t count)
{
	must(strspn(digits, "0123456789abcdef") == count);
	must(strspn(digits, "0") < count);
}

static void is_kept(const struct trace *trace)
{
	char parent[TRACE_PARENT_BYTES];
	const struct trace_headers kept = {.parent = parent,
	    .state = trace_state(trace),
	    .request_id = trace_request_id(trace)};
	struct trace again;

	trace_write_parent(trace, parent);
	trace_restore(&again, &kept);
	must(strcmp(again.id, trace->id) == 0);
	must(strcmp(again.parent, trace->parent) == 0);
	must(again.flags == trace->flags);
	must(strcmp(again.state_line, trace->state_line) == 0);
	must(strcmp(again.request_line, trace->request_line) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all = fuzz_string(data, size);
	char *rest = all;
	struct trace_headers headers;
	struct trace trace;
	struct trace_lines lines;

	headers.parent = fuzz_line(&rest);
	headers.state = fuzz_line(&rest);
	headers.request_id = fuzz_line(&rest);
	trace_read(&trace, &headers);
	is_hex(trace.id, TRACE_ID_BYTES - 1);
	if (trace.parent[0] != '\0')
		is_hex(trace.parent, TRACE_SPAN_BYTES - 1);
	must(trace.flags <= 3);
	is_line(trace.request_line, TRACE_REQUEST_NAME, TRACE_REQUEST_MAX);
	if (trace.state_line[0] != '\0')
		is_line(trace.state_line, TRACE_STATE_NAME, TRACE_STATE_MAX);
	trace_write(&trace, &lines);
	is_line(lines.lines[0], TRACE_PARENT_NAME, TRACE_PARENT_BYTES - 1);
	must(strlen(lines.lines[0]) == sizeof TRACE_PARENT_NAME + 54);
	is_kept(&trace);
	free(all);
	return 0;
}
