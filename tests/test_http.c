/* test_http.c: requests to real sockets, answered once, come what may */
#include "test_help.h"

#define URL_BYTES  160
#define SECONDS(n) ((n)*CLOCK_SECOND)

/* A request and what became of it. */
struct asked {
	struct world *world;
	char url[URL_BYTES];
	struct http_request request;
	int *ended; /* counts all that share it */
	int calls;
	bool returned;  /* http_send came back */
	bool too_early; /* done was called before that */
	enum status status;
	struct http_answer answer; /* less body and problem */
	char body[64];
	bool has_problem;
	int64_t sent_us;
	int64_t took_us;
};

static void ended(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct asked *asked = arg;

	asked->calls++;
	asked->too_early = !asked->returned;
	asked->status = status;
	asked->answer = *answer;
	assert_int_equal(answer->body[answer->body_bytes], '\0');
	snprintf(asked->body, sizeof asked->body, "%s", answer->body);
	asked->has_problem = answer->problem[0] != '\0';
	asked->took_us = clock_mono_us() - asked->sent_us;
	if (asked->ended != NULL)
		++*asked->ended;
}

/* Prepares a GET; path begins with '/', or is a whole URL. */
static void prepare(struct world *world, struct asked *asked, const char *path,
    int64_t timeout_us)
{
	memset(asked, 0, sizeof *asked);
	asked->world = world;
	snprintf(asked->url, sizeof asked->url, "%s%s",
	    path[0] == '/' ? world->url : "", path);
	asked->request.upstream = HTTP_INVENTORY;
	asked->request.method = "GET";
	asked->request.url = asked->url;
	asked->request.timeout_us = timeout_us;
}

static void send_asked(struct asked *asked)
{
	asked->returned = false;
	asked->sent_us = clock_mono_us();
	http_send(asked->world->http, &asked->request, ended, asked);
	asked->returned = true;
}

static void open_http(struct world *world, size_t transfers, size_t requests)
{
	world->http = http_new(world->loop, transfers, requests);
	assert_non_null(world->http);
}

/* One GET from beginning to end. */
static struct asked get(
    struct world *world, const char *path, int64_t timeout_us)
{
	struct asked asked;
	int count = 0;

	if (world->http == NULL)
		open_http(world, 16, 16);
	prepare(world, &asked, path, timeout_us);
	asked.ended = &count;
	send_asked(&asked);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	assert_false(asked.too_early);
	assert_int_equal(asked.calls, 1);
	return asked;
}

static struct asked get_with(struct world *world, const char *faults)
{
	sim_faults(world, faults);
	return get(world, "/inventory/A", SECONDS(2));
}

static void an_answer_comes_whole_with_its_status(void **state)
{
	struct world *world = *state;
	struct asked asked = get(world, "/inventory/A", SECONDS(2));

	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 200);
	assert_string_equal(
	    asked.body, "{\"sku\":\"A\",\"status\":\"in_stock\"}");
	assert_int_equal(asked.answer.body_bytes, strlen(asked.body));
	assert_false(asked.has_problem);
	assert_int_equal(asked.answer.retry_after_us, -1);
	asked = get(world, "/nowhere", SECONDS(2));
	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 404);
}

static void method_headers_and_body_arrive_as_given(void **state)
{
	struct world *world = *state;
	struct http_headers *headers;
	struct asked asked;
	json_t *journal;
	int count = 0;

	open_http(world, 4, 4);
	headers = http_headers_add(NULL, "Content-Type: application/json");
	assert_ptr_equal(http_headers_add(headers, "X-Test: a b"), headers);
	prepare(world, &asked, "/inventory/a%2F..%2Fb", SECONDS(2));
	asked.request.method = "PATCH";
	asked.request.headers = headers;
	asked.request.body = "{\"x\":1}";
	asked.request.body_bytes = 7;
	asked.ended = &count;
	send_asked(&asked);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	/* The same handle again: nothing of the first may stay. */
	get(world, "/inventory/b", SECONDS(2));
	journal = sim_journal(world);
	assert_string_equal(journal_text(journal, 0, "method"), "PATCH");
	assert_string_equal(
	    journal_text(journal, 0, "path"), "/inventory/a%2F..%2Fb");
	assert_string_equal(journal_text(journal, 0, "body"), "{\"x\":1}");
	assert_string_equal(journal_header(journal, 0, "x-test"), "a b");
	assert_string_equal(
	    journal_header(journal, 0, "content-type"), "application/json");
	assert_string_equal(journal_text(journal, 1, "method"), "GET");
	assert_string_equal(journal_text(journal, 1, "body"), "");
	assert_string_equal(journal_header(journal, 1, "x-test"), "");
	json_decref(journal);
	http_headers_free(headers);
}

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
	assert_int_equal(asked.answer.code, 0);
	assert_string_equal(asked.body, "");
	assert_true(asked.took_us < 700 * CLOCK_MS);
}

static void a_connection_that_breaks_is_transport(void **state)
{
	static const char *const faults[] = {
	    "{\"inventory\":[{\"fault\":\"reset\",\"times\":0}]}",
	    "{\"inventory\":[{\"fault\":\"close\",\"times\":0}]}",
	    "{\"inventory\":[{\"fault\":\"truncate\",\"times\":0}]}",
	};
	struct world *world = *state;
	size_t i;

	for (i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct asked asked = get_with(world, faults[i]);

		if (asked.status != STATUS_TRANSPORT)
			fail_msg(
			    "%s: %s", faults[i], status_name(asked.status));
		assert_int_equal(asked.answer.code, 0);
		assert_true(asked.has_problem);
		assert_string_equal(asked.body, "");
	}
}

static void a_refused_port_is_unreachable(void **state)
{
	struct world *world = *state;
	struct asked asked;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/x", dead_port());
	asked = get(world, url, SECONDS(2));
	assert_int_equal(asked.status, STATUS_UNREACHABLE);
	assert_true(asked.has_problem);
	assert_true(asked.took_us < SECONDS(1));
}

static void other_schemes_than_http_are_not_spoken(void **state)
{
	struct world *world = *state;

	assert_int_equal(get(world, "file:///etc/passwd", SECONDS(2)).status,
	    STATUS_TRANSPORT);
	assert_int_equal(get(world, "ftp://127.0.0.1/x", SECONDS(2)).status,
	    STATUS_TRANSPORT);
}

/* A fault whose body is a text of so many bytes. */
static struct asked get_sized(struct world *world, size_t bytes)
{
	char *faults = malloc(bytes + 64);
	struct asked asked;
	size_t length;

	assert_non_null(faults);
	length = (size_t)sprintf(faults, "{\"inventory\":[{\"body\":\"");
	memset(faults + length, 'x', bytes);
	strcpy(faults + length + bytes, "\"}]}");
	asked = get_with(world, faults);
	free(faults);
	return asked;
}

static void an_answer_over_64_kib_is_too_large(void **state)
{
	struct world *world = *state;
	struct asked asked = get_sized(world, HTTP_ANSWER_MAX);

	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.body_bytes, HTTP_ANSWER_MAX);
	asked = get_sized(world, HTTP_ANSWER_MAX + 1);
	assert_int_equal(asked.status, STATUS_ANSWER_TOO_LARGE);
	assert_string_equal(asked.body, "");
	asked = get_with(world, "{\"inventory\":[{\"fault\":\"huge\"}]}");
	assert_int_equal(asked.status, STATUS_ANSWER_TOO_LARGE);
	/* What was thrown away does not disturb the next. */
	asked = get(world, "/inventory/A", SECONDS(2));
	assert_int_equal(asked.answer.code, 200);
}

static int64_t retry_after(struct world *world, int code, const char *value)
{
	char faults[256];

	snprintf(faults, sizeof faults,
	    "{\"inventory\":[{\"status\":%d,"
	    "\"headers\":{\"Retry-After\":\"%s\"}}]}",
	    code, value);
	return get_with(world, faults).answer.retry_after_us;
}

static void retry_after_is_read_in_seconds(void **state)
{
	struct world *world = *state;

	assert_int_equal(retry_after(world, 429, "7"), SECONDS(7));
	assert_int_equal(retry_after(world, 503, "1"), SECONDS(1));
	assert_int_equal(retry_after(world, 429, "soon"), -1);
	assert_int_equal(retry_after(world, 429, "-3"), -1);
	/* Only these two answers ask for patience. */
	assert_int_equal(retry_after(world, 200, "7"), -1);
	assert_int_equal(retry_after(world, 500, "7"), -1);
}

static void retry_after_is_read_as_a_date(void **state)
{
	struct world *world = *state;
	struct asked asked = get_with(world,
	    "{\"inventory\":[{\"status\":429,\"retry_after_date_s\":5}]}");

	assert_in_range(asked.answer.retry_after_us, SECONDS(4), SECONDS(6));
	assert_int_equal(
	    retry_after(world, 429, "Wed, 21 Oct 2015 07:28:00 GMT"), 0);
	assert_int_equal(
	    retry_after(world, 503, "Wednesday, 21-Oct-15 07:28:00 GMT"), 0);
	assert_int_equal(
	    retry_after(world, 429, "Wed Oct 21 07:28:00 2015"), 0);
}

/* The simulator's clock is turned back by the header it is told to send. */
static void a_date_of_retry_after_counts_from_the_answers_date(void **state)
{
	struct world *world = *state;
	struct asked asked = get_with(world,
	    "{\"inventory\":[{\"status\":503,\"headers\":{"
	    "\"Date\":\"Wed, 21 Oct 2015 07:28:00 GMT\","
	    "\"Retry-After\":\"Wed, 21 Oct 2015 07:28:09 GMT\"}}]}");

	assert_int_equal(asked.answer.retry_after_us, SECONDS(9));
}

static void a_redirect_is_not_followed(void **state)
{
	struct world *world = *state;
	struct asked asked =
	    get_with(world, "{\"inventory\":[{\"status\":302,"
			    "\"headers\":{\"Location\":\"/inventory/B\"}}]}");

	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 302);
	assert_int_equal(sim_stat(world, "inventory"), 1);
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

static void a_proxy_in_the_environment_is_not_used(void **state)
{
	static const char *const names[] = {
	    "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
	struct world *world = *state;
	struct asked asked;
	char proxy[64];
	size_t i;

	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", dead_port());
	for (i = 0; i < sizeof names / sizeof *names; i++)
		setenv(names[i], proxy, 1);
	asked = get(world, "/inventory/A", SECONDS(2));
	for (i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 200);
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
	    IN_WORLD(an_answer_comes_whole_with_its_status),
	    IN_WORLD(method_headers_and_body_arrive_as_given),
	    IN_WORLD(one_connection_serves_request_after_request),
	    IN_WORLD(what_passes_transfers_max_waits_in_its_order),
	    IN_WORLD(one_upstream_s_queue_does_not_hold_up_the_other),
	    IN_WORLD(the_wait_counts_against_the_timeout),
	    IN_WORLD(an_upstream_that_hangs_is_a_timeout_in_time),
	    IN_WORLD(a_connection_that_breaks_is_transport),
	    IN_WORLD(a_refused_port_is_unreachable),
	    IN_WORLD(other_schemes_than_http_are_not_spoken),
	    IN_WORLD(an_answer_over_64_kib_is_too_large),
	    IN_WORLD(retry_after_is_read_in_seconds),
	    IN_WORLD(retry_after_is_read_as_a_date),
	    IN_WORLD(a_date_of_retry_after_counts_from_the_answers_date),
	    IN_WORLD(a_redirect_is_not_followed),
	    IN_WORLD(
		a_kept_connection_closed_meanwhile_costs_a_second_try_only),
	    IN_WORLD(stop_ends_what_runs_what_waits_and_what_comes),
	    IN_WORLD(nobody_is_called_back_before_http_send_returned),
	    IN_WORLD(five_hundred_at_once_are_each_answered_once),
	    IN_WORLD(a_callback_may_send_the_next_request),
	    IN_WORLD(a_proxy_in_the_environment_is_not_used),
	    IN_WORLD(free_calls_nobody_back),
	};

	return cmocka_run_group_tests_name(
	    "http", tests, world_start, world_end);
}
