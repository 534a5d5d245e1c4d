#ifndef METRICS_TIMES_H
#define METRICS_TIMES_H

#include "db.h"
#include "metrics_write.h"
#include "status.h"

/*
 * What the metrics tell of decisions: how many had which outcome, why they
 * fell back, and how long each step took. From the sums of all time and the
 * decisions that are not in them yet (rollup.h), and what those sums have let
 * go since (schema_17_tally.sql), so that nothing here ever falls.
 *
 * The buckets are those of histogram.h, eight made one: bounds are 2^-17 s
 * (7.6 us) to 2^5 s (32 s), each twice the one before, and every time is in
 * the right one.
 */
#define METRICS_LE_FIRST (-17)
#define METRICS_LE_LAST  5

/* Writes the families. Within a read transaction. */
enum status metrics_write_times(struct db *db, struct metrics_out *out);

#endif
