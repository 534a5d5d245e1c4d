/* test_breaker_row.c: the shared circuit, through real transactions and
 * processes */
#include <poll.h>

#include "breaker_row.h"
#include "clock.h"
#include "db_place.h"

#define RACERS  32
#define CHILD_S 60

/* Short times: a probe may go 50 to 70 ms after the trip. */
static const struct circuit_limits limits = {
    .calls_min = 20,
    .failed_percent = 50,
    .slow_percent = 80,
    .period_us = 3 * CLOCK_SECOND,
    .open_us = 60 * CLOCK_MS,
    .open_max_us = 60 * CLOCK_SECOND,
    .lease_us = 400 * CLOCK_MS,
    .successes = 3,
};

static void nap_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Asserts nothing, so that children can use it. */
static enum status sync_in(struct db *db, struct breaker_row *row)
{
	enum status status = db_begin(db, false);

	row->upstream = "inventory";
	if (row->limits == NULL)
		row->limits = &limits;
	if (status != STATUS_OK)
		return status;
	status = breaker_row_sync(db, row);
	if (status == STATUS_OK)
		return db_commit(db);
	db_rollback(db);
	return status;
}

static struct circuit_view tell(struct db *db, struct circuit_news news)
{
	struct breaker_row row = {.news = news};

	row.news.dice = 500;
	assert_int_equal(sync_in(db, &row), STATUS_OK);
	return row.view;
}

static struct circuit_view look(struct db *db)
{
	return tell(db, (struct circuit_news){0});
}

static struct circuit_view ask(struct db *db)
{
	return tell(db, (struct circuit_news){.wants_probe = true});
}

static struct circuit_view tell_calls(
    struct db *db, int64_t calls, int64_t failed)
{
	return tell(db, (struct circuit_news){
			    .generation = look(db).generation,
			    .count = {calls, failed, 0},
			});
}

static bool force(struct db *db, enum circuit_mode mode)
{
	bool changed = false;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(
	    breaker_row_force(db, "inventory", mode, &changed), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	return changed;
}

static void what_processes_tell_is_added_up(void **state)
{
	struct place *place = *state;
	struct db *one = must_open(place, DB_SERVE);
	struct db *two = must_open(place, DB_SERVE);

	for (int i = 0; i < 9; i++) {
		assert_int_equal(tell_calls(one, 1, 1).state, CIRCUIT_CLOSED);
		assert_int_equal(tell_calls(two, 1, 0).state, CIRCUIT_CLOSED);
	}
	tell_calls(one, 1, 1);
	assert_int_equal(tell_calls(two, 1, 1).state, CIRCUIT_OPEN);
	assert_int_equal(look(one).state, CIRCUIT_OPEN);
	db_close(one);
	db_close(two);
}

static void only_the_one_that_changes_it_is_told_so(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);

	assert_true(tell_calls(db, 20, 20).changed);
	assert_false(look(db).changed);
	assert_string_equal(
	    look(db).reason, "of the last 20 calls 20 failed, 0 were slow");
	db_close(db);
}

static void the_circuits_of_two_upstreams_are_apart(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct breaker_row row = {.upstream = "cxone", .limits = &limits};

	tell_calls(db, 20, 20);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(breaker_row_sync(db, &row), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	assert_int_equal(row.view.state, CIRCUIT_CLOSED);
	db_close(db);
}

static void a_new_process_resets_nothing(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct circuit_view before = tell_calls(db, 20, 20);
	struct circuit_view after;

	db_close(db);
	db = must_open(place, DB_SERVE);
	after = look(db);
	assert_int_equal(after.state, CIRCUIT_OPEN);
	assert_int_equal(after.generation, before.generation);
	db_close(db);
}

static void a_body_that_runs_twice_counts_once(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct breaker_row row = {
	    .upstream = "inventory",
	    .limits = &limits,
	    .news = {.count = {19, 19, 0}},
	};

	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(breaker_row_sync(db, &row), STATUS_OK);
	db_rollback(db);
	assert_int_equal(sync_in(db, &row), STATUS_OK);
	assert_int_equal(row.view.state, CIRCUIT_CLOSED);
	assert_int_equal(
	    raw_int(place, "SELECT sum(calls) FROM breaker_bucket"), 19);
	db_close(db);
}

static void what_is_forced_survives_a_restart(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);

	assert_true(force(db, CIRCUIT_FORCED_OPEN));
	db_close(db);
	db = must_open(place, DB_SERVE);
	assert_int_equal(look(db).mode, CIRCUIT_FORCED_OPEN);
	assert_int_equal(ask(db).fence, 0);
	assert_true(force(db, CIRCUIT_FORCED_CLOSED));
	db_close(db);
	db = must_open(place, DB_SERVE);
	assert_int_equal(look(db).mode, CIRCUIT_FORCED_CLOSED);
	assert_int_equal(tell_calls(db, 50, 50).state, CIRCUIT_CLOSED);
	db_close(db);
}

static void enabling_an_enabled_one_writes_nothing(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);

	tell_calls(db, 19, 19);
	assert_false(force(db, CIRCUIT_AUTO));
	assert_int_equal(tell_calls(db, 1, 1).state, CIRCUIT_OPEN);
	assert_false(force(db, CIRCUIT_AUTO));
	assert_int_equal(look(db).state, CIRCUIT_OPEN);
	db_close(db);
}

/* --- many processes at once --- */

/* However slow the machine, no racer outlasts the lease of another. */
static const struct circuit_limits long_lease = {
    .calls_min = 20,
    .failed_percent = 50,
    .slow_percent = 80,
    .period_us = 3 * CLOCK_SECOND,
    .open_us = 60 * CLOCK_MS,
    .open_max_us = 60 * CLOCK_SECOND,
    .lease_us = 120 * CLOCK_SECOND,
    .successes = 3,
};

/* Waits for the line to close, asks once; 1: it may probe. */
static int race(const struct place *place, int line)
{
	char problem[DB_PROBLEM_BYTES];
	struct breaker_row row = {
	    .limits = &long_lease, .news = {.wants_probe = true}};
	struct db *db = NULL;
	char byte;

	alarm(CHILD_S);
	if (db_open(place->path, DB_SERVE, &db, problem) != STATUS_OK ||
	    read(line, &byte, 1) != 0 || sync_in(db, &row) != STATUS_OK)
		return 2;
	db_close(db);
	return row.view.fence != 0 ? 1 : 0;
}

/* How many of the racers, let go together, got a permit. */
static int race_all(const struct place *place)
{
	pid_t racers[RACERS];
	int line[2];
	int permits = 0;

	assert_int_equal(pipe(line), 0);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = fork();
		assert_true(racers[i] >= 0);
		if (racers[i] == 0) {
			close(line[1]);
			_exit(race(place, line[0]));
		}
	}
	close(line[0]);
	close(line[1]);
	for (int i = 0; i < RACERS; i++) {
		int how = 0;

		assert_int_equal(waitpid(racers[i], &how, 0), racers[i]);
		assert_true(WIFEXITED(how));
		assert_true(WEXITSTATUS(how) < 2);
		permits += WEXITSTATUS(how);
	}
	return permits;
}

static void of_32_racing_processes_one_probes_at_a_time(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);

	for (int round = 0; round < 3; round++) {
		if (round == 0) {
			tell_calls(db, 20, 20);
			nap_ms(80);
		}
		db_close(db);
		assert_int_equal(race_all(place), 1);
		db = must_open(place, DB_SERVE);
		tell(db, (struct circuit_news){
			     .probe = CIRCUIT_PROBE_SUCCEEDED,
			     .fence = raw_int(
				 place, "SELECT probe_fence FROM breaker"),
			 });
	}
	assert_int_equal(look(db).state, CIRCUIT_CLOSED);
	assert_int_equal(raw_int(place, "SELECT probe_fence FROM breaker"), 3);
	db_close(db);
	is_sound(place);
}

/* A process that has the permit until it is killed. */
static pid_t start_prober(const struct place *place)
{
	char problem[DB_PROBLEM_BYTES];
	struct breaker_row row = {.news = {.wants_probe = true}};
	struct db *db = NULL;
	int ready[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		alarm(CHILD_S);
		if (db_open(place->path, DB_SERVE, &db, problem) == STATUS_OK &&
		    sync_in(db, &row) == STATUS_OK && row.view.fence != 0 &&
		    write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void after_a_killed_prober_the_next_one_goes(void **state)
{
	struct place *place = *state;
	struct db *db = must_open(place, DB_SERVE);
	struct circuit_view view;
	int64_t granted_us;
	pid_t prober;

	tell_calls(db, 20, 20);
	db_close(db);
	nap_ms(80);
	prober = start_prober(place);
	granted_us = clock_mono_us();
	kill_child(prober);
	db = must_open(place, DB_SERVE);
	view = ask(db);
	assert_int_equal(view.fence, 0);
	assert_int_equal(view.state, CIRCUIT_HALF_OPEN);
	for (int i = 0; i < 100 && view.fence == 0; i++) {
		nap_ms(10);
		view = ask(db);
	}
	assert_int_equal(view.fence, 2);
	assert_true(
	    clock_mono_us() - granted_us >= limits.lease_us - 50 * CLOCK_MS);
	assert_true(clock_mono_us() - granted_us < 3 * CLOCK_SECOND);
	db_close(db);
	is_sound(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(what_processes_tell_is_added_up),
	    WITH_PLACE(only_the_one_that_changes_it_is_told_so),
	    WITH_PLACE(the_circuits_of_two_upstreams_are_apart),
	    WITH_PLACE(a_new_process_resets_nothing),
	    WITH_PLACE(a_body_that_runs_twice_counts_once),
	    WITH_PLACE(what_is_forced_survives_a_restart),
	    WITH_PLACE(enabling_an_enabled_one_writes_nothing),
	    WITH_PLACE(of_32_racing_processes_one_probes_at_a_time),
	    WITH_PLACE(after_a_killed_prober_the_next_one_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
