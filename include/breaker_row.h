#ifndef BREAKER_ROW_H
#define BREAKER_ROW_H

#include "circuit.h"
#include "db.h"
#include "status.h"

/*
 * Transactions on the circuit that all processes share for one upstream.
 * The struct belongs to the store's thread while one runs.
 */
struct breaker_row {
	const char *upstream; /* its name: "cxone" */
	const struct circuit_limits *limits;
	struct circuit_news news; /* sync: what is told */
	struct circuit_view view; /* sync: what there is now */
};

/*
 * To be run inside a transaction of the store, which may run it again.
 * sync: circuit_advance on the shared circuit, by the wall clock as it
 * stands once the transaction has begun: so the times of all processes
 * follow each other. Writes only what has changed.
 */
enum status breaker_row_sync(struct db *db, struct breaker_row *row);

/*
 * The same for circuit_force. *changed: false when the mode was set
 * already; then nothing is written.
 */
enum status breaker_row_force(
    struct db *db, const char *upstream, enum circuit_mode mode, bool *changed);

#endif
