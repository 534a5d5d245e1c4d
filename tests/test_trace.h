#ifndef TEST_TRACE_H
#define TEST_TRACE_H

/* What the tests of trace.h share. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

#define ID     "12345678901234567890123456789012"
#define SPAN   "1234567890123456"
#define PARENT "00-" ID "-" SPAN "-00"
#define LONG   2048

static inline void read_both(
    struct trace *trace, const char *parent, const char *state)
{
	const struct trace_headers headers = {.parent = parent, .state = state};

	memset(trace, 'x', sizeof *trace);
	trace_read(trace, &headers);
}

/* Whatever came, what goes out is a valid traceparent of version 00. */
static inline void is_written_well(struct trace *trace)
{
	struct trace_lines lines;
	regex_t regex;

	trace_write(trace, &lines);
	assert_int_equal(regcomp(&regex,
			     "^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}"
			     "-0[0-3]$",
			     REG_EXTENDED | REG_NOSUB),
	    0);
	assert_int_equal(regexec(&regex, lines.lines[0], 0, NULL, 0), 0);
	regfree(&regex);
	assert_null(strstr(lines.lines[0], "0000000000000000"));
	assert_memory_equal(lines.lines[0] + 13 + 3, trace->id, 32);
	/* A span of its own, never the caller's. */
	if (trace->parent[0] != '\0')
		assert_memory_not_equal(
		    lines.lines[0] + 13 + 36, trace->parent, 16);
}

#endif
