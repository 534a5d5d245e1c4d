#ifndef SETTLE_H
#define SETTLE_H

#include "claim_row.h"
#include "outbox.h"
#include "record.h"
#include "status.h"
#include "store.h"

/* What becomes of an event's place in the queue. */
enum settle_queue {
	SETTLE_NO_QUEUE, /* it never was there */
	SETTLE_ACCEPT,   /* claimed and put at one stroke; a duplicate is not */
	SETTLE_PUT,      /* put, to be tried again */
	SETTLE_DONE,     /* decided: it leaves the queue */
	SETTLE_AGAIN,    /* its attempt failed; it waits until due_us */
	SETTLE_GIVE_BACK, /* its attempt was cut; it did not count */
	SETTLE_PARK       /* given up */
};

/*
 * The end of an event, or of one attempt at it, in one transaction: its row
 * in table decision, what its claim remembers, and its place in the queue.
 * A row from when the event was parked gives way to the new one (record.h).
 * Either all of it is committed or nothing. What puts an event into the
 * queue is committed durably: it is acknowledged on the strength of it.
 * All pointers are borrowed until done.
 */
struct settlement {
	struct record *record; /* written unless undecided */
	bool undecided; /* it will be decided later: there is no row yet */
	struct claim_row *claim; /* NULL: none is held */
	const char *answer;      /* for duplicates; NULL: the claim is released,
			       so that the sender may try again */
	enum settle_queue queue;
	struct outbox_item *item; /* NULL for SETTLE_NO_QUEUE */
	int64_t due_us;           /* wall; for SETTLE_PUT and SETTLE_AGAIN */

	/* The module's own. */
	struct store_job job;
	store_done *done;
	void *arg;
};

/*
 * Submits the settlement. It and what its first part points to are borrowed
 * until done, which is called exactly once, later, from the loop: OK when
 * all of it is committed, STATUS_STORE_* when nothing is, STATUS_STALE when
 * the item, or with SETTLE_PUT the claim, is in other hands: then nothing of
 * it was written. Otherwise a claim that was taken over meanwhile is left
 * alone; the rest is kept all the same.
 * After SETTLE_ACCEPT claim->found tells whether the event was new
 * (CLAIM_OURS), else it was not put.
 */
void settle(struct store *store, struct settlement *settlement,
    store_done *done, void *arg);

#endif
