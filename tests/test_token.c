/* test_token.c: a good token, or why there is none; never hammered */
#include "test_token.h"

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
	world_begin_again(world);
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
	world_begin_again(world);
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
	world_begin_again(world);
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
	world_begin_again(world);
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
	world_sql(world,
	    "UPDATE token SET obtained_us = obtained_us - 3570000000, "
	    "expires_us = expires_us - 3570000000");
	world_begin_again(world);
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
	world_begin_again(world);
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
		world_sql(world, "UPDATE token SET refresh_not_before_us = 0");
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
	assert_true(
	    world_sql(world, "SELECT refresh_not_before_us FROM token") >
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
	pause_us = world_sql(world, "SELECT refresh_not_before_us FROM token") -
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
	    world_sql(world, "SELECT expires_us - obtained_us FROM token"),
	    60 * CLOCK_SECOND);
}

/* An endpoint that keeps its tokens to their end. */
static void a_token_given_again_before_its_end_is_replaced_at_its_end(
    void **state)
{
	struct world *world = *state;
	int64_t until_us = clock_mono_us() + 2500 * CLOCK_MS;

	sim_faults(world, "{\"token\":[{\"set\":{\"expires_in\":1}},"
			  "{\"set\":{\"access_token\":\"@same\","
			  "\"expires_in\":1}}]}");
	world_connect(world);
	while (clock_mono_us() < until_us) {
		assert_int_equal(get(world, 0), STATUS_OK);
		run_for(world->loop, 10);
	}
	assert_int_equal(sim_stat(world, "token"), 3);
}

/* With a margin of a minute it would be near its end from its beginning. */
static void a_lifetime_of_a_second_makes_no_loop_of_refreshes(void **state)
{
	struct world *world = *state;
	int64_t until_us = clock_mono_us() + 2500 * CLOCK_MS;

	sim_faults(
	    world, "{\"token\":[{\"set\":{\"expires_in\":1},\"times\":0}]}");
	world_connect(world);
	while (clock_mono_us() < until_us) {
		assert_int_equal(get(world, 0), STATUS_OK);
		run_for(world->loop, 10);
	}
	assert_in_range(sim_stat(world, "token"), 2, 4);
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
	assert_int_equal(
	    world_sql(world, "SELECT lease_until_us FROM token"), 0);
	world_begin_again(world);
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
	assert_int_equal(
	    world_sql(world, "SELECT lease_until_us FROM token"), 0);
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
	world_begin_again(world);
	run_for(world->loop, 30);
	assert_int_equal(wish.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	    IN_WORLD(a_token_given_again_before_its_end_is_replaced_at_its_end),
	    IN_WORLD(a_lifetime_of_a_second_makes_no_loop_of_refreshes),
	    IN_WORLD(a_caller_waits_no_longer_than_its_deadline),
	    IN_WORLD(stop_tells_all_and_gives_the_lease_back),
	    IN_WORLD(a_lease_that_comes_after_the_stop_goes_back),
	    IN_WORLD(free_forgets_those_who_wait),
	};

	return cmocka_run_group_tests_name(
	    "token", tests, world_start, world_end);
}
