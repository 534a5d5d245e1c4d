/* test_health.c: what a supervisor is told, through health.h */
#include "health.h"

#include <jansson.h>

#include "clock.h"
#include "db_place.h"

/* A request as health.c sees it, and its answer, in the gateway's place. */
struct gateway_request {
	const char *method;
	int replies;
	int http;
	char headers[256];
	char body[4096];
	size_t body_bytes;
	bool has_body;
	struct loop *loop; /* stopped by the answer, unless NULL */
};

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	return strcmp(name, "REQUEST_METHOD") == 0 ? request->method : NULL;
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
	struct loop *loop;
	struct store *store;
	struct token *token;
	struct pressure *pressure;
	struct health *health;
	size_t flows;
	struct loop_timer limit;
	struct gateway_request request; /* the newest */
	json_t *json;                   /* its answer */
};

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("no answer in time");
}

static void fill_config(struct bench *bench)
{
	bench->config = (struct config){
	    .breaker = CONFIG_ON,
	    .spill = CONFIG_ON,
	    .queue_max_rows = 3,
	    .queue_max_bytes = 1000000,
	    .queue_max_age_s = 240,
	};
	strcpy(bench->config.db, bench->place->path);
	strcpy(bench->config.cxone_base_url, "http://cxone");
	strcpy(bench->config.cxone_client_id, "us");
	strcpy(bench->config.cxone_client_secret, "hush-hush");
}

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	make_place((void **)&bench->place);
	fill_config(bench);
	bench->loop = loop_new();
	assert_non_null(bench->loop);
	assert_int_equal(store_open(bench->loop, bench->place->path,
			     &bench->store, bench->place->problem),
	    STATUS_OK);
	/* Nothing is sealed or opened here. */
	bench->token =
	    token_new(&bench->config, bench->loop, bench->store, NULL, NULL);
	bench->pressure =
	    pressure_new(&bench->config, bench->store, token_url(bench->token));
	bench->health = health_new(&(struct health_parts){
	    .config = &bench->config,
	    .loop = bench->loop,
	    .store = bench->store,
	    .pressure = bench->pressure,
	    .token = bench->token,
	    .flows = &bench->flows,
	});
	assert_non_null(bench->health);
	loop_timer_init(&bench->limit, took_too_long, NULL);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	store_flush(bench->store);
	store_close(bench->store);
	health_free(bench->health);
	pressure_free(bench->pressure);
	token_free(bench->token);
	loop_timer_stop(bench->loop, &bench->limit);
	loop_free(bench->loop);
	json_decref(bench->json);
	remove_place((void **)&bench->place);
	free(bench);
	return 0;
}

static void parse(struct bench *bench)
{
	json_error_t error;

	json_decref(bench->json);
	bench->json = json_loads(bench->request.body, 0, &error);
	if (!bench->json)
		fail_msg("%s: %s", error.text, bench->request.body);
}

/* Asks and waits for the answer; gives its HTTP status. */
static int ask(struct bench *bench, const char *method, bool draining)
{
	bench->request = (struct gateway_request){.method = method};
	health_tell_ready(bench->health, draining, &bench->request);
	if (bench->request.replies == 0) {
		bench->request.loop = bench->loop;
		loop_timer_set(bench->loop, &bench->limit,
		    clock_mono_us() + 20 * CLOCK_SECOND);
		loop_run(bench->loop);
		loop_timer_stop(bench->loop, &bench->limit);
	}
	assert_int_equal(bench->request.replies, 1);
	if (bench->request.has_body)
		parse(bench);
	return bench->request.http;
}

static int ready(struct bench *bench)
{
	return ask(bench, "GET", false);
}

static void change(struct bench *bench, const char *sql)
{
	sqlite3 *raw = raw_open(bench->place);

	raw_run(raw, sql);
	sqlite3_close(raw);
}

/* The value at a path such as "queue.waiting", which must be there. */
static const json_t *at(const struct bench *bench, const char *path)
{
	const json_t *value = bench->json;
	char copy[64];
	char *word;

	snprintf(copy, sizeof copy, "%s", path);
	for (word = strtok(copy, "."); word; word = strtok(NULL, "."))
		value = json_object_get(value, word);
	if (!value)
		fail_msg("no %s in %s", path, bench->request.body);
	return value;
}

static void says(
    const struct bench *bench, const char *path, const char *expected)
{
	const char *word = json_string_value(at(bench, path));

	if (!word || strcmp(word, expected) != 0)
		fail_msg(
		    "%s is not %s in %s", path, expected, bench->request.body);
}

static json_int_t number(const struct bench *bench, const char *path)
{
	return json_integer_value(at(bench, path));
}

/* In microseconds from the epoch, as SQL. */
#define NOW "(unixepoch() * 1000000)"

static void add_token(struct bench *bench, const char *values)
{
	char sql[512];

	snprintf(sql, sizeof sql,
	    "INSERT INTO token (token_url, client_id, sealed_token, "
	    "expires_us, refresh_not_before_us, failure) VALUES "
	    "('http://cxone/oauth/token', 'us', %s)",
	    values);
	change(bench, sql);
}

static void open_circuit(struct bench *bench, const char *upstream)
{
	char sql[512];

	snprintf(sql, sizeof sql,
	    "INSERT INTO breaker VALUES ('%s', 'auto', 'open', 1, 0, "
	    "60000000, " NOW " + 60000000, 0, 0, 0, 'x')",
	    upstream);
	change(bench, sql);
}

static void add_items(struct bench *bench, int count)
{
	char sql[512];

	snprintf(sql, sizeof sql,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %d) INSERT INTO outbox (interaction_id, claim_key, "
	    "claim_holder, body, accepted_us, due_us, state, attempts) "
	    "SELECT 'secret-id-' || i, '', 0, '{}', " NOW ", " NOW
	    ", 'waiting', 0 FROM n",
	    count);
	change(bench, sql);
}

/* --- alive --- */

static void alive_is_told_with_the_version(void **state)
{
	struct bench *bench = *state;

	bench->request.method = "GET";
	health_tell_alive(&bench->request);
	assert_int_equal(bench->request.http, 200);
	parse(bench);
	says(bench, "status", "ok");
	at(bench, "version");
}

static void head_is_told_the_length_only(void **state)
{
	struct bench *bench = *state;
	size_t length;

	bench->request.method = "GET";
	health_tell_alive(&bench->request);
	length = bench->request.body_bytes;
	bench->request.method = "HEAD";
	health_tell_alive(&bench->request);
	assert_int_equal(bench->request.http, 200);
	assert_false(bench->request.has_body);
	assert_int_equal(bench->request.body_bytes, length);
	assert_int_equal(ask(bench, "HEAD", false), 200);
	assert_false(bench->request.has_body);
}

static void other_methods_are_refused_with_allow(void **state)
{
	static const char *const methods[] = {
	    "POST", "PUT", "get", "", "DELETE", NULL};
	struct bench *bench = *state;
	size_t i;

	for (i = 0; i < sizeof methods / sizeof *methods; i++) {
		bench->request = (struct gateway_request){.method = methods[i]};
		health_tell_alive(&bench->request);
		assert_int_equal(bench->request.http, 405);
		assert_string_equal(
		    bench->request.headers, "Allow: GET, HEAD\r\n");
		assert_int_equal(ask(bench, methods[i], false), 405);
		health_tell_unready(&bench->request, STATUS_CONFIG_INVALID);
		assert_int_equal(bench->request.http, 405);
	}
}

static void without_a_configuration_it_is_not_ready(void **state)
{
	struct bench *bench = *state;

	bench->request.method = "GET";
	health_tell_unready(&bench->request, STATUS_CONFIG_INVALID);
	assert_int_equal(bench->request.http, 503);
	assert_non_null(strstr(bench->request.headers, "Retry-After: "));
	parse(bench);
	says(bench, "status", "not_ready");
	says(bench, "code", "config_invalid");
}

/* --- ready --- */

static void a_fresh_program_is_ready(void **state)
{
	struct bench *bench = *state;

	bench->flows = 3;
	assert_int_equal(ready(bench), 200);
	says(bench, "status", "ready");
	says(bench, "store.state", "ok");
	assert_true(json_is_null(at(bench, "store.last_error")));
	says(bench, "token.state", "none");
	says(bench, "breakers.cxone", "closed");
	says(bench, "breakers.inventory", "closed");
	says(bench, "queue.state", "ok");
	assert_int_equal(number(bench, "queue.waiting"), 0);
	assert_int_equal(number(bench, "flows"), 3);
	assert_true(number(bench, "disk_free_bytes") > 0);
	assert_true(json_is_false(at(bench, "draining")));
}

static void states_are_told_but_no_ids_and_no_secrets(void **state)
{
	struct bench *bench = *state;

	add_items(bench, 2);
	add_token(bench, "x'00', " NOW " + 100000000, 0, NULL");
	change(bench, "INSERT INTO throttle VALUES ('http://cxone', " NOW
		      " + 30000000, 1, 0)");
	change(bench, "UPDATE outbox SET state = 'parked' WHERE id = 1");
	assert_int_equal(ready(bench), 200);
	says(bench, "token.state", "valid");
	assert_in_range(number(bench, "token.valid_s"), 90, 100);
	assert_in_range(number(bench, "not_before_s"), 20, 31);
	assert_int_equal(number(bench, "queue.waiting"), 1);
	assert_int_equal(number(bench, "queue.parked"), 1);
	assert_int_equal(number(bench, "queue.bytes"), 4);
	assert_null(strstr(bench->request.body, "secret-id"));
	assert_null(strstr(bench->request.body, "bearer-text"));
	assert_null(strstr(bench->request.body, "hush-hush"));
	assert_null(strstr(bench->request.body, "http:"));
}

/* Ten seconds were asked for, two minutes before the clock's time. */
static void a_clock_put_back_stretches_no_pause(void **state)
{
	struct bench *bench = *state;

	change(bench, "INSERT INTO throttle VALUES ('http://cxone', " NOW
		      " + 130000000, 1, " NOW " + 120000000)");
	ready(bench);
	assert_in_range(number(bench, "not_before_s"), 5, 11);
}

static void answers_within_a_second_are_from_one_look(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(ready(bench), 200);
	add_items(bench, 1);
	assert_int_equal(ready(bench), 200);
	assert_int_equal(number(bench, "queue.waiting"), 0);
	usleep(PRESSURE_FRESH_US);
	assert_int_equal(ready(bench), 200);
	assert_int_equal(number(bench, "queue.waiting"), 1);
}

static void who_drains_is_not_ready(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(ask(bench, "GET", true), 503);
	says(bench, "code", "stopping");
	assert_true(json_is_true(at(bench, "draining")));
}

static void a_refused_client_is_not_ready_until_it_is_tried_again(void **state)
{
	struct bench *bench = *state;

	add_token(bench, "NULL, NULL, " NOW " + 15000000, 'token_refused'");
	assert_int_equal(ready(bench), 503);
	says(bench, "code", "token_refused");
	says(bench, "token.failure", "token_refused");
	change(bench, "UPDATE token SET refresh_not_before_us = 1");
	usleep(PRESSURE_FRESH_US);
	assert_int_equal(ready(bench), 200);
}

static void a_token_that_still_serves_outweighs_a_failure(void **state)
{
	struct bench *bench = *state;

	add_token(bench, "x'74', " NOW " + 30000000, " NOW
			 " + 15000000, 'token_unavailable'");
	bench->config.spill = CONFIG_OFF;
	assert_int_equal(ready(bench), 200);
	says(bench, "token.state", "valid");
	says(bench, "token.failure", "token_unavailable");
}

static void an_open_circuit_counts_when_nothing_can_be_queued(void **state)
{
	struct bench *bench = *state;

	open_circuit(bench, "cxone");
	assert_int_equal(ready(bench), 200);
	says(bench, "breakers.cxone", "open");
	bench->config.spill = CONFIG_OFF;
	assert_int_equal(ready(bench), 503);
	says(bench, "code", "breaker_open");
	change(bench, "UPDATE breaker SET open_until_us = 1");
	usleep(PRESSURE_FRESH_US);
	assert_int_equal(ready(bench), 200);
	change(bench, "UPDATE breaker SET mode = 'forced_open'");
	usleep(PRESSURE_FRESH_US);
	assert_int_equal(ready(bench), 503);
	says(bench, "breakers.cxone", "forced_open");
	bench->config.breaker = CONFIG_OFF;
	assert_int_equal(ready(bench), 200);
	says(bench, "breakers.cxone", "off");
}

/* An event that comes now is let through, and the house is as ready. */
static void a_circuit_from_before_the_clock_was_put_back_is_over(void **state)
{
	struct bench *bench = *state;

	bench->config.spill = CONFIG_OFF;
	open_circuit(bench, "cxone");
	change(
	    bench, "UPDATE breaker SET open_until_us = " NOW " + 3600000000");
	assert_int_equal(ready(bench), 200);
}

static void a_refusal_from_before_the_clock_was_put_back_is_over(void **state)
{
	struct bench *bench = *state;

	add_token(bench, "NULL, NULL, " NOW " + 3600000000, 'token_refused'");
	assert_int_equal(ready(bench), 200);
	says(bench, "token.state", "none");
}

static void without_the_inventory_there_is_the_fallback(void **state)
{
	struct bench *bench = *state;

	open_circuit(bench, "inventory");
	bench->config.spill = CONFIG_OFF;
	assert_int_equal(ready(bench), 200);
	says(bench, "breakers.inventory", "open");
}

static void a_full_queue_stops_only_those_who_need_it(void **state)
{
	struct bench *bench = *state;

	add_items(bench, 3);
	assert_int_equal(ready(bench), 200);
	says(bench, "queue.state", "overloaded");
	says(bench, "queue.over", "rows");
	bench->config.routing_mode = ROUTING_MODE_QUEUE;
	assert_int_equal(ready(bench), 503);
	says(bench, "code", "overloaded");
	bench->config.routing_mode = ROUTING_MODE_SYNC;
	change(bench, "DELETE FROM outbox WHERE id = 1");
	usleep(PRESSURE_FRESH_US);
	bench->config.routing_mode = ROUTING_MODE_QUEUE;
	assert_int_equal(ready(bench), 200);
}

static void a_store_that_hangs_is_told_within_a_second_or_so(void **state)
{
	struct bench *bench = *state;
	pid_t holder = hold_gate(bench->place);
	int64_t from_us = clock_mono_us();

	bench->config.routing_mode = ROUTING_MODE_QUEUE;
	assert_int_equal(ready(bench), 503);
	assert_in_range(
	    clock_mono_us() - from_us, 0, HEALTH_PATIENCE_US + CLOCK_SECOND);
	says(bench, "code", "store_busy");
	says(bench, "store.state", "store_busy");
	/* Events can be routed all the same when they need no queue. */
	bench->config.routing_mode = ROUTING_MODE_SYNC;
	assert_int_equal(ready(bench), 200);
	says(bench, "store.state", "store_busy");
	store_flush(bench->store);
	assert_int_equal(ready(bench), 200);
	says(bench, "store.last_error", "store_busy");
	kill_child(holder);
	usleep(PRESSURE_FRESH_US);
	bench->config.routing_mode = ROUTING_MODE_QUEUE;
	assert_int_equal(ready(bench), 200);
	says(bench, "store.state", "ok");
	says(bench, "store.last_error", "store_busy");
}

static void more_askers_than_may_wait_are_told_at_once(void **state)
{
	struct bench *bench = *state;
	static struct gateway_request many[HEALTH_ASKS_MAX + 1];
	pid_t holder = hold_gate(bench->place);
	int i;

	for (i = 0; i <= HEALTH_ASKS_MAX; i++) {
		many[i] = (struct gateway_request){.method = "GET"};
		health_tell_ready(bench->health, false, &many[i]);
	}
	assert_int_equal(many[HEALTH_ASKS_MAX].http, 503);
	assert_non_null(strstr(many[HEALTH_ASKS_MAX].body, "store_busy"));
	assert_int_equal(many[HEALTH_ASKS_MAX - 1].replies, 0);
	kill_child(holder);
	store_flush(bench->store);
	for (i = 0; i < HEALTH_ASKS_MAX; i++) {
		assert_int_equal(many[i].replies, 1);
		assert_int_equal(many[i].http, 200);
	}
}

#define WITH_BENCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BENCH(alive_is_told_with_the_version),
	    WITH_BENCH(head_is_told_the_length_only),
	    WITH_BENCH(other_methods_are_refused_with_allow),
	    WITH_BENCH(without_a_configuration_it_is_not_ready),
	    WITH_BENCH(a_fresh_program_is_ready),
	    WITH_BENCH(states_are_told_but_no_ids_and_no_secrets),
	    WITH_BENCH(a_clock_put_back_stretches_no_pause),
	    WITH_BENCH(answers_within_a_second_are_from_one_look),
	    WITH_BENCH(who_drains_is_not_ready),
	    WITH_BENCH(a_refused_client_is_not_ready_until_it_is_tried_again),
	    WITH_BENCH(a_token_that_still_serves_outweighs_a_failure),
	    WITH_BENCH(an_open_circuit_counts_when_nothing_can_be_queued),
	    WITH_BENCH(a_circuit_from_before_the_clock_was_put_back_is_over),
	    WITH_BENCH(a_refusal_from_before_the_clock_was_put_back_is_over),
	    WITH_BENCH(without_the_inventory_there_is_the_fallback),
	    WITH_BENCH(a_full_queue_stops_only_those_who_need_it),
	    WITH_BENCH(a_store_that_hangs_is_told_within_a_second_or_so),
	    WITH_BENCH(more_askers_than_may_wait_are_told_at_once),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
