/* test_page_words.c: numbers and times as people read them */
#include "page_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void is(struct text *text, const char *expected)
{
	assert_string_equal(text_string(text), expected);
	text_done(text);
	text_init(text, 200);
}

static void counts_have_commas(void **state)
{
	static const struct {
		int64_t count;
		const char *shown;
	} cases[] = {{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"},
	    {123456, "123,456"}, {1234567, "1,234,567"}, {-1000, "-1,000"},
	    {-100, "-100"}};
	struct text text;

	(void)state;
	text_init(&text, 200);
	for (size_t i = 0; i < COUNT(cases); i++) {
		page_add_count(&text, cases[i].count);
		is(&text, cases[i].shown);
	}
}

static void times_have_three_digits_that_count(void **state)
{
	static const struct {
		double us;
		const char *ms;
		const char *time;
	} cases[] = {
	    {0, "0.00", "0.00 ms"},
	    {4, "0.004", "0.004 ms"},
	    {420, "0.420", "0.420 ms"},
	    {4210, "4.21", "4.21 ms"},
	    {42100, "42.1", "42.1 ms"},
	    {421000, "421", "421 ms"},
	    {2003400, "2,003", "2.00 s"},
	    {25000000, "25,000", "25.0 s"},
	};
	struct text text;

	(void)state;
	text_init(&text, 200);
	for (size_t i = 0; i < COUNT(cases); i++) {
		page_add_ms(&text, cases[i].us);
		is(&text, cases[i].ms);
		page_add_time(&text, cases[i].us);
		is(&text, cases[i].time);
	}
}

static void long_times_are_told_roughly(void **state)
{
	static const struct {
		int64_t s;
		const char *shown;
	} cases[] = {{-5, "0 s"}, {0, "0 s"}, {119, "119 s"}, {120, "2 min"},
	    {7199, "119 min"}, {7200, "2 h"}, {11100, "3 h 5 min"},
	    {86400, "24 h"}, {172800, "2 days"}};
	struct text text;

	(void)state;
	text_init(&text, 200);
	for (size_t i = 0; i < COUNT(cases); i++) {
		page_add_span(&text, cases[i].s * CLOCK_SECOND);
		is(&text, cases[i].shown);
	}
}

static void sizes_have_units(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 200);
	page_add_bytes(&text, 999);
	is(&text, "999 bytes");
	page_add_bytes(&text, 1500);
	is(&text, "1.5 KB");
	page_add_bytes(&text, 268435456);
	is(&text, "268.4 MB");
	page_add_bytes(&text, INT64_MAX);
	is(&text, "9223372.0 TB");
}

static void moments_of_another_day_tell_the_day(void **state)
{
	const int64_t now_us = INT64_C(1715769045000000);
	struct text text;

	(void)state;
	text_init(&text, 200);
	page_add_moment(&text, now_us, now_us);
	is(&text, "<time datetime=\"2024-05-15T10:30:45Z\">10:30:45</time>");
	page_add_moment(&text, now_us - 86400 * CLOCK_SECOND, now_us);
	is(&text,
	    "<time datetime=\"2024-05-14T10:30:45Z\">14 May, 10:30:45</time>");
	page_add_moment(&text, 0, now_us);
	is(&text, "<time datetime=\"1970-01-01T00:00:00Z\">1 Jan 1970, 00:00:00"
		  "</time>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_have_commas),
	    cmocka_unit_test(times_have_three_digits_that_count),
	    cmocka_unit_test(long_times_are_told_roughly),
	    cmocka_unit_test(sizes_have_units),
	    cmocka_unit_test(moments_of_another_day_tell_the_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
