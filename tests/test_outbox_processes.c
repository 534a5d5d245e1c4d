/* test_outbox_processes.c: one outbox, worked on by several processes */
#include "outbox_place.h"

/*
 * One of several processes that drain the queue. Half of the time it lets
 * its lease run out and ends too late, as a hanging process does. Each
 * item that it ends well leaves a row, so that a second hand would show.
 */
static enum status work_once(
    struct workers *workers, struct db *db, unsigned *luck, int *ended)
{
	enum status status = STATUS_OK;
	struct outbox_item item;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(outbox_take(db, &workers->take), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	if (workers->take.count == 0)
		return STATUS_OK;
	item = workers->items[0];
	if (rand_r(luck) % 2 == 0)
		nap_ms(3);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	status = outbox_done(db, &item);
	if (status == STATUS_OK)
		status = add_row(db, item.interaction_id);
	if (status == STATUS_OK)
		status = db_commit(db);
	else
		db_rollback(db);
	*ended += status == STATUS_OK;
	return status == STATUS_STALE ? STATUS_OK : status;
}

static void drain_in_child(struct workers *workers, unsigned luck)
{
	struct db *db = NULL;
	int64_t until_us = clock_mono_us() + 60 * CLOCK_SECOND;
	int ended = 0;

	if (db_open(workers->place->path, DB_SERVE, &db,
		workers->place->problem) != STATUS_OK)
		_exit(1);
	workers->take.limit = 1;
	workers->take.lease_us = 2 * CLOCK_MS;
	while (raw_int(workers->place, "SELECT count(*) FROM outbox") > 0)
		if (work_once(workers, db, &luck, &ended) != STATUS_OK ||
		    clock_mono_us() > until_us)
			_exit(1);
	outbox_take_drop(&workers->take);
	db_close(db);
	_exit(0);
}

static void several_processes_end_each_item_exactly_once(void **state)
{
	struct workers *workers = *state;
	pid_t children[4];
	int i;

	put_numbered(workers->one, 0, 60);
	db_close(workers->one);
	db_close(workers->two);
	for (i = 0; i < 4; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			drain_in_child(workers, (unsigned)i + 1);
	}
	for (i = 0; i < 4; i++)
		ends_well(children[i]);
	workers->one = must_open(workers->place, DB_SERVE);
	workers->two = must_open(workers->place, DB_SERVE);
	assert_int_equal(count_in(workers, "outbox"), 0);
	assert_int_equal(count_in(workers, "decision"), 60);
	assert_int_equal(
	    raw_int(workers->place,
		"SELECT count(DISTINCT interaction_id) FROM decision"),
	    60);
	is_sound(workers->place);
}

static void what_a_killed_worker_had_is_taken_after_its_lease(void **state)
{
	struct workers *workers = *state;
	pid_t child;

	put(workers->one, "call");
	db_close(workers->one);
	db_close(workers->two);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct db *db = must_open(workers->place, DB_SERVE);

		workers->take.lease_us = 500 * CLOCK_MS;
		take(workers, db);
		/* And dies in the middle of a transaction. */
		if (db_begin(db, false) == STATUS_OK)
			outbox_done(db, &workers->items[0]);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	workers->one = must_open(workers->place, DB_SERVE);
	workers->two = must_open(workers->place, DB_SERVE);
	assert_int_equal(take(workers, workers->one), 0);
	nap_ms(520);
	assert_int_equal(take_one(workers, workers->two).attempts, 2);
	is_sound(workers->place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_WORKERS(several_processes_end_each_item_exactly_once),
	    WITH_WORKERS(what_a_killed_worker_had_is_taken_after_its_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
