#ifndef PRESSURE_H
#define PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "health_row.h"
#include "loop.h"
#include "store.h"

/*
 * Whether more events may be let in. Decided from memory, by a look at the
 * shared file (health_row.h) that is repeated at most once in
 * PRESSURE_FRESH_US, and only while somebody asks. So the queue can pass a
 * cap by what comes in that time, and no event costs a count.
 *
 * A look is NEWS until PRESSURE_FRESH_US, then a new one is begun while it
 * still serves; after PRESSURE_STALE_US nothing is known any more, and who
 * asks must wait. A look that the store could not do is a look as well.
 */
struct pressure;

#define PRESSURE_FRESH_US INT64_C(1000000)
#define PRESSURE_STALE_US INT64_C(5000000)

/* The caps: QUEUE_MAX_ROWS (waiting and running), QUEUE_MAX_BYTES (parked
 * ones too: they take the disk as well), QUEUE_MAX_AGE_S, DISK_MIN_BYTES. */
enum pressure_cap {
	PRESSURE_NONE,
	PRESSURE_ROWS,
	PRESSURE_BYTES,
	PRESSURE_AGE,
	PRESSURE_DISK,
	PRESSURE_CAP_COUNT
};

const char *pressure_cap_name(enum pressure_cap cap);

/* What is wrong, and for how long it may last: 1 to 60 s. */
struct pressure_view {
	enum status status; /* OK, _OVERLOADED, or why the look failed */
	enum pressure_cap cap;
	int64_t retry_after_s;
};

/* Which cap what was seen passes. A pure function of its arguments. */
struct pressure_view pressure_judge(
    const struct config *config, const struct health_row *row);

/* A caller who waits for a look; in its struct until done. */
struct pressure_wait {
	loop_due *done;
	void *arg;
	struct pressure_wait *next; /* the module's own */
};

/* NULL when memory runs out. Borrows all for its life. */
struct pressure *pressure_new(
    const struct config *config, struct store *store, const char *token_url);

/* The store must have nothing left to do. NULL is allowed. */
void pressure_free(struct pressure *pressure);

/*
 * The newest view; begins a new look when it is due. False: nothing is
 * known, and pressure_wait helps.
 */
bool pressure_ask(struct pressure *pressure, struct pressure_view *view);

/*
 * Calls done once, later, from the loop, when the look that is under way or
 * is now begun has ended: then pressure_ask knows. It always ends: a store
 * that does not answer fails it.
 */
void pressure_wait(struct pressure *pressure, struct pressure_wait *wait);

/* What the newest look found; when it ended with what (monotonic; 0: there
 * was none yet), and how long it waited for its transaction. */
struct pressure_look {
	const struct health_row *row; /* borrowed until the loop's next turn */
	enum status status;
	int64_t at_us;
	int64_t wait_us;
};
struct pressure_look pressure_newest(const struct pressure *pressure);

#endif
