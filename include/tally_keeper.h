#ifndef TALLY_KEEPER_H
#define TALLY_KEEPER_H

#include "config.h"
#include "loop.h"
#include "store.h"
#include "tally.h"

/*
 * Adds a process's tally to table tally: once per TALLY_KEEP_US what has
 * changed since, by one job of the store, so that no event waits for it. A
 * killed process takes the counts of that time with it; what a transaction
 * that failed held goes with the next one.
 *
 * A transaction is itself counted, so that changes of the store's own counts
 * alone begin none: they go along with others.
 */
struct tally_keeper;

#define TALLY_KEEP_US INT64_C(1000000)

/* NULL when memory runs out. Borrows all for its life. */
struct tally_keeper *tally_keeper_new(const struct config *config,
    struct loop *loop, struct store *store, struct tally *tally);

/*
 * Submits what is left, for a process that ends: what store_flush then
 * waits for. The store must have nothing else left to do.
 */
void tally_keeper_stop(struct tally_keeper *keeper);

/* The store must have nothing left to do. NULL is allowed. */
void tally_keeper_free(struct tally_keeper *keeper);

#endif
