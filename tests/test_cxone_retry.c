/* test_cxone_retry.c: what CXone is asked again, when, and by whom at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cxone.h"
#include "test_help.h"

static const struct route route = {
    .word = "in_stock",
    .skills = "[\"s-1\"]",
    .queues = "[]",
    .update = "{\"routing\":{\"skills\":[{\"id\":\"s-1\"}],"
	      "\"queues\":[]}}",
};

/* An update that has ended, and how long it took. */
struct told {
	struct cxone_update update;
	struct waits waits;
	int *ended;
	int64_t sent_us;
	int64_t took_us;
};

static void done(void *arg)
{
	struct told *told = arg;

	told->took_us = clock_mono_us() - told->sent_us;
	++*told->ended;
}

static struct cxone *open_cxone(struct world *world)
{
	if (world->http == NULL && !world_try_connect(world))
		return NULL;
	return cxone_new(&world->config, &(struct cxone_parts){
					     .loop = world->loop,
					     .breaker = world->breaker,
					     .token = world->token,
					     .throttle = world->throttle,
					 });
}

static void send_update(
    struct cxone *cxone, struct told *told, int64_t left_us, int *ended)
{
	memset(told, 0, sizeof *told);
	text_init(&told->update.url, CXONE_URL_MAX);
	told->ended = ended;
	told->sent_us = clock_mono_us();
	told->update.interaction_id = "i-1";
	told->update.waits = &told->waits;
	told->update.route = &route;
	told->update.deadline_us = told->sent_us + left_us;
	told->update.done = done;
	told->update.arg = told;
	cxone_send(cxone, &told->update);
}

/* One update; asserts nothing, so that a child can use it. */
static bool tell_in(struct world *world, struct told *told, int64_t left_us)
{
	struct cxone *cxone = open_cxone(world);
	int ended = 0;
	bool in_time;

	if (cxone == NULL)
		return false;
	send_update(cxone, told, left_us, &ended);
	in_time = run_until(world->loop, &ended, 1, HELP_WAIT_MS);
	text_done(&told->update.url);
	cxone_free(cxone);
	return in_time;
}

static struct told tell(struct world *world)
{
	struct told told;

	assert_true(tell_in(world, &told, 10 * CLOCK_SECOND));
	return told;
}

static void is_told(
    const struct told *told, enum status status, int http, int attempts)
{
	assert_string_equal(
	    status_name(told->update.status), status_name(status));
	assert_int_equal(told->update.http, http);
	assert_int_equal(told->update.attempts, attempts);
}

/* What it waited for and what failed, "token 429"; how long in all. */
static int64_t waited(const struct told *told, const char *whats)
{
	const char *at = told->waits.text;
	char found[WAITS_BYTES] = "";
	struct waits_entry entry;
	int64_t sum_us = 0;

	while (waits_next(&at, &entry)) {
		assert_string_equal(entry.step, "cxone");
		strcat(found, found[0] == '\0' ? "" : " ");
		strcat(found, entry.what);
		sum_us += entry.duration_us;
	}
	assert_string_equal(at, "");
	assert_string_equal(found, whats);
	assert_in_range(sum_us, 0, told->took_us);
	return sum_us;
}

/* When the n-th PATCH since the reset arrived; the first has n = 0. */
static int64_t patch_us(struct world *world, int n)
{
	json_t *journal = sim_journal(world);
	int64_t at_us = -1;
	size_t i;

	for (i = 0; i < json_array_size(journal); i++)
		if (strcmp(journal_text(journal, i, "route"), "interaction") ==
			0 &&
		    n-- == 0)
			at_us = journal_int(journal, i, "at_us");
	json_decref(journal);
	assert_true(at_us >= 0);
	return at_us;
}

/* --- which are repeated --- */

/* R1 */
static void full_jitter_repeats_what_failed_for_the_moment(void **state)
{
	static const char *const faults[] = {
	    "{\"interaction\":[{\"status\":500,\"times\":2}]}",
	    "{\"interaction\":[{\"status\":502,\"times\":2}]}",
	    "{\"interaction\":[{\"status\":503,\"times\":2}]}",
	    "{\"interaction\":[{\"status\":504,\"times\":2}]}",
	    "{\"interaction\":[{\"status\":429,\"times\":2}]}",
	    "{\"interaction\":[{\"fault\":\"hang\",\"times\":2}]}",
	};
	struct world *world = *state;
	size_t i;

	world->config.retry_schedule = BACKOFF_FULL_JITTER;
	world->config.cxone_timeout_us = 100 * CLOCK_MS;
	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct told told;

		sim_faults(world, faults[i]);
		told = tell(world);
		is_told(&told, STATUS_OK, 200, 3);
	}
}

/* On a connection that was kept, curl itself repeats once. */
static void full_jitter_repeats_after_a_broken_connection(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.retry_schedule = BACKOFF_FULL_JITTER;
	sim_faults(
	    world, "{\"interaction\":[{\"fault\":\"reset\",\"times\":2}]}");
	told = tell(world);
	assert_int_equal(told.update.status, STATUS_OK);
	assert_in_range(told.update.attempts, 2, 3);
	assert_int_equal(sim_stat(world, "interaction"), 3);
}

/* R10 */
static void full_jitter_repeats_no_other_answer(void **state)
{
	static const struct {
		int http;
		enum status status;
	} cases[] = {
	    {302, STATUS_UPSTREAM_REFUSED},
	    {400, STATUS_UPSTREAM_REFUSED},
	    {403, STATUS_SCOPE_MISSING},
	    {404, STATUS_INTERACTION_NOT_FOUND},
	    {409, STATUS_UPSTREAM_REFUSED},
	    {501, STATUS_UPSTREAM_FAILED},
	};
	struct world *world = *state;
	char faults[128];
	size_t i;

	world->config.retry_schedule = BACKOFF_FULL_JITTER;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct told told;

		snprintf(faults, sizeof faults,
		    "{\"interaction\":[{\"status\":%d,\"times\":0}]}",
		    cases[i].http);
		sim_faults(world, faults);
		told = tell(world);
		is_told(&told, cases[i].status, cases[i].http, 1);
	}
}

/* R2: the last answer is what the event is told. */
static void a_failure_to_the_last_attempt_keeps_its_status(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.retry_schedule = BACKOFF_FULL_JITTER;
	sim_faults(world, "{\"interaction\":[{\"status\":503,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_UPSTREAM_FAILED, 503, 4);
	sim_faults(
	    world, "{\"interaction\":[{\"fault\":\"reset\",\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_TRANSPORT, 0, 4);
}

static void the_builtin_schedule_repeats_429_alone(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"interaction\":[{\"status\":429},"
			  "{\"status\":503,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_UPSTREAM_FAILED, 503, 2);
}

/* --- the budget --- */

/* R4 */
static void without_budget_nothing_is_repeated(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.retry_budget = RETRY_COST_THROTTLED - 1;
	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_BUDGET_EXHAUSTED, 429, 1);
	assert_non_null(strstr(told.update.problem, "429"));
}

/* R3, R7, R8 */
static void a_success_gives_back_what_its_retry_cost(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.retry_budget = 12;
	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":2}]}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 3);
	assert_int_equal(throttle_budget(world->throttle), 12 - 2 * 5 + 5);
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1);
	assert_int_equal(throttle_budget(world->throttle), 8);
	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_BUDGET_EXHAUSTED, 429, 2);
	assert_int_equal(throttle_budget(world->throttle), 3);
}

/* --- the deadline --- */

/* R14 */
static void no_attempt_begins_without_the_time_it_needs(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.cxone_attempt_min_us = 250 * CLOCK_MS;
	tell(world);
	assert_true(tell_in(world, &told, 200 * CLOCK_MS));
	is_told(&told, STATUS_DEADLINE, 0, 0);
	assert_true(told.took_us < 100 * CLOCK_MS);
	assert_true(tell_in(world, &told, 400 * CLOCK_MS));
	is_told(&told, STATUS_OK, 200, 1);
	/* The repetition would begin in time, but could not end in it. */
	world->config.cxone_backoff_us = 300 * CLOCK_MS;
	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":0}]}");
	assert_true(tell_in(world, &told, 500 * CLOCK_MS));
	is_told(&told, STATUS_RATE_LIMITED, 429, 1);
	assert_int_equal(sim_stat(world, "interaction"), 3);
}

/* --- what is told of waits --- */

static void each_wait_and_each_failed_request_is_told(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.cxone_timeout_us = 100 * CLOCK_MS;
	sim_faults(world,
	    "{\"interaction\":[{\"status\":401},{\"status\":429},"
	    "{\"status\":429,\"headers\":{\"Retry-After\":\"1\"}},"
	    "{\"status\":404}]}");
	told = tell(world);
	is_told(&told, STATUS_INTERACTION_NOT_FOUND, 404, 4);
	assert_in_range(waited(&told, "token 401 token 429 backoff 429 "
				      "retry_after 404"),
	    CLOCK_SECOND, told.took_us);
	sim_faults(world, "{\"interaction\":[{\"fault\":\"hang\"}]}");
	told = tell(world);
	assert_in_range(waited(&told, "timeout"), 90 * CLOCK_MS, told.took_us);
}

static void who_neither_waited_nor_failed_has_nothing_to_tell(void **state)
{
	struct told told = tell(*state);

	waited(&told, "token");
	told = tell(*state);
	is_told(&told, STATUS_OK, 200, 1);
	assert_string_equal(told.waits.text, "");
}

/* --- the pause --- */

static void a_pause_is_waited_for_and_is_no_attempt(void **state)
{
	struct world *world = *state;
	struct told told;
	int64_t gap_us;

	world->config.cxone_retries = 0;
	sim_faults(world, "{\"interaction\":[{\"status\":503,"
			  "\"headers\":{\"Retry-After\":\"1\"}}]}");
	told = tell(world);
	is_told(&told, STATUS_UPSTREAM_FAILED, 503, 1);
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1);
	assert_in_range(
	    waited(&told, "not_before"), 900 * CLOCK_MS, 1400 * CLOCK_MS);
	assert_int_equal(
	    throttle_budget(world->throttle), RETRY_BUDGET_DEFAULT);
	gap_us = patch_us(world, 1) - patch_us(world, 0);
	assert_in_range(gap_us, CLOCK_SECOND, 1400 * CLOCK_MS);
}

static void a_pause_past_the_deadline_ends_it_without_an_attempt(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"interaction\":[{\"status\":429,"
			  "\"headers\":{\"Retry-After\":\"30\"}}]}");
	told = tell(world);
	is_told(&told, STATUS_RATE_LIMITED, 429, 1);
	told = tell(world);
	is_told(&told, STATUS_RATE_LIMITED, 0, 0);
	assert_true(told.took_us < 100 * CLOCK_MS);
	assert_int_equal(sim_stat(world, "interaction"), 1);
}

static void those_who_waited_do_not_come_back_at_one_moment(void **state)
{
	enum { UPDATES = 30 };
	struct world *world = *state;
	struct cxone *cxone = open_cxone(world);
	struct told told[UPDATES];
	int64_t first_us, last_us;
	int ended = 0;
	int i;

	assert_non_null(cxone);
	tell(world);
	throttle_ask_pause(world->throttle, CLOCK_SECOND);
	for (i = 0; i < UPDATES; i++)
		send_update(cxone, &told[i], 10 * CLOCK_SECOND, &ended);
	assert_true(run_until(world->loop, &ended, UPDATES, HELP_WAIT_MS));
	first_us = last_us = told[0].took_us;
	for (i = 0; i < UPDATES; i++) {
		is_told(&told[i], STATUS_OK, 200, 1);
		assert_true(told[i].took_us >= CLOCK_SECOND - 5 * CLOCK_MS);
		if (told[i].took_us < first_us)
			first_us = told[i].took_us;
		if (told[i].took_us > last_us)
			last_us = told[i].took_us;
		text_done(&told[i].update.url);
	}
	/* A tenth of the second. */
	assert_in_range(last_us - first_us, 40 * CLOCK_MS, 500 * CLOCK_MS);
	cxone_free(cxone);
}

/* Another process, with traffic; the file of the first is its own as well. */
static int serve_then_tell(struct world *world, int ready, int go)
{
	struct told told;
	char byte;

	world->loop = loop_new();
	if (world->loop == NULL || !tell_in(world, &told, 5 * CLOCK_SECOND) ||
	    told.update.status != STATUS_OK)
		return 1;
	if (write(ready, "r", 1) != 1 || read(go, &byte, 1) != 1)
		return 2;
	/* A tick of its own, in which the row is looked at. */
	run_for(world->loop, 300);
	if (!tell_in(world, &told, 5 * CLOCK_SECOND))
		return 3;
	return told.update.status == STATUS_OK && told.update.attempts == 1 ? 0
									    : 4;
}

/* R15 */
static void a_429_to_one_process_holds_the_others_back(void **state)
{
	struct world *world = *state;
	struct told told;
	int ready[2], go[2], code = -1;
	int64_t gap_us;
	char byte;
	pid_t other;

	assert_int_equal(pipe(ready) | pipe(go), 0);
	other = fork();
	if (other == 0) {
		alarm(30);
		_exit(serve_then_tell(world, ready[1], go[0]));
	}
	/* A child that dies ends the wait for it. */
	close(ready[1]);
	close(go[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	sim_faults(world, "{\"interaction\":[{\"status\":429,"
			  "\"headers\":{\"Retry-After\":\"2\"}}]}");
	assert_true(tell_in(world, &told, CLOCK_SECOND));
	is_told(&told, STATUS_RATE_LIMITED, 429, 1);
	run_for(world->loop, 20);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(other, &code, 0), other);
	assert_int_equal(WIFEXITED(code) ? WEXITSTATUS(code) : -1, 0);
	/* The other's first, the 429, and the other's second. */
	assert_int_equal(sim_stat(world, "interaction"), 3);
	gap_us = patch_us(world, 2) - patch_us(world, 1);
	assert_in_range(gap_us, 2 * CLOCK_SECOND, 3 * CLOCK_SECOND);
	close(ready[0]);
	close(go[1]);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(full_jitter_repeats_what_failed_for_the_moment),
	    IN_WORLD(full_jitter_repeats_after_a_broken_connection),
	    IN_WORLD(full_jitter_repeats_no_other_answer),
	    IN_WORLD(a_failure_to_the_last_attempt_keeps_its_status),
	    IN_WORLD(the_builtin_schedule_repeats_429_alone),
	    IN_WORLD(without_budget_nothing_is_repeated),
	    IN_WORLD(a_success_gives_back_what_its_retry_cost),
	    IN_WORLD(no_attempt_begins_without_the_time_it_needs),
	    IN_WORLD(each_wait_and_each_failed_request_is_told),
	    IN_WORLD(who_neither_waited_nor_failed_has_nothing_to_tell),
	    IN_WORLD(a_pause_is_waited_for_and_is_no_attempt),
	    IN_WORLD(a_pause_past_the_deadline_ends_it_without_an_attempt),
	    IN_WORLD(those_who_waited_do_not_come_back_at_one_moment),
	    IN_WORLD(a_429_to_one_process_holds_the_others_back),
	};

	return cmocka_run_group_tests_name(
	    "cxone_retry", tests, world_start, world_end);
}
