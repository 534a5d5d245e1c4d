/* test_period.c: words through period.h -> from when to when, or what to say */
#include "period.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

/* Wednesday, 15 May 2024, 10:30:00.25 UTC; in Berlin 12:30. */
#define NOW (1715769000 * SECOND + 250000)

static void set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static int64_t utc(const char *text)
{
	int64_t from_us = 0;
	int64_t to_us = 0;

	assert_true(moment_read(text, MOMENT_UTC, &from_us, &to_us));
	return from_us;
}

static struct period must_read(struct period_words words, int64_t now_us)
{
	struct period period = {0};
	struct text problem;

	text_init(&problem, 1000);
	if (!period_read(&words, now_us, &period, &problem))
		fail_msg("%s", text_string(&problem));
	assert_int_equal(problem.length, 0);
	text_done(&problem);
	return period;
}

static void is(struct period period, const char *from, const char *to)
{
	assert_int_equal(period.from_us, utc(from));
	assert_int_equal(period.to_us, utc(to));
}

static void lengths_end_now(void **state)
{
	static const struct {
		const char *word;
		int64_t us;
	} lengths[] = {{"90s", 90 * SECOND}, {"30m", HOUR / 2}, {"24h", DAY},
	    {"7d", 7 * DAY}, {"0s", 0}, {"007d", 7 * DAY}, {"999999d", NOW}};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct period period = must_read(
		    (struct period_words){.since = lengths[i].word}, NOW);

		assert_int_equal(period.from_us, NOW - lengths[i].us);
		assert_int_equal(period.to_us, NOW);
	}
}

static void without_a_word_it_is_the_last_24_hours(void **state)
{
	struct period period = must_read((struct period_words){0}, NOW);

	(void)state;
	assert_int_equal(period.from_us, NOW - DAY);
	assert_int_equal(period.to_us, NOW);
}

static void all_begins_with_time(void **state)
{
	struct period period =
	    must_read((struct period_words){.since = "all"}, NOW);

	(void)state;
	assert_int_equal(period.from_us, 0);
	assert_int_equal(period.to_us, NOW);
}

static void since_begins_with_the_word_and_ends_now(void **state)
{
	static const struct {
		const char *word;
		const char *from;
	} words[] = {
	    {"today", "2024-05-14T22:00"},
	    {"yesterday", "2024-05-13T22:00"},
	    {"this week", "2024-05-12T22:00"},
	    {"last week", "2024-05-05T22:00"},
	    {"Last-Week", "2024-05-05T22:00"},
	    {"this month", "2024-04-30T22:00"},
	    {"last month", "2024-03-31T22:00"},
	    {"wednesday", "2024-05-14T22:00"},
	    {"Monday", "2024-05-12T22:00"},
	    {"thursday", "2024-05-08T22:00"},
	    {"2024-05-01", "2024-04-30T22:00"},
	    {"2024-05-01T10:00", "2024-05-01T08:00"},
	    {"2024-05-01T10:00Z", "2024-05-01T10:00"},
	    {"2024-05-01T10:00+05:30", "2024-05-01T04:30"},
	};

	(void)state;
	set_zone(BERLIN);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct period period = must_read(
		    (struct period_words){.since = words[i].word}, NOW);

		assert_int_equal(period.from_us, utc(words[i].from));
		assert_int_equal(period.to_us, NOW);
	}
}

static void during_is_the_word_s_own_time_up_to_now(void **state)
{
	(void)state;
	set_zone(BERLIN);
	is(must_read((struct period_words){.during = "yesterday"}, NOW),
	    "2024-05-13T22:00", "2024-05-14T22:00");
	is(must_read((struct period_words){.during = "today"}, NOW),
	    "2024-05-14T22:00", "2024-05-15T10:30:00.25");
	is(must_read((struct period_words){.during = "last week"}, NOW),
	    "2024-05-05T22:00", "2024-05-12T22:00");
	is(must_read((struct period_words){.during = "last month"}, NOW),
	    "2024-03-31T22:00", "2024-04-30T22:00");
	is(must_read((struct period_words){.during = "2024-05-01"}, NOW),
	    "2024-04-30T22:00", "2024-05-01T22:00");
	is(must_read((struct period_words){.during = "2024-05-01T10:00"}, NOW),
	    "2024-05-01T08:00", "2024-05-01T08:01");
}

static void utc_has_days_of_its_own(void **state)
{
	(void)state;
	set_zone("LINT-14");
	is(must_read(
	       (struct period_words){.during = "yesterday", .zone = MOMENT_UTC},
	       NOW),
	    "2024-05-14", "2024-05-15");
	is(must_read((struct period_words){.during = "yesterday",
			 .zone = MOMENT_LOCAL},
	       NOW),
	    "2024-05-14T10:00", "2024-05-15T10:00");
}

static void from_and_to_take_every_word(void **state)
{
	(void)state;
	set_zone(BERLIN);
	is(must_read((struct period_words){.from = "2024-05-01",
			 .to = "2024-05-03T12:00"},
	       NOW),
	    "2024-04-30T22:00", "2024-05-03T10:00");
	is(must_read(
	       (struct period_words){.from = "yesterday", .to = "today"}, NOW),
	    "2024-05-13T22:00", "2024-05-14T22:00");
	is(must_read((struct period_words){.from = "2h", .to = "30m"}, NOW),
	    "2024-05-15T08:30:00.25", "2024-05-15T10:00:00.25");
	is(must_read((struct period_words){.from = "2024-05-15"}, NOW),
	    "2024-05-14T22:00", "2024-05-15T10:30:00.25");
	is(must_read((struct period_words){.to = "2024-05-15"}, NOW),
	    "1970-01-01", "2024-05-14T22:00");
	is(must_read((struct period_words){.from = "today",
			 .to = "2024-05-15T20:00Z"},
	       NOW),
	    "2024-05-14T22:00", "2024-05-15T20:00");
}

/* The clocks went forward on 31 March 2024, and back on 27 October. */
static void days_on_which_clocks_change_have_23_and_25_hours(void **state)
{
	struct period period;

	(void)state;
	set_zone(BERLIN);
	period = must_read((struct period_words){.during = "yesterday"},
	    utc("2024-04-01T10:00"));
	is(period, "2024-03-30T23:00", "2024-03-31T22:00");
	assert_int_equal(period.to_us - period.from_us, 23 * HOUR);
	period = must_read((struct period_words){.during = "yesterday"},
	    utc("2024-10-28T10:00"));
	is(period, "2024-10-26T22:00", "2024-10-27T23:00");
	assert_int_equal(period.to_us - period.from_us, 25 * HOUR);
	period = must_read((struct period_words){.during = "last week"},
	    utc("2024-04-01T10:00"));
	assert_int_equal(period.to_us - period.from_us, 7 * DAY - HOUR);
	period = must_read((struct period_words){.during = "last month"},
	    utc("2024-11-01T10:00"));
	assert_int_equal(period.to_us - period.from_us, 31 * DAY + HOUR);
	/* A length is one of the monotonous kind. */
	period = must_read(
	    (struct period_words){.since = "24h"}, utc("2024-03-31T10:00"));
	assert_int_equal(period.to_us - period.from_us, 24 * HOUR);
}

static void says(struct period_words words, const char *expected)
{
	struct period period = {-7, -7};
	struct text problem;

	text_init(&problem, 1000);
	if (period_read(&words, NOW, &period, &problem))
		fail_msg("taken; expected: %s", expected);
	if (strstr(text_string(&problem), expected) == NULL)
		fail_msg("'%s' is not in: %s", expected, text_string(&problem));
	assert_int_equal(period.from_us, -7);
	assert_int_equal(period.to_us, -7);
	text_done(&problem);
}

static void other_words_are_refused(void **state)
{
	static const char *const bad[] = {"", "24", "h", "-1h", "+1h", "1w",
	    "1h ", " 1h", "1 h", "1hh", "99999999999999999999d", "1000001d",
	    "0x10h", "1e3s", "yester", "todayy", "last", "this", "mon",
	    "2024-02-30", "previous",
	    "a word that is longer than any of those that are known here"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		says((struct period_words){.since = bad[i]}, "is no period");
		says((struct period_words){.during = bad[i]}, "is no period");
		says((struct period_words){.from = bad[i]}, "is no period");
		says((struct period_words){.to = bad[i]}, "is no period");
	}
}

static void the_problem_names_the_word_and_what_is_expected(void **state)
{
	(void)state;
	says((struct period_words){.since = "yesterdya"},
	    "\"yesterdya\" is no period: give 90s, 30m, 24h, 7d, today,");
	says((struct period_words){.from = "today", .to = "yesterday"},
	    "\"today\" does not come before \"yesterday\"");
	says((struct period_words){.from = "today", .to = "today"},
	    "\"today\" does not come before \"today\"");
	says((struct period_words){.since = "2024-05-16"},
	    "\"2024-05-16\" is yet to come");
	says((struct period_words){.during = "2024-05-16"},
	    "\"2024-05-16\" is yet to come");
	says((struct period_words){.since = "24h", .to = "now"}, "only one of");
	says((struct period_words){.since = "24h", .during = "today"},
	    "only one of");
	says((struct period_words){.since = "\x1b[2J"}, "\"?[2J\"");
}

static void a_period_is_compared_with_the_one_before_or_with_a_word(
    void **state)
{
	struct period period = {NOW - HOUR, NOW};
	struct period versus = {0};

	(void)state;
	set_zone(BERLIN);
	assert_true(
	    period_versus("previous", MOMENT_LOCAL, NOW, &period, &versus));
	assert_int_equal(versus.from_us, NOW - 2 * HOUR);
	assert_int_equal(versus.to_us, NOW - HOUR);
	assert_true(
	    period_versus("yesterday", MOMENT_LOCAL, NOW, &period, &versus));
	is(versus, "2024-05-13T22:00", "2024-05-14T22:00");
	assert_true(period_versus("today", MOMENT_UTC, NOW, &period, &versus));
	assert_int_equal(versus.to_us, NOW);
	assert_false(
	    period_versus("before", MOMENT_UTC, NOW, &period, &versus));
	assert_false(
	    period_versus("2024-05-16", MOMENT_UTC, NOW, &period, &versus));
}

static void before_all_there_is_no_time(void **state)
{
	struct period all = {0, NOW};
	struct period versus = {1, 1};

	(void)state;
	assert_true(period_versus("previous", MOMENT_UTC, NOW, &all, &versus));
	assert_int_equal(versus.from_us, 0);
	assert_int_equal(versus.to_us, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lengths_end_now),
	    cmocka_unit_test(without_a_word_it_is_the_last_24_hours),
	    cmocka_unit_test(all_begins_with_time),
	    cmocka_unit_test(since_begins_with_the_word_and_ends_now),
	    cmocka_unit_test(during_is_the_word_s_own_time_up_to_now),
	    cmocka_unit_test(utc_has_days_of_its_own),
	    cmocka_unit_test(from_and_to_take_every_word),
	    cmocka_unit_test(days_on_which_clocks_change_have_23_and_25_hours),
	    cmocka_unit_test(other_words_are_refused),
	    cmocka_unit_test(before_all_there_is_no_time),
	    cmocka_unit_test(the_problem_names_the_word_and_what_is_expected),
	    cmocka_unit_test(
		a_period_is_compared_with_the_one_before_or_with_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
