#ifndef CLAIM_ROW_H
#define CLAIM_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "status.h"
#include "text.h"

#define CLAIM_TIME_BYTES 20 /* of a key, for the order of keys alone */
#define CLAIM_KEY_BYTES                                                        \
	(CLAIM_TIME_BYTES + 33) /* 128 bits in hexadecimal, and the NUL */
#define CLAIM_ANSWER_MAX 32768
#define CLAIM_SALTS      1024

/* What the table knows of an event. */
enum claim_found {
	CLAIM_OURS,    /* nobody has it, or did in time: it is ours now */
	CLAIM_IN_HAND, /* another request has it; ask again soon */
	CLAIM_FINISHED /* it was answered: http and answer are set */
};

/*
 * Transactions on table claim, which remembers the events of the last
 * CLAIM_WINDOW_S. The struct belongs to the store's thread while one runs.
 * Times are wall time.
 */
struct claim_row {
	char key[CLAIM_KEY_BYTES]; /* "": this event is not claimed */
	int64_t holder;    /* names this request among all, in all processes:
			   the microsecond times CLAIM_SALTS, and a salt */
	int64_t lease_us;  /* how long the claim holds if we die */
	int64_t window_us; /* how long an event is remembered */

	enum claim_found found; /* the results of claim_row_take */
	int http;
	struct text answer; /* made with text_init, CLAIM_ANSWER_MAX */
};

/*
 * Inserts or finds, at one stroke; to be run inside a transaction of the
 * store. Taken over is a claim that was given back, one whose holder let
 * its lease run out, and one that was answered longer ago than the window:
 * it counts as new from then on. While a lease lasts, a claim is never taken
 * from its holder, however short the window.
 */
enum status claim_row_take(struct db *db, struct claim_row *row);

/*
 * Says how the event was answered, in the transaction of its record, and
 * forgets some events that are older than the window. Does nothing when
 * the claim has been taken over.
 */
enum status claim_row_finish(
    struct db *db, const struct claim_row *row, int http, const char *answer);

/* STATUS_STALE: its lease ran out, and another request has taken it over. */
enum status claim_row_check(struct db *db, const struct claim_row *row);

/*
 * Gives the claim back: the sender may try again. Does nothing when the
 * claim has been taken over, or was finished.
 */
enum status claim_row_release(struct db *db, const struct claim_row *row);

#endif
