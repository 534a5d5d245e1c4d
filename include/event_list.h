#ifndef EVENT_LIST_H
#define EVENT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "period.h"
#include "status.h"

/*
 * Decisions, one by one, by what they have in common. Whatever is asked for,
 * no question holds the database or memory for long: a period is walked in
 * pages, each a short statement of its own over so many decisions in the
 * order they were received, whether they fit or not. So a writer's log can be
 * copied back between two pages, and what costs is the length of the period
 * at most. Decisions that a later one of their event replaced are left out.
 *
 * The pages are not one view of the file: a decision that comes meanwhile
 * may be seen or not, none is seen twice.
 */

/* Those that fit all that is not NULL; period and slower_us always count. */
struct event_filter {
	struct period period;    /* received in it */
	const char *outcome;     /* "failed" */
	const char *status;      /* "rate_limited" */
	const char *media;       /* "voice" */
	const char *sku;         /* the whole of it */
	const char *route;       /* the map's word, or an id of its skills or
				    queues */
	const char *interaction; /* by an index of its own */
	int64_t slower_us;       /* took longer, in all; -1: any */
};

/* Decisions that one page looks at. */
#define EVENT_LIST_PAGE 5000

/*
 * Columns of a row, those of view report_decision: EVENT_LIST_SHORT of them
 * tell the most, all the others whatever else is known.
 */
#define EVENT_LIST_SHORT 10
bool event_list_is_number(const char *column);

/* A walk from the newest to the oldest, or by number as they come. */
struct event_list {
	const struct event_filter *filter; /* borrowed for the walk */
	bool ended;                        /* there is nothing more */
	/* The module's own: what is left ends before this one. */
	int64_t before_us;
	int64_t before_id;
};

void event_list_begin(
    struct event_list *list, const struct event_filter *filter);

/* Takes a row; it is borrowed until return. False: no more is wanted. */
typedef bool event_list_take(void *arg, struct db_row *row);

/*
 * Gives what fits of the next page, newest first, to take; sets list->ended
 * with the last page, and when take wants no more.
 */
enum status event_list_page(
    struct db *db, struct event_list *list, event_list_take *take, void *arg);

/* About how many decisions the filter's period has, fit or not: by their
 * numbers, without counting. */
enum status event_list_size(
    struct db *db, const struct event_filter *filter, int64_t *count);

/*
 * Gives those that fit, whenever received, and came after *after, a number,
 * oldest first, to take, and moves *after on: at most EVENT_LIST_PAGE are
 * looked at; none are left when *after stays where it was. It also passes
 * what take no longer wanted.
 */
enum status event_list_newer(struct db *db, const struct event_filter *filter,
    int64_t *after, event_list_take *take, void *arg);

/* The number of the newest decision; 0: there is none. */
enum status event_list_newest(struct db *db, int64_t *id);

#endif
