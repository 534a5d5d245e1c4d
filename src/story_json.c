/* story_json.c: the story of an event -> one JSON object */
#include "story.h"

#include <stdio.h>

#include "clock.h"
#include "moment.h"

/* Members are parted by commas: the first of an object has none before. A text
 * ends with its quote, so that a bracket at the end is one just opened. NULL:
 * it is an element of a list. */
static void add_name(struct text *text, const char *name)
{
	const char *so_far = text_string(text);
	char last = text->length > 0 ? so_far[text->length - 1] : '{';

	if (last != '{' && last != '[')
		text_add(text, ",");
	if (name != NULL)
		text_add_format(text, "\"%s\":", name);
}

static void add_text(struct text *text, const char *name, const char *value)
{
	add_name(text, name);
	text_add_json(text, value);
}

static void add_int(struct text *text, const char *name, int64_t value)
{
	add_name(text, name);
	text_add_int(text, value);
}

/* 0 stands for what was not there: it is told as null, lest somebody count it
 * as a status or a number of a decision. */
static void add_known(struct text *text, const char *name, int64_t value)
{
	add_name(text, name);
	if (value == 0)
		text_add(text, "null");
	else
		text_add_int(text, value);
}

static void add_bool(struct text *text, const char *name, bool value)
{
	add_name(text, name);
	text_add(text, value ? "true" : "false");
}

/* A number with three decimals, which are all that microseconds have. */
static void add_ms(struct text *text, const char *name, int64_t us)
{
	add_name(text, name);
	text_add_format(text, "%.3f", (double)us / CLOCK_MS);
}

static void add_moment(struct text *text, const char *name, int64_t us)
{
	char second[MOMENT_BYTES];

	moment_write_as(
	    us / CLOCK_SECOND, MOMENT_UTC, "%Y-%m-%dT%H:%M:%S", second);
	add_name(text, name);
	text_add_format(text, "\"%s.%06dZ\"", second, (int)(us % CLOCK_SECOND));
}

/* Lists stand in the row as JSON, which our own program wrote from a map that
 * it had checked (routing.c): they are not looked at again. */
static void add_list(struct text *text, const char *name, const char *list)
{
	add_name(text, name);
	text_add(text, list != NULL ? list : "null");
}

/* The moment is for who compares logs, start_ms for who draws the line. */
static void add_steps(struct text *text, const struct story *story)
{
	add_name(text, "steps");
	text_add(text, "[");
	for (size_t i = 0; i < story->step_count; i++) {
		const struct story_step *step = &story->steps[i];

		add_name(text, NULL);
		text_add(text, "{");
		add_text(text, "step", step->name);
		add_moment(text, "start", step->start_us);
		/* Below 0 for the gateway's, which ends with the receipt. */
		add_ms(text, "start_ms", step->start_us - story->received_us);
		add_ms(text, "duration_ms", step->duration_us);
		if (step->attempts >= 0) {
			add_int(text, "attempts", step->attempts);
			add_known(text, "http", step->http);
		}
		add_text(text, "what", step->what);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_waits(struct text *text, const struct story *story)
{
	add_name(text, "waits");
	text_add(text, "[");
	for (size_t i = 0; i < story->wait_count; i++) {
		const struct story_wait *wait = &story->waits[i];

		add_name(text, NULL);
		text_add(text, "{");
		add_text(text, "step", step_name(wait->step));
		add_text(text, "what", wait->what);
		add_text(text, "words", wait->words);
		add_ms(text, "duration_ms", wait->duration_us);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_attempts(struct text *text, const struct story *story)
{
	add_name(text, "queue_history");
	text_add(text, "[");
	for (size_t i = 0; i < story->attempt_count; i++) {
		const struct story_attempt *attempt = &story->attempts[i];

		add_name(text, NULL);
		text_add(text, "{");
		add_int(text, "attempt", attempt->attempt);
		add_moment(text, "ended", attempt->ended_us);
		add_text(text, "status", attempt->status);
		add_known(text, "http", attempt->http);
		add_text(text, "error", attempt->error);
		add_text(text, "waits", attempt->waits);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_decisions(struct text *text, const struct story *story)
{
	add_name(text, "decisions");
	text_add(text, "[");
	for (size_t i = 0; i < story->decision_count; i++) {
		const struct story_decision *other = &story->decisions[i];

		add_name(text, NULL);
		text_add(text, "{");
		add_int(text, "id", other->id);
		add_text(
		    text, "relation", story_relation_name(other->relation));
		add_moment(text, "received", other->received_us);
		add_text(text, "outcome", other->outcome);
		add_text(text, "status", other->status);
		add_int(text, "http", other->http);
		add_ms(text, "total_ms", other->total_us);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_queued(struct text *text, const struct story *story)
{
	add_name(text, "queued");
	text_add(text, "[");
	for (size_t i = 0; i < story->queued_count; i++) {
		const struct story_queued *queued = &story->queued[i];

		add_name(text, NULL);
		text_add(text, "{");
		add_int(text, "id", queued->id);
		add_text(text, "state", queued->state);
		add_moment(text, "accepted", queued->accepted_us);
		add_moment(text, "due", queued->due_us);
		add_int(text, "attempts", queued->attempts);
		add_bool(text, "superseded", queued->superseded);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_event(struct text *text, const struct story *story)
{
	add_known(text, "id", story->id);
	add_moment(text, "received", story->received_us);
	add_text(text, "interaction_id", story->interaction_id);
	add_text(text, "event_type", story->event_type);
	add_text(text, "event_timestamp", story->event_timestamp);
	add_text(text, "media_type", story->media_type);
	add_text(text, "request_id", story->request_id);
	add_text(text, "trace_id", story->trace_id);
	add_text(text, "parent_span", story->parent_span);
}

static void add_decision(struct text *text, const struct story *story)
{
	add_text(text, "outcome", story->outcome);
	add_text(text, "status", story->status);
	add_known(text, "http", story->http);
	add_text(text, "error", story->error);
	add_ms(text, "total_ms", story->total_us);
	add_text(text, "sku", story->sku);
	add_text(text, "sku_rule", story->sku_rule);
	add_text(text, "inventory_word", story->inventory_word);
	add_text(text, "inventory_status", story->inventory_status);
	add_text(text, "inventory_result", story->inventory_result);
	add_int(text, "inventory_attempts", story->inventory_attempts);
	add_known(text, "inventory_http", story->inventory_http);
	add_text(text, "route_why", story->route_why);
	add_list(text, "skills", story->skills);
	add_list(text, "queues", story->queues);
	add_text(text, "map_digest", story->map_digest);
	add_int(text, "cxone_attempts", story->cxone_attempts);
	add_known(text, "cxone_http", story->cxone_http);
	add_int(text, "token_refreshes", story->token_refreshes);
	add_int(text, "queue_attempts", story->queue_attempts);
	add_known(text, "replaced_by", story->replaced_by);
}

void story_write_json(const struct story *story, struct text *text)
{
	/* While no decision is known its members are left out: null would say
	 * that there was a decision without them. */
	text_add(text, "{");
	add_event(text, story);
	if (story->id != 0)
		add_decision(text, story);
	add_steps(text, story);
	add_waits(text, story);
	add_attempts(text, story);
	add_decisions(text, story);
	add_queued(text, story);
	text_add(text, "}");
}
