#ifndef PERIOD_H
#define PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#include "moment.h"
#include "text.h"

/*
 * A period in words: what --since, --during, --from and --to take, on the
 * command line and in the URLs of the report's pages.
 *
 *   90s 30m 24h 7d       so long, up to now; all when that is before 1970
 *   today, yesterday     and monday to sunday: the last day of that name,
 *                        today included
 *   this week, last week from Monday on; this month, last month
 *   2026-11-01, 2026-11-01T10:00 and what else moment_read takes
 *   now, all
 *
 * Words in whatever case; last-week is last week.
 */

/* From from_us up to, not including, to_us: wall time in microseconds. */
struct period {
	int64_t from_us;
	int64_t to_us;
};

/* What was said, borrowed; NULL where nothing was. Without any, `since` is
 * PERIOD_DEFAULT. */
struct period_words {
	const char *since;  /* from where this begins, up to now */
	const char *during; /* this, and no longer than now */
	const char *from;   /* from where this begins ... */
	const char *to;     /* ... to where this begins; NULL: now */
	enum moment_zone zone;
};

#define PERIOD_DEFAULT "24h"

/* What is expected where a period is asked for. */
#define PERIOD_EXPECTED                                                        \
	"90s, 30m, 24h, 7d, today, yesterday, monday, 'this week', "           \
	"'last week', 'last month', 2026-11-01, 2026-11-01T10:00 (with Z or "  \
	"+02:00 if need be), now or all"

/*
 * Gives the period that the words mean at now_us. It never ends after
 * now_us, but for a time that was given to `to`. False: problem got a
 * sentence that names the word and what is expected, printable; *period is
 * untouched.
 */
bool period_read(const struct period_words *words, int64_t now_us,
    struct period *period, struct text *problem);

/*
 * Gives the period of one word, no longer than now_us. False: it is none;
 * *period is untouched.
 */
bool period_of(const char *word, enum moment_zone zone, int64_t now_us,
    struct period *period);

/*
 * The same for a period to compare another with, which may also be
 * "previous": as long, and just before.
 */
bool period_versus(const char *word, enum moment_zone zone, int64_t now_us,
    const struct period *period, struct period *versus);

#endif
