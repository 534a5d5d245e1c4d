#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "db.h"
#include "table.h"

/*
 * The questions the operator asks of table decision, each one a file
 * sql/reports_*.sql that also runs in the sqlite3 shell. Percentiles are
 * exact, by nearest rank.
 */
enum report_by {
	REPORT_BY_STEP,
	REPORT_BY_HOUR,
	REPORT_BY_STATUS,
	REPORT_BY_MEDIA,
	REPORT_BY_OUTCOME,
	REPORT_BY_COUNT
};

const char *report_by_name(enum report_by by);

/*
 * Counts, outcomes and p50 p90 p95 p99 max per step or group, over the
 * decisions received at or after since_us (wall time). *table is given,
 * the caller frees it with table_free; untouched on any other status.
 */
enum status report_latency(struct db *db, enum report_by by,
    int64_t since_us, struct table **table);

/* One line of totals: events, each outcome, fallback share, first, last. */
enum status report_summary(struct db *db, int64_t since_us,
    struct table **table);

/* The newest decisions, newest first, at most limit (1..10000). */
enum status report_events(struct db *db, int64_t since_us, int limit,
    struct table **table);

/*
 * All that is kept of one event: rows of name and value. id is the number
 * of the decision, or an interaction id (then its newest decision).
 */
enum status report_event(struct db *db, const char *id,
    struct table **table);

#endif
