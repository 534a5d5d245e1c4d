/* test_token.c: one token for all processes, fetched once, never hammered */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_help.h"

#define STARTERS 32
#define STORMERS 8
#define CHILD_MS 15000

/* A caller that waits for a token, and what it was told. */
struct wish {
	struct token_wait wait;
	int *ended;
	int calls;
	bool returned;
	bool too_early;
	enum status status;
	int64_t asked_us;
	int64_t took_us;
};

static void told(void *arg, enum status status)
{
	struct wish *wish = arg;

	wish->calls++;
	wish->status = status;
	wish->too_early = !wish->returned;
	wish->took_us = clock_mono_us() - wish->asked_us;
	++*wish->ended;
}

static void ask(struct world *world, struct wish *wish, int64_t newer_than,
    int64_t patience_us, int *ended)
{
	*wish = (struct wish){.ended = ended};
	wish->asked_us = clock_mono_us();
	wish->wait.newer_than = newer_than;
	wish->wait.deadline_us = wish->asked_us + patience_us;
	wish->wait.done = told;
	wish->wait.arg = wish;
	token_get(world->token, &wish->wait);
	wish->returned = true;
}

/* Asserts nothing, so that children can use it: PENDING means too slow. */
static enum status get(struct world *world, int64_t newer_than)
{
	struct wish wish;
	int ended = 0;

	ask(world, &wish, newer_than, 10 * CLOCK_SECOND, &ended);
	if (!run_until(world->loop, &ended, 1, CHILD_MS) || wish.too_early)
		return STATUS_PENDING;
	return wish.status;
}

/* The version that is lent, 0 when none is. */
static int64_t lend(struct world *world, int64_t newer_than)
{
	struct token_lent lent = {0};
	int64_t version;

	if (!token_lend(world->token, newer_than, &lent))
		return 0;
	version = lent.version;
	token_return(&lent);
	return version;
}

/* The module again, as another process would begin. */
static void begin_again(struct world *world)
{
	struct loop *loop = world->loop;

	world->loop = NULL;
	store_close(world->store);
	token_free(world->token);
	http_free(world->http);
	world->loop = loop;
	world_connect(world);
}

/* Runs SQL on the database as a stranger; the first number it gives. */
static int64_t sql(const struct world *world, const char *text)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *raw = NULL;
	int64_t value = 0;

	assert_int_equal(sqlite3_open(world->config.db, &raw), SQLITE_OK);
	sqlite3_busy_timeout(raw, 5000);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, text, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	sqlite3_close(raw);
	return value;
}

/* --- children: each a process with loop, store and network of its own --- */

/* Where children wait for each other, and then all begin at once. */
struct start {
	int ready[2]; /* a byte for each that waits */
	int go[2];    /* its end lets them go */
};

typedef int child_main(struct world *world, const struct start *start);

static void wait_for_eof(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static pid_t spawn(
    struct world *world, child_main *run, const struct start *start)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(CHILD_MS / 1000 + 5);
	close(start->go[1]);
	world->loop = loop_new();
	_exit(world->loop != NULL && world_try_connect(world)
		  ? run(world, start)
		  : 99);
}

static bool meet(const struct start *start)
{
	if (write(start->ready[1], "r", 1) != 1)
		return false;
	close(start->ready[1]);
	wait_for_eof(start->go[0]);
	return true;
}

static int exit_code(pid_t pid)
{
	int code = 0;

	assert_int_equal(waitpid(pid, &code, 0), pid);
	return WIFEXITED(code) ? WEXITSTATUS(code) : 1000 + WTERMSIG(code);
}

static void spawn_all(struct world *world, child_main *run, int count)
{
	struct start start;
	pid_t *pids = calloc((size_t)count, sizeof *pids);
	int i;

	assert_non_null(pids);
	assert_int_equal(pipe(start.ready) | pipe(start.go), 0);
	for (i = 0; i < count; i++)
		pids[i] = spawn(world, run, &start);
	close(start.ready[1]);
	close(start.go[0]);
	/* All have met, or died, when nobody holds the other end. */
	wait_for_eof(start.ready[0]);
	close(start.ready[0]);
	close(start.go[1]);
	for (i = 0; i < count; i++)
		assert_int_equal(exit_code(pids[i]), 0);
	free(pids);
}

/* Ends with the step that failed, 0 for none. */
static int start_cold(struct world *world, const struct start *start)
{
	if (!meet(start) || get(world, 0) != STATUS_OK)
		return 1;
	return lend(world, 0) == 1 ? 0 : 2;
}

static void thirty_two_processes_start_with_one_token_request(void **state)
{
	struct world *world = *state;

	/* Slow enough that all of them want it before it is there. */
	sim_faults(world, "{\"token\":[{\"delay_ms\":300}]}");
	spawn_all(world, start_cold, STARTERS);
	assert_int_equal(sim_stat(world, "token"), 1);
	assert_int_equal(sql(world, "SELECT version FROM token"), 1);
}

static int reject_first(struct world *world, const struct start *start)
{
	if (get(world, 0) != STATUS_OK || lend(world, 0) != 1)
		return 1;
	if (!meet(start) || get(world, 1) != STATUS_OK)
		return 2;
	return lend(world, 1) == 2 ? 0 : 3;
}

static void a_storm_of_401_costs_one_token_request(void **state)
{
	struct world *world = *state;

	sim_faults(world,
	    "{\"token\":[{\"delay_ms\":1},{\"delay_ms\":100,\"times\":0}]}");
	spawn_all(world, reject_first, STORMERS);
	assert_int_equal(sim_stat(world, "token"), 2);
	assert_int_equal(sql(world, "SELECT version FROM token"), 2);
}

static int fetch_for_ever(struct world *world, const struct start *start)
{
	struct wish wish;
	int ended = 0;

	close(start->go[0]);
	ask(world, &wish, 0, 60 * CLOCK_SECOND, &ended);
	run_for(world->loop, CHILD_MS);
	return 1;
}

static void wait_for_requests(struct world *world, int count)
{
	int left_ms = HELP_WAIT_MS;

	while (sim_stat(world, "token") < count && left_ms-- > 0)
		help_nap_ms(1);
	assert_int_equal(sim_stat(world, "token"), count);
}

/* The lease is real; only its end is brought nearer, to save the time. */
static void a_killed_holder_is_replaced_when_its_lease_ends(void **state)
{
	struct world *world = *state;
	struct start start;
	pid_t holder;
	struct wish early;
	int ended = 0;
	int64_t left_us;

	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	assert_int_equal(pipe(start.go), 0);
	holder = spawn(world, fetch_for_ever, &start);
	close(start.go[0]);
	close(start.go[1]);
	wait_for_requests(world, 1);
	kill(holder, SIGKILL);
	assert_int_equal(exit_code(holder), 1000 + SIGKILL);
	left_us =
	    sql(world, "SELECT lease_until_us FROM token") - clock_wall_us();
	assert_true(left_us > world->config.cxone_timeout_us);
	world_connect(world);
	ask(world, &early, 0, 150 * CLOCK_MS, &ended);
	assert_true(run_until(world->loop, &ended, 1, 1000));
	assert_int_equal(early.status, STATUS_TOKEN_UNAVAILABLE);
	assert_int_equal(sim_stat(world, "token"), 1);
	sql(world,
	    "UPDATE token SET lease_until_us = 1000 * CAST("
	    "(julianday('now') - 2440587.5) * 86400000.0 + 200 AS INTEGER)");
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(sim_stat(world, "token"), 2);
	assert_int_equal(sql(world, "SELECT lease_fence FROM token"), 2);
}

/* --- one process --- */

static void the_first_caller_makes_it_fetch_and_all_are_served(void **state)
{
	enum { CALLERS = 20 };
	struct world *world = *state;
	struct wish wishes[CALLERS];
	int ended = 0;
	int i;

	world_connect(world);
	assert_int_equal(lend(world, 0), 0);
	for (i = 0; i < CALLERS; i++)
		ask(world, &wishes[i], 0, CLOCK_SECOND, &ended);
	assert_true(run_until(world->loop, &ended, CALLERS, 2000));
	run_for(world->loop, 20);
	for (i = 0; i < CALLERS; i++) {
		assert_int_equal(wishes[i].calls, 1);
		assert_int_equal(wishes[i].status, STATUS_OK);
		assert_false(wishes[i].too_early);
	}
	assert_int_equal(lend(world, 0), 1);
	assert_int_equal(lend(world, 1), 0);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void client_and_secret_are_sent_as_a_form(void **state)
{
	struct world *world = *state;
	json_t *journal;

	strcpy(world->config.cxone_client_id, "a&b=c d");
	strcpy(world->config.cxone_client_secret, "%\xc3\xa9+/\"");
	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_TOKEN_REFUSED);
	journal = sim_journal(world);
	assert_string_equal(journal_text(journal, 0, "method"), "POST");
	assert_string_equal(journal_text(journal, 0, "path"), "/oauth/token");
	assert_string_equal(journal_text(journal, 0, "body"),
	    "grant_type=client_credentials&client_id=a%26b%3Dc%20d"
	    "&client_secret=%25%C3%A9%2B%2F%22");
	assert_string_equal(journal_header(journal, 0, "content-type"),
	    "application/x-www-form-urlencoded");
	assert_string_equal(journal_header(journal, 0, "authorization"), "");
	json_decref(journal);
}

static void the_next_process_takes_the_stored_token(void **state)
{
	struct world *world = *state;

	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	begin_again(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(lend(world, 0), 1);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void a_rejected_token_is_replaced_once(void **state)
{
	struct world *world = *state;

	world_connect(world);
	get(world, 0);
	assert_int_equal(get(world, 1), STATUS_OK);
	assert_int_equal(lend(world, 1), 2);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void a_late_rejection_of_an_old_version_costs_nothing(void **state)
{
	struct world *world = *state;

	world_connect(world);
	get(world, 0);
	get(world, 1);
	assert_int_equal(get(world, 1), STATUS_OK);
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(lend(world, 0), 2);
	begin_again(world);
	assert_int_equal(get(world, 1), STATUS_OK);
	assert_int_equal(lend(world, 1), 2);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void a_lent_token_outlives_its_replacement(void **state)
{
	struct world *world = *state;
	struct token_lent old = {0}, new = {0};

	world_connect(world);
	get(world, 0);
	assert_true(token_lend(world->token, 0, &old));
	assert_int_equal(get(world, 1), STATUS_OK);
	assert_true(token_lend(world->token, 1, &new));
	assert_ptr_not_equal(old.headers, new.headers);
	assert_int_equal(old.version, 1);
	assert_int_equal(new.version, 2);
	token_return(&old);
	token_return(&old);
	token_return(&new);
}

/* Two callers, one of whom was refused with the newest: both are served. */
static void callers_with_different_wishes_are_all_served(void **state)
{
	struct world *world = *state;
	struct wish first, second;
	int ended = 0;

	world_connect(world);
	get(world, 0);
	begin_again(world);
	ask(world, &first, 0, CLOCK_SECOND, &ended);
	ask(world, &second, 1, CLOCK_SECOND, &ended);
	assert_true(run_until(world->loop, &ended, 2, 2000));
	assert_int_equal(first.status, STATUS_OK);
	assert_int_equal(second.status, STATUS_OK);
	assert_int_equal(lend(world, 1), 2);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void the_rejected_token_again_ends_and_is_not_asked_for_again(
    void **state)
{
	struct world *world = *state;
	int i;

	sim_faults(world,
	    "{\"token\":[{\"delay_ms\":1},"
	    "{\"set\":{\"access_token\":\"@same\"},\"times\":0}]}");
	world_connect(world);
	get(world, 0);
	for (i = 0; i < 10; i++)
		assert_int_equal(get(world, 1), STATUS_TOKEN_REJECTED);
	begin_again(world);
	assert_int_equal(get(world, 1), STATUS_TOKEN_REJECTED);
	assert_int_equal(sim_stat(world, "token"), 2);
	/* Who was not refused with it still has it. */
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(lend(world, 0), 1);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void near_its_end_a_token_is_lent_and_replaced_behind(void **state)
{
	struct world *world = *state;
	int64_t version = 1;
	int left_ms;

	sim_faults(world,
	    "{\"token\":[{\"set\":{\"expires_in\":2}},{\"delay_ms\":20}]}");
	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	run_for(world->loop, 1500);
	assert_int_equal(lend(world, 0), 1);
	run_for(world->loop, 20);
	assert_int_equal(sim_stat(world, "token"), 1);
	for (left_ms = 1000; version == 1 && left_ms > 0; left_ms -= 5) {
		run_for(world->loop, 5);
		version = lend(world, 0);
	}
	assert_int_equal(version, 2);
	assert_int_equal(sim_stat(world, "token"), 2);
}

/* A fresh process finds a token in its last tenth, and no endpoint. */
static void a_good_token_serves_though_its_refresh_fails(void **state)
{
	struct world *world = *state;

	sim_faults(world,
	    "{\"token\":[{\"delay_ms\":1},{\"status\":503,\"times\":0}]}");
	world_connect(world);
	get(world, 0);
	sql(world, "UPDATE token SET obtained_us = obtained_us - 3570000000, "
		   "expires_us = expires_us - 3570000000");
	begin_again(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(lend(world, 0), 1);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void a_refused_client_is_remembered_and_not_hammered(void **state)
{
	struct world *world = *state;
	int i;

	strcpy(world->config.cxone_client_secret, "wrong");
	world_connect(world);
	for (i = 0; i < 10; i++)
		assert_int_equal(get(world, 0), STATUS_TOKEN_REFUSED);
	begin_again(world);
	assert_int_equal(get(world, 0), STATUS_TOKEN_REFUSED);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void every_failure_of_the_endpoint_is_told_and_remembered(void **state)
{
	static const char *const faults[] = {
	    "{\"token\":[{\"status\":500,\"times\":0}]}",
	    "{\"token\":[{\"status\":429,\"times\":0}]}",
	    "{\"token\":[{\"status\":302,\"times\":0}]}",
	    "{\"token\":[{\"fault\":\"garbage\",\"times\":0}]}",
	    "{\"token\":[{\"fault\":\"huge\",\"times\":0}]}",
	    "{\"token\":[{\"fault\":\"hang\",\"times\":0}]}",
	    "{\"token\":[{\"fault\":\"truncate\",\"times\":0}]}",
	    "{\"token\":[{\"body\":\"\",\"times\":0}]}",
	    "{\"token\":[{\"set\":{\"access_token\":null},\"times\":0}]}",
	    ("{\"token\":[{\"set\":{\"access_token\":\"a\\r\\nX: y\"},"
	     "\"times\":0}]}"),
	};
	struct world *world = *state;
	size_t i;

	world->config.cxone_timeout_us = 100 * CLOCK_MS;
	world_connect(world);
	for (i = 0; i < sizeof faults / sizeof *faults; i++) {
		int before = sim_stat(world, "token");

		sim_faults(world, faults[i]);
		if (get(world, 0) != STATUS_TOKEN_UNAVAILABLE)
			fail_msg("%s", faults[i]);
		assert_int_equal(get(world, 0), STATUS_TOKEN_UNAVAILABLE);
		assert_int_equal(sim_stat(world, "token"), before + 1);
		sql(world, "UPDATE token SET refresh_not_before_us = 0");
	}
	sim_faults(world, "{}");
	assert_int_equal(get(world, 0), STATUS_OK);
}

static void an_endpoint_that_is_down_is_told_and_remembered(void **state)
{
	struct world *world = *state;

	/* Port 1 of this machine: nobody's. */
	strcpy(world->config.cxone_base_url, "http://127.0.0.1:1");
	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_TOKEN_UNAVAILABLE);
	assert_int_equal(get(world, 0), STATUS_TOKEN_UNAVAILABLE);
	assert_true(sql(world, "SELECT refresh_not_before_us FROM token") >
		    clock_wall_us());
}

static void a_throttled_endpoint_gets_the_pause_it_asked_for(void **state)
{
	struct world *world = *state;
	int64_t pause_us;

	sim_faults(world,
	    "{\"token\":[{\"status\":429,"
	    "\"headers\":{\"Retry-After\":\"30\"},\"times\":0}]}");
	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_TOKEN_UNAVAILABLE);
	pause_us = sql(world, "SELECT refresh_not_before_us FROM token") -
		   clock_wall_us();
	assert_in_range(pause_us, 29 * CLOCK_SECOND, 30 * CLOCK_SECOND);
}

static void a_lifetime_without_sense_is_taken_as_a_minute(void **state)
{
	struct world *world = *state;

	sim_faults(world, "{\"token\":[{\"set\":{\"expires_in\":null}}]}");
	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(
	    sql(world, "SELECT expires_us - obtained_us FROM token"),
	    60 * CLOCK_SECOND);
}

/* The token that comes after all is kept for whoever is next. */
static void a_caller_waits_no_longer_than_its_deadline(void **state)
{
	struct world *world = *state;
	struct wish hasty, patient;
	int ended = 0;

	sim_faults(world, "{\"token\":[{\"delay_ms\":300}]}");
	world_connect(world);
	ask(world, &patient, 0, 2 * CLOCK_SECOND, &ended);
	ask(world, &hasty, 0, 80 * CLOCK_MS, &ended);
	assert_true(run_until(world->loop, &ended, 1, 1000));
	assert_int_equal(hasty.calls, 1);
	assert_int_equal(hasty.status, STATUS_TOKEN_UNAVAILABLE);
	assert_took(hasty.took_us, 80, 290);
	assert_true(run_until(world->loop, &ended, 2, 1000));
	assert_int_equal(patient.status, STATUS_OK);
	assert_int_equal(hasty.calls, 1);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void stop_tells_all_and_gives_the_lease_back(void **state)
{
	struct world *world = *state;
	struct wish before, after;
	int ended = 0;

	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	world_connect(world);
	ask(world, &before, 0, 5 * CLOCK_SECOND, &ended);
	run_for(world->loop, 50);
	assert_int_equal(sim_stat(world, "token"), 1);
	http_stop(world->http);
	token_stop(world->token);
	assert_int_equal(before.status, STATUS_STOPPING);
	ask(world, &after, 0, 5 * CLOCK_SECOND, &ended);
	assert_int_equal(after.calls, 0);
	assert_true(run_until(world->loop, &ended, 2, 1000));
	assert_int_equal(after.status, STATUS_STOPPING);
	run_for(world->loop, 30);
	assert_int_equal(before.calls, 1);
	assert_int_equal(sql(world, "SELECT lease_until_us FROM token"), 0);
	begin_again(world);
	assert_int_equal(get(world, 0), STATUS_OK);
}

/* The answer to the claim comes when nobody runs the loop any more. */
static void a_lease_that_comes_after_the_stop_goes_back(void **state)
{
	struct world *world = *state;
	struct wish wish;
	int ended = 0;

	world_connect(world);
	ask(world, &wish, 0, 5 * CLOCK_SECOND, &ended);
	http_stop(world->http);
	token_stop(world->token);
	assert_int_equal(wish.status, STATUS_STOPPING);
	store_flush(world->store);
	assert_int_equal(wish.calls, 1);
	assert_int_equal(sim_stat(world, "token"), 0);
	assert_int_equal(sql(world, "SELECT lease_until_us FROM token"), 0);
}

static void free_forgets_those_who_wait(void **state)
{
	struct world *world = *state;
	struct wish wish;
	int ended = 0;

	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	world_connect(world);
	ask(world, &wish, 0, 5 * CLOCK_SECOND, &ended);
	run_for(world->loop, 30);
	begin_again(world);
	run_for(world->loop, 30);
	assert_int_equal(wish.calls, 0);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(thirty_two_processes_start_with_one_token_request),
	    IN_WORLD(a_storm_of_401_costs_one_token_request),
	    IN_WORLD(a_killed_holder_is_replaced_when_its_lease_ends),
	    IN_WORLD(the_first_caller_makes_it_fetch_and_all_are_served),
	    IN_WORLD(client_and_secret_are_sent_as_a_form),
	    IN_WORLD(the_next_process_takes_the_stored_token),
	    IN_WORLD(a_rejected_token_is_replaced_once),
	    IN_WORLD(a_late_rejection_of_an_old_version_costs_nothing),
	    IN_WORLD(a_lent_token_outlives_its_replacement),
	    IN_WORLD(callers_with_different_wishes_are_all_served),
	    IN_WORLD(the_rejected_token_again_ends_and_is_not_asked_for_again),
	    IN_WORLD(near_its_end_a_token_is_lent_and_replaced_behind),
	    IN_WORLD(a_good_token_serves_though_its_refresh_fails),
	    IN_WORLD(a_refused_client_is_remembered_and_not_hammered),
	    IN_WORLD(every_failure_of_the_endpoint_is_told_and_remembered),
	    IN_WORLD(an_endpoint_that_is_down_is_told_and_remembered),
	    IN_WORLD(a_throttled_endpoint_gets_the_pause_it_asked_for),
	    IN_WORLD(a_lifetime_without_sense_is_taken_as_a_minute),
	    IN_WORLD(a_caller_waits_no_longer_than_its_deadline),
	    IN_WORLD(stop_tells_all_and_gives_the_lease_back),
	    IN_WORLD(a_lease_that_comes_after_the_stop_goes_back),
	    IN_WORLD(free_forgets_those_who_wait),
	};

	return cmocka_run_group_tests_name(
	    "token", tests, world_start, world_end);
}
