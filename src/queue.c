/* queue.c: due items of the outbox -> begun, as many as may be in hand */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"
#include "log.h"

/* A lost wake is never a lost event: somebody looks this often. */
#define LOOK_US (250 * CLOCK_MS)
/* After a look that the store could not do. */
#define TROUBLE_US      (2 * CLOCK_SECOND)
#define BATCH_MAX       16 /* taken at a time: others want some, too */
#define LONGEST_WAIT_US (60 * CLOCK_SECOND) /* between two attempts */
/* A worker that is alive has ended its item so long after its deadline. */
#define LEASE_SPARE_US (5 * CLOCK_SECOND)
/*
 * What was taken so long ago is not begun, since the process hung meanwhile:
 * its attempt and the wait for the commit might outlast the lease.
 */
#define LATE_US (3 * CLOCK_SECOND)

struct queue {
	const struct config *config;
	struct loop *loop;
	struct store *store;
	queue_begin *begin;
	void *arg;
	loop_due *idle; /* NULL: nobody asks */
	void *idle_arg;
	bool taking;
	bool stopped;
	bool again;         /* woken while taking */
	bool found;         /* no look since has shown that nothing is due */
	enum status status; /* of the last look */
	int64_t looked_us;  /* when it was submitted; monotonic */
	int in_hand;
	struct loop_timer timer;
	struct store_job job;
	struct outbox_take take;
	struct outbox_item items[BATCH_MAX];
};

static void look(void *arg);

static void rest(struct queue *queue, int64_t us)
{
	if (!queue->stopped)
		loop_timer_set(
		    queue->loop, &queue->timer, clock_mono_us() + us);
}

/* On the store's thread: touches nothing but queue->take and its items. */
static enum status take_body(struct db *db, void *arg)
{
	struct queue *queue = arg;

	return outbox_take(db, &queue->take);
}

/*
 * Each gets its own struct, since they end in any order, and the next look
 * fills queue->items anew while these are still in hand.
 */
static void begin_item(struct queue *queue, const struct outbox_item *taken)
{
	struct outbox_item *item = malloc(sizeof *item);

	if (!item) {
		/* Its lease runs out, and somebody takes it again. */
		free(taken->body);
		return;
	}
	*item = *taken;
	queue->in_hand++;
	queue->begin(queue->arg, item);
}

/* The store could not do it; the items it had taken are undone with it. */
static void took_nothing(struct queue *queue)
{
	log_line(LOG_ERROR, NULL, "the queue cannot be looked at: %s",
	    status_name(queue->status));
	outbox_take_drop(&queue->take);
	rest(queue, TROUBLE_US);
}

/* Their leases run out, and somebody takes them again. */
static void took_too_late(struct queue *queue)
{
	log_line(LOG_WARN, NULL,
	    "this process hung: %d queued events are left to others",
	    queue->take.count);
	outbox_take_drop(&queue->take);
	rest(queue, 0);
}

static void took_all(struct queue *queue, enum status status)
{
	int count = queue->take.count;
	bool more = count > 0 || queue->again;
	int i;

	queue->taking = false;
	queue->status = status;
	if (status != STATUS_OK) {
		took_nothing(queue);
		return;
	}
	if (count > 0 && clock_mono_us() - queue->looked_us > LATE_US) {
		took_too_late(queue);
		return;
	}
	queue->take.count = 0;
	queue->found = more || queue->take.full;
	/* Also when stopped meanwhile: begun, they are given back in order. */
	for (i = 0; i < count; i++)
		begin_item(queue, &queue->items[i]);
	/* Places that others hold are not free the sooner for a look. */
	rest(queue, more ? 0 : LOOK_US);
}

static void took(void *arg, enum status status)
{
	struct queue *queue = arg;

	took_all(queue, status);
	if (queue->stopped && queue->in_hand == 0 && queue->idle)
		queue->idle(queue->idle_arg);
}

/* A timer's due: it may come once more after a stop. */
static void look(void *arg)
{
	struct queue *queue = arg;
	int room = QUEUE_IN_HAND_MAX - queue->in_hand;

	if (queue->stopped || queue->taking)
		return;
	if (room <= 0) {
		rest(queue, LOOK_US);
		return;
	}
	queue->taking = true;
	queue->again = false;
	queue->take.limit = room < BATCH_MAX ? room : BATCH_MAX;
	queue->take.running_max = (int)queue->config->cxone_max_inflight;
	queue->take.lease_us = queue_attempt_us(queue->config) + LEASE_SPARE_US;
	queue->take.backoff_us = queue->config->queue_backoff_us;
	queue->take.longest_us = LONGEST_WAIT_US;
	queue->take.items = queue->items;
	queue->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = take_body,
	    .done = took,
	    .arg = queue,
	};
	queue->looked_us = clock_mono_us();
	store_submit(queue->store, &queue->job);
}

struct queue *queue_new(const struct config *config, struct loop *loop,
    struct store *store, queue_begin *begin, void *arg)
{
	struct queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return NULL;
	queue->config = config;
	queue->loop = loop;
	queue->store = store;
	queue->begin = begin;
	queue->arg = arg;
	queue->found = true; /* not yet known to be empty */
	queue->stopped = true;
	loop_timer_init(&queue->timer, look, queue);
	return queue;
}

void queue_free(struct queue *queue)
{
	if (!queue)
		return;
	loop_timer_stop(queue->loop, &queue->timer);
	free(queue);
}

void queue_on_idle(struct queue *queue, loop_due *idle, void *arg)
{
	queue->idle = idle;
	queue->idle_arg = arg;
}

void queue_start(struct queue *queue)
{
	queue->stopped = false;
	queue_wake(queue);
}

void queue_wake(struct queue *queue)
{
	if (queue->taking)
		queue->again = true;
	else
		rest(queue, 0);
}

void queue_stop(struct queue *queue)
{
	queue->stopped = true;
	loop_timer_stop(queue->loop, &queue->timer);
}

void queue_item_free(struct queue *queue, struct outbox_item *item)
{
	if (!item)
		return;
	queue->in_hand--;
	free(item->body);
	free(item);
	if (queue->stopped)
		return;
	/* There is room now for what a look may have left. */
	queue->found = true;
	queue_wake(queue);
}

bool queue_is_idle(const struct queue *queue)
{
	return queue_is_empty_handed(queue) && !queue->found;
}

enum status queue_status(const struct queue *queue)
{
	return queue->status;
}

bool queue_is_empty_handed(const struct queue *queue)
{
	return !queue->taking && queue->in_hand == 0;
}

/* Without Retry-After: the throttle's pause, shared by all, sees to that. */
int64_t queue_attempt_us(const struct config *config)
{
	int64_t attempt_us =
	    config->inventory_timeout_us + 2 * config->cxone_timeout_us;

	return attempt_us < config->event_deadline_us
		   ? attempt_us
		   : config->event_deadline_us;
}

int64_t queue_due_us(
    const struct config *config, const struct outbox_item *item)
{
	struct backoff backoff = {
	    .schedule = BACKOFF_BUILTIN,
	    .base_us = config->queue_backoff_us,
	    .jitter_us = config->queue_backoff_us / 2,
	    .cap_us = LONGEST_WAIT_US,
	};
	int before = item->attempts > 0 ? item->attempts - 1 : 0;

	return clock_wall_us() +
	       backoff_wait_us(&backoff, before, -1, backoff_draw());
}
