#ifndef ROLLUP_H
#define ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "histogram.h"
#include "record.h"
#include "status.h"

/*
 * Decisions added up, so that a report over any time costs milliseconds:
 * table rollup has a histogram for every minute, hour and day (UTC) and for
 * all time, of each step and of each status, media type and so on, by
 * outcome.
 *
 * No event pays for that. The decisions themselves are the log that the sums
 * are made from: rollup_fold.h adds the rows after a mark, upto_id of table
 * rollup_state, to the sums and moves the mark, in one transaction. Whoever
 * reads adds the rows after the mark to the sums he finds, in one view of the
 * file. So every answer counts each committed decision once, whether folded
 * or not.
 *
 * A decision that is replaced by a later one of its event is taken out again
 * (table rollup_undo, filled by a trigger). An event belongs to the minute it
 * was received in.
 */

/* What the sums are kept by. STEP has a part for each step; all others are
 * of the total time. */
enum rollup_by {
	ROLLUP_TOTAL,     /* one part, "total" */
	ROLLUP_STEP,      /* parts: step_name() */
	ROLLUP_STATUS,    /* the cause when not routed; "ok" */
	ROLLUP_INVENTORY, /* the inventory's status; "-" when not asked */
	ROLLUP_MEDIA,     /* "-" when not known */
	ROLLUP_ROUTE,     /* skills and queues; "-" when none was chosen */
	ROLLUP_MAP,       /* digest of the map; "-" */
	ROLLUP_BY_COUNT
};

/* The word in column kind and on the command line ("media"). */
const char *rollup_by_name(enum rollup_by by);

/* Parts of one kind in one period; what comes beyond is added up as the part
 * ROLLUP_OTHER. A sender chooses his media types: they must not fill a disk. */
#define ROLLUP_PARTS_MAX 100
#define ROLLUP_OTHER     "(other)"

/* A route: two JSON lists and the words around them. */
#define ROLLUP_PART_BYTES 256

/* A time from from_s up to, not including, to_s: Unix seconds, UTC. */
struct rollup_period {
	int64_t from_s;
	int64_t to_s;
};

/*
 * Widens period to what sums can answer: to whole minutes, and where minutes
 * (or hours) are no longer kept, to whole hours (or days). to_s is at most
 * the end of the minute after now_s. Within a read transaction.
 */
enum status rollup_fit(
    struct db *db, int64_t now_s, struct rollup_period *period);

struct rollup_request {
	enum rollup_by by;
	struct rollup_period period; /* as rollup_fit left it */
	int64_t slot_s;              /* 0: one sum over the period. Else a sum
					for each slot of so many seconds, a
					multiple of 60: slots begin at from_s */
	const char *part;            /* NULL: all */
	bool by_outcome;             /* a sum for each outcome */
};

/* One sum: of a part (and outcome) in a slot. */
struct rollup_sum {
	int64_t start_s; /* of the slot */
	char part[ROLLUP_PART_BYTES];
	enum outcome outcome; /* OUTCOME_COUNT unless by_outcome was asked */
	int64_t outcomes[OUTCOME_COUNT]; /* how often each */
	struct histogram times;
};

struct rollup {
	struct rollup_sum *sums;
	size_t count;
};

/* Sums that one question may give: 12 MB. Without slots they are never too
 * many: parts that come after half of them are given as ROLLUP_OTHER. */
#define ROLLUP_SUMS_MAX 4000

/*
 * Gives all sums that are not empty, by slot, then part (steps in the order
 * of the path, others by name), then outcome. To be run inside a read
 * transaction; freed with rollup_done. A slot that is finer than what is
 * kept for its time gets the whole minute, hour or day that begins in it.
 * STATUS_TOO_LARGE: more than ROLLUP_SUMS_MAX; STATUS_MEMORY; STATUS_STORE_*:
 * then nothing is given.
 */
enum status rollup_read(
    struct db *db, const struct rollup_request *request, struct rollup *rollup);

/*
 * The same of all time, by part and outcome, which only grows but for
 * decisions that were replaced: what /metrics shows.
 */
enum status rollup_read_ever(
    struct db *db, enum rollup_by by, struct rollup *rollup);

/* The sum of a part (and outcome) in the slot; NULL when there is none. */
const struct rollup_sum *rollup_find(const struct rollup *rollup,
    int64_t start_s, const char *part, enum outcome outcome);

/* Frees and empties. */
void rollup_done(struct rollup *rollup);

#endif
