/* test_http_many.c: queues, warm connections, time and ends, under http.h */
#include "test_http.h"

static void one_connection_serves_request_after_request(void **state)
{
	struct world *world = *state;
	json_t *journal;
	size_t i;

	for (i = 0; i < 5; i++)
		get(world, "/inventory/A", SECONDS(2));
	journal = sim_journal(world);
	assert_int_equal(json_array_size(journal), 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(journal_int(journal, i, "connection"), 1);
	json_decref(journal);
}

static void what_passes_transfers_max_waits_in_its_order(void **state)
{
	enum { REQUESTS = 6 };
	struct world *world = *state;
	struct asked asked[REQUESTS];
	char path[32];
	json_t *journal;
	int count = 0;
	size_t i;

	open_http(world, 2, REQUESTS);
	sim_faults(world, "{\"inventory\":[{\"delay_ms\":60,\"times\":0}]}");
	for (i = 0; i < REQUESTS; i++) {
		snprintf(path, sizeof path, "/inventory/%zu", i);
		prepare(world, &asked[i], path, SECONDS(2));
		asked[i].ended = &count;
		send_asked(&asked[i]);
	}
	assert_true(run_until(world->loop, &count, REQUESTS, HELP_WAIT_MS));
	for (i = 0; i < REQUESTS; i++) {
		int least_ms = (int)(i / 2) * 60;

		assert_int_equal(asked[i].status, STATUS_OK);
		assert_took(
		    asked[i].answer.waited_us, least_ms, least_ms + 300);
	}
	assert_int_equal(sim_stat(world, "inflight_max"), 2);
	journal = sim_journal(world);
	for (i = 0; i < REQUESTS; i++) {
		snprintf(path, sizeof path, "/inventory/%zu", i / 2 * 2);
		assert_true(
		    strcmp(journal_text(journal, i, "path"), path) >= 0);
	}
	json_decref(journal);
}

static void one_upstream_s_queue_does_not_hold_up_the_other(void **state)
{
	struct world *world = *state;
	struct asked stuck, other;
	int count = 0;

	open_http(world, 1, 2);
	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\"}]}");
	prepare(world, &stuck, "/inventory/A", SECONDS(5));
	prepare(world, &other, "/nowhere", SECONDS(5));
	other.request.upstream = HTTP_CXONE;
	other.ended = &count;
	send_asked(&stuck);
	send_asked(&other);
	assert_true(run_until(world->loop, &count, 1, 1000));
	assert_int_equal(other.answer.code, 404);
	assert_int_equal(stuck.calls, 0);
}

static void the_wait_counts_against_the_timeout(void **state)
{
	struct world *world = *state;
	struct asked stuck, waiting, last;
	int count = 0;

	open_http(world, 1, 3);
	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\"}]}");
	/* A deadline counts from the loop's clock, which is old by now. */
	run_for(world->loop, 1);
	prepare(world, &stuck, "/inventory/A", 400 * CLOCK_MS);
	prepare(world, &waiting, "/inventory/B", 60 * CLOCK_MS);
	prepare(world, &last, "/inventory/C", SECONDS(2));
	stuck.ended = waiting.ended = last.ended = &count;
	send_asked(&stuck);
	send_asked(&waiting);
	send_asked(&last);
	assert_true(run_until(world->loop, &count, 3, HELP_WAIT_MS));
	assert_int_equal(waiting.status, STATUS_TIMEOUT);
	assert_int_equal(waiting.answer.code, 0);
	assert_took(waiting.took_us, 60, 300);
	assert_took(waiting.answer.waited_us, 60, 300);
	assert_int_equal(stuck.status, STATUS_TIMEOUT);
	assert_int_equal(last.status, STATUS_OK);
	assert_true(last.answer.waited_us >= 390 * CLOCK_MS);
	assert_int_equal(sim_stat(world, "inventory"), 2);
}

static void an_upstream_that_hangs_is_a_timeout_in_time(void **state)
{
	struct world *world = *state;
	struct asked asked;

	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\"}]}");
	asked = get(world, "/inventory/A", 150 * CLOCK_MS);
	assert_int_equal(asked.status, STATUS_TIMEOUT);
	assert_int_equal(asked.answer.code, 0);
	assert_true(asked.has_problem);
	assert_took(asked.took_us, 150, 600);
	/* A body that drips is no answer before its end. */
	sim_faults(world, "{\"inventory\":[{\"fault\":\"drip\"}]}");
	asked = get(world, "/inventory/A", 250 * CLOCK_MS);
	assert_int_equal(asked.status, STATUS_TIMEOUT);
	assert_int_equal(asked.answer.code, 200);
	assert_string_equal(asked.body, "");
	assert_true(asked.took_us < 700 * CLOCK_MS);
}

/* The close may come before, while or after the next is sent. */
static void a_kept_connection_closed_meanwhile_costs_a_second_try_only(
    void **state)
{
	struct world *world = *state;
	int i;

	sim_faults(
	    world, "{\"inventory\":[{\"fault\":\"close_after\",\"times\":0}]}");
	for (i = 0; i < 30; i++) {
		struct asked asked = get(world, "/inventory/A", SECONDS(2));

		assert_int_equal(asked.status, STATUS_OK);
		assert_int_equal(asked.answer.code, 200);
		if (i % 3 == 0)
			help_nap_ms(2);
	}
}

static void stop_ends_what_runs_what_waits_and_what_comes(void **state)
{
	enum { REQUESTS = 5 };
	struct world *world = *state;
	struct asked asked[REQUESTS];
	int count = 0;
	size_t i;

	open_http(world, 2, REQUESTS);
	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\",\"times\":0}]}");
	for (i = 0; i < REQUESTS; i++) {
		prepare(world, &asked[i], "/inventory/A", SECONDS(5));
		asked[i].ended = &count;
	}
	for (i = 0; i < REQUESTS - 1; i++)
		send_asked(&asked[i]);
	run_for(world->loop, 30);
	assert_int_equal(count, 0);
	http_stop(world->http);
	send_asked(&asked[REQUESTS - 1]);
	assert_true(run_until(world->loop, &count, REQUESTS, 1000));
	run_for(world->loop, 20);
	for (i = 0; i < REQUESTS; i++) {
		assert_int_equal(asked[i].calls, 1);
		assert_int_equal(asked[i].status, STATUS_STOPPING);
		assert_int_equal(asked[i].answer.code, 0);
		assert_false(asked[i].too_early);
	}
}

static void nobody_is_called_back_before_http_send_returned(void **state)
{
	struct world *world = *state;
	struct {
		const char *path;
		int64_t timeout_us;
		enum status status;
	} cases[] = {
	    {"/inventory/A", 0, STATUS_TIMEOUT},
	    {"/inventory/A", -5, STATUS_TIMEOUT},
	    {"no url at all", SECONDS(1), STATUS_TRANSPORT},
	    {"", SECONDS(1), STATUS_TRANSPORT},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct asked asked =
		    get(world, cases[i].path, cases[i].timeout_us);

		/* A URL without a host may count as unreachable, too. */
		if (asked.status != STATUS_UNREACHABLE)
			assert_int_equal(asked.status, cases[i].status);
		assert_false(asked.too_early);
	}
}

static void five_hundred_at_once_are_each_answered_once(void **state)
{
	enum { REQUESTS = 500 };
	struct world *world = *state;
	struct asked *asked = calloc(REQUESTS, sizeof *asked);
	char path[32];
	int count = 0;
	size_t i;

	assert_non_null(asked);
	open_http(world, 192, REQUESTS);
	for (i = 0; i < REQUESTS; i++) {
		snprintf(path, sizeof path, "/inventory/%zu", i);
		prepare(world, &asked[i], path, SECONDS(10));
		asked[i].ended = &count;
		send_asked(&asked[i]);
	}
	assert_true(run_until(world->loop, &count, REQUESTS, HELP_WAIT_MS));
	run_for(world->loop, 20);
	for (i = 0; i < REQUESTS; i++) {
		char sku[32];

		snprintf(sku, sizeof sku, "\"%zu\"", i);
		assert_int_equal(asked[i].calls, 1);
		assert_int_equal(asked[i].status, STATUS_OK);
		assert_non_null(strstr(asked[i].body, sku));
	}
	assert_int_equal(sim_stat(world, "inventory"), REQUESTS);
	assert_true(sim_stat(world, "connections") <= 192);
	free(asked);
}

/* One burst: all of them run at once. */
static void ask_at_once(struct world *world, struct asked *asked, size_t count)
{
	int ended = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		prepare(world, &asked[i], "/inventory/A", SECONDS(10));
		asked[i].ended = &ended;
		send_asked(&asked[i]);
	}
	assert_true(run_until(world->loop, &ended, (int)count, HELP_WAIT_MS));
	for (i = 0; i < count; i++)
		assert_int_equal(asked[i].status, STATUS_OK);
}

static void the_next_burst_finds_all_connections_open(void **state)
{
	enum { REQUESTS = 300 };
	struct world *world = *state;
	struct asked *asked = calloc(REQUESTS, sizeof *asked);

	assert_non_null(asked);
	open_http(world, REQUESTS, REQUESTS);
	sim_faults(world, "{\"inventory\":[{\"delay_ms\":300,\"times\":0}]}");
	ask_at_once(world, asked, REQUESTS);
	assert_int_equal(sim_stat(world, "inflight_max"), REQUESTS);
	ask_at_once(world, asked, REQUESTS);
	assert_int_equal(sim_stat(world, "connections"), REQUESTS);
	free(asked);
}

static void send_again(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct asked *asked = arg;

	assert_int_equal(status, STATUS_OK);
	assert_non_null(strstr(answer->body, "in_stock"));
	if (++asked->calls < 5)
		http_send(
		    asked->world->http, &asked->request, send_again, asked);
	/* The next one may not have taken this answer's bytes. */
	assert_non_null(strstr(answer->body, "in_stock"));
}

/* requests_max counts what is under way: this one's place is free again. */
static void a_callback_may_send_the_next_request(void **state)
{
	struct world *world = *state;
	struct asked asked;

	open_http(world, 1, 1);
	prepare(world, &asked, "/inventory/A", SECONDS(2));
	http_send(world->http, &asked.request, send_again, &asked);
	assert_true(run_until(world->loop, &asked.calls, 5, HELP_WAIT_MS));
}

static void free_calls_nobody_back(void **state)
{
	struct world *world = *state;
	struct asked asked[3];
	size_t i;

	open_http(world, 2, 3);
	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\",\"times\":0}]}");
	for (i = 0; i < 3; i++) {
		prepare(world, &asked[i], "/inventory/A", SECONDS(5));
		send_asked(&asked[i]);
	}
	run_for(world->loop, 20);
	http_free(world->http);
	world->http = NULL;
	run_for(world->loop, 20);
	for (i = 0; i < 3; i++)
		assert_int_equal(asked[i].calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(one_connection_serves_request_after_request),
	    IN_WORLD(what_passes_transfers_max_waits_in_its_order),
	    IN_WORLD(one_upstream_s_queue_does_not_hold_up_the_other),
	    IN_WORLD(the_wait_counts_against_the_timeout),
	    IN_WORLD(an_upstream_that_hangs_is_a_timeout_in_time),
	    IN_WORLD(
		a_kept_connection_closed_meanwhile_costs_a_second_try_only),
	    IN_WORLD(stop_ends_what_runs_what_waits_and_what_comes),
	    IN_WORLD(nobody_is_called_back_before_http_send_returned),
	    IN_WORLD(five_hundred_at_once_are_each_answered_once),
	    IN_WORLD(the_next_burst_finds_all_connections_open),
	    IN_WORLD(a_callback_may_send_the_next_request),
	    IN_WORLD(free_calls_nobody_back),
	};

	return cmocka_run_group_tests_name(
	    "http_many", tests, world_start, world_end);
}
