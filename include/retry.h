#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

#include "backoff.h"

/*
 * Whether a request that failed is repeated, and when.
 *
 * All retries of all processes to one upstream are paid from one budget, so
 * that retries cannot multiply the load on an upstream that is already ill.
 * A retry costs tokens by what it answers to; the success of a retry gives
 * back what that retry cost, the success of a first attempt one token. The
 * figures are those of the AWS SDKs (retry behaviour of 2026).
 */
#define RETRY_COST_TRANSIENT 14
#define RETRY_COST_THROTTLED 5
#define RETRY_BUDGET_DEFAULT 500

/* What the request met. */
enum retry_reason {
	RETRY_THROTTLED, /* 429 */
	RETRY_TRANSIENT  /* 5xx, or no answer */
};

enum retry_verdict {
	RETRY_WAIT,     /* repeat after the wait */
	RETRY_LAST,     /* no further attempt is permitted */
	RETRY_TOO_LATE, /* it could not end before the deadline */
	RETRY_NO_BUDGET /* the budget does not have what it costs */
};

struct retry_rules {
	struct backoff backoff;
	int64_t retries;        /* permitted for one piece of work */
	int64_t attempt_min_us; /* what an attempt needs at least */
};

struct retry_question {
	enum retry_reason reason;
	int taken;              /* retries of this piece of work so far */
	int64_t retry_after_us; /* asked for by the upstream; negative: not */
	int64_t left_us;        /* until the deadline */
	int64_t budget;         /* tokens left */
	uint32_t draw;          /* from backoff_draw */
};

/* Tokens that a retry for this reason costs. */
int64_t retry_cost(enum retry_reason reason);

/*
 * What to do. On RETRY_WAIT *wait_us is set, and the caller takes
 * retry_cost from the budget; otherwise it is untouched.
 */
enum retry_verdict retry_judge(const struct retry_rules *rules,
    const struct retry_question *question, int64_t *wait_us);

/*
 * The budget after a change: cost, negative, for a retry; for a success what
 * its last retry cost, or 1 when it needed none. From 0 to max.
 */
int64_t retry_budget_after(int64_t budget, int64_t change, int64_t max);

#endif
