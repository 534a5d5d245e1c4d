#ifndef ROLLUP_FOLD_H
#define ROLLUP_FOLD_H

#include "db.h"
#include "status.h"

/*
 * Adds at most rows_max decisions to the sums (rollup.h) and takes out those
 * that were replaced; to be run in a transaction of the store. Gives how
 * many rows there were: less than rows_max when none are left. On failure
 * the transaction must be undone.
 */
#define ROLLUP_FOLD_ROWS 2000
enum status rollup_fold(struct db *db, int64_t rows_max, int64_t *folded);

#endif
