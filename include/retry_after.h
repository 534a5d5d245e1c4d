#ifndef RETRY_AFTER_H
#define RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the answer's header Retry-After (RFC 9110 section 10.2.3): a number
 * of seconds, or a date.
 * value: the header's; date: the header Date of the same answer, or NULL;
 * wall_us: our own clock. A date counts from date, so that two clocks which
 * differ do no harm, and from our clock only when date is missing or none.
 * Gives the time to wait: 0 for a date that has passed, RETRY_AFTER_MAX_US
 * for anything longer, since nobody who asks for years means it; -1 when
 * value asks for nothing that can be understood.
 */
#define RETRY_AFTER_MAX_US (INT64_C(3600) * 1000000)
int64_t retry_after_us(const char *value, const char *date, int64_t wall_us);

/*
 * Reads an HTTP-date (RFC 9110 section 5.6.7) in any of its forms:
 *   Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
 *   Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
 *   Sun Nov  6 08:49:37 1994         asctime
 * True: *date_s is the seconds since 1970. A year of two digits is the one
 * that is not more than 50 years after now_s. The day's name must be a name
 * but is not compared with the date.
 */
bool retry_after_date(const char *text, int64_t now_s, int64_t *date_s);

#endif
