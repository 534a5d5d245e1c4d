/* retry_after.c: the header Retry-After -> how long to wait */
#include "retry_after.h"

#include <stddef.h>
#include <string.h>

#include "clock.h"

#define DAY_S          INT64_C(86400)
#define YEAR_NEW_MAX   50     /* a two-digit year is no farther ahead */
#define DAYS_TO_1970   719468 /* from 0000-03-01 */
#define DAYS_400_YEARS 146097
#define GMT            " GMT"

/* What is left to read; NULL as soon as something was not as expected. */
struct reader {
	const char *rest;
};

struct date {
	int year;
	int month; /* from 1 */
	int day;
	int hour;
	int minute;
	int second;
};

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[] = {"Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday", "Sunday"};

static void read_text(struct reader *reader, const char *text)
{
	size_t length = strlen(text);

	if (!reader->rest)
		return;
	if (strncmp(reader->rest, text, length) == 0)
		reader->rest += length;
	else
		reader->rest = NULL;
}

/* Exactly so many digits. */
static int read_number(struct reader *reader, int digits)
{
	int number = 0;
	int i;

	for (i = 0; reader->rest && i < digits; i++) {
		char digit = *reader->rest;

		if (digit < '0' || digit > '9') {
			reader->rest = NULL;
			return 0;
		}
		number = number * 10 + (digit - '0');
		reader->rest++;
	}
	return number;
}

/* One of the names; gives its number, from 1. */
static int read_name(struct reader *reader, const char *const *names, int count)
{
	int i;

	for (i = 0; reader->rest && i < count; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(reader->rest, names[i], length) != 0)
			continue;
		reader->rest += length;
		return i + 1;
	}
	reader->rest = NULL;
	return 0;
}

static void read_time(struct reader *reader, struct date *date)
{
	date->hour = read_number(reader, 2);
	read_text(reader, ":");
	date->minute = read_number(reader, 2);
	read_text(reader, ":");
	date->second = read_number(reader, 2);
}

/* True when all of the text was read. */
static bool read_end(const struct reader *reader)
{
	return reader->rest && *reader->rest == '\0';
}

static bool read_fixdate(const char *text, struct date *date)
{
	struct reader reader = {text};

	read_name(&reader, days, 7);
	read_text(&reader, ", ");
	date->day = read_number(&reader, 2);
	read_text(&reader, " ");
	date->month = read_name(&reader, months, 12);
	read_text(&reader, " ");
	date->year = read_number(&reader, 4);
	read_text(&reader, " ");
	read_time(&reader, date);
	read_text(&reader, GMT);
	return read_end(&reader);
}

static bool read_rfc850(const char *text, struct date *date)
{
	struct reader reader = {text};

	read_name(&reader, long_days, 7);
	read_text(&reader, ", ");
	date->day = read_number(&reader, 2);
	read_text(&reader, "-");
	date->month = read_name(&reader, months, 12);
	read_text(&reader, "-");
	date->year = read_number(&reader, 2);
	read_text(&reader, " ");
	read_time(&reader, date);
	read_text(&reader, GMT);
	return read_end(&reader);
}

static bool read_asctime(const char *text, struct date *date)
{
	struct reader reader = {text};

	read_name(&reader, days, 7);
	read_text(&reader, " ");
	date->month = read_name(&reader, months, 12);
	read_text(&reader, " ");
	/* A day below 10 has a space before it. */
	if (reader.rest && *reader.rest == ' ') {
		reader.rest++;
		date->day = read_number(&reader, 1);
	} else {
		date->day = read_number(&reader, 2);
	}
	read_text(&reader, " ");
	read_time(&reader, date);
	read_text(&reader, " ");
	date->year = read_number(&reader, 4);
	return read_end(&reader);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* A month that was read is one: read_name has no other number to give. */
static bool is_possible(const struct date *date)
{
	static const int lengths[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int length = lengths[date->month - 1];

	if (date->month == 2 && is_leap(date->year))
		length = 29;
	/* Second 60 is a leap second. */
	return date->day >= 1 && date->day <= length && date->hour <= 23 &&
	       date->minute <= 59 && date->second <= 60;
}

/*
 * Days since 1970 of the Gregorian calendar. The year is counted from March,
 * so that the leap day is its last, and in cycles of 400 years.
 */
static int64_t count_days(const struct date *date)
{
	int year = date->month <= 2 ? date->year - 1 : date->year;
	int month = (date->month + 9) % 12;
	int cycle = year / 400;
	int in_cycle = year % 400;
	/* From March on each five months have 153 days: 31, 30, 31, 30, 31. */
	int day = (153 * month + 2) / 5 + date->day - 1;

	return (int64_t)cycle * DAYS_400_YEARS + in_cycle * 365 + in_cycle / 4 -
	       in_cycle / 100 + day - DAYS_TO_1970;
}

static int64_t count_seconds(const struct date *date)
{
	return count_days(date) * DAY_S + date->hour * 3600 +
	       date->minute * 60 + date->second;
}

/* The century is now's, or the one before when that would be too far ahead. */
static void complete_year(struct date *date, int64_t now_s)
{
	/* 400 years are so many days; near enough for a century. */
	int now_year = 1970 + (int)(now_s / DAY_S * 400 / DAYS_400_YEARS);

	date->year += now_year / 100 * 100;
	if (date->year > now_year + YEAR_NEW_MAX)
		date->year -= 100;
	else if (date->year <= now_year - YEAR_NEW_MAX)
		date->year += 100;
}

/*
 * What a form that does not fit has left in date is overwritten: each form
 * reads every field. RFC 850 comes last, as only its year is not whole.
 */
bool retry_after_date(const char *text, int64_t now_s, int64_t *date_s)
{
	struct date date = {0};

	if (!read_fixdate(text, &date) && !read_asctime(text, &date)) {
		if (!read_rfc850(text, &date))
			return false;
		complete_year(&date, now_s);
	}
	if (!is_possible(&date))
		return false;
	*date_s = count_seconds(&date);
	return true;
}

/* True for digits alone; more than the longest wait counts as that. */
static bool read_seconds(const char *text, int64_t *wait_us)
{
	int64_t seconds = 0;
	size_t i;

	/* It grows no more once it is the longest wait: nothing overflows. */
	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++)
		if (seconds * CLOCK_SECOND < RETRY_AFTER_MAX_US)
			seconds = seconds * 10 + (text[i] - '0');
	if (i == 0 || text[i] != '\0')
		return false;
	*wait_us = seconds * CLOCK_SECOND;
	return true;
}

static bool read_until(
    const char *text, const char *date, int64_t wall_us, int64_t *wait_us)
{
	int64_t now_us = wall_us;
	int64_t now_s = wall_us / CLOCK_SECOND;
	int64_t until_s;
	int64_t date_s;

	if (!retry_after_date(text, now_s, &until_s))
		return false;
	if (date && retry_after_date(date, now_s, &date_s))
		now_us = date_s * CLOCK_SECOND;
	*wait_us = until_s * CLOCK_SECOND - now_us;
	return true;
}

int64_t retry_after_us(const char *value, const char *date, int64_t wall_us)
{
	int64_t wait_us;

	if (!read_seconds(value, &wait_us) &&
	    !read_until(value, date, wall_us, &wait_us))
		return -1;
	if (wait_us < 0)
		return 0;
	return wait_us < RETRY_AFTER_MAX_US ? wait_us : RETRY_AFTER_MAX_US;
}
