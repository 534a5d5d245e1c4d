/* test_breaker.c: requests before a failing upstream, sent or refused */
#include "test_breaker.h"

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
	assert_int_equal(ask_soon(world).code, 503);
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
	assert_int_equal(ask_soon(world).code, 429);
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
	is_soon_sent(world);
	assert_true(state_is(world, "half_open"));
	/* The next may go once the store has heard of the one before. */
	is_soon_sent(world);
	is_soon_sent(world);
	becomes(world, "closed");
	is(ask_many(world, 30), STATUS_OK);
}

/* Two calls of which the second is sent from within the first one's end. */
struct pair {
	struct world *world;
	struct asked first;
	struct asked second;
	int ended;
};

static void got_first(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct pair *pair = arg;

	pair->first.status = status;
	pair->first.code = answer->code;
	send_one(pair->world, &pair->second, &pair->ended,
	    pair->world->config.inventory_timeout_us);
}

/* It is not refused for a probe that is out no more. */
static void who_comes_after_a_probe_waits_for_what_it_changed(void **state)
{
	struct world *world = *state;
	struct pair pair = {.world = world};
	struct http_request request = {
	    .upstream = HTTP_INVENTORY,
	    .method = "GET",
	    .url = pair.first.url,
	    .timeout_us = world->config.inventory_timeout_us,
	};

	trip(world);
	inventory_is(world, "");
	wait_till_due(world);
	is_soon_sent(world);
	run_for(world->loop, 50);
	snprintf(pair.first.url, sizeof pair.first.url, "%s/inventory/A",
	    world->url);
	breaker_send(
	    world->breaker, &pair.first.call, &request, got_first, &pair);
	assert_true(run_until(world->loop, &pair.ended, 1, HELP_WAIT_MS));
	is(pair.first, STATUS_OK);
	is(pair.second, STATUS_OK);
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
	assert_int_equal(ask_soon(world).code, 503);
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
	assert_int_equal(ask_soon(world).code, 429);
	run_for(world->loop, 50);
	assert_int_equal(ask_soon(world).code, 429);
	becomes(world, "half_open");
	inventory_is(world, "");
	is_soon_sent(world);
}

static void late_failures_from_before_do_not_count(void **state)
{
	struct world *world = *state;
	struct asked late[CALLS_MIN];
	int ended = 0;

	/* These still run when three probes have closed it again. */
	is(ask(world), STATUS_OK);
	inventory_is(world, "{\"delay_ms\":4500,\"status\":503,\"times\":10}");
	for (int i = 0; i < CALLS_MIN; i++)
		send_one(world, &late[i], &ended, 6 * CLOCK_SECOND);
	run_for(world->loop, 30);
	trip(world);
	inventory_is(world, "");
	wait_till_due(world);
	for (int i = 0; i < 3; i++)
		is_soon_sent(world);
	assert_int_equal(ended, 0);
	assert_true(run_until(world->loop, &ended, CALLS_MIN, HELP_WAIT_MS));
	run_for(world->loop, 50);
	is(ask(world), STATUS_OK);
	assert_true(state_is(world, "closed"));
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
	    WITH_BREAKER(who_comes_after_a_probe_waits_for_what_it_changed),
	    WITH_BREAKER(only_one_probe_goes_at_a_time),
	    WITH_BREAKER(a_failed_probe_opens_it_for_longer),
	    WITH_BREAKER(a_probe_that_says_nothing_lets_the_next_one_go),
	    WITH_BREAKER(late_failures_from_before_do_not_count),
	};

	return cmocka_run_group_tests(tests, world_start, world_end);
}
