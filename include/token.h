#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "breaker.h"
#include "config.h"
#include "keyring.h"
#include "loop.h"
#include "status.h"
#include "store.h"
#include "tally.h"

/*
 * The OAuth access token (RFC 6749 section 4.4), shared by all processes
 * through table token and kept in memory by version.
 *
 * Each process is, about the token, in one of these states:
 *   RESTING   nothing is under way; there may be a token in memory
 *   CLAIMING  a transaction asks: is there a newer token, or may I fetch
 *             one? The answer is a token, the lease, or wait
 *   FETCHING  this process holds the lease and asks the token endpoint
 *   SAVING    the answer is being stored
 *   POLLING   another process holds the lease; asks again soon
 * Only the lease's holder may fetch; a lease outlives the longest token
 * call, dies with its time, and every grant of it has a larger fence, so a
 * holder that was overtaken cannot save.
 *
 * When the store fails, a process fetches a token for itself, without a
 * lease, for those who wait; from the store's next answer on the row counts
 * again.
 */
struct token;

/* A token in use; it stays in memory until token_return. */
struct token_lent {
	int64_t version; /* of table token; grows with each new one */
	const struct http_headers *headers; /* Authorization: Bearer, and
		Content-Type and Accept: application/json */
	struct token_held *held; /* the token module's own; NULL: none */
};

typedef void token_done(void *arg, enum status status);

/* A caller in the queue; lives in the caller's struct until done. */
struct token_wait {
	int64_t newer_than;  /* a version CXone rejected, or 0 */
	int64_t deadline_us; /* monotonic */
	token_done *done;
	void *arg;
	struct token_wait *next; /* the token module's own */
};

/* NULL when memory runs out. Borrows all for its life; the keyring is the
 * store's thread's from now on. */
struct token *token_new(const struct config *config, struct loop *loop,
    struct store *store, struct breaker *breaker, struct keyring *keyring);

/* From now on it is counted in tally what the endpoint said; borrowed. */
void token_count_into(struct token *token, struct tally *tally);

/*
 * Wipes and frees. Waiting callers are forgotten; neither a fetch nor a job of
 * the store may be under way. NULL is allowed.
 */
void token_free(struct token *token);

/*
 * The token in memory, when it is good and newer than `newer_than`: false
 * when token_get must be called. A token near its end is still lent while
 * a new one is fetched behind.
 */
bool token_lend(
    struct token *token, int64_t newer_than, struct token_lent *lent);

/* Where it comes from: half of its row's key. Borrowed for life. */
const char *token_url(const struct token *token);

/* How long the token in memory is good still, 0 when there is none. */
int64_t token_left_us(const struct token *token);

/* Gives back what was lent; does nothing when nothing is. */
void token_return(struct token_lent *lent);

/*
 * Waits for a token newer than wait->newer_than. done tells, exactly once
 * and later: OK (token_lend will succeed within that call),
 * STATUS_TOKEN_REFUSED (the endpoint refuses our client), STATUS_TOKEN_-
 * REJECTED (the endpoint keeps giving the token that CXone rejected),
 * STATUS_TOKEN_UNAVAILABLE (the endpoint failed, or no token came before
 * the deadline), STATUS_BREAKER_OPEN (CXone's breaker let no request
 * through), STATUS_STORE_*, STATUS_STOPPING. A failure is remembered
 * for a while in the shared row, so that no process hammers the endpoint.
 */
void token_get(struct token *token, struct token_wait *wait);

/*
 * Says that CXone rejected this version, which a refresh after a rejection
 * had given: while it is younger than 10 s, no process fetches another, and
 * who wants a newer one is told STATUS_TOKEN_REJECTED. Without this a CXone
 * that answers 401 to everything would cost a token for each event.
 */
void token_reject(struct token *token, int64_t version);

/* From now on every caller, waiting or new, is told STATUS_STOPPING. */
void token_stop(struct token *token);

#endif
