/* pressure.c: what the queue and the disk hold -> may more be let in */
#include "pressure.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

#define RETRY_MAX_S INT64_C(60)

static const char *const cap_names[PRESSURE_CAP_COUNT] = {
    [PRESSURE_NONE] = "none",
    [PRESSURE_ROWS] = "rows",
    [PRESSURE_BYTES] = "bytes",
    [PRESSURE_AGE] = "age",
    [PRESSURE_DISK] = "disk",
};

/*
 * A look is under way while busy: then row is the store's, and found is
 * what the one before it found. view is judged from found.
 */
struct pressure {
	const struct config *config;
	struct store *store;
	struct pressure_wait *waiting;
	bool busy;
	struct store_job job;
	struct health_row row;
	int64_t begun_us; /* of the look; monotonic, as all here */
	struct health_row found;
	struct pressure_view view;
	int64_t known_us; /* 0: nothing is known yet */
	int64_t wait_us;
};

const char *pressure_cap_name(enum pressure_cap cap)
{
	return cap_names[cap];
}

/*
 * When a tenth of the cap will be free again. By Little's law a queue that
 * holds n items, the oldest of them for a time t, lets n / t go; this needs
 * one look only, and grows while nothing goes.
 */
static int64_t drain_s(int64_t have, int64_t cap, int64_t age_us)
{
	int64_t excess = have - (cap - cap / 10);
	double us = (double)age_us * (double)excess / (double)have;

	return (int64_t)(us / CLOCK_SECOND) + 1;
}

/* The cap that lasts longest is the one to tell. */
static void pass(
    struct pressure_view *view, enum pressure_cap cap, int64_t lasts_s)
{
	if (lasts_s > RETRY_MAX_S)
		lasts_s = RETRY_MAX_S;
	if (lasts_s <= view->retry_after_s)
		return;
	view->status = STATUS_OVERLOADED;
	view->cap = cap;
	view->retry_after_s = lasts_s;
}

struct pressure_view pressure_judge(
    const struct config *config, const struct health_row *row)
{
	const struct health_queue *queue = &row->queue;
	int64_t rows = queue->waiting + queue->running;
	int64_t late_us =
	    queue->age_us - config->queue_max_age_s * CLOCK_SECOND;
	struct pressure_view view = {.status = STATUS_OK};

	if (rows >= config->queue_max_rows)
		pass(&view, PRESSURE_ROWS,
		    drain_s(rows, config->queue_max_rows, queue->age_us));
	/* Parked ones do not drain; an operator has to do it. */
	if (queue->bytes >= config->queue_max_bytes)
		pass(&view, PRESSURE_BYTES,
		    rows == 0 ? RETRY_MAX_S
			      : drain_s(queue->bytes, config->queue_max_bytes,
				    queue->age_us));
	if (late_us > 0)
		pass(&view, PRESSURE_AGE, late_us / CLOCK_SECOND + 1);
	if (row->disk_free_bytes < config->disk_min_bytes)
		pass(&view, PRESSURE_DISK, RETRY_MAX_S);
	return view;
}

/* Once per change; the store's own failures are logged by the store. */
static void log_change(
    const struct pressure *pressure, const struct pressure_view *before)
{
	const struct pressure_view *view = &pressure->view;
	const struct health_row *found = &pressure->found;

	if (view->status == STATUS_OVERLOADED && view->cap != before->cap)
		log_line(LOG_WARN, NULL,
		    "overloaded (%s): nothing more goes into the queue, "
		    "which has %" PRId64 " events, %" PRId64
		    " bytes, the oldest %" PRId64 " s old; %" PRId64
		    " bytes of disk are free",
		    cap_names[view->cap],
		    found->queue.waiting + found->queue.running,
		    found->queue.bytes, found->queue.age_us / CLOCK_SECOND,
		    found->disk_free_bytes);
	else if (view->status == STATUS_OK && before->cap != PRESSURE_NONE)
		log_line(LOG_INFO, NULL,
		    "no longer overloaded: the queue takes events again");
}

/* The list is taken off first: a done may wait anew, for the next look. */
static void call_waiting(struct pressure *pressure)
{
	struct pressure_wait *wait = pressure->waiting;

	pressure->waiting = NULL;
	while (wait) {
		struct pressure_wait *next = wait->next;

		wait->done(wait->arg);
		wait = next;
	}
}

static void looked(void *arg, enum status status)
{
	struct pressure *pressure = arg;
	struct pressure_view before = pressure->view;

	pressure->busy = false;
	pressure->known_us = clock_mono_us();
	if (status == STATUS_OK) {
		pressure->found = pressure->row;
		pressure->wait_us = pressure->row.begun_us - pressure->begun_us;
		pressure->view =
		    pressure_judge(pressure->config, &pressure->found);
		log_change(pressure, &before);
	} else {
		/* The cap stays, so that only its end is logged. */
		pressure->wait_us = pressure->known_us - pressure->begun_us;
		pressure->view.status = status;
		pressure->view.retry_after_s = 1;
	}
	call_waiting(pressure);
}

static enum status look_body(struct db *db, void *arg)
{
	struct pressure *pressure = arg;

	return health_row_look(db, &pressure->row);
}

static void look(struct pressure *pressure)
{
	if (pressure->busy)
		return;
	pressure->busy = true;
	pressure->begun_us = clock_mono_us();
	pressure->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = look_body,
	    .done = looked,
	    .arg = pressure,
	};
	store_submit(pressure->store, &pressure->job);
}

struct pressure *pressure_new(
    const struct config *config, struct store *store, const char *token_url)
{
	struct pressure *pressure = calloc(1, sizeof *pressure);

	if (!pressure)
		return NULL;
	pressure->config = config;
	pressure->store = store;
	pressure->row = (struct health_row){
	    .file = config->db,
	    .token_url = token_url,
	    .client_id = config->cxone_client_id,
	    .pause_of = config->cxone_base_url,
	};
	return pressure;
}

void pressure_free(struct pressure *pressure)
{
	free(pressure);
}

bool pressure_ask(struct pressure *pressure, struct pressure_view *view)
{
	int64_t age_us = clock_mono_us() - pressure->known_us;

	if (pressure->known_us == 0 || age_us >= PRESSURE_FRESH_US)
		look(pressure);
	if (pressure->known_us == 0 || age_us >= PRESSURE_STALE_US)
		return false;
	*view = pressure->view;
	return true;
}

void pressure_wait(struct pressure *pressure, struct pressure_wait *wait)
{
	wait->next = pressure->waiting;
	pressure->waiting = wait;
	look(pressure);
}

struct pressure_look pressure_newest(const struct pressure *pressure)
{
	return (struct pressure_look){
	    .row = &pressure->found,
	    .status = pressure->view.status == STATUS_OVERLOADED
			  ? STATUS_OK
			  : pressure->view.status,
	    .at_us = pressure->known_us,
	    .wait_us = pressure->wait_us,
	};
}
