/* test_retry_after.c: seconds and three forms of date, and nothing else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "retry_after.h"

#define SECOND       INT64_C(1000000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The moment that RFC 9110 writes in its three forms. */
#define RFC_MOMENT INT64_C(784111777)
#define FIXDATE    "Sun, 06 Nov 1994 08:49:37 GMT"
#define RFC850     "Sunday, 06-Nov-94 08:49:37 GMT"
#define ASCTIME    "Sun Nov  6 08:49:37 1994"

/* 2024-05-15 10:30:00 UTC. */
#define NOW INT64_C(1715769000)

static int64_t date_of(const char *text, int64_t now_s)
{
	int64_t date_s = -99;

	if (!retry_after_date(text, now_s, &date_s))
		assert_int_equal(date_s, -99);
	return date_s;
}

static void the_three_forms_tell_one_moment(void **state)
{
	(void)state;
	assert_int_equal(date_of(FIXDATE, NOW), RFC_MOMENT);
	assert_int_equal(date_of(RFC850, NOW), RFC_MOMENT);
	assert_int_equal(date_of(ASCTIME, NOW), RFC_MOMENT);
}

/* Against the C library, over leap years, centuries and ends of months. */
static void every_day_is_counted_as_the_library_counts_it(void **state)
{
	char text[64];
	time_t day;

	(void)state;
	for (day = -30000; day < 100000; day++) {
		time_t moment = day * 86400 + (day & 0xffff) % 86400;
		struct tm parts;

		gmtime_r(&moment, &parts);
		strftime(
		    text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
		assert_int_equal(date_of(text, NOW), moment);
		strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts);
		assert_int_equal(date_of(text, NOW), moment);
	}
}

static void a_two_digit_year_is_at_most_fifty_years_ahead(void **state)
{
	static const struct {
		const char *text;
		int64_t now_s;
		int year;
	} cases[] = {
	    {"Friday, 01-Mar-24 00:00:00 GMT", NOW, 2024},
	    {"Friday, 01-Mar-74 00:00:00 GMT", NOW, 2074},
	    {"Friday, 01-Mar-75 00:00:00 GMT", NOW, 1975},
	    {"Friday, 01-Mar-99 00:00:00 GMT", NOW, 1999},
	    {"Friday, 01-Mar-00 00:00:00 GMT", NOW, 2000},
	    /* In 2080 and in 1994. */
	    {"Friday, 01-Mar-10 00:00:00 GMT", INT64_C(3480000000), 2110},
	    {"Friday, 01-Mar-81 00:00:00 GMT", INT64_C(3480000000), 2081},
	    {"Friday, 01-Mar-12 00:00:00 GMT", RFC_MOMENT, 2012},
	    {"Friday, 01-Mar-94 00:00:00 GMT", RFC_MOMENT, 1994},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		time_t moment = date_of(cases[i].text, cases[i].now_s);
		struct tm parts;

		gmtime_r(&moment, &parts);
		assert_int_equal(parts.tm_year + 1900, cases[i].year);
		assert_int_equal(parts.tm_mon, 2);
		assert_int_equal(parts.tm_mday, 1);
	}
}

static void what_is_no_date_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "Sun",
	    "Sun, 06 Nov 1994 08:49:37",
	    "Sun, 06 Nov 1994 08:49:37 UTC",
	    "Sun, 06 Nov 1994 08:49:37 GMT ",
	    "Sun, 06 Nov 1994 08:49:37 GMT+1",
	    "sun, 06 nov 1994 08:49:37 GMT",
	    "Son, 06 Nov 1994 08:49:37 GMT",
	    "Sun, 6 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Now 1994 08:49:37 GMT",
	    "Sun, 06 Nov 94 08:49:37 GMT",
	    "Sun, 06 Nov 1994 8:49:37 GMT",
	    "Sun, 06 Nov 1994 24:49:37 GMT",
	    "Sun, 06 Nov 1994 08:60:37 GMT",
	    "Sun, 06 Nov 1994 08:49:61 GMT",
	    "Sun, 06 Nov 1994 08:49 GMT",
	    "Sun, 00 Nov 1994 08:49:37 GMT",
	    "Sun, 31 Nov 1994 08:49:37 GMT",
	    "Sun, 29 Feb 2023 08:49:37 GMT",
	    "Sun, 29 Feb 1900 08:49:37 GMT",
	    "Sun,  6 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Nov -994 08:49:37 GMT",
	    "Sun, 06-Nov-94 08:49:37 GMT",
	    "Sunday, 06-Nov-1994 08:49:37 GMT",
	    "Sun Nov 6 08:49:37 1994",
	    "Sun Nov  6 08:49:37 1994 GMT",
	    "Sun Nov  6 08:49:37 94",
	    "1994-11-06T08:49:37Z",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++)
		if (date_of(texts[i], NOW) != -99)
			fail_msg("taken for a date: %s", texts[i]);
	/* These are dates. */
	assert_true(date_of("Thu, 29 Feb 2024 08:49:37 GMT", NOW) > 0);
	assert_true(date_of("Tue, 29 Feb 2000 08:49:37 GMT", NOW) > 0);
	assert_true(date_of("Sat, 31 Dec 2016 23:59:60 GMT", NOW) > 0);
}

/* R11: no part of a date may be read beyond its end. */
static void a_date_cut_anywhere_is_refused(void **state)
{
	static const char *const dates[] = {FIXDATE, RFC850, ASCTIME};
	size_t i, length;

	(void)state;
	for (i = 0; i < COUNT(dates); i++)
		for (length = 0; dates[i][length] != '\0'; length++) {
			char *cut = strndup(dates[i], length);

			assert_int_equal(date_of(cut, NOW), -99);
			free(cut);
		}
}

static int64_t wait_of(const char *value)
{
	return retry_after_us(value, NULL, NOW * SECOND);
}

static void seconds_are_digits_alone(void **state)
{
	static const char *const wrong[] = {"", " ", "-3", "+3", "3.5", "3s",
	    "0x10", "1e3", " 3", "3 ", "3, 4", "soon", "3\n", "\xd9\xa3"};
	size_t i;

	(void)state;
	assert_int_equal(wait_of("0"), 0);
	assert_int_equal(wait_of("7"), 7 * SECOND);
	assert_int_equal(wait_of("120"), 120 * SECOND);
	assert_int_equal(wait_of("0000000000000000000000000007"), 7 * SECOND);
	for (i = 0; i < COUNT(wrong); i++)
		assert_int_equal(wait_of(wrong[i]), -1);
}

/* R11: ten years, and what does not fit in 64 bits. */
static void nobody_is_waited_for_longer_than_an_hour(void **state)
{
	(void)state;
	assert_int_equal(wait_of("3599"), 3599 * SECOND);
	assert_int_equal(wait_of("3600"), RETRY_AFTER_MAX_US);
	assert_int_equal(wait_of("3601"), RETRY_AFTER_MAX_US);
	assert_int_equal(wait_of("315360000"), RETRY_AFTER_MAX_US);
	assert_int_equal(wait_of("9223372036854775807"), RETRY_AFTER_MAX_US);
	assert_int_equal(
	    wait_of("99999999999999999999999999999999"), RETRY_AFTER_MAX_US);
	assert_int_equal(
	    wait_of("Mon, 15 May 2034 10:30:00 GMT"), RETRY_AFTER_MAX_US);
	assert_int_equal(
	    wait_of("Fri, 31 Dec 9999 23:59:59 GMT"), RETRY_AFTER_MAX_US);
}

static void a_date_counts_from_the_answers_own_date(void **state)
{
	(void)state;
	/* The upstream's clock stands in 1994; ours need not. */
	assert_int_equal(retry_after_us("Sun, 06 Nov 1994 08:49:47 GMT",
			     FIXDATE, NOW * SECOND),
	    10 * SECOND);
	assert_int_equal(retry_after_us("Sunday, 06-Nov-94 08:50:37 GMT",
			     ASCTIME, NOW * SECOND),
	    60 * SECOND);
	assert_int_equal(
	    retry_after_us("Sun Nov  6 08:49:38 1994", RFC850, NOW * SECOND),
	    1 * SECOND);
	/* Seconds count from the answer's arrival in any case. */
	assert_int_equal(
	    retry_after_us("5", FIXDATE, NOW * SECOND), 5 * SECOND);
}

static void without_a_usable_date_our_clock_counts(void **state)
{
	const char *value = "Wed, 15 May 2024 10:30:30 GMT";

	(void)state;
	assert_int_equal(
	    retry_after_us(value, NULL, NOW * SECOND), 30 * SECOND);
	assert_int_equal(retry_after_us(value, "", NOW * SECOND), 30 * SECOND);
	assert_int_equal(
	    retry_after_us(value, "today", NOW * SECOND), 30 * SECOND);
	assert_int_equal(
	    retry_after_us(value, NULL, NOW * SECOND + 400000), 29600000);
}

static void a_date_that_has_passed_asks_for_no_wait(void **state)
{
	(void)state;
	assert_int_equal(wait_of(FIXDATE), 0);
	assert_int_equal(wait_of(RFC850), 0);
	assert_int_equal(wait_of(ASCTIME), 0);
	assert_int_equal(wait_of("Wed, 15 May 2024 10:30:00 GMT"), 0);
	assert_int_equal(retry_after_us(FIXDATE, FIXDATE, NOW * SECOND), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_three_forms_tell_one_moment),
	    cmocka_unit_test(every_day_is_counted_as_the_library_counts_it),
	    cmocka_unit_test(a_two_digit_year_is_at_most_fifty_years_ahead),
	    cmocka_unit_test(what_is_no_date_is_refused),
	    cmocka_unit_test(a_date_cut_anywhere_is_refused),
	    cmocka_unit_test(seconds_are_digits_alone),
	    cmocka_unit_test(nobody_is_waited_for_longer_than_an_hour),
	    cmocka_unit_test(a_date_counts_from_the_answers_own_date),
	    cmocka_unit_test(without_a_usable_date_our_clock_counts),
	    cmocka_unit_test(a_date_that_has_passed_asks_for_no_wait),
	};

	return cmocka_run_group_tests_name("retry_after", tests, NULL, NULL);
}
