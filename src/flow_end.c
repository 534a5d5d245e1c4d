/* flow_end.c: an event's decision -> record, claim, queue and answer */
#include "flow_steps.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "queue.h"
#include "tally_words.h"

/*
 * Failures that pass: what failed now may well succeed in a while. The
 * others (wrong credentials, a missing scope) need an operator, and more
 * attempts would only add to the trouble.
 */
static bool is_passing(enum status status)
{
	switch (status) {
	case STATUS_UNREACHABLE:
	case STATUS_TIMEOUT:
	case STATUS_TRANSPORT:
	case STATUS_UPSTREAM_FAILED:
	case STATUS_RATE_LIMITED:
	case STATUS_TOKEN_UNAVAILABLE:
	case STATUS_BUDGET_EXHAUSTED:
	case STATUS_BREAKER_OPEN:
	case STATUS_DEADLINE:
	case STATUS_STOPPING:
		return true;
	default:
		return false;
	}
}

/* A refused event is its sender's fault, a skipped one nobody's. */
static enum outcome judge(const struct flow *flow)
{
	switch (flow->status) {
	case STATUS_OK:
		return routing_is_fallback(flow->app->routing, flow->route)
			   ? OUTCOME_FALLBACK
			   : OUTCOME_ROUTED;
	case STATUS_DUPLICATE:
		return OUTCOME_DUPLICATE;
	case STATUS_SUPERSEDED:
		return OUTCOME_SUPERSEDED;
	case STATUS_EXPIRED:
		return OUTCOME_EXPIRED;
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
		record->http =
		    answer_refusal(flow->status, &flow->problem, &flow->text);
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

/* The one line of an event; it has the names of the row's columns. */
static void log_decision(
    const struct flow *flow, enum log_level level, const char *what)
{
	struct log_entry entry;

	if (!log_enabled(level))
		return;
	log_begin(&entry, level, what);
	record_describe(&flow->record, &entry);
	log_end_soon(&entry);
}

/* The event as it goes into the queue; its body stays the request's. */
static struct outbox_item *make_item(struct flow *flow)
{
	struct outbox_item *item = &flow->own_item;

	*item = (struct outbox_item){
	    .claim_holder = flow->claim.row.holder,
	    .accepted_us = flow->record.received_us,
	    .trace = flow->trace,
	};
	strcpy(item->interaction_id, flow->record.interaction_id);
	strcpy(item->claim_key, flow->claim.row.key);
	/* Not written to: outbox_put borrows it. */
	item->body =
	    (char *)(uintptr_t)gateway_body(flow->request, &item->body_bytes);
	return item;
}

/* A worker that is stopped, as in CGI, leaves it to another process. */
static void wake_queue(const struct flow *flow)
{
	if (flow->app->queue)
		queue_wake(flow->app->queue);
}

/* What nothing is known of is tried. */
static bool has_room(const struct app *app)
{
	struct pressure_view view;

	return !pressure_ask(app->pressure, &view) ||
	       view.status != STATUS_OVERLOADED;
}

/* Not decided yet: it failed now, and goes to the queue instead. */
static bool shall_spill(const struct flow *flow)
{
	return flow->request && flow->app->config->spill == CONFIG_ON &&
	       flow->record.outcome == OUTCOME_FAILED &&
	       is_passing(flow->status) && has_room(flow->app);
}

/* From the queue: until QUEUE_ATTEMPTS, then it is parked. */
static bool shall_try_again(const struct flow *flow)
{
	const struct config *config = flow->app->config;

	return flow->record.outcome == OUTCOME_FAILED &&
	       is_passing(flow->status) &&
	       flow->item->attempts < config->queue_attempts;
}

/* Nor before CXone wants to hear from us again. */
static int64_t due_us(const struct flow *flow, const struct outbox_item *item)
{
	int64_t own_us = queue_due_us(flow->app->config, item);
	int64_t pause_us =
	    clock_wall_us() + throttle_pause_us(flow->app->throttle);

	return own_us > pause_us ? own_us : pause_us;
}

/* CXone was not even asked: that shall not use up the event's attempts. */
static bool was_held_back(const struct flow *flow)
{
	return flow->record.cxone_attempts == 0 &&
	       (flow->status == STATUS_RATE_LIMITED ||
		   flow->status == STATUS_BREAKER_OPEN);
}

static void plan_spill(struct flow *flow, struct settlement *settlement)
{
	/* No row in table decision: it is written when there is a decision. */
	settlement->undecided = true;
	settlement->queue = SETTLE_PUT;
	settlement->item = make_item(flow);
	settlement->due_us = due_us(flow, settlement->item);
	flow->record.http = 202;
	answer_queued(&flow->record, flow->status, &flow->text);
	settlement->answer = text_string(&flow->text);
}

static void plan_queued(struct flow *flow, struct settlement *settlement)
{
	settlement->item = flow->item;
	settlement->queue = SETTLE_DONE;
	if (flow->status == STATUS_STOPPING || was_held_back(flow))
		settlement->queue = SETTLE_GIVE_BACK;
	else if (shall_try_again(flow))
		settlement->queue = SETTLE_AGAIN;
	else if (flow->record.outcome == OUTCOME_FAILED)
		settlement->queue = SETTLE_PARK;
	settlement->undecided = settlement->queue == SETTLE_GIVE_BACK ||
				settlement->queue == SETTLE_AGAIN;
	/* A stop's at once: another process, or the next one here, goes on. */
	settlement->due_us = flow->status == STATUS_STOPPING
				 ? clock_wall_us()
				 : due_us(flow, flow->item);
}

/* First as for an event decided at once; the two others change that. */
static void plan(struct flow *flow)
{
	struct settlement *settlement = &flow->settlement;
	bool failed = flow->record.outcome == OUTCOME_FAILED;

	*settlement = (struct settlement){
	    .record = &flow->record,
	    .claim = flow->claimed ? &flow->claim.row : NULL,
	    .answer = failed ? NULL : text_string(&flow->text),
	};
	if (flow->item)
		plan_queued(flow, settlement);
	else if (shall_spill(flow))
		plan_spill(flow, settlement);
}

static void log_lost(
    const struct flow *flow, const char *what, enum status status)
{
	char words[96];

	snprintf(words, sizeof words, "%s (%s)", what, status_name(status));
	log_decision(flow, LOG_ERROR, words);
}

/*
 * Without the queue after all: the sender is told of the failure itself, and
 * the 202 that the plan has written is written over.
 */
static void lost_spill(struct flow *flow, enum status status)
{
	write_answer(flow, false);
	log_lost(flow, "not routed, and not queued either", status);
}

/* A decision that cannot be kept is told in the log, whole. */
static void lost_record(struct flow *flow, enum status status)
{
	log_lost(flow, "decision not recorded", status);
	if (flow->request)
		write_answer(flow, false);
}

/* Nothing was decided: its lease runs out, and then it is taken again. */
static void lost_attempt(const struct flow *flow, enum status status)
{
	log_event(LOG_ERROR, flow->record.interaction_id, &flow->trace,
	    "an attempt from the queue cannot be noted (%s), and will be made "
	    "again",
	    status_name(status));
}

/* Who has it: a request that took over the claim, or a worker the item. */
static void log_too_late(const struct flow *flow)
{
	log_event(LOG_WARN, flow->record.interaction_id, &flow->trace,
	    flow->settlement.queue == SETTLE_PUT
		? "too late: another request has the event"
		: "too late: another worker has the queued event");
}

/* Its decision, that it failed, has a line of its own. */
static void log_parked(const struct flow *flow)
{
	log_event(LOG_WARN, flow->record.interaction_id, &flow->trace,
	    "parked in the queue after %d attempts: %s",
	    flow->record.queue_attempts, status_name(flow->status));
}

static void log_queued(const struct flow *flow)
{
	log_event(LOG_DEBUG, flow->record.interaction_id, &flow->trace,
	    "in the queue, after %d attempts: %s", flow->record.queue_attempts,
	    status_name(flow->status));
}

/* What was committed is told where an operator looks for it. */
static void log_settled(const struct flow *flow)
{
	const struct settlement *settlement = &flow->settlement;

	if (settlement->undecided)
		log_queued(flow);
	else
		log_decision(flow, LOG_INFO, "decided");
	if (settlement->queue == SETTLE_PARK)
		log_parked(flow);
	if (settlement->queue == SETTLE_PUT)
		wake_queue(flow);
}

static void wrote_record(void *arg, enum status status)
{
	struct flow *flow = arg;
	const struct settlement *settlement = &flow->settlement;
	const struct app *app = flow->app;

	if (app->ended)
		app->ended(app->ended_arg, settlement, status);
	if (status == STATUS_OK)
		log_settled(flow);
	else if (status == STATUS_STALE)
		log_too_late(flow);
	else if (settlement->queue == SETTLE_PUT)
		lost_spill(flow, status);
	else if (settlement->undecided)
		lost_attempt(flow, status);
	else
		lost_record(flow, status);
	flow_resume(flow, STATUS_OK);
}

enum status flow_write_record(struct flow *flow)
{
	struct record *record = &flow->record;

	record->outcome = judge(flow);
	record->status = flow->status;
	/* To the decision: what comes from here on is STEP_RECORD's. */
	record->total_us = flow->step_from_us - flow->begun_us;
	/* For the caller on the line the time in the queue counts as well. */
	if (record->step_us[STEP_QUEUE] > 0)
		record->total_us += record->step_us[STEP_QUEUE];
	if (record->outcome == OUTCOME_REFUSED)
		snprintf(record->error, sizeof record->error, "%s",
		    flow->problem.text);
	/* Before the plan: the claim keeps what was written. */
	write_answer(flow, true);
	plan(flow);
	settle(flow->app->store, &flow->settlement, wrote_record, flow);
	return STATUS_PENDING;
}

/* They have no row, but their one line, as all others. */
static void log_duplicate(struct flow *flow, enum status status)
{
	flow->record.outcome = OUTCOME_DUPLICATE;
	flow->record.status = status;
	log_decision(flow, LOG_INFO, "decided, without a row");
}

static void log_refused(struct flow *flow, enum status status)
{
	flow->record.outcome = OUTCOME_FAILED;
	flow->record.status = status;
	log_lost(flow, "refused, it cannot be queued", status);
}

static void accepted(void *arg, enum status status)
{
	struct flow *flow = arg;
	const struct claim_row *claim = &flow->claim.row;
	bool claimed = claim->key[0] != '\0';

	/* For the counts; the way goes on to the answer as it is. */
	flow->status = status;
	if (status != STATUS_OK) {
		flow->record.http = answer_refusal(status, NULL, &flow->text);
		log_refused(flow, status);
	} else if (claimed && claim->found == CLAIM_FINISHED) {
		flow->record.http = claim->http;
		log_duplicate(flow, STATUS_DUPLICATE);
		answer_duplicate(&claim->answer, &flow->text);
		tally_count(flow->app->tally, TALLY_DUPLICATES, 0,
		    TALLY_DUPLICATE_ANSWERED);
	} else if (claimed && claim->found == CLAIM_IN_HAND) {
		flow->status = STATUS_IN_FLIGHT;
		tally_count(flow->app->tally, TALLY_DUPLICATES, 0,
		    TALLY_DUPLICATE_IN_FLIGHT);
		flow->record.http =
		    answer_refusal(STATUS_IN_FLIGHT, NULL, &flow->text);
		log_duplicate(flow, STATUS_IN_FLIGHT);
	} else {
		log_queued(flow);
		wake_queue(flow);
	}
	flow_resume(flow, STATUS_OK);
}

/*
 * Only what is safely on disk is acknowledged. Without CLAIM_WINDOW_S the
 * claim has no key: then settle neither takes nor answers it.
 */
enum status flow_accept(struct flow *flow)
{
	/* It could not be read: refused and recorded as in the other mode. */
	if (flow->status != STATUS_OK)
		return flow_write_record(flow);
	claim_name(flow->app->claims, &flow->claim, &flow->event);
	flow->record.total_us = flow->step_from_us - flow->begun_us;
	flow->record.http = 202;
	answer_queued(&flow->record, STATUS_OK, &flow->text);
	flow->settlement = (struct settlement){
	    .record = &flow->record,
	    .undecided = true,
	    .claim = &flow->claim.row,
	    .answer = text_string(&flow->text),
	    .queue = SETTLE_ACCEPT,
	    .item = make_item(flow),
	    .due_us = clock_wall_us(),
	};
	settle(flow->app->store, &flow->settlement, accepted, flow);
	return STATUS_PENDING;
}

/* In the order of enum pressure_cap, which begins with none. */
static enum tally_shed shed_by_cap(struct pressure *pressure)
{
	struct pressure_view view;

	if (!pressure_ask(pressure, &view) || view.cap == PRESSURE_NONE)
		return TALLY_SHED_OTHER;
	return (enum tally_shed)(TALLY_SHED_ROWS + view.cap - PRESSURE_ROWS);
}

/* Why an event is answered 503. */
static enum tally_shed why_shed(const struct flow *flow)
{
	switch (flow->status) {
	case STATUS_OVERLOADED:
		return shed_by_cap(flow->app->pressure);
	case STATUS_STORE_BUSY:
	case STATUS_STORE_FULL:
	case STATUS_STORE_UNAVAILABLE:
	case STATUS_STORE_CORRUPT:
		return TALLY_SHED_STORE;
	case STATUS_IN_FLIGHT:
		return TALLY_SHED_IN_FLIGHT;
	case STATUS_STOPPING:
		return TALLY_SHED_STOPPING;
	default:
		return TALLY_SHED_OTHER;
	}
}

static void count_answer(const struct flow *flow)
{
	struct tally *tally = flow->app->tally;
	enum tally_http what = tally_http(flow->record.http);

	tally_count(tally, TALLY_WEBHOOK, 0, (int)what);
	if (what == TALLY_HTTP_503)
		tally_count(tally, TALLY_SHED, 0, (int)why_shed(flow));
}

/* Why somebody is not authenticated was told where that was seen. */
static void turn_away(struct flow *flow)
{
	write_answer(flow, false);
	if (flow->status != STATUS_UNAUTHENTICATED)
		log_event(LOG_WARN, NULL, &flow->trace,
		    "refused at the door: %s, HTTP %d",
		    status_name(flow->status), flow->record.http);
}

enum status flow_send_answer(struct flow *flow)
{
	struct gateway_request *request = flow->request;

	if (!flow->let_in)
		turn_away(flow);
	count_answer(flow);
	flow->request = NULL;
	if (flow->retry_after_s > 0)
		answer_send_later(request, flow->record.http,
		    flow->retry_after_s, &flow->trace, &flow->text);
	else if (flow->status == STATUS_UNAUTHENTICATED)
		answer_send_challenge(request, auth_challenge(flow->app->auth),
		    &flow->trace, &flow->text);
	else
		answer_send(
		    request, flow->record.http, &flow->trace, &flow->text);
	return STATUS_OK;
}
