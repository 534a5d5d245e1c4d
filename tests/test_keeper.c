/* test_keeper.c: a process that runs folds and prunes by itself */
#include "keeper.h"

#include "clock.h"
#include "db_place.h"
#include "log_place.h"
#include "record.h"
#include "rollup_fold.h"

#define PATIENCE_US (20 * CLOCK_SECOND)

/* What a loop waits for. */
struct watch {
	struct place *place;
	struct loop *loop;
	struct loop_timer timer;
	const char *sql; /* gives wanted in the end */
	int64_t wanted;
	int64_t until_us;
	bool seen;
};

static void look(void *arg)
{
	struct watch *watch = arg;

	watch->seen = raw_int(watch->place, watch->sql) == watch->wanted;
	if (watch->seen || clock_mono_us() > watch->until_us)
		loop_stop(watch->loop);
	else
		loop_timer_set(watch->loop, &watch->timer,
		    clock_mono_us() + 20 * CLOCK_MS);
}

static void waits_for(
    struct place *place, struct loop *loop, const char *sql, int64_t wanted)
{
	struct watch watch = {
	    .place = place,
	    .loop = loop,
	    .sql = sql,
	    .wanted = wanted,
	    .until_us = clock_mono_us() + PATIENCE_US,
	};

	loop_timer_init(&watch.timer, look, &watch);
	assert_int_equal(
	    loop_timer_set(loop, &watch.timer, clock_mono_us()), STATUS_OK);
	loop_run(loop);
	loop_timer_stop(loop, &watch.timer);
	if (!watch.seen)
		fail_msg("not %lld: %s", (long long)wanted, sql);
}

/* Half of them of today, half from 40 days ago. */
static void insert(struct place *place, int count)
{
	struct db *db = must_open(place, DB_SERVE);
	struct record record;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	for (int i = 0; i < count; i++) {
		record_init(&record);
		record.received_us = clock_wall_us();
		if (i < count / 2)
			record.received_us -=
			    INT64_C(40) * 86400 * CLOCK_SECOND;
		assert_int_equal(record_insert(db, &record), STATUS_OK);
	}
	assert_int_equal(db_commit(db), STATUS_OK);
	db_close(db);
}

static void more_than_one_fold_takes_is_folded_and_pruned(void **state)
{
	static const struct config config = {.retention_decisions_days = 30};
	struct place *place = *state;
	struct loop *loop = loop_new();
	struct store *store = NULL;
	struct keeper *keeper;

	insert(place, 3 * ROLLUP_FOLD_ROWS);
	assert_int_equal(
	    store_open(loop, place->path, &store, place->problem), STATUS_OK);
	keeper = keeper_new(&config, loop, store);
	assert_non_null(keeper);
	keeper_start(keeper);
	waits_for(place, loop,
	    "SELECT sum(count) FROM rollup WHERE level = 0 AND kind = 'total'",
	    3 * ROLLUP_FOLD_ROWS);
	waits_for(place, loop, "SELECT count(*) FROM decision",
	    3 * ROLLUP_FOLD_ROWS / 2);
	keeper_stop(keeper);
	store_flush(store);
	keeper_free(keeper);
	store_close(store);
	loop_free(loop);
}

static void a_clock_that_leapt_deletes_nothing(void **state)
{
	static const struct config config = {.retention_decisions_days = 30};
	struct place *place = *state;
	struct loop *loop = loop_new();
	struct store *store = NULL;
	struct keeper *keeper;
	sqlite3 *raw;

	insert(place, 10);
	raw = raw_open(place);
	raw_run(raw, "UPDATE rollup_state SET pruned_us = 1000000");
	sqlite3_close(raw);
	assert_int_equal(
	    store_open(loop, place->path, &store, place->problem), STATUS_OK);
	keeper = keeper_new(&config, loop, store);
	assert_non_null(keeper);
	keeper_start(keeper);
	waits_for(place, loop, "SELECT held_until_us > 0 FROM rollup_state", 1);
	keeper_stop(keeper);
	store_flush(store);
	assert_int_equal(raw_int(place, "SELECT count(*) FROM decision"), 10);
	keeper_free(keeper);
	store_close(store);
	loop_free(loop);
}

/* A process that lives for one event. */
static void live_shortly(struct place *place)
{
	static const struct config config = {.retention_decisions_days = 30};
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct loop *loop = loop_new();
		struct store *store = NULL;
		struct keeper *keeper;

		if (store_open(loop, place->path, &store, place->problem) !=
		    STATUS_OK)
			_exit(1);
		keeper = keeper_new(&config, loop, store);
		keeper_fold_once(keeper);
		store_flush(store);
		keeper_free(keeper);
		store_close(store);
		loop_free(loop);
		_exit(0);
	}
	ends_well(child);
}

/* Each at random: all three first ones, or none of so many, are a matter of
 * once in 100,000 runs. */
static void one_process_in_so_many_folds_for_the_others(void **state)
{
	int lives = 0;

	for (int folds = 1; folds <= 3; folds++) {
		insert(*state, 10);
		while (raw_int(*state, "SELECT upto_id FROM rollup_state") <
		       folds * 10) {
			assert_true(lives++ < 20 * KEEPER_ONE_IN);
			live_shortly(*state);
		}
	}
	assert_true(lives > 3);
}

/* Else nobody would know where all processes live for one event. */
static void a_fold_for_the_others_that_fails_is_told(void **state)
{
	struct place *place = *state;
	struct log_test log = {0};
	sqlite3 *raw;
	bool told = false;

	insert(place, 10);
	raw = raw_open(place);
	raw_run(raw, "INSERT INTO rollup VALUES "
		     "(0, 'total', 0, 'total', 'routed', 1, 1, 1, 'broken')");
	sqlite3_close(raw);
	for (int lives = 0; !told && lives < 20 * KEEPER_ONE_IN; lives++) {
		catch_begin(&log);
		live_shortly(place);
		told = strstr(catch_end(&log), "were not added up") != NULL;
	}
	assert_true(told);
	assert_int_equal(raw_int(place, "SELECT upto_id FROM rollup_state"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(more_than_one_fold_takes_is_folded_and_pruned),
	    WITH_PLACE(a_clock_that_leapt_deletes_nothing),
	    WITH_PLACE(one_process_in_so_many_folds_for_the_others),
	    WITH_PLACE(a_fold_for_the_others_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
