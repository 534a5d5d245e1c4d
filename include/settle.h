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
 * All pointers of the first part are borrowed until done. Submits it; done tells OK when it is committed. The settlement is the
 * store's until then.
 */
void settle(struct store *store, struct settlement *settlement,
    store_done *done, void *arg);

#endif
