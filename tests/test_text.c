/* test_text.c: a text grows, stops at its limit, and escapes rightly */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void an_empty_text_is_an_empty_string(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 10);
	assert_string_equal(text_string(&text), "");
	text_clear(&text);
	text_add_bytes(&text, NULL, 0);
	assert_int_equal(text.length, 0);
	assert_false(text_failed(&text));
	text_done(&text);
	assert_string_equal(text_string(&text), "");
}

static void pieces_are_joined_over_many_growths(void **state)
{
	struct text text;
	int i;

	(void)state;
	text_init(&text, 100000);
	for (i = 0; i < 10000; i++)
		text_add(&text, "abcde");
	assert_int_equal(text.length, 50000);
	assert_int_equal(strlen(text_string(&text)), 50000);
	assert_memory_equal(text_string(&text) + 49990, "abcdeabcde", 11);
	assert_false(text_failed(&text));
	text_done(&text);
}

static void a_text_may_be_filled_to_its_last_byte(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 6);
	text_add(&text, "abc");
	text_add_format(&text, "%s", "def");
	assert_false(text_failed(&text));
	assert_string_equal(text_string(&text), "abcdef");
	text_done(&text);
}

static void what_passes_the_limit_is_left_out_and_marked(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 6);
	text_add(&text, "abcd");
	text_add(&text, "efg");
	assert_true(text_failed(&text));
	assert_string_equal(text_string(&text), "abcd");
	text_add(&text, "e");
	assert_string_equal(text_string(&text), "abcd");
	text_done(&text);
}

static void a_cleared_text_can_be_used_again(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 4);
	text_add(&text, "abc");
	text_add(&text, "de");
	text_clear(&text);
	assert_false(text_failed(&text));
	assert_string_equal(text_string(&text), "");
	text_add(&text, "wxyz");
	assert_string_equal(text_string(&text), "wxyz");
	text_done(&text);
}

static void formats_are_added_at_the_end(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 1000);
	text_add(&text, "x=");
	text_add_format(&text, "%d/%s/%s", 7, "a", "");
	text_add_format(&text, "%s", "");
	text_add_format(&text, "%300d", 1);
	assert_int_equal(text.length, 306);
	assert_memory_equal(text_string(&text), "x=7/a/ ", 7);
	text_done(&text);
}

struct number_case {
	int64_t value;
	const char *as_int;
	const char *as_ms;
};

static void numbers_are_written_as_printf_would(void **state)
{
	static const struct number_case cases[] = {
	    {0, "0", "0.00"},
	    {4, "4", "0.00"},
	    {5, "5", "0.01"},
	    {12340, "12340", "12.34"},
	    {12345, "12345", "12.35"},
	    {999995, "999995", "1000.00"},
	    {1000000, "1000000", "1000.00"},
	    {-1, "-1", "0.00"},
	    {-12340, "-12340", "-12.34"},
	    {INT64_MAX, "9223372036854775807", "9223372036854775.81"},
	    {INT64_MIN, "-9223372036854775808", "-9223372036854775.81"},
	};
	struct text text;
	size_t i;

	(void)state;
	text_init(&text, 100);
	for (i = 0; i < COUNT(cases); i++) {
		text_clear(&text);
		text_add_int(&text, cases[i].value);
		assert_string_equal(text_string(&text), cases[i].as_int);
		text_clear(&text);
		text_add_ms(&text, cases[i].value);
		assert_string_equal(text_string(&text), cases[i].as_ms);
	}
	text_done(&text);
}

struct escape_case {
	const char *plain;
	const char *escaped;
};

static void json_strings_are_escaped(void **state)
{
	static const struct escape_case cases[] = {
	    {NULL, "null"},
	    {"", "\"\""},
	    {"in_stock", "\"in_stock\""},
	    {"a\"b\\c", "\"a\\\"b\\\\c\""},
	    {"\"", "\"\\\"\""},
	    {"line\nand\ttab", "\"line\\nand\\ttab\""},
	    {"\x01\x1f\r\x7f", "\"\\u0001\\u001f\\u000d\x7f\""},
	    {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
	    {"/", "\"/\""},
	};
	struct text text;
	size_t i;

	(void)state;
	text_init(&text, 100);
	for (i = 0; i < COUNT(cases); i++) {
		text_clear(&text);
		text_add_json(&text, cases[i].plain);
		assert_string_equal(text_string(&text), cases[i].escaped);
	}
	text_done(&text);
}

static void path_segments_are_percent_encoded(void **state)
{
	static const struct escape_case cases[] = {
	    {"", ""},
	    {"SKU-VOICE-567890", "SKU-VOICE-567890"},
	    {"azAZ09-._~", "azAZ09-._~"},
	    {"a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"},
	    {"\xc3\xbc\x01\xff", "%C3%BC%01%FF"},
	    {"+&=:@", "%2B%26%3D%3A%40"},
	};
	struct text text;
	size_t i;

	(void)state;
	text_init(&text, 100);
	for (i = 0; i < COUNT(cases); i++) {
		text_clear(&text);
		text_add_segment(&text, cases[i].plain);
		assert_string_equal(text_string(&text), cases[i].escaped);
	}
	text_done(&text);
}

static void escapes_that_do_not_fit_mark_the_text(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 4);
	text_add_segment(&text, "//");
	assert_true(text_failed(&text));
	text_clear(&text);
	text_add_json(&text, "abc");
	assert_true(text_failed(&text));
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_text_is_an_empty_string),
	    cmocka_unit_test(pieces_are_joined_over_many_growths),
	    cmocka_unit_test(a_text_may_be_filled_to_its_last_byte),
	    cmocka_unit_test(what_passes_the_limit_is_left_out_and_marked),
	    cmocka_unit_test(a_cleared_text_can_be_used_again),
	    cmocka_unit_test(formats_are_added_at_the_end),
	    cmocka_unit_test(numbers_are_written_as_printf_would),
	    cmocka_unit_test(json_strings_are_escaped),
	    cmocka_unit_test(path_segments_are_percent_encoded),
	    cmocka_unit_test(escapes_that_do_not_fit_mark_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
