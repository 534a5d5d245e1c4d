/* test_trace_state.c: tracestate, with the rules of W3C's own harness */
#include "test_trace.h"

static void state_becomes(const char *state, const char *expected)
{
	struct trace trace;

	read_both(&trace, PARENT, state);
	assert_string_equal(trace.id, ID);
	assert_string_equal(trace_state(&trace), expected);
	is_written_well(&trace);
}

static void state_stays(const char *state)
{
	state_becomes(state, state);
}

static void state_is_dropped(const char *state)
{
	state_becomes(state, "");
}

/* --- the harness: tracestate --- */

static void tracestate_included_traceparent_missing(void **state)
{
	struct trace trace;

	(void)state;
	read_both(&trace, NULL, "foo=1,bar=2");
	assert_string_equal(trace_state(&trace), "");
}

static void tracestate_included_traceparent_included(void **state)
{
	(void)state;
	state_stays("foo=1,bar=2");
}

static void tracestate_header_name(void **state)
{
	struct trace_lines lines;
	struct trace trace;

	(void)state;
	read_both(&trace, PARENT, NULL);
	trace_write(&trace, &lines);
	assert_null(lines.lines[1]);
}

static void tracestate_header_name_valid_casing(void **state)
{
	struct trace_lines lines;
	struct trace trace;

	(void)state;
	read_both(&trace, PARENT, "foo=1");
	trace_write(&trace, &lines);
	assert_string_equal(lines.lines[1], "tracestate: foo=1");
	assert_null(lines.lines[2]);
}

static void tracestate_empty_header(void **state)
{
	(void)state;
	state_becomes("", "");
	state_becomes("foo=1, ", "foo=1");
	state_becomes(", foo=1", "foo=1");
	state_becomes(" , ,\t,foo=1,,", "foo=1");
}

static void tracestate_multiple_headers_different_keys(void **state)
{
	(void)state;
	state_becomes("foo=1,bar=2, rojo=1,congo=2, baz=3",
	    "foo=1,bar=2,rojo=1,congo=2,baz=3");
}

static void tracestate_duplicated_keys(void **state)
{
	(void)state;
	state_is_dropped("foo=1,foo=1");
	state_is_dropped("foo=1,foo=2");
	state_is_dropped("foo=1, foo=1");
	state_is_dropped("foo=1, foo=2");
	state_stays("foo=1,fo=1,fooo=1");
}

/* All that is printable, but comma and equals sign; blanks not last. */
static void tracestate_all_allowed_characters(void **state)
{
	static const char key[] = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
	char list[LONG];
	char value[128];
	size_t length = 0;
	int byte;

	(void)state;
	for (byte = ' '; byte <= '~'; byte++)
		if (byte != ',' && byte != '=')
			value[length++] = (char)byte;
	value[length] = '\0';
	snprintf(list, sizeof list, "%s=%s", key, value);
	state_stays(list);
	snprintf(list, sizeof list, "%s@a-z0-9_-*/=%s", key, value);
	state_stays(list);
	state_stays("0key=1");
}

static void tracestate_ows_handling(void **state)
{
	(void)state;
	state_becomes("foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3");
	state_becomes("foo=1\t \t,\t \tbar=2,\t \tbaz=3", "foo=1,bar=2,baz=3");
	state_becomes(" foo=1", "foo=1");
	state_becomes("\tfoo=1", "foo=1");
	state_becomes("foo=1 ", "foo=1");
	state_becomes("foo=1\t", "foo=1");
	state_becomes("\t foo=1 \t", "foo=1");
	/* Blanks before a value are part of it. */
	state_stays("foo=  1");
}

static void tracestate_key_illegal_characters(void **state)
{
	(void)state;
	state_is_dropped("foo =1");
	state_is_dropped("FOO=1");
	state_is_dropped("foo.bar=1");
	state_is_dropped("_foo=1");
	state_is_dropped("=1");
	state_is_dropped("foo");
}

static void tracestate_key_illegal_vendor_format(void **state)
{
	(void)state;
	state_is_dropped("foo@=1,bar=2");
	state_is_dropped("@foo=1,bar=2");
	state_is_dropped("foo@@bar=1,bar=2");
	state_is_dropped("foo@bar@baz=1,bar=2");
}

/* count members name01=01 ... into list. */
static void fill_members(char *list, size_t count)
{
	size_t i;

	list[0] = '\0';
	for (i = 1; i <= count; i++)
		sprintf(list + strlen(list), "%sbar%02zu=%02zu",
		    i == 1 ? "" : ",", i, i);
}

static void tracestate_member_count_limit(void **state)
{
	char list[LONG];

	(void)state;
	fill_members(list, 32);
	state_stays(list);
	strcat(list, ",,  ,");
	state_becomes(list, memcpy((char[LONG]){0}, list, strlen(list) - 5));
	fill_members(list, 33);
	state_is_dropped(list);
}

/* A member foo=1, and one whose key has so many t, then the rest. */
static const char *with_key(char *list, int count, const char *rest)
{
	char key[LONG / 2];

	memset(key, 't', (size_t)count);
	key[count] = '\0';
	snprintf(list, LONG, "foo=1,%s%s=1", key, rest);
	return list;
}

static void tracestate_key_length_limit(void **state)
{
	char list[LONG];

	(void)state;
	state_stays(with_key(list, 256, ""));
	state_is_dropped(with_key(list, 257, ""));
	state_stays(with_key(list, 241, "@vvvvvvvvvvvvvv"));
	state_is_dropped(with_key(list, 242, "@v"));
	state_is_dropped(with_key(list, 1, "@vvvvvvvvvvvvvvv"));
}

static void tracestate_value_illegal_characters(void **state)
{
	(void)state;
	state_is_dropped("foo=bar=baz");
	state_is_dropped("foo=,bar=3");
	state_is_dropped("foo=a\tb");
	state_is_dropped("foo=\x7f");
	state_is_dropped("foo=\xc3\xa4");
	state_is_dropped("foo=a\r\nX-Evil: 1");
}

/* --- limits --- */

/* A member whose value fills it up to length bytes. */
static void add_member(char *list, char name, size_t length)
{
	char *end = list + strlen(list);

	if (end != list)
		*end++ = ',';
	*end++ = name;
	*end++ = '=';
	memset(end, 'v', length - 2);
	end[length - 2] = '\0';
}

static void a_state_of_512_bytes_is_passed_on_whole(void **state)
{
	char list[LONG] = "";

	(void)state;
	add_member(list, 'a', 200);
	add_member(list, 'b', 200);
	add_member(list, 'c', 110);
	assert_int_equal(strlen(list), 512);
	state_stays(list);
}

static void a_longer_state_loses_its_long_members_first(void **state)
{
	char list[LONG] = "";
	char expected[LONG] = "";

	(void)state;
	add_member(list, 'a', 129);
	add_member(list, 'b', 128);
	add_member(list, 'c', 250);
	add_member(list, 'd', 128);
	add_member(expected, 'a', 129);
	add_member(expected, 'b', 128);
	add_member(expected, 'd', 128);
	state_becomes(list, expected);
}

static void then_it_loses_members_from_its_end(void **state)
{
	char list[LONG] = "";
	char expected[LONG] = "";
	int name;

	(void)state;
	for (name = 'a'; name <= 'h'; name++)
		add_member(list, (char)name, 100);
	for (name = 'a'; name <= 'e'; name++)
		add_member(expected, (char)name, 100);
	state_becomes(list, expected);
}

static void the_longest_members_of_all_do_no_harm(void **state)
{
	char *list = calloc(1, 40000);
	char key[257];
	int i;

	(void)state;
	for (i = 0; i < 32; i++) {
		memset(key, 'k', 256);
		key[256] = '\0';
		key[0] = (char)('a' + i % 26);
		key[1] = (char)('a' + i / 26);
		sprintf(
		    list + strlen(list), "%s%s=%0256d", i ? "," : "", key, i);
	}
	state_becomes(list, "");
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tracestate_included_traceparent_missing),
	    cmocka_unit_test(tracestate_included_traceparent_included),
	    cmocka_unit_test(tracestate_header_name),
	    cmocka_unit_test(tracestate_header_name_valid_casing),
	    cmocka_unit_test(tracestate_empty_header),
	    cmocka_unit_test(tracestate_multiple_headers_different_keys),
	    cmocka_unit_test(tracestate_duplicated_keys),
	    cmocka_unit_test(tracestate_all_allowed_characters),
	    cmocka_unit_test(tracestate_ows_handling),
	    cmocka_unit_test(tracestate_key_illegal_characters),
	    cmocka_unit_test(tracestate_key_illegal_vendor_format),
	    cmocka_unit_test(tracestate_member_count_limit),
	    cmocka_unit_test(tracestate_key_length_limit),
	    cmocka_unit_test(tracestate_value_illegal_characters),
	    cmocka_unit_test(a_state_of_512_bytes_is_passed_on_whole),
	    cmocka_unit_test(a_longer_state_loses_its_long_members_first),
	    cmocka_unit_test(then_it_loses_members_from_its_end),
	    cmocka_unit_test(the_longest_members_of_all_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
