/* story_words.c: what is known of an event -> sentences for people */
#include "story_inside.h"

#include <string.h>

#include "routing.h"

#define WORDS_MAX 65536 /* a route's two lists are 25 kB (routing.c) */

static bool is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static bool is_ok(const char *status)
{
	return is(status, status_name(STATUS_OK));
}

static bool waited(const struct story *story, enum step step, const char *what)
{
	for (size_t i = 0; i < story->wait_count; i++)
		if (story->waits[i].step == step &&
		    is(story->waits[i].what, what))
			return true;
	return false;
}

/* The word that stands where the inventory gave none. */
static bool is_fallback_word(const char *said)
{
	return is(said, routing_unknown) || is(said, routing_timeout);
}

/* Whether an earlier answer of the inventory took its place. The row does not
 * say so: a word that none but the inventory has stands beside a failure. */
static bool is_stale(const struct story *story)
{
	return story->inventory_word != NULL &&
	       !is_ok(story->inventory_result) &&
	       !is_fallback_word(story->inventory_word);
}

/* --- the steps --- */

static void tell_queue(const struct story *story, struct text *text)
{
	text_add_format(
	    text, "taken from the queue, attempt %d", story->queue_attempts);
}

static void tell_gateway(const struct story *story, struct text *text)
{
	(void)story;
	text_add(text, "the request was read");
}

static void tell_webhook(const struct story *story, struct text *text)
{
	(void)story;
	text_add(text, "let in");
}

static void tell_event(const struct story *story, struct text *text)
{
	if (is(story->outcome, outcome_name(OUTCOME_REFUSED)))
		text_add_format(text, "refused: %s", or_dash(story->error));
	else
		text_add_format(text, "%s, %s", or_dash(story->event_type),
		    or_dash(story->media_type));
}

static void tell_claim(const struct story *story, struct text *text)
{
	if (is(story->outcome, outcome_name(OUTCOME_DUPLICATE)))
		text_add(text, "came before: answered alike");
	else if (is(story->status, status_name(STATUS_IN_FLIGHT)))
		text_add(text, "another delivery of it was still in hand");
	else
		text_add(text, "no earlier delivery known");
}

static void tell_sku(const struct story *story, struct text *text)
{
	if (story->sku == NULL)
		text_add_format(text, "no product: %s", or_dash(story->error));
	else
		text_add_format(text, "%s, made by %s", story->sku,
		    or_dash(story->sku_rule));
}

/* A stale word comes first, as its result is not OK either. Without a request
 * of its own an event shared another's, or a word was kept. */
static void tell_inventory(const struct story *story, struct text *text)
{
	text_add_format(text, "\"%s\"", or_dash(story->inventory_word));
	if (is_stale(story))
		text_add_format(text, " of before, for want of an answer: %s",
		    or_dash(story->inventory_result));
	else if (!is_ok(story->inventory_result))
		text_add_format(text, ", for want of an answer: %s",
		    or_dash(story->inventory_result));
	else if (waited(story, STEP_INVENTORY, "other_lookup"))
		text_add(text, ", as another event's lookup found");
	else if (story->inventory_attempts == 0)
		text_add(text, ", known from an earlier lookup");
}

static void tell_routing(const struct story *story, struct text *text)
{
	text_add_format(text, "%s: skills %s, queues %s",
	    or_dash(story->inventory_status), or_dash(story->skills),
	    or_dash(story->queues));
}

static void tell_cxone(const struct story *story, struct text *text)
{
	if (is_ok(story->status))
		text_add(text, "CXone was told");
	else
		text_add(text, or_dash(story->status));
	if (story->token_refreshes > 0)
		text_add(text, ", with a new token");
	if (story->error != NULL)
		text_add_format(text, ": %s", story->error);
}

static void tell_record(const struct story *story, struct text *text)
{
	text_add_format(text, "kept as decision %lld", (long long)story->id);
}

/* One for each step: one without words would be a call of NULL. */
static void (*const tellers[STEP_COUNT])(
    const struct story *story, struct text *text) = {
    [STEP_QUEUE] = tell_queue,
    [STEP_GATEWAY] = tell_gateway,
    [STEP_WEBHOOK] = tell_webhook,
    [STEP_EVENT] = tell_event,
    [STEP_CLAIM] = tell_claim,
    [STEP_SKU] = tell_sku,
    [STEP_INVENTORY] = tell_inventory,
    [STEP_ROUTING] = tell_routing,
    [STEP_CXONE] = tell_cxone,
    [STEP_RECORD] = tell_record,
};

/* --- what was waited for --- */

/* The words of waits.h. */
static const struct {
	const char *what;
	const char *words;
} reasons[] = {
    {"pressure", "waited until the queue's size was known"},
    {"in_flight", "waited for another delivery's answer"},
    {"other_lookup", "waited for another event's lookup"},
    {"connection_slot", "waited for a free connection"},
    {"token", "waited for an access token"},
    {"not_before", "waited for the end of CXone's pause"},
    {"retry_after", "waited as long as CXone asked"},
    {"backoff", "waited before the next attempt"},
};

/* What is no reason to wait is how a request failed. */
static void tell_wait(const struct story_wait *wait, struct text *text)
{
	const char *what = or_dash(wait->what);

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (is(what, reasons[i].what)) {
			text_add(text, reasons[i].words);
			return;
		}
	}
	/* The status of an answer; the words of ours begin with a letter. */
	if (what[0] >= '0' && what[0] <= '9')
		text_add_format(text, "a request, answered %s", what);
	else
		text_add_format(text, "a request that failed: %s", what);
}

/* --- why this route --- */

static void tell_why(const struct story *story, struct text *text)
{
	const char *word = story->inventory_word;

	if (is_stale(story))
		text_add_format(text,
		    "the inventory gave no answer (%s); its last one, \"%s\", "
		    "stood in",
		    or_dash(story->inventory_result), word);
	else if (!is_ok(story->inventory_result))
		text_add_format(text,
		    "the inventory gave no answer (%s), which the map has as "
		    "\"%s\"",
		    or_dash(story->inventory_result), or_dash(word));
	else if (is(story->inventory_status, or_dash(word)))
		text_add_format(
		    text, "the inventory said \"%s\"", or_dash(word));
	else
		text_add_format(text,
		    "the inventory said \"%s\", which the map does not have: "
		    "\"%s\"",
		    or_dash(word), or_dash(story->inventory_status));
}

/* Keeps a sentence and empties the text for the next one, which forgets a
 * failure: so each is looked at, or a sentence might end halfway. */
static const char *keep_words(struct story *story, struct text *text)
{
	const char *kept = story_keep(story, text_string(text));

	if (text_failed(text))
		story->no_memory = true;
	text_clear(text);
	return kept;
}

void story_find_words(struct story *story)
{
	struct text text;

	text_init(&text, WORDS_MAX);
	for (size_t i = 0; i < story->step_count; i++) {
		struct story_step *step = &story->steps[i];

		tellers[step->step](story, &text);
		step->what = keep_words(story, &text);
	}
	for (size_t i = 0; i < story->wait_count; i++) {
		struct story_wait *wait = &story->waits[i];

		tell_wait(wait, &text);
		wait->words = keep_words(story, &text);
	}
	/* NULL: it ended before there was a route. */
	if (story->inventory_status != NULL) {
		tell_why(story, &text);
		story->route_why = keep_words(story, &text);
	}
	text_done(&text);
}
