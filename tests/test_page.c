/* test_page.c: what a page was asked for, from its query and its path */
#include "page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_value_is_found_by_its_name(void **state)
{
	char value[16];

	(void)state;
	assert_true(page_query("since=1h", "since", value, sizeof value));
	assert_string_equal(value, "1h");
	assert_true(page_query("a=b&since=7d", "since", value, sizeof value));
	assert_string_equal(value, "7d");
	assert_true(page_query("since=&since=2", "since", value, sizeof value));
	assert_string_equal(value, "");
	assert_true(page_query("&&a&since=1", "since", value, sizeof value));
	assert_string_equal(value, "1");
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const without[] = {
	    "", "&", "sinc=1", "xsince=1", "since", "a=since", "SINCE=1"};
	char value[16];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(without); i++) {
		strcpy(value, "x");
		assert_false(
		    page_query(without[i], "since", value, sizeof value));
		assert_string_equal(value, "");
	}
}

static void escapes_are_read(void **state)
{
	char value[32];

	(void)state;
	assert_true(
	    page_query("id=%3Cb%3e+%26%2B%25", "id", value, sizeof value));
	assert_string_equal(value, "<b> &+%");
	assert_true(page_query(
	    "id=%E2%80%AE\xc3\xa9%F0%9F%98%80", "id", value, sizeof value));
	assert_string_equal(value, "\xe2\x80\xae\xc3\xa9\xf0\x9f\x98\x80");
}

static void what_is_no_text_is_refused(void **state)
{
	static const char *const bad[] = {"id=%", "id=%4", "id=%4x", "id=%x4",
	    "id=a%00b", "id=%0a", "id=%7f", "id=%c2%85", "id=%ff", "id=%c3",
	    "id=%c0%80", "id=%ed%a0%80", "id=%f4%90%80%80", "id=%80",
	    "id=12345678901234567"};
	char value[16];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		strcpy(value, "x");
		if (page_query(bad[i], "id", value, sizeof value))
			fail_msg("read: %s", bad[i]);
		assert_string_equal(value, "");
	}
	assert_true(
	    page_query("id=123456789012345", "id", value, sizeof value));
}

static void a_segment_is_read_from_the_path(void **state)
{
	char value[16];

	(void)state;
	assert_true(page_segment("/a%2Fb+c?x=1", value, sizeof value));
	assert_string_equal(value, "a/b+c");
	assert_true(page_segment("/a?b/c", value, sizeof value));
	assert_string_equal(value, "a");
	assert_false(page_segment("/a/b", value, sizeof value));
	assert_false(page_segment("/a/", value, sizeof value));
	assert_string_equal(value, "");
	assert_true(page_segment("/", value, sizeof value));
	assert_string_equal(value, "");
	assert_false(page_segment("", value, sizeof value));
	assert_false(page_segment("?id=1", value, sizeof value));
	assert_false(page_segment("/%", value, sizeof value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_value_is_found_by_its_name),
	    cmocka_unit_test(what_is_not_there_is_not_found),
	    cmocka_unit_test(escapes_are_read),
	    cmocka_unit_test(what_is_no_text_is_refused),
	    cmocka_unit_test(a_segment_is_read_from_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
