#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * By what an event is found again in the traces and logs of other systems:
 * the W3C Trace Context it came with, or a new one, and its X-Request-Id.
 * Each request to an upstream takes the same trace along with a span of its
 * own, so that it shows as one step below the caller's.
 */
#define TRACE_ID_BYTES     33 /* 32 hexadecimal digits and the NUL */
#define TRACE_SPAN_BYTES   17
#define TRACE_STATE_MAX    512 /* bytes; a longer one loses whole members */
#define TRACE_MEMBERS_MAX  32
#define TRACE_REQUEST_MAX  128 /* bytes of an X-Request-Id */
#define TRACE_PARENT_BYTES 56  /* a whole traceparent and the NUL */
#define TRACE_PARENT_NAME  "traceparent: "
#define TRACE_STATE_NAME   "tracestate: "
#define TRACE_REQUEST_NAME "X-Request-Id: "

/*
 * Always valid once it was read. The lines are whole header lines, as they
 * are only ever sent: tracestate on to the upstreams, X-Request-Id back to
 * the caller, whose name for the event it is. trace_state and
 * trace_request_id give their values. state_line is "" when there is nothing
 * to pass on.
 */
struct trace {
	char id[TRACE_ID_BYTES];
	char parent[TRACE_SPAN_BYTES]; /* of the caller; "": it begins here */
	unsigned char flags;
	uint64_t next_span; /* of the next request */
	char state_line[sizeof TRACE_STATE_NAME + TRACE_STATE_MAX];
	char request_line[sizeof TRACE_REQUEST_NAME + TRACE_REQUEST_MAX];
};

/* The values of the three headers; each may be NULL: it did not come. */
struct trace_headers {
	const char *parent;
	const char *state;
	const char *request_id;
};

/*
 * Reads the headers as W3C Trace Context (Recommendation and Level 2) has
 * them. Lines of one name that the web server joined by commas are one value.
 * parent: version 00 to the letter, later versions by its positions; none or
 *   an invalid one begins a new trace, and state is ignored. Of the flags,
 *   sampled and random are kept, of later versions only sampled.
 * state: at most 32 members, each key once, empty members are left out; an
 *   invalid one is dropped, the trace stays. Keys with an @ have the
 *   Recommendation's form, tenant@system. What is longer than
 *   TRACE_STATE_MAX loses members of more than 128 bytes first, then others,
 *   from the end.
 * request_id: kept when it is 1 to 128 visible ASCII characters, else made.
 */
void trace_read(struct trace *trace, const struct trace_headers *headers);

/*
 * The same for what was kept of a trace by trace_write_parent, trace_state
 * and trace_request_id: one that began here begins here again.
 */
void trace_restore(struct trace *trace, const struct trace_headers *kept);

/* The trace as a traceparent to be kept, with 16 zeros for no parent. */
void trace_write_parent(
    const struct trace *trace, char parent[TRACE_PARENT_BYTES]);

/*
 * The values alone, borrowed. The state is "" when there is none; without a
 * trace the id is NULL.
 */
const char *trace_state(const struct trace *trace);
const char *trace_request_id(const struct trace *trace);

/*
 * The header lines of one request to an upstream. lines ends with NULL and
 * borrows the trace.
 */
struct trace_lines {
	char parent[sizeof TRACE_PARENT_NAME + TRACE_PARENT_BYTES];
	const char *lines[3];
};

/* Writes the lines of a request that begins now, with a new span. */
void trace_write(struct trace *trace, struct trace_lines *lines);

#endif
