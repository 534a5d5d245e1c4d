/* health.c: is the process alive, can it route -> JSON for a supervisor */
#include "health.h"

#include <stdlib.h>
#include <string.h>

#include "breaker.h"
#include "clock.h"
#include "text.h"
#include "version.h"

#define ANSWER_MAX 4096

struct health {
	struct health_parts parts;
	int asks; /* that wait for a look */
};

/*
 * One question that waits. request is NULL once it was answered; the ask stays
 * until its look has ended, as wait is in the list of those who wait for that.
 */
struct ask {
	struct health *health;
	struct gateway_request *request;
	bool draining;
	struct pressure_wait wait;
	struct loop_timer patience;
};

/* What an answer is made from. */
struct state {
	const struct health *health;
	bool draining;
	struct pressure_look look;
	struct pressure_view view; /* OK or OVERLOADED, when look is OK */
	struct health_token token;
};

/* --- the answer as such --- */

static bool is_method(const struct gateway_request *request, const char *name)
{
	const char *method = gateway_param(request, "REQUEST_METHOD");

	return method && strcmp(method, name) == 0;
}

/* HEAD is told what GET would be, without the body (RFC 9110 9.3.2). */
static void reply(
    struct gateway_request *request, int http, const struct text *text)
{
	struct gateway_answer answer = {
	    .http = http,
	    .headers = "Cache-Control: no-store\r\n",
	    .type = "application/json",
	    .body = text_string(text),
	    .body_bytes = text->length,
	};

	if (http == 405)
		answer.headers = "Allow: GET, HEAD\r\n";
	else if (http == 503)
		answer.headers = "Cache-Control: no-store\r\n"
				 "Retry-After: 5\r\n";
	if (is_method(request, "HEAD"))
		answer.body = NULL;
	gateway_reply(request, &answer);
}

/* Answers any other method; false: it is one of the two. */
static bool refuse_method(struct gateway_request *request)
{
	struct text text;

	if (is_method(request, "GET") || is_method(request, "HEAD"))
		return false;
	text_init(&text, ANSWER_MAX);
	text_add(&text, "{\"error\":\"Method not allowed; ask with GET\","
			"\"code\":\"method_not_allowed\"}");
	reply(request, 405, &text);
	text_done(&text);
	return true;
}

void health_tell_alive(struct gateway_request *request)
{
	struct text text;

	if (refuse_method(request))
		return;
	text_init(&text, ANSWER_MAX);
	text_add(&text, "{\"status\":\"ok\",\"version\":");
	text_add_json(&text, STOCKROUTE_VERSION);
	text_add(&text, "}");
	reply(request, 200, &text);
	text_done(&text);
}

static void add_verdict(struct text *text, enum status why)
{
	if (why == STATUS_OK) {
		text_add(text, "{\"status\":\"ready\"");
	} else {
		text_add(text, "{\"status\":\"not_ready\",\"code\":");
		text_add_json(text, status_name(why));
	}
	text_add(text, ",\"version\":");
	text_add_json(text, STOCKROUTE_VERSION);
}

void health_tell_unready(struct gateway_request *request, enum status why)
{
	struct text text;

	if (refuse_method(request))
		return;
	text_init(&text, ANSWER_MAX);
	add_verdict(&text, why);
	text_add(&text, "}");
	reply(request, 503, &text);
	text_done(&text);
}

/* --- the verdict --- */

static bool is_open(const struct health_breaker *breaker)
{
	if (breaker->mode != CIRCUIT_AUTO)
		return breaker->mode == CIRCUIT_FORCED_OPEN;
	return breaker->state == CIRCUIT_OPEN && breaker->rest_us > 0;
}

/* Why CXone could not be told of an event just now. */
static enum status why_no_update(const struct state *state)
{
	const struct pressure_look *look = &state->look;
	bool guarded = state->health->parts.config->breaker == CONFIG_ON;

	if (state->token.left_us == 0 && state->token.failure != STATUS_OK)
		return state->token.failure;
	if (guarded && look->status == STATUS_OK &&
	    is_open(&look->row->breakers[HTTP_CXONE]))
		return STATUS_BREAKER_OPEN;
	return STATUS_OK;
}

/* A queue that cannot be looked at could take no event either. */
static enum status why_no_queue(const struct state *state)
{
	if (state->look.status != STATUS_OK)
		return state->look.status;
	return state->view.status;
}

/*
 * Without the inventory there is a fallback; without an accepted client there
 * is nothing, since that does not pass by itself. What else hinders an update
 * does, and what comes meanwhile is queued when SPILL is on.
 */
static enum status why_not_ready(const struct state *state)
{
	const struct config *config = state->health->parts.config;
	enum status update = why_no_update(state);
	enum status queue = why_no_queue(state);

	if (state->draining)
		return STATUS_STOPPING;
	if (update == STATUS_TOKEN_REFUSED || update == STATUS_TOKEN_REJECTED)
		return update;
	if (config->routing_mode == ROUTING_MODE_QUEUE)
		return queue;
	if (config->spill == CONFIG_ON && queue == STATUS_OK)
		return STATUS_OK;
	return update;
}

/* --- each part --- */

static void add_int(struct text *text, const char *before, int64_t value)
{
	text_add(text, before);
	text_add_int(text, value);
}

static void add_store(struct text *text, const struct state *state)
{
	int64_t at_us;
	enum status trouble = store_trouble(state->health->parts.store, &at_us);

	text_add(text, ",\"store\":{\"state\":");
	text_add_json(text, status_name(state->look.status));
	text_add(text, ",\"wait_ms\":");
	text_add_ms(text, state->look.wait_us);
	text_add(text, ",\"last_error\":");
	if (trouble == STATUS_OK) {
		text_add(text, "null");
	} else {
		text_add_json(text, status_name(trouble));
		add_int(text, ",\"last_error_s\":",
		    (clock_mono_us() - at_us) / CLOCK_SECOND);
	}
	text_add(text, "}");
}

static void add_token(struct text *text, const struct health_token *token)
{
	text_add(text, ",\"token\":{\"state\":");
	if (token->left_us > 0)
		text_add(text, "\"valid\"");
	else
		text_add(text,
		    token->failure == STATUS_OK ? "\"none\"" : "\"failed\"");
	add_int(text, ",\"valid_s\":", token->left_us / CLOCK_SECOND);
	if (token->failure != STATUS_OK) {
		text_add(text, ",\"failure\":");
		text_add_json(text, status_name(token->failure));
	}
	text_add(text, "}");
}

static void add_breakers(struct text *text, const struct state *state)
{
	bool guarded = state->health->parts.config->breaker == CONFIG_ON;
	const char *comma = "";
	int i;

	text_add(text, ",\"breakers\":{");
	for (i = 0; i < HTTP_UPSTREAM_COUNT; i++) {
		const struct health_breaker *breaker =
		    &state->look.row->breakers[i];
		const char *word = circuit_state_name(breaker->state);

		if (!guarded)
			word = "off";
		else if (breaker->mode != CIRCUIT_AUTO)
			word = circuit_mode_name(breaker->mode);
		text_add(text, comma);
		text_add_json(text, breaker_upstreams[i]);
		text_add(text, ":");
		text_add_json(text, word);
		comma = ",";
	}
	text_add(text, "}");
}

static void add_queue(struct text *text, const struct state *state)
{
	const struct health_queue *queue = &state->look.row->queue;

	text_add(text, ",\"queue\":{\"state\":");
	text_add_json(text, status_name(state->view.status));
	if (state->view.status != STATUS_OK) {
		text_add(text, ",\"over\":");
		text_add_json(text, pressure_cap_name(state->view.cap));
		add_int(text, ",\"retry_after_s\":", state->view.retry_after_s);
	}
	add_int(text, ",\"waiting\":", queue->waiting);
	add_int(text, ",\"running\":", queue->running);
	add_int(text, ",\"parked\":", queue->parked);
	add_int(text, ",\"bytes\":", queue->bytes);
	add_int(text, ",\"oldest_s\":", queue->age_us / CLOCK_SECOND);
	text_add(text, "}");
}

/* Only what a look found is told as known. */
static void add_parts(struct text *text, const struct state *state)
{
	const struct health_row *row = state->look.row;

	add_store(text, state);
	add_token(text, &state->token);
	if (state->look.status == STATUS_OK) {
		add_breakers(text, state);
		add_int(text, ",\"not_before_s\":",
		    (row->pause_us + CLOCK_SECOND - 1) / CLOCK_SECOND);
		add_queue(text, state);
		add_int(text, ",\"disk_free_bytes\":", row->disk_free_bytes);
	}
	add_int(text, ",\"flows\":", (int64_t)*state->health->parts.flows);
	text_add(text, ",\"draining\":");
	text_add(text, state->draining ? "true" : "false");
}

/* A token in memory serves when the store, or its row, says nothing. */
static void find_state(struct state *state)
{
	const struct health_parts *parts = &state->health->parts;
	int64_t left_us = token_left_us(parts->token);

	if (state->look.status == STATUS_OK) {
		state->view = pressure_judge(parts->config, state->look.row);
		state->token = state->look.row->token;
	}
	if (state->token.left_us < left_us)
		state->token.left_us = left_us;
}

static void tell(const struct health *health, bool draining,
    const struct pressure_look *look, struct gateway_request *request)
{
	struct state state = {
	    .health = health,
	    .draining = draining,
	    .look = *look,
	};
	struct text text;
	enum status why;

	find_state(&state);
	why = why_not_ready(&state);
	text_init(&text, ANSWER_MAX);
	add_verdict(&text, why);
	add_parts(&text, &state);
	text_add(&text, "}");
	reply(request, why == STATUS_OK ? 200 : 503, &text);
	text_done(&text);
}

/* --- waiting for a look --- */

static void give_answer(struct ask *ask, const struct pressure_look *look)
{
	struct gateway_request *request = ask->request;

	ask->request = NULL;
	if (request)
		tell(ask->health, ask->draining, look, request);
}

static void got_look(void *arg)
{
	struct ask *ask = arg;
	struct health *health = ask->health;
	struct pressure_look look = pressure_newest(health->parts.pressure);

	give_answer(ask, &look);
	loop_timer_stop(health->parts.loop, &ask->patience);
	health->asks--;
	free(ask);
}

static void patience_due(void *arg)
{
	struct ask *ask = arg;
	struct pressure_look none = {
	    .status = STATUS_STORE_BUSY,
	    .wait_us = HEALTH_PATIENCE_US,
	};

	give_answer(ask, &none);
}

static void wait_for_look(
    struct health *health, bool draining, struct gateway_request *request)
{
	struct ask *ask;

	/* All of them wait for one look that the store still owes. */
	if (health->asks == HEALTH_ASKS_MAX) {
		health_tell_unready(request, STATUS_STORE_BUSY);
		return;
	}
	ask = calloc(1, sizeof *ask);
	if (!ask) {
		health_tell_unready(request, STATUS_MEMORY);
		return;
	}
	health->asks++;
	ask->health = health;
	ask->request = request;
	ask->draining = draining;
	ask->wait.done = got_look;
	ask->wait.arg = ask;
	loop_timer_init(&ask->patience, patience_due, ask);
	loop_timer_set(health->parts.loop, &ask->patience,
	    clock_mono_us() + HEALTH_PATIENCE_US);
	pressure_wait(health->parts.pressure, &ask->wait);
}

void health_tell_ready(
    struct health *health, bool draining, struct gateway_request *request)
{
	struct pressure_look look = pressure_newest(health->parts.pressure);
	int64_t age_us = clock_mono_us() - look.at_us;

	if (refuse_method(request))
		return;
	if (look.at_us == 0 || age_us >= PRESSURE_FRESH_US)
		wait_for_look(health, draining, request);
	else
		tell(health, draining, &look, request);
}

struct health *health_new(const struct health_parts *parts)
{
	struct health *health = calloc(1, sizeof *health);

	if (health)
		health->parts = *parts;
	return health;
}

void health_free(struct health *health)
{
	free(health);
}
