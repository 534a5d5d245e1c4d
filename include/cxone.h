#ifndef CXONE_H
#define CXONE_H

#include <stdint.h>

#include "breaker.h"
#include "config.h"
#include "loop.h"
#include "routing.h"
#include "status.h"
#include "text.h"
#include "throttle.h"
#include "token.h"
#include "trace.h"
#include "waits.h"

/*
 * Tells CXone where an interaction shall go:
 *   PATCH {CXONE_BASE_URL}/api/v2/routing/interactions/{interactionId}
 * 401: the token is refreshed once and the request repeated once.
 * 429 is repeated, with RETRY_SCHEDULE=full-jitter also 500, 502, 503, 504
 * and no answer: CXONE_RETRIES times at most, as retry.h says, while the
 * budget of all processes pays for it. Everything else ends it.
 * A Retry-After, of 429 or 503, pauses the updates of all processes: they
 * wait until it is over, or end RATE_LIMITED at once when their deadline
 * comes first. No request begins that has less time than it needs
 * (CXONE_ATTEMPT_MIN_MS).
 * The status line of an answer decides: a 2xx whose body broke off, was
 * late or too large is a success, since CXone has done it.
 */
struct cxone;

#define CXONE_PROBLEM_BYTES 256
#define CXONE_URL_MAX       2048

/*
 * One update under way. The caller fills the first part, borrows all to
 * cxone_update until done, and reads the second part then.
 */
struct cxone_update {
	const char *interaction_id;
	struct trace *trace; /* NULL: it belongs to none */
	struct waits *waits; /* is told of each wait and each request that
				failed; NULL: nobody is */
	const struct route *route;
	int64_t deadline_us; /* monotonic */
	void (*done)(void *arg);
	void *arg;

	enum status status;  /* OK: CXone answered 2xx;
		INTERACTION_NOT_FOUND 404; SCOPE_MISSING 403; TOKEN_REJECTED
		401 twice; RATE_LIMITED; BUDGET_EXHAUSTED;
		UPSTREAM_REFUSED: another 3xx or 4xx; UPSTREAM_FAILED: 5xx;
		TIMEOUT, TRANSPORT, UNREACHABLE; BREAKER_OPEN: not sent;
		TOKEN_*, STORE_*: as token.h says; DEADLINE; MEMORY;
		STOPPING. Never ANSWER_TOO_LARGE: a body does not count */
	int http;            /* of the last PATCH; 0: no answer came */
	int attempts;        /* PATCH requests sent */
	int token_refreshes; /* after a 401 */
	char problem[CXONE_PROBLEM_BYTES]; /* in words fit for the
		event's sender: of ours, naming no host; "" when OK */

	/* The module's own. */
	struct cxone *cxone;
	struct loop_timer timer;
	struct breaker_call call;
	struct token_wait wait; /* while a token is waited for */
	struct token_lent lent;
	struct trace_lines lines; /* of the PATCH under way */
	const char *waiting_for;  /* a word of waits.h; NULL: nothing */
	int64_t since_us;         /* it waits, or the PATCH was sent */
	int retries;              /* taken so far */
	int64_t retry_cost;       /* of the last of them; 0: none yet */
	struct text url;          /* made by the caller with text_init, at least
				   CXONE_URL_MAX; kept between uses */
};

/* What it stands on. */
struct cxone_parts {
	struct loop *loop;
	struct breaker *breaker;
	struct token *token;
	struct throttle *throttle;
	struct tally *tally; /* NULL: retries are not counted */
};

/* NULL when memory runs out. Borrows config and all parts for its life. */
struct cxone *cxone_new(
    const struct config *config, const struct cxone_parts *parts);
void cxone_free(struct cxone *cxone);

/*
 * Sends the update. done is called exactly once, later, from the loop.
 */
void cxone_send(struct cxone *cxone, struct cxone_update *update);

#endif
