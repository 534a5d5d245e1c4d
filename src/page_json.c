/* page_json.c: what was read for the report -> one JSON object */
#include "page_write.h"

#include <string.h>

#include "breaker.h"
#include "clock.h"
#include "moment.h"
#include "version.h"

#define US_PER_MS 1e3

/* ---- Pieces --------------------------------------------------------- */

/* All members here follow another, so that each brings its comma. A moment
 * that never was, or is not known, is null. */
static void add_moment(struct text *text, const char *name, int64_t at_us)
{
	char moment[MOMENT_BYTES];

	text_add_format(text, ",\"%s\":", name);
	if (at_us <= 0) {
		text_add(text, "null");
		return;
	}
	moment_write(at_us / CLOCK_SECOND, MOMENT_UTC, moment);
	text_add_json(text, moment);
}

static void add_word(struct text *text, const char *name, const char *word)
{
	text_add_format(text, ",\"%s\":", name);
	text_add_json(text, word);
}

static void add_int(struct text *text, const char *name, int64_t value)
{
	text_add_format(text, ",\"%s\":%lld", name, (long long)value);
}

/* In whole microseconds: three decimals. */
static void add_ms(struct text *text, const char *name, double us)
{
	text_add_format(text, ",\"%s\":%.3f", name, us / US_PER_MS);
}

/* Behind a first member. Without a decision there is no time: these members are
 * left out then, not 0. */
static void add_times(struct text *text, const struct histogram *times)
{
	add_int(text, "count", times->count);
	if (times->count == 0)
		return;
	add_ms(text, "mean_ms", (double)times->sum_us / (double)times->count);
	add_ms(text, "p50_ms", histogram_percentile_us(times, 50));
	add_ms(text, "p95_ms", histogram_percentile_us(times, 95));
	add_ms(text, "p99_ms", histogram_percentile_us(times, 99));
	add_ms(text, "max_ms", (double)times->max_us);
}

/* All of them, also those of 0: who reads this can rely on the members. */
static void add_outcomes(struct text *text, const struct rollup_sum *sum)
{
	const char *comma = "";

	text_add(text, ",\"outcomes\":{");
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		text_add_format(text, "%s\"%s\":%lld", comma,
		    outcome_name((enum outcome)i), (long long)sum->outcomes[i]);
		comma = ",";
	}
	text_add(text, "}");
}

/* ---- Parts of the report -------------------------------------------- */

/* since is null when it has lasted for longer than anybody looks back, or
 * nobody knows since when. */
static void add_verdict(struct text *text, const struct page_verdict *verdict)
{
	text_add(text, ",\"health\":{\"state\":");
	text_add_json(text, page_health_name(verdict->health));
	add_moment(text, "since", verdict->since_us);
	add_int(text, "events_last_5_minutes", verdict->recent);
	text_add(text, ",\"reasons\":[");
	for (size_t i = 0; i < verdict->reason_count; i++) {
		const struct page_reason *reason = &verdict->reasons[i];

		text_add_format(text, "%s{\"state\":\"%s\"", i > 0 ? "," : "",
		    page_health_name(reason->health));
		add_moment(text, "since", reason->since_us);
		add_word(text, "reason", reason->text);
		text_add(text, "}");
	}
	text_add(text, "]}");
}

/* As it was widened, so that nobody takes it for what was asked. */
static void add_period(struct text *text, const struct page_facts *facts)
{
	text_add(text, ",\"period\":{\"slot_s\":");
	text_add_int(text, facts->slot_s);
	add_moment(text, "from", facts->period.from_s * CLOCK_SECOND);
	add_moment(text, "to", facts->period.to_s * CLOCK_SECOND);
	if (facts->problem.length > 0)
		add_word(text, "problem", text_string(&facts->problem));
	text_add(text, "}");
}

/* Without an event that was routed there is no share, not one of 0. */
static void add_total(struct text *text, const struct page_facts *facts)
{
	double share = page_fallback_percent(&facts->all);

	text_add_format(
	    text, ",\"total\":{\"per_minute\":%.2f", page_per_minute(facts));
	if (share >= 0)
		text_add_format(text, ",\"fallback_percent\":%.2f", share);
	add_times(text, &facts->all.times);
	add_outcomes(text, &facts->all);
	text_add(text, "}");
}

static void add_steps(struct text *text, const struct page_facts *facts)
{
	const char *comma = "";

	text_add(text, ",\"steps\":[");
	for (int i = 0; i < STEP_COUNT; i++) {
		text_add_format(
		    text, "%s{\"step\":\"%s\"", comma, step_name((enum step)i));
		add_times(text, &facts->step_times[i]);
		text_add(text, "}");
		comma = ",";
	}
	text_add(text, "]");
}

static void add_inventory(struct text *text, const struct page_facts *facts)
{
	text_add(text, ",\"inventory\":[");
	for (size_t i = 0; i < facts->inventory.count; i++) {
		const struct rollup_sum *sum = &facts->inventory.sums[i];

		text_add(text, i > 0 ? ",{\"status\":" : "{\"status\":");
		text_add_json(text, sum->part);
		add_times(text, &sum->times);
		text_add(text, "}");
	}
	text_add(text, "]");
}

static void add_breaker(struct text *text, const struct page_facts *facts,
    enum http_upstream upstream)
{
	const struct page_breaker *breaker = &facts->state.breakers[upstream];

	text_add(text, upstream > 0 ? ",{\"upstream\":" : "{\"upstream\":");
	text_add_json(text, breaker_upstreams[upstream]);
	add_word(text, "mode", circuit_mode_name(breaker->mode));
	add_word(text, "state", circuit_state_name(breaker->state));
	add_moment(text, "since", breaker->since_us);
	add_moment(text, "open_until",
	    breaker->state == CIRCUIT_OPEN ? breaker->open_until_us : 0);
	add_int(text, "calls", breaker->calls);
	add_int(text, "failed", breaker->failed);
	add_int(text, "slow", breaker->slow);
	add_word(text, "reason", breaker->reason);
	text_add(text, "}");
}

/* Held and expired is not none: the next event fetches a new one. */
static void add_token(struct text *text, const struct page_facts *facts)
{
	const struct page_token *token = &facts->state.token;
	int64_t left_us = token->expires_us - facts->now_us;
	const char *state = token->held ? "expired" : "none";

	if (token->held && left_us > 0)
		state = "valid";
	text_add(text, ",\"token\":{\"state\":");
	text_add_json(text, state);
	add_moment(text, "obtained", token->obtained_us);
	add_moment(text, "expires", token->expires_us);
	add_word(
	    text, "failure", token->failure[0] != '\0' ? token->failure : NULL);
	text_add(text, "}");
}

static void add_state(struct text *text, const struct page_facts *facts)
{
	const struct page_queue *queue = &facts->state.queue;

	text_add(text, ",\"breakers\":[");
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++)
		add_breaker(text, facts, (enum http_upstream)i);
	text_add(text, "]");
	add_moment(text, "not_before",
	    facts->state.pause_us > 0 ? facts->now_us + facts->state.pause_us
				      : 0);
	add_token(text, facts);
	text_add(text, ",\"queue\":{\"waiting\":");
	text_add_int(text, queue->waiting);
	add_int(text, "running", queue->running);
	add_int(text, "parked", queue->parked);
	add_int(text, "bytes", queue->bytes);
	add_int(text, "oldest_s", queue->oldest_us / CLOCK_SECOND);
	text_add(text, "}");
}

static void add_slowest(struct text *text, const struct page_facts *facts)
{
	text_add(text, ",\"slowest\":[");
	for (size_t i = 0; i < facts->slow_count; i++) {
		const struct page_slow *slow = &facts->slow[i];

		text_add(text, i > 0 ? ",{\"id\":" : "{\"id\":");
		text_add_int(text, slow->id);
		add_moment(text, "received", slow->received_us);
		add_word(text, "interaction_id", slow->interaction_id);
		add_word(text, "media_type", slow->media_type);
		add_word(text, "sku", slow->sku);
		add_word(text, "inventory_status", slow->inventory_status);
		add_word(text, "outcome", slow->outcome);
		add_word(text, "status", slow->status);
		add_ms(text, "total_ms", (double)slow->total_us);
		text_add(text, "}");
	}
	text_add(text, "]");
}

/* ---- Over time ------------------------------------------------------ */

static void add_slot_steps(
    struct text *text, const struct page_facts *facts, int64_t start_s)
{
	const char *comma = "";

	text_add(text, ",\"steps\":[");
	for (int i = 0; i < STEP_COUNT; i++) {
		const char *name = step_name((enum step)i);
		const struct rollup_sum *sum =
		    rollup_find(&facts->steps, start_s, name, OUTCOME_COUNT);

		if (sum == NULL)
			continue;
		text_add_format(text, "%s{\"step\":\"%s\"", comma, name);
		add_times(text, &sum->times);
		text_add(text, "}");
		comma = ",";
	}
	text_add(text, "]");
}

/* Slots without an event are left out. */
static void add_slots(struct text *text, const struct page_facts *facts)
{
	text_add(text, ",\"slots\":[");
	for (size_t i = 0; i < facts->total.count; i++) {
		const struct rollup_sum *sum = &facts->total.sums[i];
		char moment[MOMENT_BYTES];

		moment_write(sum->start_s, MOMENT_UTC, moment);
		text_add_format(
		    text, "%s\n{\"start\":\"%s\"", i > 0 ? "," : "", moment);
		add_times(text, &sum->times);
		add_outcomes(text, sum);
		add_slot_steps(text, facts, sum->start_s);
		text_add(text, "}");
	}
	text_add(text, "]");
}

void page_json_write(const struct page_facts *facts, struct text *text)
{
	text_add(text, "{\"version\":");
	text_add_json(text, STOCKROUTE_VERSION);
	add_moment(text, "at", facts->now_us);
	add_verdict(text, &facts->verdict);
	add_period(text, facts);
	add_total(text, facts);
	add_steps(text, facts);
	add_inventory(text, facts);
	add_state(text, facts);
	add_slowest(text, facts);
	add_slots(text, facts);
	text_add(text, "}\n");
}
