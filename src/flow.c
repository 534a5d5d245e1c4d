/* flow.c: an event in hand -> every step in order -> its end */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flow_steps.h"
#include "queue.h"

struct stage {
	enum status (*run)(struct flow *flow);
	enum step step; /* whose time it is; STEP_COUNT: nobody keeps it */
};

/*
 * The path of an event, from the request to its answer. The step before
 * these, gateway, is over when a flow begins.
 */
static const struct stage decide_now[] = {
    {flow_check_webhook, STEP_WEBHOOK},
    {flow_read_event, STEP_EVENT},
    {flow_take_claim, STEP_CLAIM},
    {flow_find_sku, STEP_SKU},
    {flow_ask_inventory, STEP_INVENTORY},
    {flow_choose_route, STEP_ROUTING},
    {flow_update_cxone, STEP_CXONE},
    {flow_write_record, STEP_RECORD},
    {flow_send_answer, STEP_COUNT},
};

/* With ROUTING_MODE=queue: to the queue, and from the queue. */
static const struct stage accept_now[] = {
    {flow_check_webhook, STEP_WEBHOOK},
    {flow_read_event, STEP_EVENT},
    {flow_accept, STEP_RECORD},
    {flow_send_answer, STEP_COUNT},
};
static const struct stage decide_later[] = {
    {flow_check_item, STEP_COUNT},
    {flow_read_event, STEP_EVENT},
    {flow_find_sku, STEP_SKU},
    {flow_ask_inventory, STEP_INVENTORY},
    {flow_choose_route, STEP_ROUTING},
    {flow_update_cxone, STEP_CXONE},
    {flow_write_record, STEP_RECORD},
};

struct way {
	const struct stage *stages;
	size_t count;
};

#define COUNT(stages) (sizeof(stages) / sizeof *(stages))
static const struct way now = {decide_now, COUNT(decide_now)};
static const struct way accept = {accept_now, COUNT(accept_now)};
static const struct way later = {decide_later, COUNT(decide_later)};

/*
 * Where a step that fails leads on: to the record, or to the answer, the
 * last step, while the event was not let in.
 */
static size_t after_failure(const struct flow *flow)
{
	const struct way *way = flow->way;
	size_t at = 0;

	if (!flow->let_in)
		return way->count - 1;
	while (way->stages[at].step != STEP_RECORD)
		at++;
	return at;
}

/*
 * Stamps the step's time and says which comes next. What a step took that
 * failed is kept as well; those after it stay -1.
 */
static void leave_step(struct flow *flow, enum status status)
{
	const struct way *way = flow->way;
	int64_t now_us = clock_mono_us();
	enum step step = way->stages[flow->at].step;

	/* The store stamped the record's own step before it wrote it. */
	if (step < STEP_RECORD)
		flow->record.step_us[step] = now_us - flow->step_from_us;
	flow->step_from_us = now_us;
	flow->at++;
	if (status == STATUS_OK)
		return;
	flow->status = status;
	flow->at = after_failure(flow);
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
	text_init(&flow->text, FLOW_ANSWER_MAX);
	text_init(&flow->claim.row.answer, CLAIM_ANSWER_MAX);
	text_init(&flow->question.url, INVENTORY_URL_MAX);
	text_init(&flow->update.url, CXONE_URL_MAX);
	return flow;
}

static void finish(struct flow *flow)
{
	struct app *app = flow->app;

	event_done(&flow->event);
	if (flow->item)
		queue_item_free(app->queue, flow->item);
	flow->next = app->idle_flows;
	app->idle_flows = flow;
	app->flows--;
	app_tell_idle(app);
}

/* A PENDING step is resumed from the loop: until then nobody touches it. */
static void walk(struct flow *flow)
{
	while (flow->at < flow->way->count) {
		enum status status = flow->way->stages[flow->at].run(flow);

		if (status == STATUS_PENDING)
			return;
		leave_step(flow, status);
	}
	finish(flow);
}

void flow_resume(struct flow *flow, enum status status)
{
	leave_step(flow, status);
	walk(flow);
}

/* Clean, but for the texts and what is set when it is first needed. */
static void start(struct app *app, struct flow *flow, const struct way *way)
{
	app->flows++;
	flow->app = app;
	flow->way = way;
	flow->at = 0;
	flow->status = STATUS_OK;
	flow->request = NULL;
	flow->item = NULL;
	flow->let_in = false;
	flow->claimed = false;
	flow->claim.row.key[0] = '\0';
	flow->route = NULL;
	flow->retry_after_s = 0;
	memset(&flow->event, 0, sizeof flow->event);
	memset(&flow->problem, 0, sizeof flow->problem);
	record_init(&flow->record);
	flow->begun_us = clock_mono_us();
	flow->step_from_us = flow->begun_us;
	flow->record.received_us = clock_wall_us();
	flow->record.trace = &flow->trace;
}

static void read_trace(struct flow *flow)
{
	const struct trace_headers headers = {
	    .parent = gateway_param(flow->request, "HTTP_TRACEPARENT"),
	    .state = gateway_param(flow->request, "HTTP_TRACESTATE"),
	    .request_id = gateway_param(flow->request, "HTTP_X_REQUEST_ID"),
	};

	trace_read(&flow->trace, &headers);
}

void flow_begin(struct app *app, struct gateway_request *request)
{
	bool queues = app->config->routing_mode == ROUTING_MODE_QUEUE;
	struct flow *flow = take_flow(app);
	struct text text;

	if (!flow) {
		text_init(&text, FLOW_ANSWER_MAX);
		answer_send(request, answer_refusal(STATUS_MEMORY, NULL, &text),
		    NULL, &text);
		text_done(&text);
		return;
	}
	start(app, flow, queues ? &accept : &now);
	flow->request = request;
	read_trace(flow);
	flow->record.step_us[STEP_GATEWAY] =
	    flow->begun_us - gateway_accepted_us(request);
	walk(flow);
}

/* Without memory the item's lease runs out, and somebody takes it again. */
void flow_begin_queued(void *arg, struct outbox_item *item)
{
	struct app *app = arg;
	struct flow *flow = take_flow(app);

	if (!flow) {
		queue_item_free(app->queue, item);
		return;
	}
	start(app, flow, &later);
	flow->item = item;
	flow->trace = item->trace;
	flow->let_in = true;
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
