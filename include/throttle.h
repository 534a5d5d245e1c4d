#ifndef THROTTLE_H
#define THROTTLE_H

#include <stdint.h>

#include "loop.h"
#include "store.h"

/*
 * What all processes know together of one upstream's patience: until when it
 * wants no requests (from Retry-After), and what is left of the budget for
 * retries (retry.h). One row of table throttle.
 *
 * Questions are answered from memory. What other processes wrote comes with
 * every transaction of this process and, while the module is in use, at
 * least every THROTTLE_TICK_US. A pause is written at once; changes of the
 * budget are added up and written once per tick. When the store fails, each
 * process goes on with what it knows, and writes later.
 */
struct throttle;

#define THROTTLE_TICK_US (INT64_C(200) * 1000)

/*
 * upstream: its name in the table, borrowed for life. budget: the size of a
 * full one. NULL when memory runs out. Before the store's first job.
 */
struct throttle *throttle_new(struct loop *loop, struct store *store,
    const char *upstream, int64_t budget);

/* The store must have nothing left to do. NULL is allowed. */
void throttle_free(struct throttle *throttle);

/*
 * From now on no pause is kept, so that nobody waits for its end, and what
 * is known is written a last time.
 */
void throttle_stop(struct throttle *throttle);

/* How long nobody is to send a request, 0 when one may be sent. */
int64_t throttle_pause_us(struct throttle *throttle);

/*
 * The upstream asked for so long a pause; all processes keep it. A shorter
 * one than is being kept changes nothing.
 */
void throttle_ask_pause(struct throttle *throttle, int64_t pause_us);

/* Tokens left for retries. */
int64_t throttle_budget(struct throttle *throttle);

/* Takes what a retry costs (negative), or gives back after a success. */
void throttle_change_budget(struct throttle *throttle, int64_t change);

#endif
