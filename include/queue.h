#ifndef QUEUE_H
#define QUEUE_H

#include "config.h"
#include "loop.h"
#include "outbox.h"
#include "store.h"

/*
 * The worker on the outbox: takes due items for this process and hands each
 * to begin, which walks it through the rest of an event's path. Every
 * long-running process has one, and `stockroute queue drain`; together they
 * have at most CXONE_MAX_INFLIGHT items in hand.
 *
 * The worker is RESTING (the timer is armed for the next look), TAKING (a
 * transaction is under way) or STOPPED.
 */
struct queue;

#define QUEUE_IN_HAND_MAX 32 /* items in hand in one process */

/* Takes item: free its body, then item, with queue_item_free. */
typedef void queue_begin(void *arg, struct outbox_item *item);

/* NULL when memory runs out. Borrows all for its life. Starts STOPPED. */
struct queue *queue_new(const struct config *config, struct loop *loop,
    struct store *store, queue_begin *begin, void *arg);

/* The store must have nothing left to do, and nothing be in hand. NULL is
 * allowed. */
void queue_free(struct queue *queue);

/*
 * Calls idle(arg) from the loop when a look that a queue_stop came into the
 * middle of has ended and left nothing in hand: who waits for that to end
 * would hear of it from nobody else.
 */
void queue_on_idle(struct queue *queue, loop_due *idle, void *arg);

/* Looks at once and from then on. */
void queue_start(struct queue *queue);

/* Something was put: looks at once. Does nothing when STOPPED. */
void queue_wake(struct queue *queue);

/* Takes no more. What is in hand goes on. */
void queue_stop(struct queue *queue);

/* An item that begin was given has ended: frees it, and looks for more. */
void queue_item_free(struct queue *queue, struct outbox_item *item);

/*
 * True when nothing is in hand, and a look since then found nothing that is
 * due and not in other hands. A look that comes while all processes together
 * have as many in hand as they may finds nothing out.
 */
bool queue_is_idle(const struct queue *queue);

/* How the last look went: OK, also before the first, or STATUS_STORE_*. */
enum status queue_status(const struct queue *queue);

/* True when nothing is in hand, nor being taken: a stop may end. */
bool queue_is_empty_handed(const struct queue *queue);

/*
 * How long one attempt at a queued event may take: the inventory's time and
 * twice CXone's, but no longer than EVENT_DEADLINE_MS. Nobody waits for its
 * answer, so that long pauses are spent in the queue, not in hand; and what
 * a killed process had in hand is soon taken again.
 */
int64_t queue_attempt_us(const struct config *config);

/* When an item that failed its attempt is due again (wall time). */
int64_t queue_due_us(
    const struct config *config, const struct outbox_item *item);

#endif
