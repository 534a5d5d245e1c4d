#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

/*
 * What is counted that no decision tells. A process has one tally, in plain
 * memory; tally_keeper.h adds it to table tally, where all processes' counts
 * meet, and metrics.h shows that table.
 *
 * A count has a name and up to two labels, which are small numbers: who
 * (which upstream) and what (which answer). Which words they stand for is
 * tally_words.h's. A count without labels is 0, 0.
 *
 * Each name belongs to one thread, which alone adds to it, so that adding
 * costs no lock and no locked instruction; any thread may read.
 */
struct tally;

enum tally_name {
	/* The loop's. */
	TALLY_WEBHOOK,    /* answers; what: enum tally_http */
	TALLY_REFUSED,    /* not let in; who: enum tally_door; what:
			     enum auth_reason */
	TALLY_KEYS,       /* who: enum tally_key; what: the key's number */
	TALLY_SHED,       /* answered 503; what: enum tally_shed */
	TALLY_DUPLICATES, /* what: enum tally_duplicate */
	TALLY_UPSTREAM,   /* who: enum http_upstream; what: tally_answer */
	TALLY_RETRIES,    /* who: enum http_upstream; what: tally_retry */
	TALLY_TOKEN,      /* asked for; what: enum tally_token */
	TALLY_BREAKER,    /* who: enum http_upstream; what: circuit_state */
	/* The store thread's. */
	TALLY_COMMITS,
	TALLY_COMMIT_US,
	TALLY_GATE_WAITS,
	TALLY_GATE_WAIT_US,
	TALLY_CHECKPOINTS, /* what: enum tally_checkpoint */
	TALLY_NAME_COUNT
};

#define TALLY_STORE_FIRST TALLY_COMMITS

#define TALLY_WHO_MAX  2
#define TALLY_WHAT_MAX 16

enum tally_http {
	TALLY_HTTP_200,
	TALLY_HTTP_202,
	TALLY_HTTP_400,
	TALLY_HTTP_401,
	TALLY_HTTP_404,
	TALLY_HTTP_405,
	TALLY_HTTP_413,
	TALLY_HTTP_500,
	TALLY_HTTP_503,
	TALLY_HTTP_OTHER,
	TALLY_HTTP_COUNT
};

enum tally_door { TALLY_DOOR_WEBHOOK, TALLY_DOOR_ADMIN, TALLY_DOOR_COUNT };

enum tally_key {
	TALLY_KEY_ACCEPTED,
	TALLY_KEY_NOT_VALID, /* right, but before or after its time */
	TALLY_KEY_COUNT
};

enum tally_shed {
	TALLY_SHED_ROWS, /* a cap on the queue is reached, see pressure.h */
	TALLY_SHED_BYTES,
	TALLY_SHED_AGE,
	TALLY_SHED_DISK,
	TALLY_SHED_STORE,     /* it failed, or did not answer */
	TALLY_SHED_IN_FLIGHT, /* the same event is in hand */
	TALLY_SHED_STOPPING,
	TALLY_SHED_OTHER,
	TALLY_SHED_COUNT
};

enum tally_duplicate {
	TALLY_DUPLICATE_ANSWERED,  /* as the first one was */
	TALLY_DUPLICATE_IN_FLIGHT, /* the first one is not yet done */
	TALLY_DUPLICATE_COUNT
};

enum tally_answer {
	TALLY_ANSWER_1XX,
	TALLY_ANSWER_2XX,
	TALLY_ANSWER_3XX,
	TALLY_ANSWER_4XX,
	TALLY_ANSWER_5XX,
	TALLY_ANSWER_TIMEOUT,
	TALLY_ANSWER_UNREACHABLE,
	TALLY_ANSWER_TRANSPORT, /* it broke off */
	TALLY_ANSWER_OTHER,     /* too large, no memory, or we stopped */
	TALLY_ANSWER_COUNT
};

enum tally_retry {
	TALLY_RETRY_THROTTLED,    /* after 429 */
	TALLY_RETRY_TRANSIENT,    /* after 5xx or no answer */
	TALLY_RETRY_UNAUTHORIZED, /* after 401, with another token */
	TALLY_RETRY_COUNT
};

enum tally_token {
	TALLY_TOKEN_OK,
	TALLY_TOKEN_REFUSED, /* the endpoint refused our client */
	TALLY_TOKEN_BREAKER, /* not sent */
	TALLY_TOKEN_FAILED,
	TALLY_TOKEN_COUNT
};

enum tally_checkpoint {
	TALLY_CHECKPOINT_COMPLETE,
	TALLY_CHECKPOINT_PARTIAL, /* a reader held pages back */
	TALLY_CHECKPOINT_FAILED,
	TALLY_CHECKPOINT_COUNT
};

/* All counts 0; NULL when memory runs out. Free with tally_free, which
 * allows NULL. */
struct tally *tally_new(void);
void tally_free(struct tally *tally);

/* Adds 1. tally may be NULL, as in tally_add: then nothing is counted. */
void tally_count(struct tally *tally, enum tally_name name, int who, int what);

/* Adds times to a count without labels. */
void tally_add(struct tally *tally, enum tally_name name, int64_t times);

/* How much was added so far. */
int64_t tally_get(
    const struct tally *tally, enum tally_name name, int who, int what);

#endif
