/* test_app.c: the whole program starts, routes, stops and closes soundly */
#include <fcntl.h>
#include <sys/file.h>

#include "app.h"
#include "flow.h"
#include "gateway.h"
#include "test_help.h"

#define PROBLEMS_MAX 4096

/* An event and its answer, in place of the gateway's request. */
struct gateway_request {
	char body[160];
	int *answered;
	int http; /* 0: not answered yet */
	char text[1024];
};

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	(void)request;
	if (strcmp(name, "REQUEST_URI") == 0)
		return "/webhook/routing-events";
	return strcmp(name, "REQUEST_METHOD") == 0 ? "POST" : NULL;
}

const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	*length = strlen(request->body);
	return request->body;
}

bool gateway_body_too_large(const struct gateway_request *request)
{
	(void)request;
	return false;
}

int64_t gateway_accepted_us(const struct gateway_request *request)
{
	(void)request;
	return clock_mono_us();
}

void gateway_reply(
    struct gateway_request *request, const struct gateway_answer *answer)
{
	request->http = answer->http;
	snprintf(request->text, sizeof request->text, "%s", answer->body);
	++*request->answered;
}

static int64_t rows(const struct world *world)
{
	return world_sql(world, "SELECT count(*) FROM decision");
}

static int64_t lease_until_us(const struct world *world)
{
	return world_sql(world, "SELECT max(lease_until_us) FROM token");
}

/* Another process writes for a while; the lock ends with that process. */
static pid_t hold_gate(const struct world *world, long ms)
{
	char path[CONFIG_TEXT_BYTES + 8];
	pid_t pid;
	int fd;

	snprintf(path, sizeof path, "%s-gate", world->config.db);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		help_nap_ms(ms);
		_exit(0);
	}
	close(fd);
	return pid;
}

/* An app that takes a copy of the world's configuration. */
static enum status start(
    struct world *world, struct app *app, struct text *problems)
{
	*app = (struct app){.loop = world->loop};
	app->config = malloc(sizeof *app->config);
	assert_non_null(app->config);
	*app->config = world->config;
	text_init(problems, PROBLEMS_MAX);
	return app_start(app, problems);
}

static void must_start(struct world *world, struct app *app)
{
	struct text problems;

	if (start(world, app, &problems) != STATUS_OK)
		fail_msg("%s", text_string(&problems));
	text_done(&problems);
}

static void is_closed(const struct app *app, const struct world *world)
{
	const struct app closed = {.loop = world->loop};

	assert_memory_equal(app, &closed, sizeof closed);
}

static void post_body(struct app *app, struct gateway_request *request,
    const char *body, int *answered)
{
	memset(request, 0, sizeof *request);
	snprintf(request->body, sizeof request->body, "%s", body);
	request->answered = answered;
	flow_begin(app, request);
}

/* An event of its own for each number, so that none is a duplicate. */
static void post(
    struct app *app, struct gateway_request *request, int number, int *answered)
{
	char body[128];

	snprintf(body, sizeof body,
	    "{\"data\":{\"interactionId\":\"a1b2-%06d\","
	    "\"mediaType\":\"voice\"}}",
	    number);
	post_body(app, request, body, answered);
}

static void an_event_is_routed_recorded_and_answered(void **state)
{
	struct world *world = *state;
	struct gateway_request request;
	struct app app;
	int answered = 0;

	must_start(world, &app);
	post(&app, &request, 1, &answered);
	assert_int_equal(app.flows, 1);
	assert_true(run_until(world->loop, &answered, 1, HELP_WAIT_MS));
	assert_int_equal(request.http, 200);
	assert_non_null(strstr(request.text, "\"status\":\"processed\""));
	assert_int_equal(app.flows, 0);
	assert_int_equal(rows(world), 1);
	app_close(&app);
	is_closed(&app, world);
	app_close(&app);
}

static void a_refused_event_is_recorded_too(void **state)
{
	struct world *world = *state;
	struct gateway_request request;
	struct app app;
	int answered = 0;

	must_start(world, &app);
	post_body(&app, &request, "{\"data\":7}", &answered);
	assert_true(run_until(world->loop, &answered, 1, HELP_WAIT_MS));
	assert_int_equal(request.http, 400);
	assert_non_null(strstr(request.text, "\"field\":\"/data\""));
	assert_int_equal(rows(world), 1);
	assert_int_equal(sim_stat(world, "inventory"), 0);
	app_close(&app);
}

/* Each asks the inventory at once; then all of them and the token. */
static void as_many_events_as_may_be_in_hand_are_all_answered(void **state)
{
	enum { EVENTS = 64 };
	struct world *world = *state;
	struct gateway_request requests[EVENTS];
	struct app app;
	int answered;
	int round, i;

	world->config.inflight_max = EVENTS;
	world->config.inventory_timeout_us = 5 * CLOCK_SECOND;
	sim_faults(world, "{\"token\":[{\"set\":{\"expires_in\":1}}]}");
	must_start(world, &app);
	for (round = 0; round < 3; round++) {
		answered = 0;
		for (i = 0; i < EVENTS; i++)
			post(&app, &requests[i], round * EVENTS + i, &answered);
		assert_true(
		    run_until(world->loop, &answered, EVENTS, HELP_WAIT_MS));
		for (i = 0; i < EVENTS; i++)
			assert_int_equal(requests[i].http, 200);
	}
	assert_int_equal(rows(world), 3 * EVENTS);
	app_close(&app);
}

static void stop_cuts_every_wait_and_still_records(void **state)
{
	enum { EVENTS = 4 };
	struct world *world = *state;
	struct gateway_request requests[EVENTS];
	struct app app;
	int answered = 0;
	int i;

	world->config.inventory_timeout_us = 5 * CLOCK_SECOND;
	world->config.cxone_timeout_us = 5 * CLOCK_SECOND;
	/* One hangs at CXone, one waits after a 429, two at the inventory. */
	sim_faults(world,
	    "{\"interaction\":[{\"fault\":\"hang\"},{\"status\":429,"
	    "\"headers\":{\"Retry-After\":\"5\"},\"times\":0}]}");
	must_start(world, &app);
	post(&app, &requests[0], 0, &answered);
	post(&app, &requests[1], 1, &answered);
	run_for(world->loop, 100);
	assert_int_equal(sim_stat(world, "interaction"), 2);
	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\",\"times\":0}]}");
	post(&app, &requests[2], 2, &answered);
	post(&app, &requests[3], 3, &answered);
	run_for(world->loop, 30);
	assert_int_equal(answered, 0);
	app_stop(&app);
	assert_true(run_until(world->loop, &answered, EVENTS, 1000));
	for (i = 0; i < EVENTS; i++) {
		assert_int_equal(requests[i].http, 503);
		assert_non_null(
		    strstr(requests[i].text, "\"code\":\"stopping\""));
	}
	assert_int_equal(app.flows, 0);
	assert_int_equal(rows(world), EVENTS);
	app_close(&app);
}

/* It would be done twice: by the other process, and from the queue. */
static void a_stop_queues_no_event_that_another_process_has_in_hand(
    void **state)
{
	struct world *world = *state;
	struct gateway_request request;
	struct app app;
	int answered = 0;

	world->config.spill = CONFIG_ON;
	world->config.claim_window_s = 60;
	must_start(world, &app);
	post(&app, &request, 0, &answered);
	assert_true(run_until(world->loop, &answered, 1, HELP_WAIT_MS));
	assert_int_equal(request.http, 200);
	/* As the other process would have left it. */
	world_sql(world, "UPDATE claim SET holder = 1, "
			 "lease_until_us = created_us + 60000000");
	post(&app, &request, 0, &answered);
	run_for(world->loop, 100);
	assert_int_equal(answered, 1);
	app_stop(&app);
	assert_true(run_until(world->loop, &answered, 2, HELP_WAIT_MS));
	assert_int_equal(request.http, 503);
	assert_non_null(strstr(request.text, "\"code\":\"in_flight\""));
	assert_int_equal(world_sql(world, "SELECT count(*) FROM outbox"), 0);
	app_close(&app);
}

/* What went to stderr while the loop ran so long. */
static void run_and_catch(struct world *world, int ms, char words[4096])
{
	FILE *caught = tmpfile();
	int real = dup(STDERR_FILENO);

	assert_non_null(caught);
	dup2(fileno(caught), STDERR_FILENO);
	run_for(world->loop, ms);
	dup2(real, STDERR_FILENO);
	close(real);
	rewind(caught);
	words[fread(words, 1, 4095, caught)] = '\0';
	fclose(caught);
}

static void permit_queue(struct config *config)
{
	config->queue_max_rows = 100;
	config->queue_max_bytes = 1 << 20;
	config->queue_max_age_s = 1000;
	config->event_max_age_s = 1000;
	config->queue_attempts = 10;
	config->queue_backoff_us = CLOCK_SECOND;
	config->cxone_max_inflight = 4;
}

/* Not a worker, whom the operator would look for in vain. */
static void an_event_taken_over_by_a_request_is_told_so(void **state)
{
	struct world *world = *state;
	struct gateway_request request;
	struct app app;
	char words[4096];
	int answered = 0;

	permit_queue(&world->config);
	world->config.spill = CONFIG_ON;
	world->config.claim_window_s = 60;
	world->config.log_level = LOG_WARN;
	sim_faults(
	    world, "{\"interaction\":[{\"fault\":\"hang\",\"times\":0}]}");
	must_start(world, &app);
	post(&app, &request, 0, &answered);
	run_for(world->loop, 100);
	assert_int_equal(sim_stat(world, "interaction"), 1);
	world_sql(world, "UPDATE claim SET holder = 1");
	app_stop(&app);
	run_and_catch(world, 200, words);
	assert_int_equal(answered, 1);
	assert_int_equal(world_sql(world, "SELECT count(*) FROM outbox"), 0);
	assert_non_null(strstr(words, "another request has the event"));
	app_close(&app);
	log_set_level(LOG_ERROR);
}

/* There is none: entered by hand, its row would be one too many. */
static void an_attempt_that_cannot_be_noted_is_told_as_no_decision(void **state)
{
	struct world *world = *state;
	struct config *config = &world->config;
	struct gateway_request request;
	struct app app;
	char words[4096];
	int answered = 0;

	config->routing_mode = ROUTING_MODE_QUEUE;
	permit_queue(config);
	sim_faults(world, "{\"interaction\":[{\"status\":503,\"times\":0}]}");
	must_start(world, &app);
	world_sql(world, "CREATE TRIGGER no_attempt BEFORE INSERT ON attempt "
			 "BEGIN SELECT raise(ABORT, 'no'); END");
	app_serve_queue(&app);
	post(&app, &request, 1, &answered);
	assert_true(run_until(world->loop, &answered, 1, HELP_WAIT_MS));
	assert_int_equal(request.http, 202);
	run_and_catch(world, 300, words);
	assert_int_equal(sim_stat(world, "interaction"), 1);
	assert_null(strstr(words, "decision not recorded"));
	assert_non_null(strstr(words, "will be made again"));
	app_close(&app);
}

/* The event was given up at its deadline, the token call goes on. */
static void close_waits_for_no_token_and_leaves_no_lease(void **state)
{
	struct world *world = *state;
	struct gateway_request request;
	struct app app;
	int answered = 0;
	pid_t writer;

	world->config.event_deadline_us = 100 * CLOCK_MS;
	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	must_start(world, &app);
	post(&app, &request, 1, &answered);
	assert_true(run_until(world->loop, &answered, 1, HELP_WAIT_MS));
	assert_int_equal(request.http, 500);
	assert_non_null(strstr(request.text, "\"code\":\"token_unavailable\""));
	assert_true(lease_until_us(world) > clock_wall_us());
	/* What gives the lease back has to wait, and lives in the app. */
	writer = hold_gate(world, 150);
	app_close(&app);
	waitpid(writer, NULL, 0);
	assert_int_equal(lease_until_us(world), 0);
}

static void a_wrong_map_is_told_and_nothing_stays_open(void **state)
{
	struct world *world = *state;
	struct text problems;
	struct app app;

	world->config.routing = json_pack("{s:{}}", "in_stock");
	assert_int_equal(start(world, &app, &problems), STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&problems), "unknown"));
	is_closed(&app, world);
	world->config.routing = NULL;
	text_done(&problems);
}

static void a_database_that_cannot_be_opened_is_told(void **state)
{
	struct world *world = *state;
	struct text problems;
	struct app app;

	snprintf(world->config.db, sizeof world->config.db, "%s/no/where.db",
	    world->dir);
	assert_int_not_equal(start(world, &app, &problems), STATUS_OK);
	assert_non_null(strstr(text_string(&problems), "/no"));
	assert_int_equal(text_string(&problems)[problems.length - 1], '\n');
	is_closed(&app, world);
	text_done(&problems);
}

static void a_configuration_that_is_not_there_is_told(void **state)
{
	struct world *world = *state;
	struct app app = {.loop = world->loop};
	struct text problems;

	text_init(&problems, PROBLEMS_MAX);
	assert_int_equal(app_open(&app, "/nowhere/stockroute.json", &problems),
	    STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&problems), "/nowhere"));
	is_closed(&app, world);
	text_done(&problems);
}

static void stopping_what_never_started_does_nothing(void **state)
{
	struct world *world = *state;
	struct app app = {.loop = world->loop};

	app_stop(&app);
	app_close(&app);
	is_closed(&app, world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(an_event_is_routed_recorded_and_answered),
	    IN_WORLD(a_refused_event_is_recorded_too),
	    IN_WORLD(as_many_events_as_may_be_in_hand_are_all_answered),
	    IN_WORLD(stop_cuts_every_wait_and_still_records),
	    IN_WORLD(a_stop_queues_no_event_that_another_process_has_in_hand),
	    IN_WORLD(an_event_taken_over_by_a_request_is_told_so),
	    IN_WORLD(an_attempt_that_cannot_be_noted_is_told_as_no_decision),
	    IN_WORLD(close_waits_for_no_token_and_leaves_no_lease),
	    IN_WORLD(a_wrong_map_is_told_and_nothing_stays_open),
	    IN_WORLD(a_database_that_cannot_be_opened_is_told),
	    IN_WORLD(a_configuration_that_is_not_there_is_told),
	    IN_WORLD(stopping_what_never_started_does_nothing),
	};

	return cmocka_run_group_tests_name(
	    "app", tests, world_start, world_end);
}
