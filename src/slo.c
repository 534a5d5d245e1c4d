/* slo.c: 300ms:99.9 -> how long, and which share */
#include "slo.h"

#include <stddef.h>
#include <string.h>

#include "clock.h"

#define LENGTH_MAX_US (3600 * CLOCK_SECOND)
#define DECIMALS      3

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The number that at begins with, at most max; NULL: there is none. */
static const char *read_number(const char *at, int64_t max, int64_t *number)
{
	if (!is_digit(*at))
		return NULL;
	*number = 0;
	while (is_digit(*at)) {
		/* Looked at with each digit, so that no row of them overflows.
		 */
		*number = *number * 10 + *at - '0';
		if (*number > max)
			return NULL;
		at++;
	}
	return at;
}

static const char *read_length(const char *at, int64_t *us)
{
	int64_t unit_us = CLOCK_MS;
	int64_t number = 0;

	/* As if it were milliseconds, before the unit is known: seconds are
	 * held to the same length below. */
	at = read_number(at, LENGTH_MAX_US / CLOCK_MS, &number);
	if (at == NULL)
		return NULL;
	if (strncmp(at, "ms", 2) == 0) {
		at += 2;
	} else if (*at == 's') {
		unit_us = CLOCK_SECOND;
		at++;
	} else {
		return NULL;
	}
	*us = number * unit_us;
	return *us > 0 && *us <= LENGTH_MAX_US ? at : NULL;
}

/* As thousandths, so that 99.9 is no guess of strtod's in some locale. */
static const char *read_target(const char *at, double *target)
{
	int64_t thousandths = 0;
	int64_t unit = 1000;

	at = read_number(at, 99, &thousandths);
	if (at == NULL)
		return NULL;
	thousandths *= unit;
	if (*at == '.') {
		at++;
		if (!is_digit(*at))
			return NULL;
		for (int i = 0; i < DECIMALS && is_digit(*at); i++) {
			unit /= 10;
			thousandths += (*at - '0') * unit;
			at++;
		}
	}
	/* A fourth decimal is left unread, and so no aim. */
	*target = (double)thousandths / 1000;
	return thousandths > 0 ? at : NULL;
}

bool slo_read(const char *word, int64_t *within_us, double *target)
{
	double share = SLO_TARGET;
	int64_t us = 0;
	const char *at = read_length(word, &us);

	if (at != NULL && *at == ':')
		at = read_target(at + 1, &share);
	if (at == NULL || *at != '\0')
		return false;
	*within_us = us;
	*target = share;
	return true;
}
