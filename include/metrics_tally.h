#ifndef METRICS_TALLY_H
#define METRICS_TALLY_H

#include "config.h"
#include "db.h"
#include "metrics_write.h"
#include "status.h"

/*
 * What the metrics tell of table tally: all processes' counts, as of the
 * last second. A count that is still 0 is told as well, so that it is there
 * before it first matters; so is one that this configuration knows no more,
 * such as a key's that was taken away.
 */

/* Writes the families. Within a read transaction. */
enum status metrics_write_tally(
    struct db *db, const struct config *config, struct metrics_out *out);

/* Calls got(arg) for each count of that name. Within a read transaction. */
typedef void metrics_tally_got(void *arg, const char *label, int64_t value);
enum status metrics_tally_each(
    struct db *db, const char *name, metrics_tally_got *got, void *arg);

#endif
