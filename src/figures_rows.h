#ifndef FIGURES_ROWS_H
#define FIGURES_ROWS_H

#include "figures.h"

/* The two places that figures come from, and what they share. */

/* Adds an empty row, borrowed until the next one is added. NULL: no memory, or
 * there are FIGURES_SLOTS_MAX. */
struct figures_row *figures_add(struct figures_rows *rows, const char *name);

/* Slots of time: slot i goes from bounds[i] to bounds[i + 1], seconds. The
 * first and the last reach over the period. */
struct figures_slots {
	int64_t *bounds; /* count + 1 of them */
	size_t count;
};

/*
 * Gives a row for each group, or for each slot, empty ones too, in which
 * only the period counts. The rows must be empty.
 */
enum status figures_sums(struct db *db, const struct figures_ask *ask,
    enum figures_by by, struct figures_rows *rows);
enum status figures_sums_course(struct db *db, const struct figures_ask *ask,
    const struct figures_slots *slots, struct figures_rows *rows);

enum status figures_exact(struct db *db, const struct figures_ask *ask,
    enum figures_by by, struct figures_rows *rows);
enum status figures_exact_course(struct db *db, const struct figures_ask *ask,
    const struct figures_slots *slots, struct figures_rows *rows);

#endif
