#ifndef SIM_STATS_H
#define SIM_STATS_H

#include <jansson.h>

#include "sim_route.h"

struct stats;

/* What libmicrohttpd keeps for one TCP connection. number is given at its
 * first request that is not for control, and again after a reset, so that the
 * numbers of a test are always 1, 2, 3. */
struct conn {
	unsigned number;
	unsigned epoch;
};

struct stats *stats_new(void);
void stats_free(struct stats *stats);

/* Counts one request that came over conn; gives the connection's number. */
unsigned stats_arrive(struct stats *stats, enum route route, struct conn *conn);

/* One request that stats_arrive counted is over. */
void stats_leave(struct stats *stats);

/* Starts counting anew; requests now in flight remain in flight. */
void stats_reset(struct stats *stats);

/* The counts as GET /control/stats shows them; gives a new reference. */
json_t *stats_json(struct stats *stats);

#endif
