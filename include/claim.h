#ifndef CLAIM_H
#define CLAIM_H

#include "claim_row.h"
#include "config.h"
#include "event.h"
#include "loop.h"
#include "store.h"

/*
 * Was this event seen before? CXone's Studio repeats a request it takes
 * for failed, so that duplicates are normal. The key is the id in the signed
 * headers; else the event's own id where it has one and the sender is
 * authenticated; else event type, interaction id and timestamp.
 */
struct claims;

/* NULL when memory runs out. Borrows all for its life. */
struct claims *claims_new(
    const struct config *config, struct loop *loop, struct store *store);
void claims_free(struct claims *claims);

typedef void claim_done(void *arg, enum status status);

/* One event's claim; lives in the caller's struct. */
struct claim {
	struct claim_row row; /* row.answer made by the caller; kept */
	int64_t in_hand_us;   /* when another was found to have it, monotonic;
				0: none had */

	/* The module's own. */
	struct claims *claims;
	int64_t deadline_us; /* monotonic */
	claim_done *done;
	void *arg;
	struct store_job job;
	struct loop_timer timer; /* armed while another request has it */
};

/*
 * Names the event and the request that asks: fills claim->row but for the
 * results. With CLAIM_WINDOW_S=0, and without memory, the key stays "": then
 * the event is decided without looking for the first.
 */
void claim_name(
    struct claims *claims, struct claim *claim, const struct event *event);

/*
 * Takes the claim that claim_name named; while another request has the
 * event in hand, waits for its answer. done tells, exactly once and later
 * from the loop:
 * OK: row.found is CLAIM_OURS, or CLAIM_FINISHED with the first answer.
 * STATUS_IN_FLIGHT: the other request did not end before the deadline, or
 * before this process stops. Not STOPPING, which would let the event be
 * queued beside the first one.
 * STATUS_STORE_*: nothing is known of the event, nothing is claimed.
 */
void claim_take(struct claims *claims, struct claim *claim, int64_t deadline_us,
    claim_done *done, void *arg);

/*
 * From now on nobody waits for another request: STATUS_IN_FLIGHT. The
 * timers of those who wait are made due by whoever stops the loop.
 */
void claims_stop(struct claims *claims);

#endif
