/* moment.c: days and times of a calendar -> Unix time, and back */
#include "moment.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"

#define HOUR_S   3600
#define DAY_S    86400
#define DECIMALS 6

/* What is written in front of the zone, the longest first, and how long the
 * time lasts that it says. 0: a day, however long that one is. */
static const struct form {
	const char *text;
	int lasts_s;
} forms[] = {
    {"%Y-%m-%dT%H:%M:%S", 1},
    {"%Y-%m-%d %H:%M:%S", 1},
    {"%Y-%m-%dT%H:%M", 60},
    {"%Y-%m-%d %H:%M", 60},
    {"%Y-%m-%d", 0},
};

/* What the clocks show more than UTC. */
static int64_t offset_s(int64_t at_s, enum moment_zone zone)
{
	time_t at = at_s;
	struct tm parts;

	if (zone == MOMENT_UTC || localtime_r(&at, &parts) == NULL)
		return 0;
	return parts.tm_gmtoff;
}

/*
 * When the clocks show this: shown_s is what UTC would be then. Where they
 * are changed at about this time, the offset of the day before is tried
 * first: it has the first of two equal times, and it is how a time that is
 * skipped is read.
 */
static int64_t when_shown_s(int64_t shown_s, enum moment_zone zone)
{
	int64_t before_s = offset_s(shown_s - DAY_S, zone);
	int64_t after_s = offset_s(shown_s + DAY_S, zone);

	if (offset_s(shown_s - before_s, zone) == before_s)
		return shown_s - before_s;
	if (offset_s(shown_s - after_s, zone) == after_s)
		return shown_s - after_s;
	return shown_s - before_s;
}

/* By gmtime_r, so that parts can be counted on with and given to timegm; they
 * know of no zone then. */
static void shown_parts(int64_t at_s, enum moment_zone zone, struct tm *parts)
{
	time_t shown = at_s + offset_s(at_s, zone);

	*parts = (struct tm){.tm_mday = 1};
	gmtime_r(&shown, parts);
}

int moment_weekday(int64_t at_s, enum moment_zone zone)
{
	struct tm parts;

	shown_parts(at_s, zone, &parts);
	return (parts.tm_wday + 6) % 7;
}

/* timegm takes days and months outside of the calendar, and counts on. Hours
 * go without it: one that the clocks show twice is two. */
int64_t moment_begin_s(
    int64_t at_s, enum moment_unit unit, int steps, enum moment_zone zone)
{
	struct tm parts;

	shown_parts(at_s, zone, &parts);
	if (unit == MOMENT_HOUR)
		return at_s - parts.tm_min * 60 - parts.tm_sec +
		       (int64_t)steps * HOUR_S;
	if (unit == MOMENT_DAY) {
		parts.tm_mday += steps;
	} else if (unit == MOMENT_WEEK) {
		parts.tm_mday += 7 * steps - (parts.tm_wday + 6) % 7;
	} else {
		parts.tm_mday = 1;
		parts.tm_mon += steps;
	}
	parts.tm_hour = 0;
	parts.tm_min = 0;
	parts.tm_sec = 0;
	return when_shown_s(timegm(&parts), zone);
}

/*
 * strptime takes shorter numbers, days that no month has and a second 60; none
 * is written back as it was. NULL: it is not of this form, or before 1970;
 * otherwise what follows it.
 */
static const char *read_form(
    const char *text, const char *form, int64_t *shown_s)
{
	char back[MOMENT_BYTES];
	struct tm parts = {0};
	const char *end = strptime(text, form, &parts);
	size_t length;
	time_t shown;

	if (end == NULL)
		return NULL;
	shown = timegm(&parts);
	if (shown < 0 || gmtime_r(&shown, &parts) == NULL)
		return NULL;
	length = strftime(back, sizeof back, form, &parts);
	if (length != (size_t)(end - text) || memcmp(back, text, length) != 0)
		return NULL;
	*shown_s = shown;
	return end;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Two digits; -1 when there are none. */
static int two_digits(const char *at)
{
	if (!is_digit(at[0]) || !is_digit(at[1]))
		return -1;
	return (at[0] - '0') * 10 + at[1] - '0';
}

/* True at "+02:00", "Z" or, for the zone at hand, nothing. */
static bool read_zone(const char *text, bool *given, int64_t *offset)
{
	int hours, minutes;

	*given = text[0] != '\0';
	*offset = 0;
	if (!*given || strcmp(text, "Z") == 0)
		return true;
	if (text[0] != '+' && text[0] != '-')
		return false;
	hours = two_digits(text + 1);
	if (hours < 0 || hours > 23 || text[3] != ':')
		return false;
	minutes = two_digits(text + 4);
	if (minutes < 0 || minutes > 59 || text[6] != '\0')
		return false;
	*offset = hours * HOUR_S + minutes * 60;
	if (text[0] == '-')
		*offset = -*offset;
	return true;
}

/* Decimals of a second. Gives what follows them, and how long the time
 * lasts that is written with so many. */
static const char *read_decimals(const char *at, int64_t *us, int64_t *lasts_us)
{
	if (at[0] != '.' || !is_digit(at[1]))
		return at;
	at++;
	for (int i = 0; i < DECIMALS && is_digit(*at); i++) {
		*lasts_us /= 10;
		*us += (*at - '0') * *lasts_us;
		at++;
	}
	return at;
}

struct span {
	int64_t from_us;
	int64_t to_us;
};

/* shown_s was read; rest is what stands behind it. */
static bool end_time(const char *rest, int64_t shown_s, int lasts_s,
    enum moment_zone zone, struct span *span)
{
	int64_t lasts_us = lasts_s * CLOCK_SECOND;
	int64_t us = 0;
	int64_t offset = 0;
	bool given = false;

	if (lasts_s == 1)
		rest = read_decimals(rest, &us, &lasts_us);
	if (!read_zone(rest, &given, &offset))
		return false;
	/* A time that brings its zone is read the same everywhere. */
	if (given)
		shown_s -= offset;
	else
		shown_s = when_shown_s(shown_s, zone);
	span->from_us = shown_s * CLOCK_SECOND + us;
	span->to_us = span->from_us + lasts_us;
	return true;
}

/* Up to where the next day begins, which is not always 24 hours later. */
static bool end_day(
    const char *rest, int64_t shown_s, enum moment_zone zone, struct span *span)
{
	if (rest[0] != '\0')
		return false;
	span->from_us = when_shown_s(shown_s, zone) * CLOCK_SECOND;
	span->to_us = when_shown_s(shown_s + DAY_S, zone) * CLOCK_SECOND;
	return true;
}

static bool read_span(
    const char *text, enum moment_zone zone, struct span *span)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		int64_t shown_s = 0;
		const char *rest = read_form(text, forms[i].text, &shown_s);

		if (rest == NULL)
			continue;
		if (forms[i].lasts_s == 0)
			return end_day(rest, shown_s, zone, span);
		return end_time(rest, shown_s, forms[i].lasts_s, zone, span);
	}
	return false;
}

bool moment_read(
    const char *text, enum moment_zone zone, int64_t *from_us, int64_t *to_us)
{
	struct span span;

	/* A zone east of UTC leads to the year before. */
	if (!read_span(text, zone, &span) || span.from_us < 0)
		return false;
	*from_us = span.from_us;
	*to_us = span.to_us;
	return true;
}

void moment_write_as(int64_t at_s, enum moment_zone zone, const char *form,
    char text[MOMENT_BYTES])
{
	struct tm parts;

	shown_parts(at_s, zone, &parts);
	if (strftime(text, MOMENT_BYTES, form, &parts) == 0)
		text[0] = '\0';
}

void moment_write(int64_t at_s, enum moment_zone zone, char text[MOMENT_BYTES])
{
	int offset_min = (int)(offset_s(at_s, zone) / 60);
	char sign = offset_min < 0 ? '-' : '+';
	size_t length;

	moment_write_as(at_s, zone, "%Y-%m-%dT%H:%M:%S", text);
	length = strlen(text);
	if (zone == MOMENT_UTC) {
		snprintf(text + length, MOMENT_BYTES - length, "Z");
		return;
	}
	if (offset_min < 0)
		offset_min = -offset_min;
	snprintf(text + length, MOMENT_BYTES - length, "%c%02d:%02d", sign,
	    offset_min / 60 % 100, offset_min % 60);
}
