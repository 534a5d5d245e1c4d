/* test_throttle.c: a pause and a budget that all processes share */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db_place.h"

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "retry.h"
#include "retry_after.h"
#include "store.h"
#include "throttle.h"

#define UPSTREAM "https://cxone.example"
#define FULL     RETRY_BUDGET_DEFAULT
#define MS       CLOCK_MS

/* What a process has; the second one of a test is a fork with its own. */
struct party {
	struct loop *loop;
	struct store *store;
	struct throttle *throttle;
	struct loop_timer end;
};

static bool join(struct party *party, struct place *place)
{
	log_set_level(LOG_ERROR);
	party->loop = loop_new();
	if (party->loop == NULL ||
	    store_open(party->loop, place->path, &party->store,
		place->problem) != STATUS_OK)
		return false;
	party->throttle =
	    throttle_new(party->loop, party->store, UPSTREAM, FULL);
	return party->throttle != NULL;
}

static void leave(struct party *party)
{
	throttle_stop(party->throttle);
	store_flush(party->store);
	throttle_free(party->throttle);
	store_close(party->store);
	loop_free(party->loop);
}

/* As a process that is killed: nothing is written any more. */
static void vanish(struct party *party)
{
	store_close(party->store);
	throttle_free(party->throttle);
	loop_free(party->loop);
}

static void end_run(void *arg)
{
	struct party *party = arg;

	loop_stop(party->loop);
}

static void run_for(struct party *party, int64_t us)
{
	loop_timer_init(&party->end, end_run, party);
	loop_timer_set(party->loop, &party->end, clock_mono_us() + us);
	loop_run(party->loop);
}

static void run_tick(struct party *party)
{
	run_for(party, THROTTLE_TICK_US + 100 * MS);
}

static int64_t row(const struct place *place, const char *column)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT coalesce(max(%s), -1) FROM throttle",
	    column);
	return raw_int(place, sql);
}

static void run_sql(const struct place *place, const char *sql)
{
	sqlite3 *handle = raw_open(place);

	raw_run(handle, sql);
	sqlite3_close(handle);
}

/* Counts how often the row is written from now on. */
static void count_writes(const struct place *place)
{
	run_sql(place, "CREATE TABLE writes (n);"
		       "CREATE TRIGGER made AFTER INSERT ON throttle BEGIN "
		       "INSERT INTO writes VALUES (1); END;"
		       "CREATE TRIGGER changed AFTER UPDATE ON throttle BEGIN "
		       "INSERT INTO writes VALUES (1); END");
}

static int64_t writes(const struct place *place)
{
	return raw_int(place, "SELECT count(*) FROM writes");
}

static enum status do_nothing(struct db *db, void *arg)
{
	(void)db;
	(void)arg;
	return STATUS_OK;
}

static void note_end(void *arg, enum status status)
{
	*(enum status *)arg = status;
}

/* A transaction about something else. The loop does not run meanwhile. */
static void work(struct party *party)
{
	enum status status = STATUS_PENDING;
	struct store_job job = {
	    .lane = STORE_RECORD,
	    .body = do_nothing,
	    .done = note_end,
	    .arg = &status,
	};

	store_submit(party->store, &job);
	store_flush(party->store);
	assert_int_equal(status, STATUS_OK);
}

/* --- one process --- */

static void without_a_row_the_budget_is_full_and_nobody_waits(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	assert_int_equal(throttle_budget(party.throttle), FULL);
	assert_int_equal(throttle_pause_us(party.throttle), 0);
	run_tick(&party);
	assert_int_equal(throttle_budget(party.throttle), FULL);
	assert_int_equal(throttle_pause_us(party.throttle), 0);
	leave(&party);
	assert_int_equal(row(place, "budget"), -1);
}

static void successes_with_a_full_budget_write_nothing(void **state)
{
	struct place *place = *state;
	struct party party;
	int i;

	assert_true(join(&party, place));
	for (i = 0; i < 1000; i++)
		throttle_change_budget(party.throttle, 1);
	run_tick(&party);
	leave(&party);
	assert_int_equal(row(place, "budget"), -1);
}

static void changes_of_the_budget_are_written_together(void **state)
{
	struct place *place = *state;
	struct party party;
	int i;

	assert_true(join(&party, place));
	count_writes(place);
	run_tick(&party);
	for (i = 0; i < 20; i++)
		throttle_change_budget(party.throttle, -RETRY_COST_TRANSIENT);
	throttle_change_budget(party.throttle, RETRY_COST_TRANSIENT);
	assert_int_equal(throttle_budget(party.throttle), FULL - 19 * 14);
	assert_int_equal(row(place, "budget"), -1);
	run_tick(&party);
	assert_int_equal(row(place, "budget"), FULL - 19 * 14);
	assert_int_equal(throttle_budget(party.throttle), FULL - 19 * 14);
	assert_int_equal(writes(place), 1);
	leave(&party);
	assert_int_equal(writes(place), 1);
}

static void a_busy_budget_is_written_at_most_once_per_tick(void **state)
{
	struct place *place = *state;
	struct party party;
	int64_t begun_us = clock_mono_us();
	int64_t ticks;
	int i;

	assert_true(join(&party, place));
	count_writes(place);
	for (i = 0; i < 100; i++) {
		throttle_change_budget(party.throttle, -RETRY_COST_THROTTLED);
		throttle_change_budget(party.throttle, 1);
		throttle_pause_us(party.throttle);
		run_for(&party, 10 * MS);
	}
	run_tick(&party);
	ticks = (clock_mono_us() - begun_us) / THROTTLE_TICK_US;
	assert_in_range(writes(place), 3, ticks + 1);
	assert_int_equal(row(place, "budget"), FULL - 400);
	leave(&party);
}

static void the_budget_is_empty_at_nothing_and_full_at_its_size(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	throttle_change_budget(party.throttle, -2 * FULL);
	assert_int_equal(throttle_budget(party.throttle), 0);
	run_tick(&party);
	assert_int_equal(row(place, "budget"), 0);
	throttle_change_budget(party.throttle, 2 * FULL);
	assert_int_equal(throttle_budget(party.throttle), FULL);
	run_tick(&party);
	assert_int_equal(row(place, "budget"), FULL);
	leave(&party);
}

static void a_stop_writes_what_is_known_and_ends_the_pause(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	throttle_ask_pause(party.throttle, 30 * CLOCK_SECOND);
	throttle_change_budget(party.throttle, -RETRY_COST_THROTTLED);
	assert_true(throttle_pause_us(party.throttle) > 0);
	throttle_stop(party.throttle);
	assert_int_equal(throttle_pause_us(party.throttle), 0);
	leave(&party);
	assert_int_equal(row(place, "budget"), FULL - RETRY_COST_THROTTLED);
	assert_in_range(row(place, "not_before_us") - clock_wall_us(),
	    28 * CLOCK_SECOND, 30 * CLOCK_SECOND);
}

static void a_pause_ends_by_itself(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	throttle_ask_pause(party.throttle, 150 * MS);
	assert_in_range(throttle_pause_us(party.throttle), 100 * MS, 150 * MS);
	run_for(&party, 100 * MS);
	assert_true(throttle_pause_us(party.throttle) > 0);
	run_for(&party, 60 * MS);
	assert_int_equal(throttle_pause_us(party.throttle), 0);
	leave(&party);
}

static void a_shorter_pause_does_not_shorten_a_longer_one(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	throttle_ask_pause(party.throttle, 30 * CLOCK_SECOND);
	run_for(&party, 20 * MS);
	throttle_ask_pause(party.throttle, CLOCK_SECOND);
	run_tick(&party);
	assert_true(throttle_pause_us(party.throttle) > 28 * CLOCK_SECOND);
	leave(&party);
}

static void an_operator_can_end_a_pause(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	throttle_ask_pause(party.throttle, 30 * CLOCK_SECOND);
	run_tick(&party);
	run_sql(place, "UPDATE throttle SET not_before_us = 0");
	run_tick(&party);
	assert_int_equal(throttle_pause_us(party.throttle), 0);
	leave(&party);
}

/* Written by a process whose clock was years ahead, or ours fell back. */
static void no_row_stops_anybody_for_longer_than_an_hour(void **state)
{
	struct place *place = *state;
	struct party party;

	db_close(must_open(place, DB_SERVE));
	run_sql(place, "INSERT INTO throttle VALUES ('" UPSTREAM "', "
		       "9000000000000000, 77, 0)");
	assert_true(join(&party, place));
	run_for(&party, 100 * MS);
	assert_in_range(throttle_pause_us(party.throttle),
	    RETRY_AFTER_MAX_US - CLOCK_SECOND, RETRY_AFTER_MAX_US);
	assert_int_equal(throttle_budget(party.throttle), 77);
	leave(&party);
}

/* One second was asked for, two minutes later than it is now. */
static void a_clock_put_back_stretches_no_pause(void **state)
{
	struct place *place = *state;
	int64_t since_us = clock_wall_us() + 120 * CLOCK_SECOND;
	int64_t until_us = since_us + CLOCK_SECOND;
	struct party party;
	char sql[160];

	db_close(must_open(place, DB_SERVE));
	snprintf(sql, sizeof sql,
	    "INSERT INTO throttle VALUES ('" UPSTREAM "', %lld, 77, %lld)",
	    (long long)until_us, (long long)since_us);
	run_sql(place, sql);
	assert_true(join(&party, place));
	run_for(&party, 100 * MS);
	assert_in_range(throttle_pause_us(party.throttle), 1, CLOCK_SECOND);
	/* Nor does it stand in the way of one that is asked for now. */
	throttle_ask_pause(party.throttle, 30 * CLOCK_SECOND);
	run_tick(&party);
	leave(&party);
	assert_in_range(row(place, "not_before_us") - clock_wall_us(), 1,
	    30 * CLOCK_SECOND);
}

static void what_the_store_refused_is_written_later(void **state)
{
	struct place *place = *state;
	struct party party;

	assert_true(join(&party, place));
	run_tick(&party);
	run_sql(place, "ALTER TABLE throttle RENAME TO gone");
	throttle_ask_pause(party.throttle, 30 * CLOCK_SECOND);
	throttle_change_budget(party.throttle, -RETRY_COST_THROTTLED);
	run_tick(&party);
	assert_true(throttle_pause_us(party.throttle) > 0);
	assert_int_equal(
	    throttle_budget(party.throttle), FULL - RETRY_COST_THROTTLED);
	run_sql(place, "ALTER TABLE gone RENAME TO throttle");
	run_tick(&party);
	assert_int_equal(row(place, "budget"), FULL - RETRY_COST_THROTTLED);
	assert_true(row(place, "not_before_us") > clock_wall_us());
	leave(&party);
}

/* Each tick finds something to do, and none may do it twice. */
static void a_store_that_hangs_has_one_job_of_ours(void **state)
{
	struct place *place = *state;
	struct party party;
	pid_t holder;
	int i;

	assert_true(join(&party, place));
	count_writes(place);
	run_tick(&party);
	holder = hold_gate(place);
	for (i = 0; i < 10; i++) {
		throttle_change_budget(party.throttle, -RETRY_COST_THROTTLED);
		throttle_ask_pause(party.throttle, 20 * CLOCK_SECOND);
		run_for(&party, 100 * MS);
	}
	assert_int_equal(throttle_budget(party.throttle), FULL - 50);
	assert_true(throttle_pause_us(party.throttle) > 0);
	kill_child(holder);
	run_tick(&party);
	run_tick(&party);
	assert_int_equal(row(place, "budget"), FULL - 50);
	assert_in_range(writes(place), 2, 3);
	leave(&party);
}

/* --- two of them --- */

static void two_spend_and_refill_one_budget(void **state)
{
	struct place *place = *state;
	struct party one, two;

	assert_true(join(&one, place) && join(&two, place));
	throttle_change_budget(one.throttle, -10 * RETRY_COST_TRANSIENT);
	throttle_change_budget(two.throttle, -20 * RETRY_COST_TRANSIENT);
	run_tick(&one);
	run_tick(&two);
	assert_int_equal(row(place, "budget"), FULL - 30 * 14);
	assert_int_equal(throttle_budget(two.throttle), FULL - 30 * 14);
	run_tick(&one);
	assert_int_equal(throttle_budget(one.throttle), FULL - 30 * 14);
	throttle_change_budget(one.throttle, RETRY_COST_TRANSIENT);
	run_tick(&one);
	run_tick(&two);
	assert_int_equal(throttle_budget(two.throttle), FULL - 29 * 14);
	leave(&one);
	leave(&two);
}

static void the_next_transaction_brings_what_others_wrote(void **state)
{
	struct place *place = *state;
	struct party told, other;

	assert_true(join(&told, place) && join(&other, place));
	run_tick(&other);
	throttle_ask_pause(told.throttle, 30 * CLOCK_SECOND);
	throttle_change_budget(told.throttle, -RETRY_COST_THROTTLED);
	store_flush(told.store);
	assert_int_equal(throttle_pause_us(other.throttle), 0);
	work(&other);
	assert_true(throttle_pause_us(other.throttle) > 28 * CLOCK_SECOND);
	run_tick(&told);
	work(&other);
	assert_int_equal(
	    throttle_budget(other.throttle), FULL - RETRY_COST_THROTTLED);
	leave(&told);
	leave(&other);
}

/* What is not written when a process is killed is one tick's worth. */
static void the_row_outlives_who_wrote_it(void **state)
{
	struct place *place = *state;
	struct party killed, later;

	assert_true(join(&killed, place));
	throttle_ask_pause(killed.throttle, 30 * CLOCK_SECOND);
	throttle_change_budget(killed.throttle, -RETRY_COST_THROTTLED);
	run_tick(&killed);
	throttle_change_budget(killed.throttle, -RETRY_COST_THROTTLED);
	vanish(&killed);
	assert_true(join(&later, place));
	run_for(&later, 50 * MS);
	assert_true(throttle_pause_us(later.throttle) > 28 * CLOCK_SECOND);
	assert_int_equal(
	    throttle_budget(later.throttle), FULL - RETRY_COST_THROTTLED);
	leave(&later);
}

/* A process with traffic of its own: asks before each request. */
static int serve_until_paused(struct place *place, int ready, int seen)
{
	struct party party;
	int64_t until_us = clock_mono_us() + 5 * CLOCK_SECOND;
	int64_t now_us;

	if (!join(&party, place))
		return 1;
	run_for(&party, 50 * MS);
	if (write(ready, "r", 1) != 1)
		return 2;
	while (throttle_pause_us(party.throttle) == 0) {
		if (clock_mono_us() > until_us)
			return 3;
		run_for(&party, 2 * MS);
	}
	now_us = clock_mono_us();
	if (write(seen, &now_us, sizeof now_us) != sizeof now_us)
		return 4;
	leave(&party);
	return 0;
}

/* R15 */
static void a_pause_told_to_one_process_reaches_another_in_time(void **state)
{
	struct place *place = *state;
	struct party told;
	int ready[2], seen[2];
	int64_t asked_us, seen_us;
	pid_t other;
	char byte;

	assert_int_equal(pipe(ready) | pipe(seen), 0);
	other = fork();
	if (other == 0) {
		alarm(20);
		_exit(serve_until_paused(place, ready[1], seen[1]));
	}
	/* A child that dies ends the waits for it. */
	close(ready[1]);
	close(seen[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(join(&told, place));
	asked_us = clock_mono_us();
	throttle_ask_pause(told.throttle, 30 * CLOCK_SECOND);
	store_flush(told.store);
	assert_int_equal(
	    read(seen[0], &seen_us, sizeof seen_us), sizeof seen_us);
	ends_well(other);
	print_message("           after %lld ms\n",
	    (long long)((seen_us - asked_us) / MS));
	/* One tick, and room for a busy machine. */
	assert_in_range(seen_us - asked_us, 0, THROTTLE_TICK_US + 150 * MS);
	leave(&told);
	close(ready[0]);
	close(seen[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(without_a_row_the_budget_is_full_and_nobody_waits),
	    WITH_PLACE(successes_with_a_full_budget_write_nothing),
	    WITH_PLACE(changes_of_the_budget_are_written_together),
	    WITH_PLACE(a_busy_budget_is_written_at_most_once_per_tick),
	    WITH_PLACE(the_budget_is_empty_at_nothing_and_full_at_its_size),
	    WITH_PLACE(a_stop_writes_what_is_known_and_ends_the_pause),
	    WITH_PLACE(a_pause_ends_by_itself),
	    WITH_PLACE(a_shorter_pause_does_not_shorten_a_longer_one),
	    WITH_PLACE(an_operator_can_end_a_pause),
	    WITH_PLACE(a_clock_put_back_stretches_no_pause),
	    WITH_PLACE(no_row_stops_anybody_for_longer_than_an_hour),
	    WITH_PLACE(what_the_store_refused_is_written_later),
	    WITH_PLACE(a_store_that_hangs_has_one_job_of_ours),
	    WITH_PLACE(two_spend_and_refill_one_budget),
	    WITH_PLACE(the_next_transaction_brings_what_others_wrote),
	    WITH_PLACE(the_row_outlives_who_wrote_it),
	    WITH_PLACE(a_pause_told_to_one_process_reaches_another_in_time),
	};

	return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
