/* flow.c: a request in hand -> every step in order -> its answer */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "clock.h"
#include "event.h"
#include "log.h"
#include "record.h"
#include "settle.h"
#include "sku.h"
#include "webhook.h"

#define ANSWER_MAX 32768

/*
 * One event on its way, and all that belongs to it. `at` is the step in
 * hand. route is NULL until routing chose one. status is OK until a step
 * failed; then the way goes on at `record`, or at `answer` while the door
 * has not yet let the event in: strangers write no rows.
 */
struct flow {
	struct app *app;
	struct gateway_request *request;
	size_t at;
	enum status status;
	bool let_in;
	bool claimed; /* the claim is ours, to be settled */
	int64_t begun_us;	/* monotonic: the request was whole */
	int64_t step_from_us;
	struct event event;
	struct event_problem problem;
	struct claim claim;
	struct inventory_question question;
	struct cxone_update update;
	const struct route *route;
	struct record record;
	struct settlement settlement;
	struct text text;	/* of the answer */
	struct flow *next;	/* in app->idle_flows */
};

static enum status check_webhook(struct flow *flow);
static enum status read_event(struct flow *flow);
static enum status take_claim(struct flow *flow);
static enum status find_sku(struct flow *flow);
static enum status ask_inventory(struct flow *flow);
static enum status choose_route(struct flow *flow);
static enum status update_cxone(struct flow *flow);
static enum status write_record(struct flow *flow);
static enum status send_answer(struct flow *flow);

/*
 * The path of an event. A step returns OK, what failed, or PENDING when a
 * callback will say. The step before these, gateway, is over when a flow
 * begins; the last one's time is nobody's to keep.
 */
static const struct {
	enum status (*run)(struct flow *flow);
	enum step step;
} path[] = {
	{check_webhook, STEP_WEBHOOK},
	{read_event, STEP_EVENT},
	{take_claim, STEP_CLAIM},
	{find_sku, STEP_SKU},
	{ask_inventory, STEP_INVENTORY},
	{choose_route, STEP_ROUTING},
	{update_cxone, STEP_CXONE},
	{write_record, STEP_RECORD},
	{send_answer, STEP_COUNT},
};

enum { AT_RECORD = 7, AT_ANSWER = 8, AT_END = 9 };

static void leave_step(struct flow *flow, enum status status);
static void walk(struct flow *flow);
static void finish(struct flow *flow);

/* A pending step has ended: the way goes on. */
static void resume(struct flow *flow, enum status status)
{
	leave_step(flow, status);
	walk(flow);
}

static enum status check_webhook(struct flow *flow)
{
	enum status status = webhook_check(flow->app->config, flow->request);

	flow->let_in = status == STATUS_OK;
	return status;
}

/* What is known of a refused event is kept for its record as well. */
static enum status read_event(struct flow *flow)
{
	struct record *record = &flow->record;
	const struct event *event = &flow->event;
	size_t length;
	const char *body = gateway_body(flow->request, &length);
	enum status status;

	status = event_read(body, length, &flow->event, &flow->problem);
	strcpy(record->interaction_id, event->interaction_id);
	strcpy(record->media_type, event->media_type);
	strcpy(record->event_type, event->event_type);
	strcpy(record->event_timestamp, event->timestamp);
	return status;
}

static int64_t deadline(const struct flow *flow)
{
	return flow->begun_us + flow->app->config->event_deadline_us;
}


/* Without a store nothing is known of duplicates, but customers wait. */
static void took_claim(void *arg, enum status status)
{
	struct flow *flow = arg;

	if (status == STATUS_STOPPING || status == STATUS_IN_FLIGHT) {
		resume(flow, status);
		return;
	}
	if (status == STATUS_OK && flow->claim.row.found == CLAIM_FINISHED) {
		resume(flow, STATUS_DUPLICATE);
		return;
	}
	flow->claimed = status == STATUS_OK;
	if (!flow->claimed)
		log_line(LOG_ERROR, flow->record.interaction_id,
		    "duplicates cannot be known: %s", status_name(status));
	resume(flow, STATUS_OK);
}

static enum status take_claim(struct flow *flow)
{
	claim_name(flow->app->claims, &flow->claim, &flow->event);
	if (flow->claim.row.key[0] == '\0')
		return STATUS_OK;
	claim_take(flow->app->claims, &flow->claim, deadline(flow), took_claim,
	    flow);
	return STATUS_PENDING;
}

static enum status find_sku(struct flow *flow)
{
	return sku_find(flow->app->config, &flow->event, flow->record.sku,
	    &flow->problem);
}

/* Inventory never fails an event: without an answer there is a fallback. */
static void got_stock(void *arg)
{
	struct flow *flow = arg;
	const struct inventory_stock *stock = &flow->question.stock;

	strcpy(flow->record.inventory_word, stock->word);
	flow->record.inventory_result = stock->result;
	flow->record.inventory_http = stock->http;
	flow->record.inventory_attempts = stock->attempts;
	resume(flow, STATUS_OK);
}

static enum status ask_inventory(struct flow *flow)
{
	flow->question.sku = flow->record.sku;
	flow->question.deadline_us = deadline(flow);
	flow->question.done = got_stock;
	flow->question.arg = flow;
	inventory_ask(flow->app->inventory, &flow->question);
	return STATUS_PENDING;
}

static enum status choose_route(struct flow *flow)
{
	const struct routing *routing = flow->app->routing;
	struct record *record = &flow->record;

	flow->route = routing_choose(routing, flow->question.stock.word);
	record->inventory_status = flow->route->word;
	record->skills = flow->route->skills;
	record->queues = flow->route->queues;
	record->map_digest = routing_digest(routing);
	return STATUS_OK;
}

static void updated_cxone(void *arg)
{
	struct flow *flow = arg;
	const struct cxone_update *update = &flow->update;
	struct record *record = &flow->record;

	record->cxone_http = update->http;
	record->cxone_attempts = update->attempts;
	record->token_refreshes = update->token_refreshes;
	snprintf(record->error, sizeof record->error, "%s", update->problem);
	resume(flow, update->status);
}

static enum status update_cxone(struct flow *flow)
{
	flow->update.interaction_id = flow->record.interaction_id;
	flow->update.route = flow->route;
	flow->update.deadline_us = deadline(flow);
	flow->update.done = updated_cxone;
	flow->update.arg = flow;
	cxone_send(flow->app->cxone, &flow->update);
	return STATUS_PENDING;
}

static enum outcome judge(const struct flow *flow)
{
	switch (flow->status) {
	case STATUS_OK:
		return routing_is_fallback(flow->app->routing, flow->route) ?
		    OUTCOME_FALLBACK : OUTCOME_ROUTED;
	case STATUS_DUPLICATE:
		return OUTCOME_DUPLICATE;
	case STATUS_INTERACTION_NOT_FOUND:
		return OUTCOME_SKIPPED;
	case STATUS_MALFORMED:
	case STATUS_FIELD_INVALID:
		return OUTCOME_REFUSED;
	default:
		return OUTCOME_FAILED;
	}
}

/* Before the record, since the claim keeps the answer for duplicates. */
static void write_answer(struct flow *flow, bool recorded)
{
	struct record *record = &flow->record;

	if (!flow->let_in) {
		record->http = answer_refusal(flow->status, NULL, &flow->text);
		return;
	}
	switch (record->outcome) {
	case OUTCOME_REFUSED:
		record->http = answer_refusal(flow->status, &flow->problem,
		    &flow->text);
		break;
	case OUTCOME_DUPLICATE:
		record->http = flow->claim.row.http;
		answer_duplicate(&flow->claim.row.answer, &flow->text);
		break;
	default:
		record->http = answer_http(record);
		answer_decision(record, recorded, &flow->text);
	}
}

static void log_decision(const struct flow *flow, enum log_level level,
    const char *what)
{
	struct text line;

	if (!log_enabled(level))
		return;
	text_init(&line, ANSWER_MAX);
	record_describe(&flow->record, &line);
	log_line(level, flow->record.interaction_id, "%s: %s", what,
	    text_string(&line));
	text_done(&line);
}

/* A decision that cannot be kept is told in the log, whole. */
static void wrote_record(void *arg, enum status status)
{
	struct flow *flow = arg;
	char what[64];

	if (status == STATUS_OK) {
		log_decision(flow, LOG_DEBUG, "decided");
	} else {
		snprintf(what, sizeof what, "decision not recorded (%s)",
		    status_name(status));
		log_decision(flow, LOG_ERROR, what);
		write_answer(flow, false);
	}
	resume(flow, STATUS_OK);
}

static enum status write_record(struct flow *flow)
{
	struct record *record = &flow->record;

	record->outcome = judge(flow);
	record->status = flow->status;
	record->total_us = flow->step_from_us - flow->begun_us;
	if (record->outcome == OUTCOME_REFUSED)
		snprintf(record->error, sizeof record->error, "%s",
		    flow->problem.text);
	write_answer(flow, true);
	flow->settlement.record = record;
	flow->settlement.claim = flow->claimed ? &flow->claim.row : NULL;
	flow->settlement.answer = record->outcome == OUTCOME_FAILED ?
	    NULL : text_string(&flow->text);
	settle(flow->app->store, &flow->settlement, wrote_record, flow);
	return STATUS_PENDING;
}

static enum status send_answer(struct flow *flow)
{
	struct gateway_request *request = flow->request;

	if (!flow->let_in)
		write_answer(flow, false);
	flow->request = NULL;
	answer_send(request, flow->record.http, &flow->text);
	return STATUS_OK;
}

/* Stamps the step's time and says which comes next. */
static void leave_step(struct flow *flow, enum status status)
{
	int64_t now_us = clock_mono_us();
	enum step step = path[flow->at].step;

	/* The store stamped the record's own step before it wrote it. */
	if (step < STEP_RECORD)
		flow->record.step_us[step] = now_us - flow->step_from_us;
	flow->step_from_us = now_us;
	flow->at++;
	if (status == STATUS_OK)
		return;
	flow->status = status;
	flow->at = flow->let_in ? AT_RECORD : AT_ANSWER;
}

static void walk(struct flow *flow)
{
	while (flow->at < AT_END) {
		enum status status = path[flow->at].run(flow);

		if (status == STATUS_PENDING)
			return;
		leave_step(flow, status);
	}
	finish(flow);
}

/* Flows are kept for the next event, with the texts they have grown. */
static struct flow *take_flow(struct app *app)
{
	struct flow *flow = app->idle_flows;

	if (flow) {
		app->idle_flows = flow->next;
		return flow;
	}
	flow = calloc(1, sizeof *flow);
	if (!flow)
		return NULL;
	text_init(&flow->text, ANSWER_MAX);
	text_init(&flow->claim.row.answer, CLAIM_ANSWER_MAX);
	text_init(&flow->question.url, INVENTORY_URL_MAX);
	text_init(&flow->update.url, CXONE_URL_MAX);
	return flow;
}

static void finish(struct flow *flow)
{
	struct app *app = flow->app;

	event_done(&flow->event);
	app->flows--;
	flow->next = app->idle_flows;
	app->idle_flows = flow;
}

void flow_begin(struct app *app, struct gateway_request *request)
{
	struct flow *flow = take_flow(app);
	struct text text;

	if (!flow) {
		text_init(&text, ANSWER_MAX);
		answer_send(request,
		    answer_refusal(STATUS_MEMORY, NULL, &text), &text);
		text_done(&text);
		return;
	}
	app->flows++;
	flow->app = app;
	flow->request = request;
	flow->at = 0;
	flow->status = STATUS_OK;
	flow->claimed = false;
	flow->route = NULL;
	memset(&flow->event, 0, sizeof flow->event);
	memset(&flow->problem, 0, sizeof flow->problem);
	record_init(&flow->record);
	flow->begun_us = clock_mono_us();
	flow->step_from_us = flow->begun_us;
	flow->record.received_us = clock_wall_us();
	flow->record.step_us[STEP_GATEWAY] =
	    flow->begun_us - gateway_accepted_us(request);
	walk(flow);
}

void flow_free_idle(struct app *app)
{
	while (app->idle_flows) {
		struct flow *flow = take_flow(app);

		text_done(&flow->text);
		text_done(&flow->claim.row.answer);
		text_done(&flow->question.url);
		text_done(&flow->update.url);
		free(flow);
	}
}
