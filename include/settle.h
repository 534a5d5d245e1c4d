#ifndef SETTLE_H
#define SETTLE_H

#include "claim_row.h"
#include "record.h"
#include "status.h"
#include "store.h"

/*
 * The end of an event, in one transaction: its row in table decision, and
 * what its claim remembers. Either all of it is committed or nothing.
 */
struct settlement {
	struct record *record;
	const struct claim_row *claim; /* NULL: none is held */
	const char *answer; /* for duplicates; NULL: the claim is released,
			       so that the sender may try again */

	/* The module's own. */
	struct store_job job;
	store_done *done;
	void *arg;
};

/*
 * Submits the settlement. It and what its first part points to are borrowed
 * until done, which is called exactly once, later, from the loop: OK when
 * all of it is committed, STATUS_STORE_* when nothing is. A claim that was
 * taken over meanwhile is left alone; the record is kept all the same.
 */
void settle(struct store *store, struct settlement *settlement,
    store_done *done, void *arg);

#endif
