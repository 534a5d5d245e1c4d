#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "db.h"
#include "outbox_admin.h"
#include "table.h"

/*
 * What an operator asks of the file besides the decisions (figures.h,
 * event_list.h, story.h), each question a file sql/reports_*.sql that also
 * runs in the sqlite3 shell. Hours are UTC.
 *
 * All give *table, which the caller frees with table_free; it is untouched
 * on any other status than OK: what db_done gives, or STATUS_MEMORY.
 */

/* The token of each client: its age, its end, who fetched it; never itself. */
enum status report_tokens(struct db *db, struct table **table);

/* The circuit breaker of each upstream, and the calls in its window. */
enum status report_breakers(struct db *db, struct table **table);

/* Each upstream's pause, now, and the budget for retries (throttle.h). */
enum status report_pauses(struct db *db, struct table **table);

/*
 * The events in the queue that the filter means, oldest number first, at
 * most limit (REPORT_EVENTS_MAX).
 */
#define REPORT_EVENTS_MAX 10000
enum status report_queue(struct db *db, const struct outbox_filter *filter,
    int limit, struct table **table);

/* One event in the queue, its body last; no row when there is none. */
enum status report_queue_item(struct db *db, int64_t id, struct table **table);

/* What became of each lease of it, oldest first. */
enum status report_queue_attempts(
    struct db *db, int64_t id, struct table **table);

#endif
