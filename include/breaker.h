#ifndef BREAKER_H
#define BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "circuit.h"
#include "config.h"
#include "http.h"
#include "loop.h"
#include "store.h"
#include "tally.h"

/*
 * The circuit breaker before each upstream: sends requests as http.h does,
 * or says at once that there is no use. How calls end is summed up in this
 * process and told to the circuit that all processes share (breaker_row.h)
 * by one job of the store at a time: at once when a call failed or was
 * slow, else every BREAKER_TELL_US. What the job brings back is what this
 * process goes by, so that a closed circuit costs a busy process no
 * statement per call.
 *
 * A call is
 *   WAITING    what is known is older than BREAKER_FRESH_US, or a probe
 *              may be due: the shared circuit is asked first
 *   RUNNING    sent, as a probe or not
 *   REFUSED    its callback comes with the next turn of the loop
 * Without an answer of the store within BREAKER_PATIENCE_US, or when it
 * fails, this process keeps a circuit of its own until the store is back;
 * both are logged.
 */
struct breaker;

#define BREAKER_TELL_US     INT64_C(250000)
#define BREAKER_FRESH_US    INT64_C(1000000)
#define BREAKER_PATIENCE_US INT64_C(250000)
#define BREAKER_ALONE_US    INT64_C(1000000) /* then the store is tried */

/* One call under way; in the caller's struct, the breaker's until done. */
struct breaker_call {
	struct breaker_guard *guard;
	struct http_request request;
	http_done *done;
	void *arg;
	int64_t generation; /* in which it was sent */
	int64_t fence;      /* of a probe; 0: it is none */
	int64_t from_us;    /* it came; then: it was sent */
	struct loop_timer timer;
	struct breaker_call *next; /* while WAITING */
};

/* The word for an upstream: "cxone", "inventory". */
extern const char *const breaker_upstreams[HTTP_UPSTREAM_COUNT];

/* The rules for calls of this timeout, as the configuration has them. */
void breaker_set_limits(struct circuit_limits *limits,
    const struct config *config, int64_t timeout_us);

/*
 * NULL when memory runs out. Borrows all for its life. store may be NULL
 * when BREAKER is off: then everything goes straight to http.
 */
struct breaker *breaker_new(const struct config *config, struct loop *loop,
    struct store *store, struct http *http);

/* From now on changes of state are counted in tally; borrowed. */
void breaker_count_into(struct breaker *breaker, struct tally *tally);

/* Calls must have ended, and the store be closed or have no job left. */
void breaker_free(struct breaker *breaker);

/*
 * As http_send, with one more status: STATUS_BREAKER_OPEN, nothing was
 * sent. Borrows call until done, which comes exactly once, later, from the
 * loop. Waiting counts against the request's timeout.
 * What counts: an answer below 500 is a success, whatever it says; 5xx, a
 * timeout, no connection and a broken one are failures; 429, what we ended
 * ourselves and a timeout that left the upstream less than 75 % of its time
 * say nothing. Slow is what took these 75 % or more.
 */
void breaker_send(struct breaker *breaker, struct breaker_call *call,
    const struct http_request *request, http_done *done, void *arg);

/* Submits what is still to be told, and tells it with the store's end. */
void breaker_stop(struct breaker *breaker);

#endif
