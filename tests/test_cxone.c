/* test_cxone.c: CXone is told, or it is said why not, within the deadline */
#include "cxone.h"
#include "test_help.h"

#define UPDATE                                                                 \
	"{\"routing\":{\"skills\":[{\"id\":\"s-1\"}],"                         \
	"\"queues\":[{\"id\":\"q-1\"}]}}"

static const struct route route = {
    .word = "in_stock",
    .skills = "[\"s-1\"]",
    .queues = "[\"q-1\"]",
    .update = UPDATE,
};

/* An update and when it ended. */
struct told {
	struct cxone_update update;
	int *ended;
	int calls;
	bool returned;
	bool too_early;
	int64_t sent_us;
	int64_t took_us;
};

static void done(void *arg)
{
	struct told *told = arg;

	told->calls++;
	told->too_early = !told->returned;
	told->took_us = clock_mono_us() - told->sent_us;
	++*told->ended;
}

static void send_update(struct cxone *cxone, struct told *told, const char *id,
    int64_t left_us, int *ended)
{
	memset(told, 0, sizeof *told);
	text_init(&told->update.url, CXONE_URL_MAX);
	told->ended = ended;
	told->sent_us = clock_mono_us();
	told->update.interaction_id = id;
	told->update.route = &route;
	told->update.deadline_us = told->sent_us + left_us;
	told->update.done = done;
	told->update.arg = told;
	cxone_send(cxone, &told->update);
	told->returned = true;
}

static struct cxone *open_cxone(struct world *world)
{
	struct cxone *cxone;

	if (world->http == NULL)
		world_connect(world);
	cxone = cxone_new(&world->config, &(struct cxone_parts){
					      .loop = world->loop,
					      .breaker = world->breaker,
					      .token = world->token,
					      .throttle = world->throttle,
					  });
	assert_non_null(cxone);
	return cxone;
}

/* One update from beginning to end. */
static struct told tell_in(struct world *world, const char *id, int64_t left_us)
{
	struct cxone *cxone = open_cxone(world);
	struct told told;
	int ended = 0;

	send_update(cxone, &told, id, left_us, &ended);
	assert_true(run_until(world->loop, &ended, 1, HELP_WAIT_MS));
	assert_int_equal(told.calls, 1);
	assert_false(told.too_early);
	assert_null(told.update.lent.held);
	if (told.update.status == STATUS_OK)
		assert_string_equal(told.update.problem, "");
	else
		assert_string_not_equal(told.update.problem, "");
	text_done(&told.update.url);
	cxone_free(cxone);
	return told;
}

static struct told tell(struct world *world)
{
	return tell_in(world, "i-1", 10 * CLOCK_SECOND);
}

static void is_told(const struct told *told, enum status status, int http,
    int attempts, int refreshes)
{
	assert_string_equal(
	    status_name(told->update.status), status_name(status));
	assert_int_equal(told->update.http, http);
	assert_int_equal(told->update.attempts, attempts);
	assert_int_equal(told->update.token_refreshes, refreshes);
}

/* When the n-th PATCH since the reset arrived; the first has n = 0. */
static int64_t patch_us(const json_t *journal, int n)
{
	size_t i;

	for (i = 0; i < json_array_size(journal); i++)
		if (strcmp(journal_text(journal, i, "route"), "interaction") ==
			0 &&
		    n-- == 0)
			return journal_int(journal, i, "at_us");
	fail_msg("there was no such PATCH");
	return 0;
}

static void an_update_is_one_patch_with_token_and_route(void **state)
{
	struct world *world = *state;
	struct told told = tell(world);
	json_t *journal = sim_journal(world);

	is_told(&told, STATUS_OK, 200, 1, 0);
	assert_int_equal(json_array_size(journal), 2);
	assert_string_equal(journal_text(journal, 0, "route"), "token");
	assert_string_equal(journal_text(journal, 1, "method"), "PATCH");
	assert_string_equal(journal_text(journal, 1, "path"),
	    "/api/v2/routing/interactions/i-1");
	assert_string_equal(journal_text(journal, 1, "body"), UPDATE);
	assert_string_equal(
	    journal_header(journal, 1, "content-type"), "application/json");
	assert_string_equal(
	    journal_header(journal, 1, "accept"), "application/json");
	assert_int_equal(
	    strncmp(journal_header(journal, 1, "authorization"), "Bearer ", 7),
	    0);
	json_decref(journal);
}

static void an_id_goes_as_one_percent_encoded_segment(void **state)
{
	struct world *world = *state;
	char longest[129];
	json_t *journal;

	memset(longest, '%', 128);
	longest[128] = '\0';
	tell_in(world, "a/../b?c#d \xc3\xa9%2F", 10 * CLOCK_SECOND);
	tell_in(world, longest, 10 * CLOCK_SECOND);
	journal = sim_journal(world);
	assert_string_equal(journal_text(journal, 1, "path"),
	    "/api/v2/routing/interactions/"
	    "a%2F..%2Fb%3Fc%23d%20%C3%A9%252F");
	assert_int_equal(strlen(journal_text(journal, 2, "path")),
	    strlen("/api/v2/routing/interactions/") + 3 * 128);
	json_decref(journal);
}

/* Without the room for it, it would be another interaction's. */
static void a_url_that_does_not_fit_is_not_sent(void **state)
{
	struct world *world = *state;
	struct cxone *cxone = open_cxone(world);
	struct told told;
	int ended = 0;

	memset(&told, 0, sizeof told);
	text_init(&told.update.url, strlen(world->url) + 34);
	told.ended = &ended;
	told.update.interaction_id = "i-123456789";
	told.update.route = &route;
	told.update.deadline_us = clock_mono_us() + CLOCK_SECOND;
	told.update.done = done;
	told.update.arg = &told;
	cxone_send(cxone, &told.update);
	told.returned = true;
	assert_true(run_until(world->loop, &ended, 1, HELP_WAIT_MS));
	assert_false(told.too_early);
	assert_int_equal(told.update.status, STATUS_MEMORY);
	assert_int_equal(sim_stat(world, "interaction"), 0);
	text_done(&told.update.url);
	cxone_free(cxone);
}

static void every_answer_has_its_status_and_is_not_repeated(void **state)
{
	static const struct {
		int http;
		enum status status;
	} cases[] = {
	    {201, STATUS_OK},
	    {204, STATUS_OK},
	    {302, STATUS_UPSTREAM_REFUSED},
	    {400, STATUS_UPSTREAM_REFUSED},
	    {403, STATUS_SCOPE_MISSING},
	    {404, STATUS_INTERACTION_NOT_FOUND},
	    {409, STATUS_UPSTREAM_REFUSED},
	    {415, STATUS_UPSTREAM_REFUSED},
	    {500, STATUS_UPSTREAM_FAILED},
	    {503, STATUS_UPSTREAM_FAILED},
	    {504, STATUS_UPSTREAM_FAILED},
	};
	struct world *world = *state;
	char faults[128];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct told told;

		snprintf(faults, sizeof faults,
		    "{\"interaction\":[{\"status\":%d,\"times\":0}]}",
		    cases[i].http);
		sim_faults(world, faults);
		told = tell(world);
		is_told(&told, cases[i].status, cases[i].http, 1, 0);
	}
	assert_int_equal(
	    sim_stat(world, "interaction"), sizeof cases / sizeof *cases);
}

static void a_gone_interaction_and_a_missing_scope_are_recognised(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"token\":[{\"scope\":\"routing:read\"}]}");
	told = tell(world);
	is_told(&told, STATUS_SCOPE_MISSING, 403, 1, 0);
	sim_tell(world, "PUT", "tokens", "{\"revoke\":true}");
	told = tell_in(world, "gone-7", 10 * CLOCK_SECOND);
	is_told(&told, STATUS_INTERACTION_NOT_FOUND, 404, 2, 1);
}

static void a_revoked_token_is_refreshed_and_the_patch_repeated(void **state)
{
	struct world *world = *state;
	struct told told;
	json_t *journal;

	tell(world);
	sim_tell(world, "PUT", "tokens", "{\"revoke\":true}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 2, 1);
	assert_int_equal(sim_stat(world, "token"), 2);
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1, 0);
	journal = sim_journal(world);
	assert_int_equal(journal_int(journal, 2, "status"), 401);
	assert_string_equal(journal_text(journal, 3, "route"), "token");
	assert_string_not_equal(journal_header(journal, 2, "authorization"),
	    journal_header(journal, 4, "authorization"));
	json_decref(journal);
}

static void a_second_401_is_the_last_word(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"interaction\":[{\"status\":401,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_TOKEN_REJECTED, 401, 2, 1);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void a_cxone_that_answers_401_to_all_costs_few_tokens(void **state)
{
	struct world *world = *state;
	struct told told;
	int i;

	sim_faults(world, "{\"interaction\":[{\"status\":401,\"times\":0}]}");
	for (i = 0; i < 20; i++) {
		told = tell(world);
		assert_int_equal(told.update.status, STATUS_TOKEN_REJECTED);
		assert_int_equal(told.update.token_refreshes, 1);
	}
	assert_int_equal(sim_stat(world, "token"), 2);
	/* As soon as CXone takes it, the token at hand is good again. */
	sim_faults(world, "{}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1, 0);
	assert_int_equal(sim_stat(world, "token"), 2);
}

/* When it is old, it is no fresh one's rejection: it may be revoked. */
static void an_old_token_is_replaced_however_often_it_is_rejected(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"interaction\":[{\"status\":401,\"times\":2}]}");
	told = tell(world);
	is_told(&told, STATUS_TOKEN_REJECTED, 401, 2, 1);
	world_sql(world, "UPDATE token SET obtained_us = obtained_us - 11e6, "
			 "refresh_not_before_us = 0");
	sim_tell(world, "PUT", "tokens", "{\"revoke\":true}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 2, 1);
}

static void a_token_that_comes_back_unchanged_ends_it(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"token\":[{\"delay_ms\":1},"
			  "{\"set\":{\"access_token\":\"@same\"},\"times\":0}],"
			  "\"interaction\":[{\"status\":401,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_TOKEN_REJECTED, 401, 1, 1);
}

static void twenty_updates_refused_at_once_refresh_once(void **state)
{
	enum { UPDATES = 20 };
	struct world *world = *state;
	struct cxone *cxone = open_cxone(world);
	struct told told[UPDATES];
	int ended = 0;
	int i;

	tell(world);
	sim_tell(world, "PUT", "tokens", "{\"revoke\":true}");
	for (i = 0; i < UPDATES; i++)
		send_update(cxone, &told[i], "i-1", 10 * CLOCK_SECOND, &ended);
	assert_true(run_until(world->loop, &ended, UPDATES, HELP_WAIT_MS));
	for (i = 0; i < UPDATES; i++) {
		assert_int_equal(told[i].update.status, STATUS_OK);
		text_done(&told[i].update.url);
	}
	assert_int_equal(sim_stat(world, "token"), 2);
	cxone_free(cxone);
}

static void a_429_is_repeated_after_waits_that_double(void **state)
{
	struct world *world = *state;
	struct told told;
	json_t *journal;
	int i;

	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":3}]}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 4, 0);
	journal = sim_journal(world);
	for (i = 0; i < 3; i++) {
		int64_t gap_us =
		    patch_us(journal, i + 1) - patch_us(journal, i);
		int64_t base_us = world->config.cxone_backoff_us << i;

		assert_in_range(gap_us, base_us,
		    base_us + world->config.cxone_jitter_us + 400 * CLOCK_MS);
	}
	json_decref(journal);
}

static void a_429_too_many_is_rate_limited(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_RATE_LIMITED, 429, 4, 0);
	world->config.cxone_retries = 0;
	told = tell(world);
	is_told(&told, STATUS_RATE_LIMITED, 429, 1, 0);
	assert_int_equal(sim_stat(world, "interaction"), 5);
}

static void a_longer_retry_after_is_waited_for(void **state)
{
	struct world *world = *state;
	struct told told;
	json_t *journal;

	sim_faults(world, "{\"interaction\":[{\"status\":429,"
			  "\"headers\":{\"Retry-After\":\"1\"}}]}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 2, 0);
	journal = sim_journal(world);
	assert_in_range(patch_us(journal, 1) - patch_us(journal, 0),
	    CLOCK_SECOND, 2 * CLOCK_SECOND);
	json_decref(journal);
}

static void a_wait_past_the_deadline_is_not_begun(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world,
	    "{\"interaction\":[{\"status\":429,"
	    "\"headers\":{\"Retry-After\":\"30\"},\"times\":0}]}");
	told = tell_in(world, "i-1", 2 * CLOCK_SECOND);
	is_told(&told, STATUS_RATE_LIMITED, 429, 1, 0);
	assert_true(told.took_us < 500 * CLOCK_MS);
}

static void an_own_wait_past_the_deadline_is_not_begun(void **state)
{
	struct world *world = *state;
	struct told told;

	/* 0, 150 and no third at 450 ms. */
	world->config.cxone_backoff_us = 150 * CLOCK_MS;
	sim_faults(world, "{\"interaction\":[{\"status\":429,\"times\":0}]}");
	told = tell_in(world, "i-1", 400 * CLOCK_MS);
	is_told(&told, STATUS_RATE_LIMITED, 429, 2, 0);
	assert_took(told.took_us, 150, 390);
}

static void waits_of_429_and_the_refresh_of_401_go_together(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"interaction\":[{\"status\":429},{\"status\":401},"
			  "{\"status\":429}]}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 4, 1);
	assert_int_equal(sim_stat(world, "token"), 2);
}

static void a_hanging_cxone_is_a_timeout_at_its_limit(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.cxone_timeout_us = 150 * CLOCK_MS;
	tell(world);
	sim_faults(world, "{\"interaction\":[{\"fault\":\"hang\"}]}");
	told = tell(world);
	is_told(&told, STATUS_TIMEOUT, 0, 1, 0);
	assert_took(told.took_us, 150, 600);
}

static void the_deadline_comes_before_the_limit(void **state)
{
	struct world *world = *state;
	struct told told;

	tell(world);
	sim_faults(world, "{\"interaction\":[{\"fault\":\"hang\"}]}");
	told = tell_in(world, "i-1", 100 * CLOCK_MS);
	is_told(&told, STATUS_TIMEOUT, 0, 1, 0);
	assert_took(told.took_us, 100, 600);
	told = tell_in(world, "i-1", -1);
	is_told(&told, STATUS_DEADLINE, 0, 0, 0);
}

static void a_token_that_does_not_come_ends_it_at_the_deadline(void **state)
{
	struct world *world = *state;
	struct told told;

	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	told = tell_in(world, "i-1", 100 * CLOCK_MS);
	is_told(&told, STATUS_TOKEN_UNAVAILABLE, 0, 0, 0);
	assert_took(told.took_us, 100, 600);
}

static void a_refused_client_is_told_as_such(void **state)
{
	struct world *world = *state;
	struct told told;

	strcpy(world->config.cxone_client_secret, "wrong");
	told = tell(world);
	is_told(&told, STATUS_TOKEN_REFUSED, 0, 0, 0);
	assert_int_equal(sim_stat(world, "interaction"), 0);
}

/* In words of ours: the sender must not learn where our upstreams are. */
static void a_broken_or_missing_cxone_is_told_as_such(void **state)
{
	struct world *world = *state;
	struct told told;

	tell(world);
	sim_faults(
	    world, "{\"interaction\":[{\"fault\":\"reset\",\"times\":0}]}");
	told = tell(world);
	is_told(&told, STATUS_TRANSPORT, 0, 1, 0);
	assert_string_equal(
	    told.update.problem, "the connection to CXone broke");
	/* The token is in memory; only the PATCH finds nobody. */
	strcpy(world->config.cxone_base_url, "http://127.0.0.1:1");
	told = tell(world);
	is_told(&told, STATUS_UNREACHABLE, 0, 1, 0);
	assert_string_equal(told.update.problem, "CXone could not be reached");
}

/* CXone has done it, and would do it a second time if it were repeated. */
static void a_patch_whose_answer_is_lost_counts_by_its_status(void **state)
{
	struct world *world = *state;
	struct told told;

	world->config.cxone_timeout_us = 500 * CLOCK_MS;
	sim_faults(world, "{\"interaction\":[{\"fault\":\"truncate\"},"
			  "{\"fault\":\"huge\"},{\"fault\":\"drip\"}]}");
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1, 0);
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1, 0);
	told = tell(world);
	is_told(&told, STATUS_OK, 200, 1, 0);
}

static void a_kept_connection_that_was_closed_is_survived(void **state)
{
	struct world *world = *state;
	int i;

	sim_faults(world,
	    "{\"interaction\":[{\"fault\":\"close_after\",\"times\":0}]}");
	for (i = 0; i < 10; i++) {
		struct told told = tell(world);

		is_told(&told, STATUS_OK, 200, 1, 0);
	}
}

/* One waits for an answer, one for its time, one for its beginning. */
static void a_stop_ends_every_kind_of_waiting(void **state)
{
	enum { UPDATES = 3 };
	struct world *world = *state;
	struct cxone *cxone = open_cxone(world);
	struct told told[UPDATES];
	int ended = 0;
	int i;

	tell(world);
	sim_faults(world,
	    "{\"interaction\":[{\"fault\":\"hang\"},{\"status\":429,"
	    "\"headers\":{\"Retry-After\":\"9\"}}]}");
	send_update(cxone, &told[0], "i-1", 20 * CLOCK_SECOND, &ended);
	run_for(world->loop, 40);
	send_update(cxone, &told[1], "i-2", 20 * CLOCK_SECOND, &ended);
	run_for(world->loop, 40);
	assert_int_equal(ended, 0);
	http_stop(world->http);
	token_stop(world->token);
	throttle_stop(world->throttle);
	loop_hurry(world->loop);
	send_update(cxone, &told[2], "i-3", 20 * CLOCK_SECOND, &ended);
	assert_true(run_until(world->loop, &ended, UPDATES, 1000));
	for (i = 0; i < UPDATES; i++) {
		assert_int_equal(told[i].calls, 1);
		assert_int_equal(told[i].update.status, STATUS_STOPPING);
		assert_false(told[i].too_early);
		text_done(&told[i].update.url);
	}
	cxone_free(cxone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(an_update_is_one_patch_with_token_and_route),
	    IN_WORLD(an_id_goes_as_one_percent_encoded_segment),
	    IN_WORLD(a_url_that_does_not_fit_is_not_sent),
	    IN_WORLD(every_answer_has_its_status_and_is_not_repeated),
	    IN_WORLD(a_gone_interaction_and_a_missing_scope_are_recognised),
	    IN_WORLD(a_revoked_token_is_refreshed_and_the_patch_repeated),
	    IN_WORLD(a_second_401_is_the_last_word),
	    IN_WORLD(a_cxone_that_answers_401_to_all_costs_few_tokens),
	    IN_WORLD(an_old_token_is_replaced_however_often_it_is_rejected),
	    IN_WORLD(a_token_that_comes_back_unchanged_ends_it),
	    IN_WORLD(twenty_updates_refused_at_once_refresh_once),
	    IN_WORLD(a_429_is_repeated_after_waits_that_double),
	    IN_WORLD(a_429_too_many_is_rate_limited),
	    IN_WORLD(a_longer_retry_after_is_waited_for),
	    IN_WORLD(a_wait_past_the_deadline_is_not_begun),
	    IN_WORLD(an_own_wait_past_the_deadline_is_not_begun),
	    IN_WORLD(waits_of_429_and_the_refresh_of_401_go_together),
	    IN_WORLD(a_hanging_cxone_is_a_timeout_at_its_limit),
	    IN_WORLD(the_deadline_comes_before_the_limit),
	    IN_WORLD(a_token_that_does_not_come_ends_it_at_the_deadline),
	    IN_WORLD(a_refused_client_is_told_as_such),
	    IN_WORLD(a_broken_or_missing_cxone_is_told_as_such),
	    IN_WORLD(a_patch_whose_answer_is_lost_counts_by_its_status),
	    IN_WORLD(a_kept_connection_that_was_closed_is_survived),
	    IN_WORLD(a_stop_ends_every_kind_of_waiting),
	};

	return cmocka_run_group_tests_name(
	    "cxone", tests, world_start, world_end);
}
