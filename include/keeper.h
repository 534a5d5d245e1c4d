#ifndef KEEPER_H
#define KEEPER_H

#include "config.h"
#include "loop.h"
#include "store.h"

/*
 * Keeps the file in order beside the events: folds decisions into sums
 * (rollup_fold.h) every few seconds while there are any, and prunes
 * (prune.h) once in an hour over all processes. Each step is one small job
 * of the store, and the next begins when it has ended; a step that fails is
 * told in the log and tried again at the next turn. What is not folded is
 * missing in no report.
 */
struct keeper;

#define KEEPER_FOLD_US  INT64_C(10000000)
#define KEEPER_PRUNE_US INT64_C(3600000000)
#define KEEPER_STEP_US  INT64_C(20000) /* when one step was not enough */

/* NULL when memory runs out. Borrows all for its life. */
struct keeper *keeper_new(
    const struct config *config, struct loop *loop, struct store *store);

/* The store must have nothing left to do. NULL is allowed. */
void keeper_free(struct keeper *keeper);

/* For processes that live on. */
void keeper_start(struct keeper *keeper);

/* For a process that lives for one event: one fold, in one process of so
 * many, that the others are spared. */
#define KEEPER_ONE_IN 64
void keeper_fold_once(struct keeper *keeper);

/* Begins nothing more. */
void keeper_stop(struct keeper *keeper);

#endif
