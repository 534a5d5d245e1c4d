/* test_breaker_shared.c: what a breaker costs, shares, and does alone */
#include "test_breaker.h"

/* --- what it costs --- */

static enum status ride(struct db *db, void *arg)
{
	(void)db;
	(void)arg;
	return STATUS_OK;
}

static void rode(void *arg, enum status status)
{
	int *transactions = arg;

	(void)status;
	++*transactions;
}

static void a_closed_one_costs_no_transaction_per_request(void **state)
{
	struct world *world = *state;
	int transactions = 0;
	struct store_job rider = {
	    .body = ride, .done = rode, .arg = &transactions};
	int64_t begun_us = clock_mono_us();
	int64_t most;

	store_ride(world->store, &rider);
	for (int i = 0; i < 20; i++)
		is(ask_many(world, 20), STATUS_OK);
	/* The first look, then one each quarter of a second. */
	most = 3 + (clock_mono_us() - begun_us) / BREAKER_TELL_US;
	assert_true(transactions <= most);
	run_for(world->loop, 2 * (int)(BREAKER_TELL_US / CLOCK_MS));
	assert_int_equal(counted(world, "calls"), 400);
}

static void what_is_not_yet_told_is_told_at_the_end(void **state)
{
	struct world *world = *state;

	is(ask_many(world, 3), STATUS_OK);
	assert_int_equal(counted(world, "calls"), 0);
	breaker_stop(world->breaker);
	store_flush(world->store);
	assert_int_equal(counted(world, "calls"), 3);
}

/* --- other processes --- */

static void a_new_process_knows_at_once(void **state)
{
	struct world *world = *state;

	world->config.breaker_open_us = 60 * CLOCK_SECOND;
	world_begin_again(world);
	trip(world);
	world_begin_again(world);
	is(ask(world), STATUS_BREAKER_OPEN);
	assert_int_equal(sim_stat(world, "inventory"), CALLS_MIN);
}

/* By hand, and as another process would, on a connection of its own. */
static void force(struct world *world, enum circuit_mode mode)
{
	char problem[DB_PROBLEM_BYTES];
	struct db *db = NULL;
	bool changed = false;

	assert_int_equal(
	    db_open(world->config.db, DB_SERVE, &db, problem), STATUS_OK);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(
	    breaker_row_force(db, "inventory", mode, &changed), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	assert_true(changed);
	db_close(db);
}

static void what_others_change_is_known_within_a_second(void **state)
{
	struct world *world = *state;
	int fresh_ms = (int)(BREAKER_FRESH_US / CLOCK_MS) + 10;

	is(ask(world), STATUS_OK);
	force(world, CIRCUIT_FORCED_OPEN);
	run_for(world->loop, fresh_ms);
	is(ask_many(world, 8), STATUS_BREAKER_OPEN);
	force(world, CIRCUIT_FORCED_CLOSED);
	run_for(world->loop, fresh_ms);
	inventory_fails(world);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_many(world, 20).code, 503);
	force(world, CIRCUIT_AUTO);
	run_for(world->loop, fresh_ms);
	trip(world);
}

/* --- without the store --- */

/* A process that holds the gate until it is killed. */
static pid_t hold_gate(const struct world *world)
{
	char path[CONFIG_TEXT_BYTES + 8];
	int ready[2];
	char byte;
	pid_t child;

	snprintf(path, sizeof path, "%s-gate", world->config.db);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(path, O_RDWR);

		alarm(60);
		if (fd >= 0 && flock(fd, LOCK_EX) == 0 &&
		    write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

/* Standard error goes to a file meanwhile; gives the lines with word. */
struct heard {
	char path[96];
	int kept;
};

static struct heard listen_to_log(const struct world *world)
{
	struct heard heard;
	int fd;

	snprintf(heard.path, sizeof heard.path, "%s/log", world->dir);
	fd = open(heard.path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	heard.kept = dup(2);
	dup2(fd, 2);
	close(fd);
	return heard;
}

static int lines_with(struct heard *heard, const char *word)
{
	char line[2048];
	int count = 0;
	FILE *file;

	dup2(heard->kept, 2);
	close(heard->kept);
	file = fopen(heard->path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		count += strstr(line, word) != NULL;
	fclose(file);
	return count;
}

static void with_the_gate_held_it_goes_on_alone_and_says_so_once(void **state)
{
	struct world *world = *state;
	struct heard heard;
	pid_t holder;

	is(ask(world), STATUS_OK);
	run_for(world->loop, 300);
	holder = hold_gate(world);
	heard = listen_to_log(world);
	inventory_fails(world);
	ask_many(world, CALLS_MIN);
	/* Until the patience with the store is at its end, it is sent. */
	run_for(world->loop, 300);
	ask_many(world, CALLS_MIN);
	ask_many(world, CALLS_MIN);
	is(ask(world), STATUS_BREAKER_OPEN);
	inventory_is(world, "");
	wait_till_due(world);
	for (int i = 0; i < 3; i++)
		is_soon_sent(world);
	is(ask_many(world, 30), STATUS_OK);
	assert_int_equal(lines_with(&heard, "goes on alone"), 1);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	run_for(world->loop, (int)(BREAKER_ALONE_US / CLOCK_MS) + 20);
	is(ask_many(world, 30), STATUS_OK);
	run_for(world->loop, 300);
	assert_true(counted(world, "calls") >= 30);
}

static void with_a_broken_store_it_goes_on_alone(void **state)
{
	struct world *world = *state;
	struct heard heard;
	int ended = 0;
	struct asked asked;

	is(ask(world), STATUS_OK);
	sql(world, "ALTER TABLE breaker RENAME TO gone");
	heard = listen_to_log(world);
	inventory_fails(world);
	ask_many(world, CALLS_MIN);
	run_for(world->loop, 20);
	ask_many(world, CALLS_MIN);
	is(ask(world), STATUS_BREAKER_OPEN);
	assert_int_equal(lines_with(&heard, "goes on alone"), 1);
	sql(world, "ALTER TABLE gone RENAME TO breaker");
	inventory_is(world, "");
	run_for(world->loop, (int)(BREAKER_ALONE_US / CLOCK_MS) + 20);
	send_one(world, &asked, &ended, 300 * CLOCK_MS);
	assert_true(run_until(world->loop, &ended, 1, HELP_WAIT_MS));
	/* A busy machine may pass the patience with the store once more. */
	for (int i = 0; i < 5 && counted(world, "calls") == 0; i++) {
		run_for(world->loop, (int)(BREAKER_ALONE_US / CLOCK_MS) + 20);
		is(ask(world), STATUS_OK);
		run_for(world->loop, 300);
	}
	assert_true(counted(world, "calls") > 0);
}

/* The opening was doubled often: its rest is longer than a first one. */
static void gone_alone_it_waits_for_the_rest_of_a_long_opening(void **state)
{
	int fresh_ms = (int)(BREAKER_FRESH_US / CLOCK_MS) + 10;
	struct world *world = *state;
	struct heard heard;
	int sent;

	trip(world);
	sql(world, "UPDATE breaker SET open_us = 20000000, open_until_us = "
		   "open_until_us + 18000000 WHERE upstream = 'inventory'");
	run_for(world->loop, fresh_ms);
	is(ask(world), STATUS_BREAKER_OPEN);
	sent = sim_stat(world, "inventory");
	sql(world, "ALTER TABLE breaker RENAME TO gone");
	run_for(world->loop, fresh_ms);
	heard = listen_to_log(world);
	is(ask(world), STATUS_BREAKER_OPEN);
	is(ask(world), STATUS_BREAKER_OPEN);
	assert_int_equal(lines_with(&heard, "goes on alone"), 1);
	assert_int_equal(sim_stat(world, "inventory"), sent);
}

/* --- off, and the token --- */

static void switched_off_it_refuses_nothing(void **state)
{
	struct world *world = *state;

	world->config.breaker = CONFIG_OFF;
	world_begin_again(world);
	inventory_fails(world);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_many(world, 20).code, 503);
	run_for(world->loop, 300);
	assert_int_equal(counted(world, "calls"), 0);
}

static void got_token(void *arg, enum status status)
{
	*(enum status *)arg = status;
}

static void without_cxone_whoever_waits_for_a_token_is_told_why(void **state)
{
	struct world *world = *state;
	enum status status = STATUS_PENDING;
	struct token_wait wait = {
	    .deadline_us = clock_mono_us() + 5 * CLOCK_SECOND,
	    .done = got_token,
	    .arg = &status,
	};
	struct heard heard;

	heard = listen_to_log(world);
	sql(world, "INSERT INTO breaker VALUES ('cxone', 'forced_open', "
		   "'closed', 7, 0, 0, 0, 0, 0, 0, 'by hand')");
	token_get(world->token, &wait);
	run_for(world->loop, 200);
	assert_string_equal(status_name(status), "breaker_open");
	assert_int_equal(lines_with(&heard, "no access token"), 1);
	assert_int_equal(sim_stat(world, "token"), 0);
}

#define WITH_BREAKER(test)                                                     \
	cmocka_unit_test_setup_teardown(test, open_breaker, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BREAKER(a_closed_one_costs_no_transaction_per_request),
	    WITH_BREAKER(what_is_not_yet_told_is_told_at_the_end),
	    WITH_BREAKER(a_new_process_knows_at_once),
	    WITH_BREAKER(what_others_change_is_known_within_a_second),
	    WITH_BREAKER(with_the_gate_held_it_goes_on_alone_and_says_so_once),
	    WITH_BREAKER(with_a_broken_store_it_goes_on_alone),
	    WITH_BREAKER(gone_alone_it_waits_for_the_rest_of_a_long_opening),
	    WITH_BREAKER(switched_off_it_refuses_nothing),
	    WITH_BREAKER(without_cxone_whoever_waits_for_a_token_is_told_why),
	};

	return cmocka_run_group_tests(tests, world_start, world_end);
}
