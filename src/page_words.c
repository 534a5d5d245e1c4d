/* page_words.c: numbers, times and moments -> as people read them */
#include "page_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "html.h"
#include "moment.h"

#define NUMBER_BYTES 32
#define US_PER_MS    1e3
#define US_PER_S     1e6
#define MINUTE_S     60
#define HOUR_S       3600
#define DAY_S        86400
#define HALF_YEAR_S  (182 * DAY_S)

void page_add_count(struct text *text, int64_t count)
{
	char digits[NUMBER_BYTES];
	size_t length;

	snprintf(digits, sizeof digits, "%lld", (long long)count);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		bool first = i == 0 || digits[i - 1] == '-';

		if (!first && (length - i) % 3 == 0)
			text_add(text, ",");
		text_add_bytes(text, digits + i, 1);
	}
}

/* Decimals that leave three digits: more would only look exact, since
 * percentiles are within 4.33 %. */
static int decimals(double value)
{
	if (value >= 100)
		return 0;
	if (value >= 10)
		return 1;
	return value >= 1 || value == 0 ? 2 : 3;
}

/* Columns are in one unit throughout, so that they can be compared. */
void page_add_ms(struct text *text, double us)
{
	double ms = us / US_PER_MS;

	if (ms >= 1000)
		page_add_count(text, (int64_t)(ms + 0.5));
	else
		text_add_format(text, "%.*f", decimals(ms), ms);
}

void page_add_time(struct text *text, double us)
{
	if (us >= US_PER_S) {
		text_add_format(
		    text, "%.*f s", decimals(us / US_PER_S), us / US_PER_S);
		return;
	}
	page_add_ms(text, us);
	text_add(text, " ms");
}

/* Two units at most: nobody needs the seconds of three hours. Each
 * begins at two of it: 90 s says more than 1 min. */
void page_add_span(struct text *text, int64_t us)
{
	/* Less than none is a clock that was put back since. */
	int64_t s = us > 0 ? us / CLOCK_SECOND : 0;

	if (s < 2 * MINUTE_S)
		text_add_format(text, "%lld s", (long long)s);
	else if (s < 2 * HOUR_S)
		text_add_format(text, "%lld min", (long long)(s / MINUTE_S));
	else if (s < 2 * DAY_S && s % HOUR_S < MINUTE_S)
		text_add_format(text, "%lld h", (long long)(s / HOUR_S));
	else if (s < 2 * DAY_S)
		text_add_format(text, "%lld h %lld min",
		    (long long)(s / HOUR_S),
		    (long long)(s % HOUR_S / MINUTE_S));
	else
		text_add_format(text, "%lld days", (long long)(s / DAY_S));
}

/* Powers of 1000, as disks are sold. */
void page_add_bytes(struct text *text, int64_t bytes)
{
	static const char *const units[] = {"KB", "MB", "GB", "TB"};
	double value = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000) {
		text_add_format(text, "%lld bytes", (long long)bytes);
		return;
	}
	while (value >= 1000 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1000;
		unit++;
	}
	text_add_format(text, "%.1f %s", value, units[unit]);
}

void page_add_moment(struct text *text, int64_t at_us, int64_t now_us)
{
	int64_t at_s = at_us / CLOCK_SECOND;
	int64_t now_s = now_us / CLOCK_SECOND;
	const char *form = "%-d %b %Y, %T";
	char exact[MOMENT_BYTES];
	char shown[MOMENT_BYTES];

	if (at_s / DAY_S == now_s / DAY_S)
		form = "%T";
	else if (at_s > now_s - HALF_YEAR_S && at_s < now_s + HALF_YEAR_S)
		form = "%-d %b, %T";
	moment_write(at_s, MOMENT_UTC, exact);
	moment_write_as(at_s, MOMENT_UTC, form, shown);
	html_add(text, "<time datetime=\"%s\">%s</time>", exact, shown);
}
