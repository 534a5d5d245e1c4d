#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "claim_row.h"
#include "db.h"
#include "event.h"
#include "status.h"
#include "trace.h"

/*
 * Events that were acknowledged and are still to be done: table outbox. An
 * item is WAITING until its due time, RUNNING while a worker holds its
 * lease, or PARKED until an operator decides. Done items are deleted; what
 * became of them stands in table decision. Every attempt leaves a row in
 * table attempt, also one whose worker died, until the item is done.
 *
 * Each lease has a larger fence than the one before. A worker whose lease
 * ran out may find its item in other hands: its fence no longer fits, and
 * whatever it wants to write then is STATUS_STALE.
 *
 * Transactions; to be run inside the store's. Times are wall time.
 */
struct outbox_item {
	int64_t id;
	int64_t fence;
	char interaction_id[EVENT_ID_MAX + 1];
	char claim_key[CLAIM_KEY_BYTES]; /* "": it was not claimed */
	int64_t claim_holder;
	char *body; /* the event as it was received; see each function */
	size_t body_bytes;
	int64_t accepted_us;
	int attempts;       /* begun, this one counted */
	bool superseded;    /* a newer event of the interaction is there */
	bool recorded;      /* it may have a decision: it was parked */
	struct trace trace; /* that the event belongs to */
};

/*
 * Puts an event into the outbox, due at due_us: body, interaction_id, the
 * claim, accepted_us, attempts and the trace are borrowed; id is given. An
 * older event of the interaction that still waits is superseded; so is this
 * one when a newer event waits, is in hand or was routed.
 */
enum status outbox_put(struct db *db, struct outbox_item *item, int64_t due_us);

/* Marks the interaction's waiting events from before as superseded. */
enum status outbox_supersede(
    struct db *db, const char *interaction_id, int64_t before_us);

/*
 * Takes due items, also those whose worker let its lease run out, oldest
 * due first: one of each interaction, and none whose interaction is in hand.
 * Superseded items are not held up by that, since they are only recorded.
 * Fills at most limit items, fewer when running_max items would be RUNNING
 * over all processes. Each body is given: free with free, or all that have
 * not been handed on with outbox_take_drop, also when it was OK and the
 * transaction failed afterwards. After any other status count is 0. It must
 * be 0 at first.
 */
struct outbox_take {
	int limit;
	int running_max;
	int64_t lease_us;
	int64_t backoff_us; /* before the second attempt; doubles */
	int64_t longest_us; /* wait between two attempts */
	struct outbox_item *items;
	int count; /* the result */
	bool full; /* running_max are RUNNING: nothing was looked for */
};
enum status outbox_take(struct db *db, struct outbox_take *take);
void outbox_take_drop(struct outbox_take *take);

/* How one attempt ended. */
struct outbox_end {
	enum status status;
	int http;          /* CXone's answer, 0 when none came */
	const char *error; /* in words, borrowed */
	const char *waits; /* as waits.h has it; borrowed, "" or NULL: none */
};

/*
 * Notes an attempt at the item from before it was put: its first decision,
 * which failed.
 */
enum status outbox_note(struct db *db, const struct outbox_item *item,
    const struct outbox_end *end);

/*
 * Notes the attempt of a worker whose lease has run out by now_us, when the
 * item is RUNNING with such a lease. In the same transaction, and by the same
 * now_us, the item must leave that state: a lapse that is noted twice fails.
 */
enum status outbox_note_lapse(struct db *db, int64_t id, int64_t now_us);

/*
 * The item is done: deleted. Its history stays for outbox_keep_history,
 * until outbox_forget. STATUS_STALE: see above.
 */
enum status outbox_done(struct db *db, const struct outbox_item *item);

/*
 * Copies the history of an item, its newest OUTBOX_KEPT_ATTEMPTS, to the
 * decision that was inserted last, where it outlives the item: column
 * queue_history. Without any it stays NULL.
 */
#define OUTBOX_KEPT_ATTEMPTS 100
enum status outbox_keep_history(struct db *db, int64_t item_id);

/* Deletes the history of an item that is gone. */
enum status outbox_forget(struct db *db, int64_t item_id);

/*
 * The item waits again until due_us. counted: the attempt counts; false
 * gives it back, as when the process stops.
 */
enum status outbox_again(struct db *db, const struct outbox_item *item,
    const struct outbox_end *end, int64_t due_us, bool counted);

/* The item is parked: no worker takes it any more. */
enum status outbox_park(struct db *db, const struct outbox_item *item,
    const struct outbox_end *end);

/*
 * For the statements of outbox*.c: an item's trace as the parameters
 * :traceparent, :tracestate and :request_id, and back from the three columns
 * that begin at column. parent is the caller's until db_done. What has no
 * trace is put with none, and begins one when it is read.
 */
void outbox_bind_trace(struct db_row *use, const struct trace *trace,
    char parent[TRACE_PARENT_BYTES]);
void outbox_read_trace(struct db_row *use, int column, struct trace *trace);

#endif
