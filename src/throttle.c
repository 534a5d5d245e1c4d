/* throttle.c: one upstream's patience -> known to all processes */
#include "throttle.h"

#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "retry.h"
#include "retry_after.h"

/* So long after its last use the row is still looked at. */
#define IN_USE_US (10 * CLOCK_SECOND)

/*
 * The row as a transaction saw it; found is false when there is none. Wall
 * time. asked_us and change are what a save adds to it.
 */
struct row {
	bool found;
	int64_t not_before_us;
	int64_t since_us; /* when that pause was asked for */
	int64_t budget;
	int64_t asked_us; /* a pause until then; 0: none */
	int64_t change;
};

/*
 * What is known here is the row as last seen and, on top of it, what this
 * process did and has not yet written. While a job is under way (busy) it
 * cannot be told whether a row that rides in has its change in it: then only
 * the job's own row counts.
 *
 * The pause is kept twice: free_us, monotonic, is what counts, so that a
 * clock that jumps does not stretch a pause which is being kept; not_before_us
 * and since_us are how it stands in the row.
 */
struct throttle {
	struct loop *loop;
	struct store *store;
	const char *upstream;
	int64_t size; /* of a full budget */
	int64_t free_us;
	int64_t not_before_us;
	int64_t since_us;
	int64_t budget;
	int64_t change;    /* of the budget, unwritten */
	bool pause_is_new; /* unwritten */
	bool busy;
	bool stopping;
	int64_t seen_us; /* monotonic: when the newest row came */
	int64_t used_us;
	struct loop_timer tick;
	struct store_job job;
	struct row row; /* the store's while busy */
	struct store_job rider;
	struct row ridden; /* the store's, but in rode_in */
};

static enum status take_row(struct db_row *use, struct row *row)
{
	row->found = db_next(use);
	if (row->found) {
		row->not_before_us = db_int(use, 0);
		row->since_us = db_int(use, 1);
		row->budget = db_int(use, 2);
	}
	return db_done(use);
}

static enum status read_row(
    struct db *db, const struct throttle *throttle, struct row *row)
{
	struct db_row *use = db_use(db, SQL_throttle_read);

	db_bind_text(use, ":upstream", throttle->upstream);
	return take_row(use, row);
}

static enum status read_body(struct db *db, void *arg)
{
	struct throttle *throttle = arg;

	return read_row(db, throttle, &throttle->row);
}

static enum status ride_body(struct db *db, void *arg)
{
	struct throttle *throttle = arg;

	return read_row(db, throttle, &throttle->ridden);
}

static enum status save_row(struct db *db, void *arg)
{
	struct throttle *throttle = arg;
	struct db_row *use = db_use(db, SQL_throttle_save);

	db_bind_text(use, ":upstream", throttle->upstream);
	db_bind_int(use, ":asked_us", throttle->row.asked_us);
	db_bind_int(use, ":since_us", throttle->row.since_us);
	db_bind_int(use, ":size", throttle->size);
	db_bind_int(use, ":change", throttle->row.change);
	/*
	 * since_us goes in and comes out. Should the body run again, it is that
	 * of the pause which holds, and the row becomes the same.
	 */
	return take_row(use, &throttle->row);
}

/*
 * A clock that was put back since makes a pause no longer than was asked
 * for, and no row stops anybody for longer than the longest pause there is.
 */
static void keep_pause(
    struct throttle *throttle, int64_t not_before_us, int64_t since_us)
{
	int64_t left_us = not_before_us - clock_wall_us();

	if (left_us > not_before_us - since_us)
		left_us = not_before_us - since_us;
	if (left_us > RETRY_AFTER_MAX_US)
		left_us = RETRY_AFTER_MAX_US;
	throttle->not_before_us = not_before_us;
	throttle->since_us = since_us;
	throttle->free_us = clock_mono_us() + left_us;
}

static void learn(struct throttle *throttle, const struct row *row)
{
	int64_t budget = row->found ? row->budget : throttle->size;

	throttle->seen_us = clock_mono_us();
	throttle->budget =
	    retry_budget_after(budget, throttle->change, throttle->size);
	if (!row->found || row->not_before_us == throttle->not_before_us)
		return;
	/* A shorter one, too: an operator may have ended the pause. */
	if (!throttle->pause_is_new ||
	    row->not_before_us > throttle->not_before_us)
		keep_pause(throttle, row->not_before_us, row->since_us);
}

static void rode_in(void *arg, enum status status)
{
	struct throttle *throttle = arg;

	if (status == STATUS_OK && !throttle->busy)
		learn(throttle, &throttle->ridden);
}

static void submit(struct throttle *throttle, store_body *body)
{
	throttle->busy = true;
	throttle->job.body = body;
	store_submit(throttle->store, &throttle->job);
}

static bool is_unwritten(const struct throttle *throttle)
{
	return throttle->pause_is_new || throttle->change != 0;
}

static void save(struct throttle *throttle)
{
	throttle->row.asked_us =
	    throttle->pause_is_new ? throttle->not_before_us : 0;
	throttle->row.since_us = throttle->since_us;
	throttle->row.change = throttle->change;
	throttle->pause_is_new = false;
	throttle->change = 0;
	submit(throttle, save_row);
}

static void look(struct throttle *throttle)
{
	throttle->row.asked_us = 0;
	throttle->row.change = 0;
	submit(throttle, read_body);
}

/* What could not be written waits for a later tick. */
static void job_done(void *arg, enum status status)
{
	struct throttle *throttle = arg;

	throttle->busy = false;
	if (status != STATUS_OK) {
		throttle->change += throttle->row.change;
		throttle->pause_is_new |= throttle->row.asked_us != 0;
		return;
	}
	learn(throttle, &throttle->row);
	if (throttle->pause_is_new ||
	    (throttle->stopping && is_unwritten(throttle)))
		save(throttle);
}

/* A tick after a job, so that changes add up; else when the row is old. */
static int64_t next_tick_us(const struct throttle *throttle, int64_t now_us)
{
	int64_t from_us = throttle->busy ? now_us : throttle->seen_us;

	return from_us + THROTTLE_TICK_US;
}

static void tick_due(void *arg)
{
	struct throttle *throttle = arg;
	int64_t now_us = clock_mono_us();

	/* The stop has written what there is. */
	if (throttle->stopping)
		return;
	/* One job at a time: the row in it is lent to the store. */
	if (!throttle->busy && is_unwritten(throttle))
		save(throttle);
	else if (!throttle->busy &&
		 now_us - throttle->seen_us >= THROTTLE_TICK_US)
		look(throttle);
	if (now_us - throttle->used_us < IN_USE_US)
		loop_timer_set(throttle->loop, &throttle->tick,
		    next_tick_us(throttle, now_us));
}

/* Without a timer left, the transactions of others still bring the row. */
static void note_use(struct throttle *throttle)
{
	throttle->used_us = clock_mono_us();
	if (throttle->tick.place == 0 && !throttle->stopping)
		loop_timer_set(
		    throttle->loop, &throttle->tick, throttle->used_us);
}

struct throttle *throttle_new(struct loop *loop, struct store *store,
    const char *upstream, int64_t budget)
{
	struct throttle *throttle = calloc(1, sizeof *throttle);

	if (!throttle)
		return NULL;
	throttle->loop = loop;
	throttle->store = store;
	throttle->upstream = upstream;
	throttle->size = budget;
	throttle->budget = budget;
	throttle->seen_us = clock_mono_us() - THROTTLE_TICK_US;
	throttle->job = (struct store_job){
	    .lane = STORE_RECORD, .done = job_done, .arg = throttle};
	throttle->rider = (struct store_job){
	    .body = ride_body, .done = rode_in, .arg = throttle};
	store_ride(store, &throttle->rider);
	loop_timer_init(&throttle->tick, tick_due, throttle);
	/* The first tick reads what the others know. */
	note_use(throttle);
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	if (!throttle)
		return;
	loop_timer_stop(throttle->loop, &throttle->tick);
	free(throttle);
}

void throttle_stop(struct throttle *throttle)
{
	throttle->stopping = true;
	loop_timer_stop(throttle->loop, &throttle->tick);
	if (!throttle->busy && is_unwritten(throttle))
		save(throttle);
}

int64_t throttle_pause_us(struct throttle *throttle)
{
	int64_t left_us = throttle->free_us - clock_mono_us();

	note_use(throttle);
	return left_us > 0 && !throttle->stopping ? left_us : 0;
}

void throttle_ask_pause(struct throttle *throttle, int64_t pause_us)
{
	int64_t left_us = throttle_pause_us(throttle);
	int64_t now_us = clock_wall_us();

	if (pause_us <= left_us || throttle->stopping)
		return;
	if (left_us == 0)
		log_line(LOG_WARN, NULL,
		    "%s asks for a pause of %lld ms, which all processes keep",
		    throttle->upstream, (long long)(pause_us / CLOCK_MS));
	keep_pause(throttle, now_us + pause_us, now_us);
	throttle->pause_is_new = true;
	if (!throttle->busy)
		save(throttle);
}

int64_t throttle_budget(struct throttle *throttle)
{
	return throttle->budget;
}

void throttle_change_budget(struct throttle *throttle, int64_t change)
{
	int64_t before = throttle->budget;

	throttle->budget = retry_budget_after(before, change, throttle->size);
	/* What the bounds cut off was never taken or given. */
	throttle->change += throttle->budget - before;
	if (throttle->change != 0)
		note_use(throttle);
}
