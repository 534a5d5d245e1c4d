#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "sim_fault.h"
#include "sim_park.h"
#include "sim_reply.h"
#include "sim_route.h"
#include "sim_stats.h"

/* One simulator. Everything below it has a lock of its own, so that any
 * number of server threads may use it. */
struct sim {
	struct journal *journal; /* NULL with --no-journal */
	struct stats *stats;
	struct faults *faults;
	struct tokens *tokens;
	struct interactions *interactions;
	struct stock *stock;
	struct park *park;
	json_t *start_faults; /* of --faults, for reset; NULL without */
};

/* Where a request stands each time libmicrohttpd calls for it. */
enum phase {
	PHASE_HEAD, /* request line known, headers just read */
	PHASE_BODY, /* the body is arriving */
	PHASE_LATE, /* parked for delay_ms; played when woken */
	PHASE_HUNG, /* parked for ever; dropped when woken */
	PHASE_DRIP, /* the body leaves byte by byte */
	PHASE_COUNT
};

/* One request from its first line to its last byte. fault is NULL when the
 * route plays its normal part; segment is the decoded id or SKU, NULL on
 * routes without one; body is NULL until a byte of it has come. It is freed
 * only by the server's got_end, also when the client vanishes. */
struct request {
	struct sim *sim;
	struct MHD_Connection *connection;
	const char *method;
	char *target;
	char *segment;
	char *body;
	size_t body_bytes;
	bool too_large;
	bool counted;
	bool byte_due;
	enum route route;
	enum phase phase;
	const struct fault *fault;
	struct journal_mark {
		unsigned epoch;
		size_t n; /* 0: not in the journal */
	} mark;
	struct parked parked;
	struct reply reply;
};

#endif
