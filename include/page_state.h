#ifndef PAGE_STATE_H
#define PAGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "circuit.h"
#include "config.h"
#include "db.h"
#include "http.h"
#include "record.h"
#include "status.h"

/*
 * How the house stands at one moment, read without writing: what the report's
 * page shows beside the sums. Moments are wall time in microseconds, 0 when
 * there was none.
 */
struct page_queue {
	int64_t waiting;
	int64_t running;
	int64_t parked;
	int64_t bytes;
	int64_t oldest_us; /* the age of the oldest that waits or runs */
};

struct page_breaker {
	enum circuit_mode mode;
	enum circuit_state state;
	int64_t since_us; /* of the state */
	int64_t open_until_us;
	int64_t calls; /* in the last 30 s, with those of them that */
	int64_t failed;
	int64_t slow;
	char reason[CIRCUIT_REASON_BYTES]; /* of the newest change */
};

struct page_token {
	bool held;
	int64_t obtained_us;
	int64_t expires_us;
	char failure[RECORD_WORD_BYTES]; /* while nobody asks again; "" */
};

struct page_state {
	struct page_queue queue;
	struct page_breaker breakers[HTTP_UPSTREAM_COUNT];
	int64_t pause_us; /* how long CXone wants no updates; 0 */
	int64_t pause_since_us;
	struct page_token token; /* of our client */
};

/* Reads all of it, within a read transaction. *state is filled when OK. */
enum status page_state_read(struct db *db, const struct config *config,
    int64_t now_us, struct page_state *state);

/* Is nothing sent there just now? */
bool page_breaker_is_open(const struct page_breaker *breaker, int64_t now_us);

#endif
