#ifndef PRUNE_H
#define PRUNE_H

#include <stdint.h>

#include "config.h"
#include "db.h"
#include "status.h"

/*
 * What is older than it is to be kept is deleted, in small transactions, so
 * that no event waits for it: decisions, and sums of minutes, hours and days
 * (rollup.h), each after its own RETENTION_*_DAYS. A decision that is in no
 * sum yet stays, and so does one whose event is in the queue, since a later
 * one will replace it, and the newest, whose number must not be given again.
 * The file does not shrink: what is freed is used again.
 */

/* From before these times all goes. 0: nothing does. Unix time, the sums'
 * rounded down to whole hours and days, so that coarser ones stand in; they
 * are kept at least as long as the finer ones. */
struct prune_limits {
	int64_t decisions_us;
	int64_t minutes_s;
	int64_t hours_s;
	int64_t days_s;
	int64_t newest_s; /* the end of this day: no sum of now begins later */
};

void prune_limits_at(
    const struct config *config, int64_t now_us, struct prune_limits *limits);

struct prune_count {
	int64_t decisions;
	int64_t sums;
};

/*
 * Deletes some, PRUNE_ROWS decisions at most and about as many sums; to be
 * run in a transaction. Adds to *count how many; when that was nothing, all
 * is done.
 */
#define PRUNE_ROWS 500
enum status prune_some(struct db *db, const struct prune_limits *limits,
    struct prune_count *count);

/* How many decisions there are to delete. */
enum status prune_left(
    struct db *db, const struct prune_limits *limits, int64_t *decisions);

/* What a caller of prune_turn() is to do. */
enum prune_turn {
	PRUNE_NOT_YET, /* another process did, or the clock is not trusted */
	PRUNE_DUE,
	PRUNE_HELD, /* nothing; but tell that the clock may be ahead */
	PRUNE_TURN_COUNT
};

/*
 * PRUNE_DUE for one caller in every_us, over all processes, by the wall clock,
 * which alone they share. A clock that was put ahead must not cost what is
 * kept: when the last turn was longer than PRUNE_GAP_US ago, one caller gets
 * PRUNE_HELD, and nobody's turn comes for PRUNE_HOLD_US, in which the clock
 * may be put right. A site that has slept for so long waits the same. To be
 * run in a transaction. *ago_us, with PRUNE_HELD only: since the last turn.
 */
#define PRUNE_GAP_US  INT64_C(172800000000) /* two days */
#define PRUNE_HOLD_US INT64_C(86400000000)  /* must be the shorter one */
enum status prune_turn(struct db *db, int64_t now_us, int64_t every_us,
    enum prune_turn *turn, int64_t *ago_us);

/* A turn taken by somebody who says that the clock is right: nobody waits
 * because of it. To be run in a transaction. */
enum status prune_trust(struct db *db, int64_t now_us);

#endif
