/* test_admin.c: who may see the operator's pages, and how they are answered */
#include "admin.h"

#include "base64.h"
#include "clock.h"
#include "db_place.h"
#include "log.h"
#include "page.h"

#define TOKEN        "the-operators-token"
#define OTHER        "the-token-of-tomorrow"
#define PAGE         "/report.json"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A request as admin.c sees it, and its answer, in the gateway's place. */
struct gateway_request {
	const char *method;
	const char *uri;
	const char *authorization;
	int replies;
	int http;
	char headers[4096];
	char body[65536];
	size_t body_bytes;
	bool has_body;
	struct loop *loop; /* stopped by the answer; NULL: it does not run */
};

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	if (strcmp(name, "REQUEST_METHOD") == 0)
		return request->method;
	if (strcmp(name, "REQUEST_URI") == 0)
		return request->uri;
	if (strcmp(name, "HTTP_AUTHORIZATION") == 0)
		return request->authorization;
	return NULL;
}

/* auth.c, whose words for reasons are used, asks for it elsewhere. */
const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	(void)request;
	*length = 0;
	return "";
}

void gateway_reply(
    struct gateway_request *request, const struct gateway_answer *answer)
{
	request->replies++;
	request->http = answer->http;
	snprintf(
	    request->headers, sizeof request->headers, "%s", answer->headers);
	request->has_body = answer->body != NULL;
	request->body_bytes = answer->body_bytes;
	if (answer->body)
		snprintf(request->body, sizeof request->body, "%.*s",
		    (int)answer->body_bytes, answer->body);
	if (request->loop)
		loop_stop(request->loop);
}

struct bench {
	struct place *place;
	struct config config;
	struct db *writer;
	struct loop *loop;
	struct reader *reader;
	struct admin *admin;
	struct loop_timer limit;
	struct gateway_request request; /* the newest */
};

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("no answer in time");
}

static void add_token(struct bench *bench, const char *id, const char *text)
{
	struct webhook_secrets *tokens = &bench->config.admin_tokens;
	struct webhook_secret *token = &tokens->items[tokens->count++];

	snprintf(token->id, sizeof token->id, "%s", id);
	snprintf(token->text, sizeof token->text, "%s", text);
	token->not_after_us = INT64_MAX;
}

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	assert_int_equal(make_place((void **)&bench->place), 0);
	log_set_level(LOG_ERROR);
	bench->writer = must_open(bench->place, DB_SERVE);
	bench->loop = loop_new();
	add_token(bench, "today", TOKEN);
	bench->reader = reader_open(bench->loop, bench->place->path);
	loop_timer_init(&bench->limit, took_too_long, bench);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	reader_close(bench->reader);
	admin_free(bench->admin);
	db_close(bench->writer);
	loop_free(bench->loop);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

/* Asks, and waits for the answer; false: the path is no page. */
static bool ask(struct bench *bench, const char *method, const char *uri,
    const char *authorization)
{
	struct gateway_request *request = &bench->request;

	if (!bench->admin)
		bench->admin = admin_new(&bench->config, bench->reader);
	assert_non_null(bench->admin);
	*request = (struct gateway_request){
	    .method = method,
	    .uri = uri,
	    .authorization = authorization,
	};
	if (!admin_serve(bench->admin, request)) {
		assert_int_equal(request->replies, 0);
		return false;
	}
	if (request->replies == 0) {
		request->loop = bench->loop;
		loop_timer_set(bench->loop, &bench->limit,
		    clock_mono_us() + 10 * CLOCK_SECOND);
		loop_run(bench->loop);
		loop_timer_stop(bench->loop, &bench->limit);
	}
	assert_int_equal(request->replies, 1);
	return true;
}

static int get(struct bench *bench, const char *uri, const char *authorization)
{
	assert_true(ask(bench, "GET", uri, authorization));
	return bench->request.http;
}

/* Basic, with any user name. */
static int get_basic(struct bench *bench, const char *user_and_password)
{
	char header[BASE64_TEXT_BYTES(6000) + 8] = "Basic ";

	base64_encode((const unsigned char *)user_and_password,
	    strlen(user_and_password), header + strlen(header));
	return get(bench, PAGE, header);
}

static void has_header(const struct bench *bench, const char *line)
{
	if (!strstr(bench->request.headers, line))
		fail_msg("no %s in: %s", line, bench->request.headers);
}

static void without_a_token_there_are_no_pages(void **state)
{
	struct gateway_request request = {.method = "GET", .uri = PAGE};

	(void)state;
	assert_false(admin_serve(NULL, &request));
}

static void other_paths_are_none_of_its_pages(void **state)
{
	static const char *const others[] = {"/", "/reports", "/report.jsonx",
	    "/report.json/", "/report.json/x", "/webhook/routing-events",
	    "/webhook", "/webhook/", "/webhookreport.json", "report.json", "",
	    "//report.json", "/REPORT.JSON", "/report.json%00"};
	size_t i;

	for (i = 0; i < COUNT(others); i++)
		if (ask(*state, "GET", others[i], "Bearer " TOKEN))
			fail_msg("served %s", others[i]);
}

static void the_token_as_bearer_opens_the_page(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(get(bench, PAGE, "Bearer " TOKEN), 200);
	assert_int_equal(bench->request.body[0], '{');
	assert_int_equal(get(bench, PAGE "?since=1h", "bearer " TOKEN), 200);
	assert_int_equal(get(bench, "/webhook" PAGE, "Bearer " TOKEN), 200);
	assert_int_equal(admin_count(bench->admin, AUTH_OK), 3);
}

static void the_token_as_password_of_anybody_opens_the_page(void **state)
{
	char longest[5000];

	assert_int_equal(get_basic(*state, "admin:" TOKEN), 200);
	assert_int_equal(get_basic(*state, ":" TOKEN), 200);
	memset(longest, 'u', sizeof longest);
	strcpy(longest + 200, ":" TOKEN);
	assert_int_equal(get_basic(*state, longest), 200);
}

static void each_of_several_tokens_opens_the_page(void **state)
{
	struct bench *bench = *state;

	add_token(bench, "tomorrow", OTHER);
	assert_int_equal(get(bench, PAGE, "Bearer " TOKEN), 200);
	assert_int_equal(get(bench, PAGE, "Bearer " OTHER), 200);
	assert_int_equal(get_basic(bench, "x:" OTHER), 200);
}

static void a_token_opens_nothing_outside_its_time(void **state)
{
	struct bench *bench = *state;

	bench->config.admin_tokens.items[0].not_after_us = 1;
	assert_int_equal(get(bench, PAGE, "Bearer " TOKEN), 401);
	assert_int_equal(get_basic(bench, "x:" TOKEN), 401);
	assert_int_equal(admin_count(bench->admin, AUTH_KEY_NOT_VALID), 2);
}

static void everybody_else_gets_the_same_401(void **state)
{
	static const char *const bad[] = {
	    "", "Bearer", "Bearer ", TOKEN, "Bearer" TOKEN, "Bearer " TOKEN "x",
	    "Bearer the-operators-toke", "Basic " TOKEN, "Basic !", "Basic ",
	    "Digest " TOKEN,
	    "Basic dGhlLW9wZXJhdG9ycy10b2tlbg==", /* without a colon */
	    "Basic dGhlLW9wZXJhdG9ycy10b2tlbjo="  /* as the user's name */
	};
	struct bench *bench = *state;
	char *first;
	size_t i;

	assert_int_equal(get(bench, PAGE, NULL), 401);
	has_header(bench, "WWW-Authenticate: Basic realm=\"stockroute\"");
	assert_int_equal(admin_count(bench->admin, AUTH_HEADER_MISSING), 1);
	first = strdup(bench->request.body);
	for (i = 0; i < COUNT(bad); i++) {
		if (get(bench, PAGE, bad[i]) != 401)
			fail_msg("let in: %s", bad[i]);
		assert_string_equal(bench->request.body, first);
		has_header(bench, "WWW-Authenticate: Basic ");
	}
	free(first);
	assert_int_equal(admin_count(bench->admin, AUTH_OK), 0);
	assert_int_equal(admin_count(bench->admin, AUTH_SCHEME_WRONG), 5);
	assert_int_equal(admin_count(bench->admin, AUTH_SECRET_WRONG), 8);
}

static void a_password_that_is_too_long_is_wrong(void **state)
{
	char longest[5900];

	memset(longest, 'u', sizeof longest);
	strcpy(longest + sizeof longest - sizeof ":" TOKEN, ":" TOKEN);
	assert_int_equal(get_basic(*state, longest), 401);
}

static void pages_are_asked_for_with_get_or_head(void **state)
{
	static const char *const others[] = {
	    "POST", "PUT", "DELETE", "OPTIONS", "get", ""};
	struct bench *bench = *state;
	size_t bytes;
	size_t i;

	for (i = 0; i < COUNT(others); i++) {
		assert_true(ask(bench, others[i], PAGE, "Bearer " TOKEN));
		assert_int_equal(bench->request.http, 405);
		has_header(bench, "Allow: GET, HEAD\r\n");
	}
	assert_int_equal(get(bench, PAGE, "Bearer " TOKEN), 200);
	bytes = bench->request.body_bytes;
	assert_true(ask(bench, "HEAD", PAGE, "Bearer " TOKEN));
	assert_int_equal(bench->request.http, 200);
	assert_false(bench->request.has_body);
	assert_int_equal(bench->request.body_bytes, bytes);
}

static void every_answer_bears_the_security_headers(void **state)
{
	static const char *const lines[] = {
	    "Content-Security-Policy: default-src 'none'; ",
	    "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
	    "Cache-Control: no-store\r\n", "Referrer-Policy: no-referrer\r\n",
	    "X-Content-Type-Options: nosniff\r\n", "X-Frame-Options: DENY\r\n",
	    "Cross-Origin-Opener-Policy: same-origin\r\n",
	    "Cross-Origin-Resource-Policy: same-origin\r\n"};
	static const struct {
		const char *method;
		const char *authorization;
		int http;
	} asks[] = {
	    {"GET", "Bearer " TOKEN, 200},
	    {"GET", NULL, 401},
	    {"POST", NULL, 405},
	};
	struct bench *bench = *state;
	size_t i;
	size_t j;

	for (i = 0; i < COUNT(asks); i++) {
		ask(bench, asks[i].method, PAGE, asks[i].authorization);
		assert_int_equal(bench->request.http, asks[i].http);
		for (j = 0; j < COUNT(lines); j++)
			has_header(bench, lines[j]);
		assert_null(strstr(bench->request.headers, "unsafe"));
	}
}

static void a_file_that_cannot_be_read_is_told_with_503(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(unlink(bench->place->path), 0);
	assert_int_equal(get(bench, PAGE, "Bearer " TOKEN), 503);
	has_header(bench, "Retry-After: 5\r\n");
	assert_non_null(strstr(bench->request.body, "store_unavailable"));
}

int main(void)
{
#define on_bench(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_bench, close_bench)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_token_there_are_no_pages),
	    on_bench(other_paths_are_none_of_its_pages),
	    on_bench(the_token_as_bearer_opens_the_page),
	    on_bench(the_token_as_password_of_anybody_opens_the_page),
	    on_bench(each_of_several_tokens_opens_the_page),
	    on_bench(a_token_opens_nothing_outside_its_time),
	    on_bench(everybody_else_gets_the_same_401),
	    on_bench(a_password_that_is_too_long_is_wrong),
	    on_bench(pages_are_asked_for_with_get_or_head),
	    on_bench(every_answer_bears_the_security_headers),
	    on_bench(a_file_that_cannot_be_read_is_told_with_503),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
