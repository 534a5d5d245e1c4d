/* test_trace.c: traceparent and X-Request-Id, by the rules of W3C */
#include "test_trace.h"

/* The trace goes on. */
static void goes_on(const char *parent)
{
	struct trace trace;

	read_both(&trace, parent, NULL);
	if (strcmp(trace.id, ID) != 0)
		fail_msg("'%s' began a new trace", parent);
	assert_string_equal(trace.parent, SPAN);
	is_written_well(&trace);
}

/* A new trace begins, and takes nothing of the old one's state. */
static void begins(const char *parent)
{
	struct trace trace;

	read_both(&trace, parent, "foo=1");
	assert_int_equal(strlen(trace.id), 32);
	assert_string_equal(trace.parent, "");
	if (parent && strstr(parent, trace.id))
		fail_msg("'%s' was taken", parent);
	assert_string_equal(trace_state(&trace), "");
	assert_int_equal(trace.flags, 2);
	is_written_well(&trace);
}

/* --- the harness: traceparent --- */

static void both_traceparent_and_tracestate_missing(void **state)
{
	struct trace trace;

	(void)state;
	read_both(&trace, NULL, NULL);
	is_written_well(&trace);
}

static void traceparent_included_tracestate_missing(void **state)
{
	(void)state;
	goes_on("00-" ID "-" SPAN "-01");
}

static void traceparent_duplicated(void **state)
{
	(void)state;
	begins("00-12345678901234567890123456789011-" SPAN "-01, "
	       "00-" ID "-" SPAN "-01");
	begins("00-" ID "-" SPAN "-01,00-" ID "-" SPAN "-01");
	begins("cc-" ID "-" SPAN "-01, cc-" ID "-" SPAN "-01");
}

/* Of the name, in any case, the web server makes HTTP_TRACEPARENT. */
static void traceparent_header_name(void **state)
{
	(void)state;
	begins(NULL);
}

static void traceparent_header_name_valid_casing(void **state)
{
	(void)state;
	goes_on(PARENT);
}

static void traceparent_version_0x00(void **state)
{
	(void)state;
	begins("00-" ID "-" SPAN "-01.");
	begins("00-" ID "-" SPAN "-01-what-the-future-will-be-like");
}

static void traceparent_version_0xcc(void **state)
{
	(void)state;
	goes_on("cc-" ID "-" SPAN "-01");
	goes_on("cc-" ID "-" SPAN "-01-what-the-future-will-be-like");
	goes_on("01-" ID "-" SPAN "-01-");
	begins("cc-" ID "-" SPAN "-01.what-the-future-will-be-like");
}

static void traceparent_version_0xff(void **state)
{
	(void)state;
	begins("ff-" ID "-" SPAN "-01");
}

static void traceparent_version_illegal_characters(void **state)
{
	(void)state;
	begins(".0-" ID "-" SPAN "-01");
	begins("0.-" ID "-" SPAN "-01");
	begins("CC-" ID "-" SPAN "-01");
}

static void traceparent_version_too_long(void **state)
{
	(void)state;
	begins("000-" ID "-" SPAN "-01");
	begins("0000-" ID "-" SPAN "-01");
}

static void traceparent_version_too_short(void **state)
{
	(void)state;
	begins("0-" ID "-" SPAN "-01");
}

static void traceparent_trace_id_all_zero(void **state)
{
	(void)state;
	begins("00-00000000000000000000000000000000-" SPAN "-01");
}

static void traceparent_trace_id_illegal_characters(void **state)
{
	(void)state;
	begins("00-.2345678901234567890123456789012-" SPAN "-01");
	begins("00-1234567890123456789012345678901.-" SPAN "-01");
	begins("00-1234567890123456789012345678901A-" SPAN "-01");
}

static void traceparent_trace_id_too_long(void **state)
{
	(void)state;
	begins("00-" ID "3-" SPAN "-01");
}

static void traceparent_trace_id_too_short(void **state)
{
	(void)state;
	begins("00-1234567890123456789012345678901-" SPAN "-01");
}

static void traceparent_parent_id_all_zero(void **state)
{
	(void)state;
	begins("00-" ID "-0000000000000000-01");
}

static void traceparent_parent_id_illegal_characters(void **state)
{
	(void)state;
	begins("00-" ID "-.234567890123456-01");
	begins("00-" ID "-123456789012345.-01");
}

static void traceparent_parent_id_too_long(void **state)
{
	(void)state;
	begins("00-" ID "-" SPAN "7-01");
}

static void traceparent_parent_id_too_short(void **state)
{
	(void)state;
	begins("00-" ID "-123456789012345-01");
}

static void traceparent_trace_flags_illegal_characters(void **state)
{
	(void)state;
	begins("00-" ID "-" SPAN "-.0");
	begins("00-" ID "-" SPAN "-0.");
}

static void traceparent_trace_flags_too_long(void **state)
{
	(void)state;
	begins("00-" ID "-" SPAN "-001");
}

static void traceparent_trace_flags_too_short(void **state)
{
	(void)state;
	begins("00-" ID "-" SPAN "-1");
}

static void traceparent_ows_handling(void **state)
{
	(void)state;
	goes_on(" " PARENT);
	goes_on("\t" PARENT);
	goes_on(PARENT " ");
	goes_on(PARENT "\t");
	goes_on("\t " PARENT " \t");
	begins(" ");
	begins("");
}

/* Level 2: random is kept as it came, what is not defined is zero. */
static void traceparent_random_flag(void **state)
{
	static const struct {
		const char *parent;
		unsigned char flags;
	} rows[] = {
	    {"00-" ID "-" SPAN "-00", 0},
	    {"00-" ID "-" SPAN "-01", 1},
	    {"00-" ID "-" SPAN "-02", 2},
	    {"00-" ID "-" SPAN "-03", 3},
	    {"00-" ID "-" SPAN "-ff", 3},
	    {"00-" ID "-" SPAN "-fc", 0},
	    {"00-" ID "-" SPAN "-0a", 2},
	    {"cc-" ID "-" SPAN "-03", 1},
	};
	struct trace_lines lines;
	struct trace trace;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		read_both(&trace, rows[i].parent, NULL);
		assert_int_equal(trace.flags, rows[i].flags);
		trace_write(&trace, &lines);
		assert_int_equal(
		    strtoul(lines.parent + 13 + 53, NULL, 16), rows[i].flags);
	}
}

/* --- the harness: several requests of one event --- */

static void multiple_requests_with_valid_traceparent(void **state)
{
	struct trace_lines lines[3];
	struct trace trace;
	size_t i;

	(void)state;
	read_both(&trace, "00-" ID "-" SPAN "-01", NULL);
	for (i = 0; i < 3; i++) {
		trace_write(&trace, &lines[i]);
		assert_memory_equal(lines[i].parent + 13 + 3, ID, 32);
	}
	assert_string_not_equal(lines[0].parent, lines[1].parent);
	assert_string_not_equal(lines[0].parent, lines[2].parent);
	assert_string_not_equal(lines[1].parent, lines[2].parent);
}

static void multiple_requests_without_traceparent(void **state)
{
	struct trace_lines lines[2];
	struct trace trace;

	(void)state;
	read_both(&trace, NULL, NULL);
	trace_write(&trace, &lines[0]);
	trace_write(&trace, &lines[1]);
	assert_memory_equal(lines[0].parent, lines[1].parent, 13 + 36);
	assert_string_not_equal(lines[0].parent, lines[1].parent);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Zeros would mean none. */
static void no_span_is_zero(void **state)
{
	struct trace trace;

	(void)state;
	read_both(&trace, NULL, NULL);
	trace.next_span = 0;
	is_written_well(&trace);
	trace.next_span = UINT64_MAX;
	is_written_well(&trace);
	is_written_well(&trace);
}

static void no_two_traces_have_one_id(void **state)
{
	char ids[500][TRACE_ID_BYTES];
	struct trace trace;
	size_t i;

	(void)state;
	for (i = 0; i < 500; i++) {
		read_both(&trace, NULL, NULL);
		memcpy(ids[i], trace.id, sizeof ids[i]);
	}
	qsort(ids, 500, sizeof ids[0], by_id);
	for (i = 1; i < 500; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
}

static void multiple_requests_with_illegal_traceparent(void **state)
{
	struct trace one;
	struct trace two;

	(void)state;
	read_both(&one, "00-00000000000000000000000000000000-" SPAN "-01", "");
	read_both(&two, "00-00000000000000000000000000000000-" SPAN "-01", "");
	is_written_well(&one);
	assert_string_not_equal(one.id, two.id);
}

/* --- X-Request-Id --- */

static const char *request_id(struct trace *trace, const char *id)
{
	const struct trace_headers headers = {.request_id = id};

	trace_read(trace, &headers);
	return trace_request_id(trace);
}

static void a_request_id_of_visible_characters_is_kept(void **state)
{
	struct trace_lines lines;
	struct trace trace;
	char longest[129];

	(void)state;
	memset(longest, '~', 128);
	longest[128] = '\0';
	assert_string_equal(request_id(&trace, longest), longest);
	assert_string_equal(request_id(&trace, "!"), "!");
	assert_string_equal(request_id(&trace, "req-1/a=b,c"), "req-1/a=b,c");
	/* It is the caller's: the upstreams get the trace alone. */
	trace_write(&trace, &lines);
	assert_null(lines.lines[1]);
	assert_null(trace_request_id(NULL));
}

static void any_other_request_id_is_replaced(void **state)
{
	static const char *const others[] = {NULL, "", " ", "a b", "a, b", "\t",
	    "a\r\nX-Evil: 1", "a\x7f", "\xc3\xa4"};
	char too_long[130];
	struct trace trace;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof others / sizeof *others; i++) {
		const char *made = request_id(&trace, others[i]);

		assert_int_equal(strspn(made, "0123456789abcdef"), 32);
		assert_int_equal(strlen(made), 32);
	}
	memset(too_long, 'a', 129);
	too_long[129] = '\0';
	assert_int_equal(strlen(request_id(&trace, too_long)), 32);
}

/* --- kept with a queued event --- */

static void is_restored(const struct trace *trace)
{
	char parent[TRACE_PARENT_BYTES];
	const struct trace_headers kept = {
	    .parent = parent,
	    .state = trace_state(trace),
	    .request_id = trace_request_id(trace),
	};
	struct trace restored;

	trace_write_parent(trace, parent);
	trace_restore(&restored, &kept);
	assert_string_equal(restored.id, trace->id);
	assert_string_equal(restored.parent, trace->parent);
	assert_int_equal(restored.flags, trace->flags);
	assert_string_equal(restored.state_line, trace->state_line);
	assert_string_equal(restored.request_line, trace->request_line);
}

static void what_was_kept_is_the_same_trace_again(void **state)
{
	struct trace trace;

	(void)state;
	read_both(&trace, "cc-" ID "-" SPAN "-03-x", "foo=1, bar= 2");
	is_restored(&trace);
	read_both(&trace, NULL, NULL);
	is_restored(&trace);
}

static void what_kept_no_trace_begins_one(void **state)
{
	const struct trace_headers none = {"", "", ""};
	struct trace trace;

	(void)state;
	trace_restore(&trace, &none);
	is_written_well(&trace);
	assert_int_equal(strlen(trace_request_id(&trace)), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_traceparent_and_tracestate_missing),
	    cmocka_unit_test(traceparent_included_tracestate_missing),
	    cmocka_unit_test(traceparent_duplicated),
	    cmocka_unit_test(traceparent_header_name),
	    cmocka_unit_test(traceparent_header_name_valid_casing),
	    cmocka_unit_test(traceparent_version_0x00),
	    cmocka_unit_test(traceparent_version_0xcc),
	    cmocka_unit_test(traceparent_version_0xff),
	    cmocka_unit_test(traceparent_version_illegal_characters),
	    cmocka_unit_test(traceparent_version_too_long),
	    cmocka_unit_test(traceparent_version_too_short),
	    cmocka_unit_test(traceparent_trace_id_all_zero),
	    cmocka_unit_test(traceparent_trace_id_illegal_characters),
	    cmocka_unit_test(traceparent_trace_id_too_long),
	    cmocka_unit_test(traceparent_trace_id_too_short),
	    cmocka_unit_test(traceparent_parent_id_all_zero),
	    cmocka_unit_test(traceparent_parent_id_illegal_characters),
	    cmocka_unit_test(traceparent_parent_id_too_long),
	    cmocka_unit_test(traceparent_parent_id_too_short),
	    cmocka_unit_test(traceparent_trace_flags_illegal_characters),
	    cmocka_unit_test(traceparent_trace_flags_too_long),
	    cmocka_unit_test(traceparent_trace_flags_too_short),
	    cmocka_unit_test(traceparent_ows_handling),
	    cmocka_unit_test(traceparent_random_flag),
	    cmocka_unit_test(multiple_requests_with_valid_traceparent),
	    cmocka_unit_test(multiple_requests_without_traceparent),
	    cmocka_unit_test(no_span_is_zero),
	    cmocka_unit_test(no_two_traces_have_one_id),
	    cmocka_unit_test(multiple_requests_with_illegal_traceparent),
	    cmocka_unit_test(a_request_id_of_visible_characters_is_kept),
	    cmocka_unit_test(any_other_request_id_is_replaced),
	    cmocka_unit_test(what_was_kept_is_the_same_trace_again),
	    cmocka_unit_test(what_kept_no_trace_begins_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
