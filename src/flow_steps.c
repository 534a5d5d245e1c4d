/* flow_steps.c: an event on its way -> each step towards its decision */
#include "flow_steps.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "queue.h"
#include "sku.h"
#include "webhook.h"

/*
 * An event from the queue: it may have been overtaken by a newer one, or by
 * time. Live media do not wait; a late PATCH would move somebody who has
 * long been served.
 */
enum status flow_check_item(struct flow *flow)
{
	const struct outbox_item *item = flow->item;
	int64_t age_us = clock_wall_us() - item->accepted_us;

	strcpy(flow->record.interaction_id, item->interaction_id);
	flow->record.received_us = item->accepted_us;
	flow->record.queue_attempts = item->attempts;
	flow->record.step_us[STEP_QUEUE] = age_us > 0 ? age_us : 0;
	strcpy(flow->claim.row.key, item->claim_key);
	flow->claim.row.holder = item->claim_holder;
	flow->claim.row.window_us =
	    flow->app->config->claim_window_s * CLOCK_SECOND;
	/* Of the request that put it here; a decision replaces its answer. */
	flow->claimed = true;
	if (item->superseded)
		return STATUS_SUPERSEDED;
	if (age_us > flow->app->config->event_max_age_s * CLOCK_SECOND)
		return STATUS_EXPIRED;
	/* No worker ended its attempt: it may well be what kills them. */
	if (item->attempts > flow->app->config->queue_attempts)
		return STATUS_STALE;
	return STATUS_OK;
}

/* Borrowed from the request, or the item, which outlive the step. */
static const char *flow_body(const struct flow *flow, size_t *length)
{
	if (!flow->item)
		return gateway_body(flow->request, length);
	*length = flow->item->body_bytes;
	return flow->item->body;
}

/*
 * A queue that is full, or cannot be written, refuses the event before any
 * work on it. An event that is decided at once needs no queue yet, but a
 * view of it should it fail.
 */
static enum status check_pressure(struct flow *flow)
{
	bool queues = flow->app->config->routing_mode == ROUTING_MODE_QUEUE;
	struct pressure_view view;

	if (!pressure_ask(flow->app->pressure, &view))
		return queues ? STATUS_PENDING : STATUS_OK;
	if (!queues)
		return STATUS_OK;
	/* 0 when it is let in. */
	flow->retry_after_s = view.retry_after_s;
	return view.status;
}

static void got_pressure(void *arg)
{
	struct flow *flow = arg;
	enum status status = check_pressure(flow);

	waits_add(&flow->record.waits, step_name(STEP_WEBHOOK), "pressure",
	    clock_mono_us() - flow->step_from_us);
	flow->let_in = status == STATUS_OK;
	flow_resume(flow, status);
}

/* From here on an event is somebody's: failures are recorded. */
enum status flow_check_webhook(struct flow *flow)
{
	enum status status = webhook_check(flow->app->auth, flow->request,
	    &flow->trace, &flow->event.signed_id);

	if (status == STATUS_OK)
		status = check_pressure(flow);
	if (status == STATUS_PENDING) {
		flow->pressure.done = got_pressure;
		flow->pressure.arg = flow;
		pressure_wait(flow->app->pressure, &flow->pressure);
	}
	flow->let_in = status == STATUS_OK;
	return status;
}

/* What is known of a refused event is kept for its record as well. */
enum status flow_read_event(struct flow *flow)
{
	struct record *record = &flow->record;
	const struct event *event = &flow->event;
	size_t length;
	const char *body;
	enum status status;

	body = flow_body(flow, &length);
	status = event_read(body, length, &flow->event, &flow->problem);
	strcpy(record->interaction_id, event->interaction_id);
	strcpy(record->media_type, event->media_type);
	strcpy(record->event_type, event->event_type);
	strcpy(record->event_timestamp, event->timestamp);
	return status;
}

/* Of the whole event: each step gets what those before have left. */
static int64_t deadline(const struct flow *flow)
{
	const struct config *config = flow->app->config;

	return flow->begun_us + (flow->item ? queue_attempt_us(config)
					    : config->event_deadline_us);
}

/* Without a store nothing is known of duplicates, but customers wait. */
static void took_claim(void *arg, enum status status)
{
	struct flow *flow = arg;

	if (flow->claim.in_hand_us > 0)
		waits_add(&flow->record.waits, step_name(STEP_CLAIM),
		    "in_flight", clock_mono_us() - flow->claim.in_hand_us);
	if (status == STATUS_IN_FLIGHT) {
		tally_count(flow->app->tally, TALLY_DUPLICATES, 0,
		    TALLY_DUPLICATE_IN_FLIGHT);
		flow_resume(flow, status);
		return;
	}
	if (status == STATUS_OK && flow->claim.row.found == CLAIM_FINISHED) {
		tally_count(flow->app->tally, TALLY_DUPLICATES, 0,
		    TALLY_DUPLICATE_ANSWERED);
		flow_resume(flow, STATUS_DUPLICATE);
		return;
	}
	flow->claimed = status == STATUS_OK;
	if (!flow->claimed)
		log_event(LOG_ERROR, flow->record.interaction_id, &flow->trace,
		    "duplicates cannot be known: %s", status_name(status));
	flow_resume(flow, STATUS_OK);
}

enum status flow_take_claim(struct flow *flow)
{
	claim_name(flow->app->claims, &flow->claim, &flow->event);
	/* CLAIM_WINDOW_S=0: duplicates are not asked about. */
	if (flow->claim.row.key[0] == '\0')
		return STATUS_OK;
	claim_take(
	    flow->app->claims, &flow->claim, deadline(flow), took_claim, flow);
	return STATUS_PENDING;
}

enum status flow_find_sku(struct flow *flow)
{
	struct record *record = &flow->record;

	return sku_find(flow->app->config, &flow->event, record->sku,
	    &record->sku_rule, &flow->problem);
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
	flow->record.inventory_stale = stock->stale;
	flow_resume(flow, STATUS_OK);
}

enum status flow_ask_inventory(struct flow *flow)
{
	flow->question.sku = flow->record.sku;
	flow->question.trace = &flow->trace;
	flow->question.waits = &flow->record.waits;
	flow->question.deadline_us = deadline(flow);
	flow->question.done = got_stock;
	flow->question.arg = flow;
	inventory_ask(flow->app->inventory, &flow->question);
	return STATUS_PENDING;
}

/* The map outlives every flow, so that its texts are borrowed. */
enum status flow_choose_route(struct flow *flow)
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
	flow_resume(flow, update->status);
}

enum status flow_update_cxone(struct flow *flow)
{
	flow->update.interaction_id = flow->record.interaction_id;
	flow->update.trace = &flow->trace;
	flow->update.waits = &flow->record.waits;
	flow->update.route = flow->route;
	flow->update.deadline_us = deadline(flow);
	flow->update.done = updated_cxone;
	flow->update.arg = flow;
	cxone_send(flow->app->cxone, &flow->update);
	return STATUS_PENDING;
}
