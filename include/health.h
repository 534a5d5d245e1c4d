#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "gateway.h"
#include "loop.h"
#include "pressure.h"
#include "status.h"
#include "store.h"
#include "token.h"

/*
 * The two questions of load balancers and supervisors, asked with GET or
 * HEAD by anybody: they tell states and numbers, no ids and no secrets.
 *
 *   /healthz  is the process alive? 200; touches nothing.
 *   /readyz   would an event that comes now be routed, or safely queued?
 *             200 or 503, with the state of each part.
 *
 * A failure that is only remembered until something is tried again (a
 * refused token, an open circuit) counts for just so long: a balancer that
 * sends nothing would else never learn that it has passed.
 */
struct health;

#define HEALTH_PATIENCE_US INT64_C(1000000)
#define HEALTH_ASKS_MAX    64 /* that wait at one time */

struct health_parts {
	const struct config *config;
	struct loop *loop;
	struct store *store;
	struct pressure *pressure;
	const struct token *token;
	const size_t *flows; /* events in hand */
};

/* Answers /healthz. */
void health_tell_alive(struct gateway_request *request);

/* Answers /readyz of a process that could not be configured: 503. */
void health_tell_unready(struct gateway_request *request, enum status why);

/* NULL when memory runs out. Borrows all parts for its life. */
struct health *health_new(const struct health_parts *parts);

/* The store must have nothing left to do. NULL is allowed. */
void health_free(struct health *health);

/*
 * Answers /readyz, with a look at the shared file that is no older than
 * PRESSURE_FRESH_US. A store that gives none within HEALTH_PATIENCE_US is
 * told as busy, and at once while HEALTH_ASKS_MAX wait for it already.
 * draining: the process takes no new work.
 */
void health_tell_ready(
    struct health *health, bool draining, struct gateway_request *request);

#endif
