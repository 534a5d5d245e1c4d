/* test_http.c: requests to real sockets, answered once, come what may */
#include "test_http.h"

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

/* One handle sends them all: what it keeps of one must not show in the next. */
static void urls_of_every_form_arrive_as_written(void **state)
{
	static const char *const paths[] = {"/inventory/a", "/inventory/b",
	    "/inventory/a?x=1", "/inventory/c", "/inventory/d",
	    "/inventory/%2F%c3", "/inventory/e", "/inventory/../f",
	    "/inventory/g"};
	struct world *world = *state;
	json_t *journal;
	size_t i;

	open_http(world, 1, 1);
	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		get(world, paths[i], SECONDS(2));
	assert_int_equal(
	    get(world, "http://[::", SECONDS(2)).status, STATUS_TRANSPORT);
	get(world, "/inventory/last", SECONDS(2));
	journal = sim_journal(world);
	assert_int_equal(json_array_size(journal), i + 1);
	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_string_equal(journal_text(journal, i, "path"), paths[i]);
	assert_string_equal(
	    journal_text(journal, i, "path"), "/inventory/last");
	json_decref(journal);
}

/* The list that all share must not keep what one request added. */
static void lines_of_one_request_come_beside_the_shared_ones(void **state)
{
	static const char *const lines[] = {
	    "traceparent: 00-1", "X-Request-Id: a", NULL};
	struct world *world = *state;
	struct asked asked[2];
	json_t *journal;
	int count = 0;
	int i;

	open_http(world, 4, 4);
	for (i = 0; i < 2; i++) {
		prepare(world, &asked[i], "/inventory/a", SECONDS(2));
		asked[i].request.lines = i == 0 ? lines : NULL;
		asked[i].request.headers =
		    i == 0 ? http_headers_add(NULL, "X-Shared: s")
			   : asked[0].request.headers;
		asked[i].ended = &count;
		send_asked(&asked[i]);
		assert_true(
		    run_until(world->loop, &count, i + 1, HELP_WAIT_MS));
	}
	journal = sim_journal(world);
	assert_string_equal(journal_header(journal, 0, "traceparent"), "00-1");
	assert_string_equal(journal_header(journal, 0, "x-request-id"), "a");
	assert_string_equal(journal_header(journal, 0, "x-shared"), "s");
	assert_string_equal(journal_header(journal, 1, "traceparent"), "");
	assert_string_equal(journal_header(journal, 1, "x-shared"), "s");
	json_decref(journal);
	/* The const is http_send's alone. */
	http_headers_free(
	    (struct http_headers *)(uintptr_t)asked[0].request.headers);
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
		assert_true(asked.has_problem);
		assert_string_equal(asked.body, "");
	}
}

/* Whoever needs the status alone has it, though the body is lost. */
static void a_status_whose_body_is_lost_is_told(void **state)
{
	static const struct {
		const char *fault;
		enum status status;
		int code;
	} lost[] = {
	    {"{\"fault\":\"truncate\",\"times\":0}", STATUS_TRANSPORT, 200},
	    {"{\"fault\":\"huge\",\"times\":0}", STATUS_ANSWER_TOO_LARGE, 200},
	    {"{\"fault\":\"drip\",\"times\":0}", STATUS_TIMEOUT, 200},
	    {"{\"fault\":\"reset\",\"times\":0}", STATUS_TRANSPORT, 0},
	    {"{\"fault\":\"hang\",\"times\":0}", STATUS_TIMEOUT, 0},
	};
	struct world *world = *state;
	char faults[96];
	size_t i;

	for (i = 0; i < sizeof lost / sizeof *lost; i++) {
		struct asked asked;

		/* The handle is used again, and has another code before. */
		asked = get(world, "/nowhere", SECONDS(2));
		assert_int_equal(asked.answer.code, 404);
		snprintf(faults, sizeof faults, "{\"inventory\":[%s]}",
		    lost[i].fault);
		sim_faults(world, faults);
		asked = get(world, "/inventory/A", 300 * CLOCK_MS);
		assert_int_equal(asked.status, lost[i].status);
		assert_int_equal(asked.answer.code, lost[i].code);
		assert_string_equal(asked.body, "");
	}
	assert_int_equal(
	    get(world, "http://127.0.0.1:1/", SECONDS(2)).answer.code, 0);
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

static void a_method_without_a_body_is_honoured(void **state)
{
	struct world *world = *state;
	struct asked asked;
	json_t *journal;
	int count = 0;

	open_http(world, 4, 4);
	prepare(world, &asked, "/inventory/A", SECONDS(2));
	asked.request.method = "DELETE";
	asked.ended = &count;
	send_asked(&asked);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 405);
	get(world, "/inventory/A", SECONDS(2));
	journal = sim_journal(world);
	assert_string_equal(journal_text(journal, 0, "method"), "DELETE");
	assert_string_equal(journal_text(journal, 0, "body"), "");
	assert_string_equal(journal_text(journal, 1, "method"), "GET");
	json_decref(journal);
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

static void the_date_is_read_when_it_is_wanted(void **state)
{
	struct world *world = *state;
	struct asked asked;
	int count = 0;

	sim_faults(world, "{\"inventory\":[{\"times\":3,\"headers\":"
			  "{\"Date\":\"Wed, 21 Oct 2015 07:28:00 GMT\"}}]}");
	asked = get(world, "/inventory/A", SECONDS(2));
	assert_int_equal(asked.answer.date_s, -1);
	prepare(world, &asked, "/inventory/A", SECONDS(2));
	asked.request.wants_date = true;
	asked.ended = &count;
	send_asked(&asked);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	assert_int_equal(asked.answer.date_s, 1445412480);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(an_answer_comes_whole_with_its_status),
	    IN_WORLD(method_headers_and_body_arrive_as_given),
	    IN_WORLD(urls_of_every_form_arrive_as_written),
	    IN_WORLD(lines_of_one_request_come_beside_the_shared_ones),
	    IN_WORLD(a_method_without_a_body_is_honoured),
	    IN_WORLD(a_connection_that_breaks_is_transport),
	    IN_WORLD(a_status_whose_body_is_lost_is_told),
	    IN_WORLD(a_refused_port_is_unreachable),
	    IN_WORLD(other_schemes_than_http_are_not_spoken),
	    IN_WORLD(an_answer_over_64_kib_is_too_large),
	    IN_WORLD(retry_after_is_read_in_seconds),
	    IN_WORLD(the_date_is_read_when_it_is_wanted),
	    IN_WORLD(retry_after_is_read_as_a_date),
	    IN_WORLD(a_date_of_retry_after_counts_from_the_answers_date),
	    IN_WORLD(a_redirect_is_not_followed),
	    IN_WORLD(a_proxy_in_the_environment_is_not_used),
	};

	return cmocka_run_group_tests_name(
	    "http", tests, world_start, world_end);
}
