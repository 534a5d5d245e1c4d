/* page_verdict.c: state and shares -> healthy, degraded or failing, and why */
#include "page_verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "breaker.h"
#include "clock.h"

#define FAILED_FAILING    10 /* percent of all */
#define FAILED_DEGRADED   1
#define FALLBACK_DEGRADED 10 /* percent of those routed */

static const char *const names[] = {
    [PAGE_HEALTHY] = "healthy",
    [PAGE_DEGRADED] = "degraded",
    [PAGE_FAILING] = "failing",
};

const char *page_health_name(enum page_health health)
{
	return names[health];
}

static void add_reason(struct page_verdict *verdict, enum page_health health,
    int64_t since_us, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add_reason(struct page_verdict *verdict, enum page_health health,
    int64_t since_us, const char *format, ...)
{
	struct page_reason *reason = &verdict->reasons[verdict->reason_count];
	va_list arguments;

	if (verdict->reason_count == PAGE_REASONS_MAX)
		return;
	verdict->reason_count++;
	reason->health = health;
	reason->since_us = since_us;
	va_start(arguments, format);
	vsnprintf(reason->text, sizeof reason->text, format, arguments);
	va_end(arguments);
}

/* ---- Shares --------------------------------------------------------- */

static double percent(int64_t part, int64_t of)
{
	return of > 0 ? 100.0 * (double)part / (double)of : 0;
}

/* Few say something only when they say it all. */
static bool says_something(int64_t part, int64_t of)
{
	return part > 0 &&
	       (part == of || (part >= PAGE_PART_MIN && of >= PAGE_RECENT_MIN));
}

/* Duplicates are left out: answered as the first was, they would make any
 * share of failures look smaller. */
static double failed_percent(const struct rollup_sum *sum)
{
	int64_t failed =
	    sum->outcomes[OUTCOME_FAILED] + sum->outcomes[OUTCOME_EXPIRED];
	int64_t events = sum->times.count - sum->outcomes[OUTCOME_DUPLICATE];

	return says_something(failed, events) ? percent(failed, events) : 0;
}

static double fallback_percent(const struct rollup_sum *sum)
{
	int64_t fallback = sum->outcomes[OUTCOME_FALLBACK];
	int64_t routed = fallback + sum->outcomes[OUTCOME_ROUTED];

	return says_something(fallback, routed) ? percent(fallback, routed) : 0;
}

static enum page_health by_failed(const struct rollup_sum *sum)
{
	double share = failed_percent(sum);

	if (share >= FAILED_FAILING)
		return PAGE_FAILING;
	return share >= FAILED_DEGRADED ? PAGE_DEGRADED : PAGE_HEALTHY;
}

static enum page_health by_fallback(const struct rollup_sum *sum)
{
	return fallback_percent(sum) >= FALLBACK_DEGRADED ? PAGE_DEGRADED
							  : PAGE_HEALTHY;
}

typedef enum page_health judge_sum(const struct rollup_sum *sum);

/*
 * Where the run of slots begins, up to now, that are all as bad. Slots without
 * events are not there, and say nothing. 0: nobody has looked back so far. Of a
 * run that begins in the oldest slot, too, since it may be older.
 */
static int64_t run_since_us(const struct page_evidence *evidence,
    judge_sum *judge, enum page_health health)
{
	const struct rollup *recent = evidence->recent;
	int64_t floor_us = evidence->now_us -
			   (PAGE_LOOK_BACK_S - PAGE_RECENT_S) * CLOCK_SECOND;
	size_t i = recent->count;
	int64_t since_us;

	while (i > 0 && judge(&recent->sums[i - 1]) >= health)
		i--;
	if (i == recent->count)
		return 0;
	since_us = recent->sums[i].start_s * CLOCK_SECOND;
	return since_us > floor_us ? since_us : 0;
}

/* The newest slot, when it is of now: as empty slots are not given, the last
 * one may be hours old. */
static const struct rollup_sum *newest(const struct page_evidence *evidence)
{
	const struct rollup *recent = evidence->recent;
	const struct rollup_sum *last;

	if (recent->count == 0)
		return NULL;
	last = &recent->sums[recent->count - 1];
	if ((last->start_s + PAGE_RECENT_S) * CLOCK_SECOND <= evidence->now_us)
		return NULL;
	return last;
}

static void judge_shares(
    const struct page_evidence *evidence, struct page_verdict *verdict)
{
	const struct rollup_sum *now = newest(evidence);
	enum page_health health;

	if (now == NULL)
		return;
	verdict->recent = now->times.count;
	health = by_failed(now);
	if (health != PAGE_HEALTHY)
		add_reason(verdict, health,
		    run_since_us(evidence, by_failed, health),
		    "%.1f %% of the events of the last 5 minutes failed or "
		    "came too late",
		    failed_percent(now));
	health = by_fallback(now);
	if (health != PAGE_HEALTHY)
		add_reason(verdict, health,
		    run_since_us(evidence, by_fallback, health),
		    "%.1f %% of those routed in the last 5 minutes went to "
		    "the fallback",
		    fallback_percent(now));
}

/* ---- State ---------------------------------------------------------- */

/* What an open circuit makes of the house: without stock there is a
 * fallback, without CXone there is nothing. */
static const enum page_health when_open[HTTP_UPSTREAM_COUNT] = {
    [HTTP_CXONE] = PAGE_FAILING,
    [HTTP_INVENTORY] = PAGE_DEGRADED,
};

static void judge_breakers(
    const struct page_evidence *evidence, struct page_verdict *verdict)
{
	if (evidence->config->breaker == CONFIG_OFF)
		return;
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++) {
		const struct page_breaker *breaker =
		    &evidence->state->breakers[i];

		if (page_breaker_is_open(breaker, evidence->now_us))
			add_reason(verdict, when_open[i], breaker->since_us,
			    "the circuit breaker of %s is open (%s)",
			    breaker_upstreams[i], breaker->reason);
		else if (breaker->mode == CIRCUIT_AUTO &&
			 breaker->state != CIRCUIT_CLOSED)
			add_reason(verdict, PAGE_DEGRADED, breaker->since_us,
			    "the circuit breaker of %s lets one probe "
			    "through (%s)",
			    breaker_upstreams[i], breaker->reason);
	}
}

static void judge_token(
    const struct page_evidence *evidence, struct page_verdict *verdict)
{
	const struct page_token *token = &evidence->state->token;

	/* A token is fetched anew before it ends: while it is valid, a failure
	 * does no harm yet. */
	if (token->failure[0] == '\0' ||
	    (token->held && token->expires_us > evidence->now_us))
		return;
	add_reason(verdict, PAGE_FAILING,
	    token->held ? token->expires_us : PAGE_SINCE_UNKNOWN,
	    "there is no valid access token: %s", token->failure);
}

static void judge_pause(
    const struct page_evidence *evidence, struct page_verdict *verdict)
{
	const struct page_state *state = evidence->state;

	if (state->pause_us > 0)
		add_reason(verdict, PAGE_DEGRADED, state->pause_since_us,
		    "CXone wants no updates for another %lld s",
		    (long long)((state->pause_us + CLOCK_SECOND - 1) /
				CLOCK_SECOND));
}

static void judge_queue(
    const struct page_evidence *evidence, struct page_verdict *verdict)
{
	int64_t age_us = evidence->state->queue.oldest_us;
	int64_t most_us = evidence->config->queue_max_age_s * CLOCK_SECOND;
	enum page_health health = PAGE_HEALTHY;

	if (age_us > most_us)
		health = PAGE_FAILING;
	else if (age_us > most_us / 4)
		health = PAGE_DEGRADED;
	if (health != PAGE_HEALTHY)
		add_reason(verdict, health, evidence->now_us - age_us,
		    "the oldest event in the queue has waited for %lld s",
		    (long long)(age_us / CLOCK_SECOND));
}

/* ---- Both ----------------------------------------------------------- */

/* The worst first; of equals the older. Those of which nobody knows since when
 * (0, PAGE_SINCE_UNKNOWN) come before others: they may be the oldest. */
static int compare_reasons(const void *left, const void *right)
{
	const struct page_reason *a = left;
	const struct page_reason *b = right;

	if (a->health != b->health)
		return (int)b->health - (int)a->health;
	return (a->since_us > b->since_us) - (a->since_us < b->since_us);
}

static enum page_health by_both(const struct rollup_sum *sum)
{
	enum page_health failed = by_failed(sum);
	enum page_health fallback = by_fallback(sum);

	return failed > fallback ? failed : fallback;
}

/* The end of the last slot that was not well; and a circuit that is closed
 * was open before. 0: all were. */
static int64_t healthy_since_us(const struct page_evidence *evidence)
{
	const struct rollup *recent = evidence->recent;
	int64_t floor_us = evidence->now_us - PAGE_LOOK_BACK_S * CLOCK_SECOND;
	int64_t since_us = 0;
	size_t i = recent->count;

	while (i > 0 && by_both(&recent->sums[i - 1]) == PAGE_HEALTHY)
		i--;
	if (i > 0)
		since_us = (recent->sums[i - 1].start_s + PAGE_RECENT_S) *
			   CLOCK_SECOND;
	for (int b = 0; b < HTTP_UPSTREAM_COUNT; b++) {
		int64_t closed_us = evidence->state->breakers[b].since_us;

		if (closed_us > floor_us && closed_us > since_us)
			since_us = closed_us;
	}
	return since_us;
}

void page_judge(
    const struct page_evidence *evidence, struct page_verdict *verdict)
{
	*verdict = (struct page_verdict){.health = PAGE_HEALTHY};
	judge_breakers(evidence, verdict);
	judge_token(evidence, verdict);
	judge_shares(evidence, verdict);
	judge_queue(evidence, verdict);
	judge_pause(evidence, verdict);
	if (verdict->reason_count == 0) {
		verdict->since_us = healthy_since_us(evidence);
		return;
	}
	qsort(verdict->reasons, verdict->reason_count, sizeof *verdict->reasons,
	    compare_reasons);
	verdict->health = verdict->reasons[0].health;
	verdict->since_us = verdict->reasons[0].since_us;
}
