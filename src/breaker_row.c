/* breaker_row.c: what one process tells of an upstream -> the shared circuit */
#include "breaker_row.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

/* Without a row, all zero: an upstream of which nothing is known. */
static enum status read_circuit(
    struct db *db, const char *upstream, struct circuit *circuit)
{
	struct db_row *use = db_use(db, SQL_breaker_read);

	memset(circuit, 0, sizeof *circuit);
	db_bind_text(use, ":upstream", upstream);
	if (db_next(use)) {
		circuit->mode = circuit_mode_named(db_text(use, 0));
		circuit->state = circuit_state_named(db_text(use, 1));
		circuit->generation = db_int(use, 2);
		circuit->since_us = db_int(use, 3);
		circuit->open_us = db_int(use, 4);
		circuit->open_until_us = db_int(use, 5);
		circuit->successes = db_int(use, 6);
		circuit->fence = db_int(use, 7);
		circuit->probe_until_us = db_int(use, 8);
		snprintf(circuit->reason, sizeof circuit->reason, "%s",
		    db_text(use, 9));
	}
	return db_done(use);
}

/* Those of older generations stay in their seats till they are needed. */
static enum status read_buckets(
    struct db *db, const char *upstream, struct circuit *circuit)
{
	struct db_row *use = db_use(db, SQL_breaker_buckets);

	db_bind_text(use, ":upstream", upstream);
	db_bind_int(use, ":generation", circuit->generation);
	while (db_next(use)) {
		int64_t seat = db_int(use, 0);
		struct circuit_bucket *bucket;

		/* A newer program may have more of them. */
		if (seat < 0 || seat >= CIRCUIT_BUCKETS)
			continue;
		bucket = &circuit->buckets[seat];
		bucket->period = db_int(use, 1);
		bucket->count.calls = db_int(use, 2);
		bucket->count.failed = db_int(use, 3);
		bucket->count.slow = db_int(use, 4);
	}
	return db_done(use);
}

static enum status save_circuit(
    struct db *db, const char *upstream, const struct circuit *circuit)
{
	struct db_row *use = db_use(db, SQL_breaker_save);

	db_bind_text(use, ":upstream", upstream);
	db_bind_text(use, ":mode", circuit_mode_name(circuit->mode));
	db_bind_text(use, ":state", circuit_state_name(circuit->state));
	db_bind_int(use, ":generation", circuit->generation);
	db_bind_int(use, ":since_us", circuit->since_us);
	db_bind_int(use, ":open_us", circuit->open_us);
	db_bind_int(use, ":open_until_us", circuit->open_until_us);
	db_bind_int(use, ":successes", circuit->successes);
	db_bind_int(use, ":fence", circuit->fence);
	db_bind_int(use, ":probe_until_us", circuit->probe_until_us);
	db_bind_text(use, ":reason", circuit->reason);
	db_next(use);
	return db_done(use);
}

static enum status save_bucket(struct db *db, const char *upstream,
    const struct circuit *circuit, int seat)
{
	const struct circuit_bucket *bucket = &circuit->buckets[seat];
	struct db_row *use = db_use(db, SQL_breaker_count);

	db_bind_text(use, ":upstream", upstream);
	db_bind_int(use, ":seat", seat);
	db_bind_int(use, ":generation", circuit->generation);
	db_bind_int(use, ":period", bucket->period);
	db_bind_int(use, ":calls", bucket->count.calls);
	db_bind_int(use, ":failed", bucket->count.failed);
	db_bind_int(use, ":slow", bucket->count.slow);
	db_next(use);
	return db_done(use);
}

/* Read, judged and written in one transaction: no process's news is lost. */
enum status breaker_row_sync(struct db *db, struct breaker_row *row)
{
	int64_t now_us = clock_wall_us();
	int seat = circuit_seat(row->limits, now_us);
	struct circuit circuit;
	struct circuit_bucket before;
	enum status status;

	status = read_circuit(db, row->upstream, &circuit);
	if (status == STATUS_OK)
		status = read_buckets(db, row->upstream, &circuit);
	if (status != STATUS_OK)
		return status;
	/*
	 * Rows are written only where something changed: this runs often. In
	 * the window that can only be the seat of this moment; when a new
	 * generation empties the others, too, their rows are not read any more.
	 * A bucket is four numbers of one size, without gaps for memcmp to see.
	 */
	before = circuit.buckets[seat];
	circuit_advance(&circuit, row->limits, &row->news, now_us, &row->view);
	/* A lease and a success change the circuit, but not its state. */
	if (row->view.changed || row->view.fence != 0 ||
	    row->news.probe != CIRCUIT_NO_PROBE)
		status = save_circuit(db, row->upstream, &circuit);
	if (status == STATUS_OK &&
	    memcmp(&before, &circuit.buckets[seat], sizeof before) != 0)
		status = save_bucket(db, row->upstream, &circuit, seat);
	return status;
}

/* The buckets stay: they are of an older generation now. */
enum status breaker_row_force(
    struct db *db, const char *upstream, enum circuit_mode mode, bool *changed)
{
	struct circuit circuit;
	enum status status = read_circuit(db, upstream, &circuit);

	if (status != STATUS_OK)
		return status;
	*changed = circuit_force(&circuit, mode, clock_wall_us());
	return *changed ? save_circuit(db, upstream, &circuit) : STATUS_OK;
}
