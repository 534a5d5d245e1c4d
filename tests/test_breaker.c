/* test_breaker.c: requests before a failing upstream, sent or refused */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>

#include <cmocka.h>

#include "breaker.h"
#include "breaker_row.h"
#include "test_help.h"

#define OPEN_MS   500 /* less or more by a fifth */
#define CALLS_MIN 10
#define AT_ONCE   (50 * CLOCK_MS) /* no wait for an upstream is so short */

struct asked {
	struct breaker_call call;
	char url[128];
	int *ended;
	bool returned;
	bool too_early;
	enum status status;
	long code;
	char problem[96];
	int64_t asked_us;
	int64_t took_us;
};

static int open_breaker(void **state)
{
	struct world *world = *state;
	struct config *config = &world->config;

	world_open(state);
	config->inventory_timeout_us = 600 * CLOCK_MS;
	config->breaker = CONFIG_ON;
	config->breaker_min_calls = CALLS_MIN;
	config->breaker_open_us = OPEN_MS * CLOCK_MS;
	config->breaker_open_max_us = 60 * CLOCK_SECOND;
	world_connect(world);
	return 0;
}

static void got_answer(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct asked *asked = arg;

	asked->too_early = !asked->returned;
	asked->status = status;
	asked->code = answer->code;
	asked->took_us = clock_mono_us() - asked->asked_us;
	snprintf(asked->problem, sizeof asked->problem, "%s", answer->problem);
	++*asked->ended;
}

static void send_one(
    struct world *world, struct asked *asked, int *ended, int64_t timeout_us)
{
	struct http_request request = {
	    .upstream = HTTP_INVENTORY,
	    .method = "GET",
	    .url = asked->url,
	    .timeout_us = timeout_us,
	};

	memset(asked, 0, sizeof *asked);
	asked->ended = ended;
	asked->asked_us = clock_mono_us();
	snprintf(asked->url, sizeof asked->url, "%s/inventory/A", world->url);
	breaker_send(world->breaker, &asked->call, &request, got_answer, asked);
	asked->returned = true;
}

/* Sends count requests together and waits for all; gives the last. */
static struct asked ask_many(struct world *world, int count)
{
	struct asked asked[64] = {{.code = 0}};
	int ended = 0;

	assert_true(count <= 64);
	for (int i = 0; i < count; i++)
		send_one(world, &asked[i], &ended,
		    world->config.inventory_timeout_us);
	assert_true(run_until(world->loop, &ended, count, HELP_WAIT_MS));
	for (int i = 0; i < count; i++)
		assert_false(asked[i].too_early);
	return asked[count - 1];
}

static struct asked ask(struct world *world)
{
	return ask_many(world, 1);
}

static void is(struct asked asked, enum status status)
{
	assert_string_equal(status_name(asked.status), status_name(status));
}

/* All inventory requests from now on: "{}" is none, a fault each. */
static void inventory_is(const struct world *world, const char *fault)
{
	char faults[256];

	snprintf(faults, sizeof faults, "{\"inventory\":[%s]}", fault);
	sim_faults(world, faults);
}

static void inventory_fails(const struct world *world)
{
	inventory_is(world, "{\"status\":503,\"times\":0}");
}

/* The first number that a statement of a stranger gives. */
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

static bool state_is(const struct world *world, const char *state)
{
	char text[128];

	snprintf(text, sizeof text,
	    "SELECT count(*) FROM breaker WHERE upstream = 'inventory' "
	    "AND state = '%s'",
	    state);
	return sql(world, text) == 1;
}

/* The state comes soon, and then this process has heard of it. */
static void becomes(struct world *world, const char *state)
{
	for (int i = 0; i < 500 && !state_is(world, state); i++)
		run_for(world->loop, 10);
	assert_true(state_is(world, state));
	run_for(world->loop, 50);
}

static int64_t counted(const struct world *world, const char *column)
{
	char text[128];

	snprintf(text, sizeof text,
	    "SELECT total(%s) FROM breaker_bucket "
	    "WHERE upstream = 'inventory'",
	    column);
	return sql(world, text);
}

static void trip(struct world *world)
{
	inventory_fails(world);
	ask_many(world, CALLS_MIN);
	becomes(world, "open");
	is(ask(world), STATUS_BREAKER_OPEN);
}

/* Till a probe may go: the longest that jitter can make it. */
static void wait_till_due(struct world *world)
{
	run_for(world->loop, OPEN_MS * 6 / 5 + 20);
}

static void while_closed_answers_come_as_they_are(void **state)
{
	struct world *world = *state;
	struct asked asked = ask(world);

	is(asked, STATUS_OK);
	assert_int_equal(asked.code, 200);
	inventory_is(
	    world, "{\"status\":503},{\"fault\":\"reset\",\"times\":0}");
	asked = ask(world);
	is(asked, STATUS_OK);
	assert_int_equal(asked.code, 503);
	is(ask(world), STATUS_TRANSPORT);
}

static void once_open_requests_are_refused_at_once_unsent(void **state)
{
	struct world *world = *state;
	struct asked asked;
	int sent;

	inventory_fails(world);
	ask_many(world, CALLS_MIN - 1);
	run_for(world->loop, 50);
	assert_int_equal(ask(world).code, 503);
	becomes(world, "open");
	sent = sim_stat(world, "inventory");
	assert_int_equal(sent, CALLS_MIN);
	asked = ask_many(world, 20);
	is(asked, STATUS_BREAKER_OPEN);
	assert_true(asked.took_us < AT_ONCE);
	assert_int_equal(asked.code, 0);
	assert_string_equal(
	    asked.problem, "not sent: the inventory's circuit breaker is open");
	assert_int_equal(sim_stat(world, "inventory"), sent);
	assert_true(state_is(world, "open"));
}

static void slow_answers_alone_open_it(void **state)
{
	struct world *world = *state;

	/* 75 % of 600 ms are 450 ms. */
	inventory_is(world, "{\"delay_ms\":470,\"times\":0}");
	is(ask_many(world, CALLS_MIN), STATUS_OK);
	becomes(world, "open");
	is(ask(world), STATUS_BREAKER_OPEN);
}

static void answers_below_500_are_successes_whatever_they_say(void **state)
{
	static const int codes[] = {400, 401, 403, 404, 409, 302};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		char fault[64];

		snprintf(fault, sizeof fault, "{\"status\":%d,\"times\":0}",
		    codes[i]);
		inventory_is(world, fault);
		assert_int_equal(ask_many(world, 8).code, codes[i]);
	}
	run_for(world->loop, 2 * (int)(BREAKER_TELL_US / CLOCK_MS));
	assert_int_equal(counted(world, "calls"), 48);
	assert_int_equal(counted(world, "failed"), 0);
}

static void answers_429_say_nothing_about_health(void **state)
{
	struct world *world = *state;

	inventory_is(world, "{\"status\":429,\"times\":0}");
	assert_int_equal(ask_many(world, 30).code, 429);
	run_for(world->loop, 2 * (int)(BREAKER_TELL_US / CLOCK_MS));
	assert_int_equal(counted(world, "calls"), 0);
	assert_int_equal(ask(world).code, 429);
}

static void a_time_that_we_cut_short_is_not_the_upstreams_fault(void **state)
{
	struct world *world = *state;
	struct asked asked[CALLS_MIN];
	int ended = 0;

	inventory_is(world, "{\"delay_ms\":100,\"times\":0}");
	for (int i = 0; i < CALLS_MIN; i++)
		send_one(world, &asked[i], &ended, 20 * CLOCK_MS);
	assert_true(run_until(world->loop, &ended, CALLS_MIN, HELP_WAIT_MS));
	is(asked[0], STATUS_TIMEOUT);
	is(ask(world), STATUS_OK);
	run_for(world->loop, 2 * (int)(BREAKER_TELL_US / CLOCK_MS));
	assert_int_equal(counted(world, "calls"), 1);
}

static void an_upstream_that_is_well_again_is_asked_again(void **state)
{
	struct world *world = *state;

	trip(world);
	inventory_is(world, "");
	wait_till_due(world);
	is(ask(world), STATUS_OK);
	assert_true(state_is(world, "half_open"));
	is(ask(world), STATUS_OK);
	is(ask(world), STATUS_OK);
	becomes(world, "closed");
	is(ask_many(world, 30), STATUS_OK);
}

/* Of many that come together one is sent. */
static void only_one_probe_goes_at_a_time(void **state)
{
	struct world *world = *state;
	int sent;

	trip(world);
	wait_till_due(world);
	sent = sim_stat(world, "inventory");
	inventory_is(world, "{\"delay_ms\":100,\"times\":0}");
	ask_many(world, 32);
	assert_int_equal(sim_stat(world, "inventory"), sent + 1);
}

static void a_failed_probe_opens_it_for_longer(void **state)
{
	struct world *world = *state;

	trip(world);
	wait_till_due(world);
	assert_int_equal(ask(world).code, 503);
	becomes(world, "open");
	assert_int_equal(sql(world, "SELECT open_us FROM breaker "
				    "WHERE upstream = 'inventory'"),
	    2 * OPEN_MS * CLOCK_MS);
	is(ask(world), STATUS_BREAKER_OPEN);
}

static void a_probe_that_says_nothing_lets_the_next_one_go(void **state)
{
	struct world *world = *state;

	trip(world);
	wait_till_due(world);
	inventory_is(world, "{\"status\":429,\"times\":0}");
	assert_int_equal(ask(world).code, 429);
	run_for(world->loop, 50);
	assert_int_equal(ask(world).code, 429);
	becomes(world, "half_open");
	inventory_is(world, "");
	is(ask(world), STATUS_OK);
}

static void late_failures_from_before_do_not_count(void **state)
{
	struct world *world = *state;
	struct asked late[CALLS_MIN];
	int ended = 0;

	/* These still run when three probes have closed it again. */
	is(ask(world), STATUS_OK);
	inventory_is(world, "{\"delay_ms\":2500,\"status\":503,\"times\":10}");
	for (int i = 0; i < CALLS_MIN; i++)
		send_one(world, &late[i], &ended, 6 * CLOCK_SECOND);
	run_for(world->loop, 30);
	trip(world);
	inventory_is(world, "");
	wait_till_due(world);
	for (int i = 0; i < 3; i++)
		is(ask(world), STATUS_OK);
	assert_int_equal(ended, 0);
	assert_true(run_until(world->loop, &ended, CALLS_MIN, HELP_WAIT_MS));
	run_for(world->loop, 50);
	is(ask(world), STATUS_OK);
	assert_true(state_is(world, "closed"));
}

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

static void begin_again(struct world *world)
{
	struct loop *loop = world->loop;

	world->loop = NULL;
	store_close(world->store);
	throttle_free(world->throttle);
	token_free(world->token);
	breaker_free(world->breaker);
	http_free(world->http);
	world->loop = loop;
	world_connect(world);
}

static void a_new_process_knows_at_once(void **state)
{
	struct world *world = *state;

	world->config.breaker_open_us = 60 * CLOCK_SECOND;
	begin_again(world);
	trip(world);
	begin_again(world);
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
		is(ask(world), STATUS_OK);
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
	run_for(world->loop, (int)(BREAKER_ALONE_US / CLOCK_MS) + 20);
	is(ask(world), STATUS_OK);
	run_for(world->loop, 300);
	assert_true(counted(world, "calls") > 0);
}

/* --- off, and the token --- */

static void switched_off_it_refuses_nothing(void **state)
{
	struct world *world = *state;

	world->config.breaker = CONFIG_OFF;
	begin_again(world);
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
	    WITH_BREAKER(while_closed_answers_come_as_they_are),
	    WITH_BREAKER(once_open_requests_are_refused_at_once_unsent),
	    WITH_BREAKER(slow_answers_alone_open_it),
	    WITH_BREAKER(answers_below_500_are_successes_whatever_they_say),
	    WITH_BREAKER(answers_429_say_nothing_about_health),
	    WITH_BREAKER(a_time_that_we_cut_short_is_not_the_upstreams_fault),
	    WITH_BREAKER(an_upstream_that_is_well_again_is_asked_again),
	    WITH_BREAKER(only_one_probe_goes_at_a_time),
	    WITH_BREAKER(a_failed_probe_opens_it_for_longer),
	    WITH_BREAKER(a_probe_that_says_nothing_lets_the_next_one_go),
	    WITH_BREAKER(late_failures_from_before_do_not_count),
	    WITH_BREAKER(a_closed_one_costs_no_transaction_per_request),
	    WITH_BREAKER(what_is_not_yet_told_is_told_at_the_end),
	    WITH_BREAKER(a_new_process_knows_at_once),
	    WITH_BREAKER(what_others_change_is_known_within_a_second),
	    WITH_BREAKER(with_the_gate_held_it_goes_on_alone_and_says_so_once),
	    WITH_BREAKER(with_a_broken_store_it_goes_on_alone),
	    WITH_BREAKER(switched_off_it_refuses_nothing),
	    WITH_BREAKER(without_cxone_whoever_waits_for_a_token_is_told_why),
	};

	return cmocka_run_group_tests(tests, world_start, world_end);
}
