/* test_token_alone.c: a token without a store, and back with it */
#include "test_token.h"

/* Every transaction on the token fails, at once; then none does. */
static void break_store(struct world *world)
{
	world_sql(world, "ALTER TABLE token RENAME TO away");
}

static void mend_store(struct world *world)
{
	world_sql(world, "ALTER TABLE away RENAME TO token");
}

static void without_a_store_a_token_is_fetched_alone(void **state)
{
	enum { CALLERS = 20 };
	struct world *world = *state;
	struct wish wishes[CALLERS];
	int ended = 0;
	int i;

	world_connect(world);
	break_store(world);
	for (i = 0; i < CALLERS; i++)
		ask(world, &wishes[i], 0, 5 * CLOCK_SECOND, &ended);
	assert_true(run_until(world->loop, &ended, CALLERS, HELP_WAIT_MS));
	for (i = 0; i < CALLERS; i++)
		assert_int_equal(wishes[i].status, STATUS_OK);
	assert_int_equal(sim_stat(world, "token"), 1);
	assert_int_not_equal(lend(world, 0), 0);
	/* It stays in memory and serves. */
	assert_int_equal(get(world, 0), STATUS_OK);
}

static void a_token_in_memory_needs_no_store(void **state)
{
	struct world *world = *state;

	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	break_store(world);
	assert_int_equal(lend(world, 0), 1);
	assert_in_range(token_left_us(world->token), 1, 7200 * CLOCK_SECOND);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void a_rejected_token_is_replaced_without_a_store(void **state)
{
	struct world *world = *state;
	int64_t version;

	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	break_store(world);
	assert_int_equal(get(world, 1), STATUS_OK);
	version = lend(world, 1);
	assert_true(version > 1);
	/* But not once for each event that CXone rejects. */
	assert_int_equal(get(world, version), STATUS_TOKEN_REJECTED);
	assert_int_equal(sim_stat(world, "token"), 2);
	help_nap_ms(1050);
	assert_int_equal(get(world, version), STATUS_OK);
	assert_true(lend(world, version) > version);
	assert_int_equal(sim_stat(world, "token"), 3);
}

static void a_token_that_cannot_be_stored_serves_here(void **state)
{
	struct world *world = *state;
	struct wish wish;
	int ended = 0;

	sim_faults(world, "{\"token\":[{\"delay_ms\":100}]}");
	world_connect(world);
	ask(world, &wish, 0, 5 * CLOCK_SECOND, &ended);
	run_for(world->loop, 40);
	break_store(world);
	assert_true(run_until(world->loop, &ended, 1, HELP_WAIT_MS));
	assert_int_equal(wish.status, STATUS_OK);
	assert_int_equal(lend(world, 0), 1);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void alone_it_does_not_hammer_an_endpoint_that_fails(void **state)
{
	struct world *world = *state;
	int i;

	sim_faults(world, "{\"token\":[{\"status\":503,\"times\":0}]}");
	world_connect(world);
	break_store(world);
	for (i = 0; i < 10; i++)
		assert_int_equal(get(world, 0), STATUS_TOKEN_UNAVAILABLE);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void alone_a_refused_client_is_told_so(void **state)
{
	struct world *world = *state;

	strcpy(world->config.cxone_client_secret, "wrong");
	world_connect(world);
	break_store(world);
	assert_int_equal(get(world, 0), STATUS_TOKEN_REFUSED);
	assert_int_equal(get(world, 0), STATUS_TOKEN_REFUSED);
	assert_int_equal(sim_stat(world, "token"), 1);
}

/* What was made up meanwhile must not be taken for the row's versions. */
static void when_the_store_is_back_the_row_counts_again(void **state)
{
	struct world *world = *state;
	int64_t alone;
	int64_t after;

	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	break_store(world);
	assert_int_equal(get(world, 1), STATUS_OK);
	help_nap_ms(1050);
	assert_int_equal(get(world, 2), STATUS_OK);
	alone = lend(world, 2);
	assert_int_equal(alone, 3);
	mend_store(world);
	assert_int_equal(get(world, alone), STATUS_OK);
	after = lend(world, alone);
	assert_true(after > alone);
	assert_int_equal(world_sql(world, "SELECT version FROM token"), after);
	assert_int_equal(
	    world_sql(world, "SELECT lease_until_us FROM token"), 0);
	assert_int_equal(sim_stat(world, "token"), 4);
}

static void nobody_waiting_no_token_is_fetched_alone(void **state)
{
	struct world *world = *state;

	sim_faults(world, "{\"token\":[{\"body\":\"{\\\"access_token\\\":"
			  "\\\"t\\\",\\\"expires_in\\\":2}\"}]}");
	world_connect(world);
	assert_int_equal(get(world, 0), STATUS_OK);
	break_store(world);
	/* Near its end it would be replaced behind. */
	help_nap_ms(1900);
	lend(world, 0);
	run_for(world->loop, 50);
	assert_int_equal(sim_stat(world, "token"), 1);
}

static void a_stop_ends_it_alone_as_well(void **state)
{
	struct world *world = *state;
	struct wish wish;
	int ended = 0;

	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	world_connect(world);
	break_store(world);
	ask(world, &wish, 0, 5 * CLOCK_SECOND, &ended);
	run_for(world->loop, 50);
	http_stop(world->http);
	token_stop(world->token);
	assert_true(run_until(world->loop, &ended, 1, HELP_WAIT_MS));
	assert_int_equal(wish.status, STATUS_STOPPING);
	run_for(world->loop, 20);
	assert_int_equal(wish.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(without_a_store_a_token_is_fetched_alone),
	    IN_WORLD(a_token_in_memory_needs_no_store),
	    IN_WORLD(a_rejected_token_is_replaced_without_a_store),
	    IN_WORLD(a_token_that_cannot_be_stored_serves_here),
	    IN_WORLD(alone_it_does_not_hammer_an_endpoint_that_fails),
	    IN_WORLD(alone_a_refused_client_is_told_so),
	    IN_WORLD(when_the_store_is_back_the_row_counts_again),
	    IN_WORLD(nobody_waiting_no_token_is_fetched_alone),
	    IN_WORLD(a_stop_ends_it_alone_as_well),
	};

	return cmocka_run_group_tests_name(
	    "token alone", tests, world_start, world_end);
}
