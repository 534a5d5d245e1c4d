#ifndef HEALTH_ROW_H
#define HEALTH_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "circuit.h"
#include "db.h"
#include "http.h"
#include "status.h"

/*
 * How the house stands, as one transaction sees it: what is behind
 * /readyz, and what the door goes by when there is too much.
 *
 * The first part says what to look at and is borrowed; the rest is found,
 * and means something only when the look ended with STATUS_OK.
 */
struct health_queue {
	int64_t waiting;
	int64_t running;
	int64_t parked;
	int64_t bytes;  /* of all three */
	int64_t age_us; /* of the oldest that waits or runs, 0: none does */
};

struct health_token {
	int64_t left_us;     /* 0: there is none that is valid */
	enum status failure; /* while nobody asks again because of it */
};

struct health_breaker {
	enum circuit_mode mode;
	enum circuit_state state;
	int64_t rest_us; /* OPEN: how long nothing is sent, 0: a probe is due */
};

struct health_row {
	const char *file; /* the database; its disk is looked at */
	const char *token_url;
	const char *client_id;
	const char *pause_of; /* its name in table throttle */

	int64_t begun_us; /* monotonic: the transaction was open */
	int64_t disk_free_bytes;
	struct health_queue queue;
	struct health_token token;
	struct health_breaker breakers[HTTP_UPSTREAM_COUNT];
	int64_t pause_us; /* how long no update is to be sent */
};

/*
 * What a user like us may still write to the file's disk; INT64_MAX when
 * the system does not tell.
 */
int64_t health_disk_free(const char *file);

/*
 * A transaction's body. It reads a handful of rows, however long the queue
 * is: table outbox_size counts. And it writes one, so that OK means that
 * the file can be written.
 */
enum status health_row_look(struct db *db, struct health_row *row);

#endif
