#ifndef ROLLUP_ROW_H
#define ROLLUP_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "record.h"
#include "rollup.h"

/*
 * The decisions that the sums do not hold as they should: those after the
 * mark, and those that are in the sums but were replaced since. What is
 * folded, and what a reader adds to the sums.
 */
struct rollup_row {
	int64_t id;
	int times; /* 1; 0: nothing to count; -1: to be taken out */
	int64_t received_us;
	enum outcome outcome;
	int64_t total_us;
	int64_t step_us[STEP_COUNT];        /* -1: not reached */
	const char *parts[ROLLUP_BY_COUNT]; /* NULL for STEP */
	char route[ROLLUP_PART_BYTES];
};

/* All that are after the mark, by number, at most rows_max. */
struct db_row *rollup_rows_tail(struct db *db, int64_t rows_max);

/* All that are to be taken out. */
struct db_row *rollup_rows_undo(struct db *db);

/*
 * Steps to the next: false when there is none, then db_done tells whether
 * all went well. The parts are borrowed until the next step; the route is
 * row's own, so that a copy of row would point into the first one.
 */
bool rollup_rows_next(struct db_row *rows, struct rollup_row *row);

#endif
