/* test_moment.c: days and times through moment.h, where clocks are changed */
#include "moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define HOUR   INT64_C(3600)
#define DAY    (24 * HOUR)

/* Rules in full, so that no zone has to be installed. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define INDIA  "IST-5:30"
/* Skips midnight in spring and has it twice in autumn. */
#define HAVANA "CST5CDT,M3.2.0/0,M11.1.0/1"
/* Goes back at midnight, so that 23:00 comes twice. */
#define AZORES "AZOT1AZOST,M3.5.0/0,M10.4.0/0"

static void set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

/* By way of moment_read, which is tested below. */
static int64_t utc(const char *text)
{
	int64_t from_us = 0;
	int64_t to_us = 0;

	if (!moment_read(text, MOMENT_UTC, &from_us, &to_us))
		fail_msg("%s is no moment", text);
	return from_us / SECOND;
}

static int64_t local(const char *text)
{
	int64_t from_us = 0;
	int64_t to_us = 0;

	if (!moment_read(text, MOMENT_LOCAL, &from_us, &to_us))
		fail_msg("%s is no moment", text);
	return from_us / SECOND;
}

static void lasts_us(const char *text, int64_t expected_us)
{
	int64_t from_us = 0;
	int64_t to_us = 0;

	assert_true(moment_read(text, MOMENT_LOCAL, &from_us, &to_us));
	assert_int_equal(to_us - from_us, expected_us);
}

static void iso_times_are_read_with_and_without_a_zone(void **state)
{
	(void)state;
	set_zone(BERLIN);
	assert_int_equal(utc("2024-05-15"), 1715731200);
	assert_int_equal(utc("2024-05-15T10:30"), 1715769000);
	assert_int_equal(utc("2024-05-15 10:30:07"), 1715769007);
	assert_int_equal(local("2024-05-15T12:30:00"), 1715769000);
	assert_int_equal(local("2024-05-15T10:30:00Z"), 1715769000);
	assert_int_equal(local("2024-05-15T10:30Z"), 1715769000);
	assert_int_equal(local("2024-05-15T16:00+05:30"), 1715769000);
	assert_int_equal(local("2024-05-15T02:30:00-08:00"), 1715769000);
	assert_int_equal(utc("1970-01-01"), 0);
	assert_int_equal(local("1970-01-01T01:00"), 0);
	assert_int_equal(utc("2024-02-29"), 1709164800);
}

static void a_time_lasts_as_long_as_it_says(void **state)
{
	int64_t from_us = 0;
	int64_t to_us = 0;

	(void)state;
	set_zone("UTC0");
	lasts_us("2024-05-15", DAY * SECOND);
	lasts_us("2024-05-15T10:30", 60 * SECOND);
	lasts_us("2024-05-15T10:30:00+02:00", SECOND);
	lasts_us("2024-05-15T10:30:00.5Z", SECOND / 10);
	lasts_us("2024-05-15T10:30:00.000000Z", 1);
	assert_true(moment_read(
	    "2024-05-15T10:30:00.012345Z", MOMENT_UTC, &from_us, &to_us));
	assert_int_equal(from_us, 1715769000 * SECOND + 12345);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {"", "2024", "2024-05", "2024-5-15",
	    "24-05-15", " 2024-05-15", "2024-05-15 ", "+2024-05-15",
	    "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10",
	    "2024-05-15T", "2024-05-15T10", "2024-05-15T24:00",
	    "2024-05-15T10:60", "2024-05-15T10:30:60", "2024-05-15T1:30",
	    "2024-05-15T10:30x", "2024-05-15T10:30 Z", "2024-05-15T10:30z",
	    "2024-05-15T10:30+2", "2024-05-15T10:30+02",
	    "2024-05-15T10:30+0200", "2024-05-15T10:30+24:00",
	    "2024-05-15T10:30+02:60", "2024-05-15T10:30+02:00Z",
	    "2024-05-15T10:30+0", "2024-05-15T10:30.5", "2024-05-15T10:30:00.",
	    "2024-05-15T10:30:00.1234567", "2024-05-15Z", "2024-05-15+02:00",
	    "15.05.2024", "20240515", "2024-05-15t10:30", "-024-05-15",
	    "1969-12-31", "1970-01-01T00:59+01:00", "1970-01-01T00:59:59"};
	int64_t from_us = -7;
	int64_t to_us = -7;

	(void)state;
	set_zone(BERLIN);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (moment_read(bad[i], MOMENT_LOCAL, &from_us, &to_us))
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(from_us, -7);
	assert_int_equal(to_us, -7);
}

static void the_day_in_spring_has_23_hours_and_in_autumn_25(void **state)
{
	(void)state;
	set_zone(BERLIN);
	lasts_us("2024-03-30", 24 * HOUR * SECOND);
	lasts_us("2024-03-31", 23 * HOUR * SECOND);
	lasts_us("2024-04-01", 24 * HOUR * SECOND);
	lasts_us("2024-10-27", 25 * HOUR * SECOND);
	assert_int_equal(moment_begin_s(utc("2024-03-31T12:00"), MOMENT_DAY, 0,
			     MOMENT_LOCAL),
	    utc("2024-03-30T23:00"));
	assert_int_equal(moment_begin_s(utc("2024-03-31T12:00"), MOMENT_DAY, 1,
			     MOMENT_LOCAL),
	    utc("2024-03-31T22:00"));
}

static void a_time_shown_twice_is_the_first_of_the_two(void **state)
{
	(void)state;
	set_zone(BERLIN);
	assert_int_equal(local("2024-10-27T01:59"), utc("2024-10-26T23:59"));
	assert_int_equal(local("2024-10-27T02:30"), utc("2024-10-27T00:30"));
	assert_int_equal(local("2024-10-27T03:00"), utc("2024-10-27T02:00"));
}

static void a_time_that_clocks_skip_is_read_as_if_they_had_not(void **state)
{
	(void)state;
	set_zone(BERLIN);
	assert_int_equal(local("2024-03-31T01:59"), utc("2024-03-31T00:59"));
	assert_int_equal(local("2024-03-31T02:30"), utc("2024-03-31T01:30"));
	assert_int_equal(local("2024-03-31T03:00"), utc("2024-03-31T01:00"));
}

static void days_begin_where_midnight_is_skipped_or_comes_twice(void **state)
{
	(void)state;
	set_zone(HAVANA);
	assert_int_equal(local("2024-03-10"), utc("2024-03-10T05:00"));
	lasts_us("2024-03-10", 23 * HOUR * SECOND);
	assert_int_equal(local("2024-11-03"), utc("2024-11-03T04:00"));
	lasts_us("2024-11-03", 25 * HOUR * SECOND);
	set_zone(AZORES);
	assert_int_equal(local("2024-10-27"), utc("2024-10-27T01:00"));
	lasts_us("2024-10-26", 25 * HOUR * SECOND);
	lasts_us("2024-10-27", 24 * HOUR * SECOND);
}

/* However a day goes: it begins where the one before ended. */
static void days_of_ten_years_follow_each_other(void **state)
{
	static const char *const zones[] = {
	    BERLIN, INDIA, HAVANA, AZORES, "UTC0", "LINT-14"};

	(void)state;
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		int64_t day_s;

		set_zone(zones[i]);
		day_s = local("2020-01-01");
		for (int n = 0; n < 3653; n++) {
			int64_t next_s =
			    moment_begin_s(day_s, MOMENT_DAY, 1, MOMENT_LOCAL);

			assert_in_range(next_s - day_s, 23 * HOUR, 25 * HOUR);
			assert_int_equal(moment_begin_s(next_s, MOMENT_DAY, -1,
					     MOMENT_LOCAL),
			    day_s);
			assert_int_equal(moment_begin_s(next_s - 1, MOMENT_DAY,
					     0, MOMENT_LOCAL),
			    day_s);
			day_s = next_s;
		}
		assert_int_equal(day_s, local("2030-01-01"));
	}
}

static void hours_begin_where_the_clocks_show_it(void **state)
{
	(void)state;
	set_zone(INDIA);
	assert_int_equal(moment_begin_s(utc("2024-05-15T10:29:59"), MOMENT_HOUR,
			     0, MOMENT_LOCAL),
	    utc("2024-05-15T09:30"));
	assert_int_equal(moment_begin_s(utc("2024-05-15T10:29:59"), MOMENT_HOUR,
			     0, MOMENT_UTC),
	    utc("2024-05-15T10:00"));
	assert_int_equal(moment_begin_s(utc("2024-05-15T10:29:59"), MOMENT_HOUR,
			     -11, MOMENT_UTC),
	    utc("2024-05-14T23:00"));
}

static void weeks_begin_on_monday_and_months_on_their_first(void **state)
{
	(void)state;
	assert_int_equal(
	    moment_begin_s(utc("2024-05-19T23:59"), MOMENT_WEEK, 0, MOMENT_UTC),
	    utc("2024-05-13"));
	assert_int_equal(
	    moment_begin_s(utc("2024-05-20"), MOMENT_WEEK, -1, MOMENT_UTC),
	    utc("2024-05-13"));
	assert_int_equal(
	    moment_begin_s(utc("2024-01-31"), MOMENT_MONTH, -2, MOMENT_UTC),
	    utc("2023-11-01"));
	assert_int_equal(
	    moment_begin_s(utc("2024-01-31"), MOMENT_MONTH, 1, MOMENT_UTC),
	    utc("2024-02-01"));
	assert_int_equal(moment_weekday(utc("2024-05-13"), MOMENT_UTC), 0);
	assert_int_equal(moment_weekday(utc("2024-05-19"), MOMENT_UTC), 6);
}

static void writes(int64_t at_s, enum moment_zone zone, const char *expected)
{
	char text[MOMENT_BYTES];

	moment_write(at_s, zone, text);
	assert_string_equal(text, expected);
}

static void times_are_written_with_their_zone(void **state)
{
	char text[MOMENT_BYTES];

	(void)state;
	set_zone(BERLIN);
	writes(1715769000, MOMENT_UTC, "2024-05-15T10:30:00Z");
	writes(1715769000, MOMENT_LOCAL, "2024-05-15T12:30:00+02:00");
	set_zone("NST3:30");
	writes(1715769000, MOMENT_LOCAL, "2024-05-15T07:00:00-03:30");
	moment_write_as(1715769000, MOMENT_UTC, "%H:%M", text);
	assert_string_equal(text, "10:30");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(iso_times_are_read_with_and_without_a_zone),
	    cmocka_unit_test(a_time_lasts_as_long_as_it_says),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(the_day_in_spring_has_23_hours_and_in_autumn_25),
	    cmocka_unit_test(a_time_shown_twice_is_the_first_of_the_two),
	    cmocka_unit_test(
		a_time_that_clocks_skip_is_read_as_if_they_had_not),
	    cmocka_unit_test(
		days_begin_where_midnight_is_skipped_or_comes_twice),
	    cmocka_unit_test(days_of_ten_years_follow_each_other),
	    cmocka_unit_test(hours_begin_where_the_clocks_show_it),
	    cmocka_unit_test(weeks_begin_on_monday_and_months_on_their_first),
	    cmocka_unit_test(times_are_written_with_their_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
