/* test_queue.c: the worker on the queue through queue.h, on real files */
#include "queue.h"

#include "db_place.h"
#include "test_help.h"

#define HELD_MAX 128

/* A worker whose items are held, or ended at once. */
struct bench {
	struct place *place;
	struct loop *loop;
	struct store *store;
	struct config config;
	struct queue *queue;
	bool ends; /* each item at once */
	struct outbox_item *held[HELD_MAX];
	int begun;
	int puts;
	struct store_job job;
	const struct outbox_item *subject; /* of the job */
	const char *to_put;
	enum status status;
	struct store_job rider;
	int groups; /* that the rider went along with */
};

static enum status done_body(struct db *db, void *arg)
{
	struct bench *bench = arg;

	return outbox_done(db, bench->subject);
}

static void job_done(void *arg, enum status status)
{
	struct bench *bench = arg;

	bench->status = status;
	bench->puts++;
}

static void run_job(struct bench *bench, store_body *body)
{
	bench->puts = 0;
	bench->job =
	    (struct store_job){.body = body, .done = job_done, .arg = bench};
	store_submit(bench->store, &bench->job);
	assert_true(run_until(bench->loop, &bench->puts, 1, 5000));
	assert_int_equal(bench->status, STATUS_OK);
}

static void begin(void *arg, struct outbox_item *item)
{
	struct bench *bench = arg;

	assert_true(bench->begun < HELD_MAX);
	bench->held[bench->begun++] = item;
}

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	log_set_level(LOG_ERROR);
	make_place((void **)&bench->place);
	bench->loop = loop_new();
	assert_non_null(bench->loop);
	assert_int_equal(store_open(bench->loop, bench->place->path,
			     &bench->store, bench->place->problem),
	    STATUS_OK);
	bench->config.event_deadline_us = CLOCK_SECOND;
	bench->config.cxone_max_inflight = 1000;
	bench->config.queue_backoff_us = 100 * CLOCK_MS;
	bench->queue =
	    queue_new(&bench->config, bench->loop, bench->store, begin, bench);
	assert_non_null(bench->queue);
	*state = bench;
	return 0;
}

/* Frees the item but leaves it in the queue: its lease will run out. */
static void let_go(struct bench *bench, int i)
{
	queue_item_free(bench->queue, bench->held[i]);
	bench->held[i] = NULL;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;
	int i;

	queue_stop(bench->queue);
	store_flush(bench->store);
	for (i = 0; i < bench->begun; i++)
		let_go(bench, i);
	queue_free(bench->queue);
	store_close(bench->store);
	loop_free(bench->loop);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

static enum status put_body(struct db *db, void *arg)
{
	struct bench *bench = arg;
	char body[] = "{}";
	struct outbox_item item = {.body = body, .accepted_us = 1};

	snprintf(item.interaction_id, sizeof item.interaction_id, "%s",
	    bench->to_put);
	return outbox_put(db, &item, 1);
}

static void put(struct bench *bench, const char *id)
{
	bench->to_put = id;
	run_job(bench, put_body);
}

static void put_numbered(struct bench *bench, int count)
{
	char id[24];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(id, sizeof id, "call-%d", i);
		put(bench, id);
	}
}

/* As a flow's end does: first the store, then the place is free. */
static void end_item(struct bench *bench, int i)
{
	bench->subject = bench->held[i];
	run_job(bench, done_body);
	let_go(bench, i);
}

static bool begins(struct bench *bench, int wanted, int most_ms)
{
	return run_until(bench->loop, &bench->begun, wanted, most_ms);
}

static bool becomes_idle(struct bench *bench, int most_ms)
{
	int64_t until_us = clock_mono_us() + most_ms * CLOCK_MS;

	while (!queue_is_idle(bench->queue) && clock_mono_us() < until_us)
		run_for(bench->loop, 2);
	return queue_is_idle(bench->queue);
}

static void it_takes_nothing_before_its_start(void **state)
{
	struct bench *bench = *state;

	put(bench, "call");
	queue_wake(bench->queue);
	run_for(bench->loop, 50);
	assert_int_equal(bench->begun, 0);
	assert_false(queue_is_idle(bench->queue));
	queue_start(bench->queue);
	assert_true(begins(bench, 1, 2000));
	assert_string_equal(bench->held[0]->interaction_id, "call");
}

/* The loop's sleep is the process's: what the store took has got old. */
static void what_was_taken_before_a_hang_is_not_begun(void **state)
{
	struct bench *bench = *state;

	put(bench, "call");
	queue_start(bench->queue);
	run_for(bench->loop, 0);
	sleep(4);
	run_for(bench->loop, 100);
	assert_int_equal(bench->begun, 0);
	assert_int_equal(
	    raw_int(bench->place, "SELECT sum(state = 'running') FROM outbox"),
	    1);
	/* When the lease has run out it is taken like any other. */
	assert_true(begins(bench, 1, 10000));
}

static void it_is_idle_when_a_look_found_nothing(void **state)
{
	struct bench *bench = *state;

	assert_false(queue_is_idle(bench->queue));
	queue_start(bench->queue);
	assert_true(becomes_idle(bench, 2000));
	assert_true(queue_is_empty_handed(bench->queue));
	assert_int_equal(queue_status(bench->queue), STATUS_OK);
}

static void it_is_not_idle_with_an_item_in_hand(void **state)
{
	struct bench *bench = *state;

	put(bench, "call");
	queue_start(bench->queue);
	assert_true(begins(bench, 1, 2000));
	run_for(bench->loop, 300);
	assert_false(queue_is_idle(bench->queue));
	assert_false(queue_is_empty_handed(bench->queue));
	end_item(bench, 0);
	/* Not before it has looked once more. */
	assert_false(queue_is_idle(bench->queue));
	assert_true(becomes_idle(bench, 2000));
}

static void it_looks_at_once_when_woken(void **state)
{
	struct bench *bench = *state;
	int64_t begun_us;

	queue_start(bench->queue);
	assert_true(becomes_idle(bench, 2000));
	put(bench, "call");
	begun_us = clock_mono_us();
	queue_wake(bench->queue);
	assert_true(begins(bench, 1, 2000));
	assert_took(clock_mono_us() - begun_us, 0, 150);
}

/* Another process put it: nobody wakes us. */
static void it_looks_by_itself_as_well(void **state)
{
	struct bench *bench = *state;

	queue_start(bench->queue);
	assert_true(becomes_idle(bench, 2000));
	put(bench, "call");
	assert_true(begins(bench, 1, 2000));
}

static void it_has_no_more_in_hand_than_there_is_room(void **state)
{
	struct bench *bench = *state;

	put_numbered(bench, QUEUE_IN_HAND_MAX + 5);
	queue_start(bench->queue);
	assert_true(begins(bench, QUEUE_IN_HAND_MAX, 3000));
	run_for(bench->loop, 600);
	assert_int_equal(bench->begun, QUEUE_IN_HAND_MAX);
}

/* Not only at the next look of its own, 250 ms later. */
static void a_place_that_becomes_free_is_used_at_once(void **state)
{
	struct bench *bench = *state;
	int64_t begun_us;
	int i;

	bench->config.cxone_max_inflight = 1;
	put_numbered(bench, 8);
	queue_start(bench->queue);
	assert_true(begins(bench, 1, 3000));
	begun_us = clock_mono_us();
	for (i = 0; i < 7; i++) {
		end_item(bench, i);
		assert_true(begins(bench, i + 2, 3000));
	}
	assert_took(clock_mono_us() - begun_us, 0, 1000);
}

static void what_its_interaction_held_up_comes_before_it_is_idle(void **state)
{
	struct bench *bench = *state;

	put(bench, "call");
	put(bench, "call");
	queue_start(bench->queue);
	assert_true(begins(bench, 1, 2000));
	run_for(bench->loop, 600);
	assert_int_equal(bench->begun, 1);
	end_item(bench, 0);
	becomes_idle(bench, 100);
	assert_int_equal(bench->begun, 2);
}

/* A process that was killed holds the only place until its lease ends. */
static void it_is_not_idle_while_others_hold_all_places(void **state)
{
	struct bench *bench = *state;
	sqlite3 *raw;

	bench->config.cxone_max_inflight = 1;
	put(bench, "theirs");
	raw = raw_open(bench->place);
	raw_run(raw, "UPDATE outbox SET state = 'running', fence = 1, "
		     "lease_until_us = (unixepoch() + 3) * 1000000");
	sqlite3_close(raw);
	put(bench, "ours");
	queue_start(bench->queue);
	assert_false(becomes_idle(bench, 600));
	assert_int_equal(bench->begun, 0);
	assert_true(begins(bench, 1, 6000));
}

static void after_a_stop_it_takes_no_more(void **state)
{
	struct bench *bench = *state;

	put(bench, "call");
	queue_start(bench->queue);
	assert_true(begins(bench, 1, 2000));
	queue_stop(bench->queue);
	put(bench, "other");
	queue_wake(bench->queue);
	run_for(bench->loop, 400);
	assert_int_equal(bench->begun, 1);
	end_item(bench, 0);
	run_for(bench->loop, 400);
	assert_int_equal(bench->begun, 1);
	assert_true(queue_is_empty_handed(bench->queue));
}

static void it_can_be_freed_with_a_look_under_way(void **state)
{
	struct bench *bench = *state;

	put(bench, "call");
	queue_start(bench->queue);
	run_for(bench->loop, 1);
	queue_stop(bench->queue);
	/* The look's items are begun; close_bench frees them. */
	store_flush(bench->store);
	assert_true(queue_is_empty_handed(bench->queue) || bench->begun == 1);
}

/* No spinning while the store is in trouble; and not idle, since it is not
 * known whether something is due. */
static void trouble_with_the_store_is_told_and_passes(void **state)
{
	struct bench *bench = *state;
	sqlite3 *raw = raw_open(bench->place);

	put(bench, "call");
	raw_run(raw, "ALTER TABLE outbox RENAME TO away");
	queue_start(bench->queue);
	run_for(bench->loop, 300);
	assert_int_not_equal(queue_status(bench->queue), STATUS_OK);
	assert_false(queue_is_idle(bench->queue));
	raw_run(raw, "ALTER TABLE away RENAME TO outbox");
	sqlite3_close(raw);
	assert_true(begins(bench, 1, 5000));
	assert_int_equal(queue_status(bench->queue), STATUS_OK);
}

/* A rider: it goes along with every look. */
static enum status ride(struct db *db, void *arg)
{
	(void)db;
	(void)arg;
	return STATUS_OK;
}

static void rode(void *arg, enum status status)
{
	struct bench *bench = arg;

	(void)status;
	bench->groups++;
}

static void trouble_with_the_store_makes_no_loop_of_looks(void **state)
{
	struct bench *bench = *state;
	sqlite3 *raw = raw_open(bench->place);

	bench->rider =
	    (struct store_job){.body = ride, .done = rode, .arg = bench};
	store_ride(bench->store, &bench->rider);
	put(bench, "call");
	assert_int_equal(bench->groups, 1);
	raw_run(raw, "ALTER TABLE outbox RENAME TO away");
	queue_start(bench->queue);
	run_for(bench->loop, 1000);
	assert_int_not_equal(queue_status(bench->queue), STATUS_OK);
	assert_in_range(bench->groups, 2, 3);
	raw_run(raw, "ALTER TABLE away RENAME TO outbox");
	sqlite3_close(raw);
}

static void waits_between_attempts_grow_and_end_at_a_minute(void **state)
{
	struct bench *bench = *state;
	struct outbox_item item = {.attempts = 1};
	int64_t first_us;
	int64_t now_us = clock_wall_us();

	first_us = queue_due_us(&bench->config, &item) - now_us;
	assert_in_range(first_us, 100 * CLOCK_MS, 160 * CLOCK_MS);
	item.attempts = 4;
	assert_true(
	    queue_due_us(&bench->config, &item) - now_us >= 800 * CLOCK_MS);
	item.attempts = 100;
	assert_true(
	    queue_due_us(&bench->config, &item) - now_us <= 61 * CLOCK_SECOND);
}

#define AT_BENCH(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AT_BENCH(it_takes_nothing_before_its_start),
	    AT_BENCH(what_was_taken_before_a_hang_is_not_begun),
	    AT_BENCH(it_is_idle_when_a_look_found_nothing),
	    AT_BENCH(it_is_not_idle_with_an_item_in_hand),
	    AT_BENCH(it_looks_at_once_when_woken),
	    AT_BENCH(it_looks_by_itself_as_well),
	    AT_BENCH(it_has_no_more_in_hand_than_there_is_room),
	    AT_BENCH(a_place_that_becomes_free_is_used_at_once),
	    AT_BENCH(what_its_interaction_held_up_comes_before_it_is_idle),
	    AT_BENCH(it_is_not_idle_while_others_hold_all_places),
	    AT_BENCH(after_a_stop_it_takes_no_more),
	    AT_BENCH(it_can_be_freed_with_a_look_under_way),
	    AT_BENCH(trouble_with_the_store_is_told_and_passes),
	    AT_BENCH(trouble_with_the_store_makes_no_loop_of_looks),
	    AT_BENCH(waits_between_attempts_grow_and_end_at_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
