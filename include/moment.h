#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Unix time, which is UTC, and what calendars and clocks on walls make of
 * it: of this machine, or of who set TZ, or in UTC.
 *
 * The C library reads TZ and /etc/localtime at the first call; when they are
 * changed, tzset() makes it read them anew.
 */
enum moment_zone { MOMENT_LOCAL, MOMENT_UTC };

enum moment_unit { MOMENT_HOUR, MOMENT_DAY, MOMENT_WEEK, MOMENT_MONTH };

/*
 * Where the unit that has at_s begins, or the one so many after it (before
 * it when steps is negative). Weeks begin on Monday (ISO 8601). A day has
 * 23 or 25 hours when clocks are changed, and begins later when they skip
 * midnight.
 */
int64_t moment_begin_s(
    int64_t at_s, enum moment_unit unit, int steps, enum moment_zone zone);

/* The day of the week: 0 is Monday. */
int moment_weekday(int64_t at_s, enum moment_zone zone);

/*
 * Reads 2026-11-01, 2026-11-01T10:00, 2026-11-01T10:00:30 or with up to six
 * decimals, a blank or T in the middle; a time may end in Z or +02:00
 * (RFC 3339), otherwise it is one of zone. Gives all the time that this
 * says: the whole day, minute or second, up to, not including, *to_us. A
 * time that clocks show twice is the first of the two; one that they skip
 * is what they would show had they not been changed. False: it is no such
 * time, no day of the calendar, or before 1970.
 */
bool moment_read(
    const char *text, enum moment_zone zone, int64_t *from_us, int64_t *to_us);

/* Writes 2026-11-01T10:00:00+01:00, in UTC with Z (RFC 3339). */
#define MOMENT_BYTES 32
void moment_write(int64_t at_s, enum moment_zone zone, char text[MOMENT_BYTES]);

/* Writes as strftime(3) does with form, which asks for no zone (%z, %Z), as it
 * would get that of UTC; "" when it does not fit. */
void moment_write_as(int64_t at_s, enum moment_zone zone, const char *form,
    char text[MOMENT_BYTES]);

#endif
