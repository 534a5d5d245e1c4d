#ifndef OUTBOX_ADMIN_H
#define OUTBOX_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "outbox.h"
#include "record.h"
#include "status.h"

/*
 * The operator's hands on the outbox. Nothing here touches an item that is
 * in hand: RUNNING with a lease that lasts. One whose lease ran out counts as
 * waiting. Transactions, as in outbox.h; times are wall time. Other statuses
 * than OK are what db_done gives, and STATUS_MEMORY; no result is given then.
 */

/* Which items are meant: those that fit all that is not NULL. */
struct outbox_filter {
	const char *ids; /* ",3,17,": commas around each */
	const char *state;
	const char *interaction_id;
	const char *status; /* of the newest attempt */
};

struct outbox_count {
	int64_t items;
	int64_t in_hand;   /* of these */
	int64_t last_id;   /* the greatest, 0 when there is none */
	int64_t oldest_us; /* when the oldest was accepted */
};

/* How many the filter means. */
enum status outbox_count(struct db *db, const struct outbox_filter *filter,
    struct outbox_count *count);

/* What the whole queue holds, also of what is in hand. */
struct outbox_size {
	int64_t rows;  /* waiting and running */
	int64_t bytes; /* of these and the parked ones */
};
enum status outbox_size(struct db *db, struct outbox_size *size);

/*
 * The next numbers that the filter means, in their order, after `after` and
 * up to `upto`: at most OUTBOX_PAGE_MAX.
 */
#define OUTBOX_PAGE_MAX 200
struct outbox_page {
	int64_t after;
	int64_t upto;
	int64_t ids[OUTBOX_PAGE_MAX]; /* the results */
	int count;
};
enum status outbox_find(struct db *db, const struct outbox_filter *filter,
    struct outbox_page *page);

/*
 * Makes an item due at once, its attempts counted from 0 again; its claim
 * and its history stay, and tell of this. One that a newer event has
 * overtaken is superseded. *done: false when it is in hand, or gone.
 */
enum status outbox_retry(struct db *db, int64_t id, bool *done);

/*
 * Deletes an item with its history, and leaves a decision `dropped` that
 * says how its last attempt ended. *done: see outbox_retry.
 */
enum status outbox_drop(struct db *db, int64_t id, bool *done);

/* One attempt of an item's history. */
#define OUTBOX_WORD_BYTES  64
#define OUTBOX_ERROR_BYTES 512
struct outbox_attempt {
	int64_t fence;
	int attempt;
	int64_t ended_us;
	char status[OUTBOX_WORD_BYTES];
	int http; /* 0: no answer came */
	char error[OUTBOX_ERROR_BYTES];
};

/*
 * An item with all that another queue needs to go on with it. The body and
 * the history are given: free with outbox_copy_done, which leaves both NULL.
 * The fence of the item is greater than that of all of its attempts, or equal.
 * It is parked, or in hand, or waits; never two of these.
 */
#define OUTBOX_HISTORY_MAX 1000
struct outbox_copy {
	struct outbox_item item;
	int64_t due_us;
	bool parked;
	bool in_hand;
	struct outbox_attempt *history; /* oldest first */
	int history_count;
};
void outbox_copy_done(struct outbox_copy *copy); /* or of a zeroed one */

/*
 * Reads an item, also one in hand; of a longer history the newest
 * OUTBOX_HISTORY_MAX. *found: false when there is none; copy is untouched.
 */
enum status outbox_read(
    struct db *db, int64_t id, struct outbox_copy *copy, bool *found);

/*
 * Is this event in the queue? It is known by its claim or, without one, by
 * interaction and time.
 */
enum status outbox_has(
    struct db *db, const struct outbox_item *item, bool *there);

/*
 * What became of an item that was put, by its number, interaction and time:
 * *open while it waits or is in hand; else *outcome, OUTCOME_COUNT when no
 * decision of it is known.
 */
enum status outbox_fate(struct db *db, const struct outbox_item *item,
    bool *open, enum outcome *outcome);

/*
 * Puts a copy into the queue, parked or to wait; its number is new. *is_new:
 * false when outbox_has it already; then nothing is done. Borrows copy. What is
 * to wait supersedes older events of its interaction, or is superseded, as by
 * outbox_put. On failure the transaction must be undone.
 */
enum status outbox_import(
    struct db *db, const struct outbox_copy *copy, bool *is_new);

#endif
