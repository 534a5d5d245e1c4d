/* page_facts.c: a period in words -> all that the report shows of it */
#include "page_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "figures.h"
#include "period.h"

#define MINUTE_S    60
#define DAY_S       86400
#define PROBLEM_MAX 1024

/* A period as long as this (and the minute that runs), or shorter, gets slots
 * of so many seconds: 30 to 60 of them where minutes are read, fewer where
 * hours make it quicker. */
static const struct {
	int64_t span_s;
	int64_t slot_s;
} slots[] = {
    {3600, 60},
    {7200, 120},
    {18000, 300},
    {36000, 600},
    {43200, 900},
    {DAY_S, 1800},
    {2 * DAY_S, 3600},
    {5 * DAY_S, 7200},
    {10 * DAY_S, 14400},
    {15 * DAY_S, 21600},
    {30 * DAY_S, 43200},
    {60 * DAY_S, DAY_S},
};

/* ---- The period ----------------------------------------------------- */

static int64_t slot_for(int64_t span_s)
{
	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
		if (span_s <= slots[i].span_s + MINUTE_S)
			return slots[i].slot_s;
	/* Whole days, as many as it takes. */
	return (span_s / DAY_S / PAGE_SLOTS_MAX + 1) * DAY_S;
}

static const char *or_null(const char *word)
{
	return *word != '\0' ? word : NULL;
}

/* False, and told: a value was given that is none. */
static bool read_word(struct page_facts *facts, const struct page_ask *ask,
    const char *name, char word[PAGE_WORDS_BYTES])
{
	if (page_query(ask->query, name, word, PAGE_WORDS_BYTES) ||
	    !page_query_names(ask->query, name))
		return true;
	text_add(&facts->problem, name);
	text_add(&facts->problem, " is no text, or too long");
	return false;
}

static bool read_words(
    struct page_facts *facts, const struct page_ask *ask, struct period *period)
{
	struct period_words words = {.zone = MOMENT_UTC};

	if (!read_word(facts, ask, "since", facts->since) ||
	    !read_word(facts, ask, "from", facts->from) ||
	    !read_word(facts, ask, "to", facts->to))
		return false;
	words.from = or_null(facts->from);
	words.to = or_null(facts->to);
	/* The form sends all of its fields. What gives way is not shown as if
	 * it were the period, and in no link. */
	if (words.from != NULL || words.to != NULL)
		facts->since[0] = '\0';
	words.since = or_null(facts->since);
	return period_read(&words, facts->now_us, period, &facts->problem);
}

/*
 * What cannot be read is told, and the usual period shown. That one can always
 * be read, and what it would have to say is not mixed with what is told.
 * Seconds are cut off at the beginning and filled up at the end, so that the
 * period covers all that was asked for.
 */
static void read_period(struct page_facts *facts, const struct page_ask *ask)
{
	struct period period = {0};
	struct period_words usual = {
	    .since = PERIOD_DEFAULT, .zone = MOMENT_UTC};

	if (!read_words(facts, ask, &period)) {
		struct text unused;

		facts->since[0] = facts->from[0] = facts->to[0] = '\0';
		text_init(&unused, PROBLEM_MAX);
		period_read(&usual, facts->now_us, &period, &unused);
		text_done(&unused);
	}
	facts->period.from_s = period.from_us / CLOCK_SECOND;
	facts->period.to_s = (period.to_us + CLOCK_SECOND - 1) / CLOCK_SECOND;
}

/*
 * "all" begins with the first decision, not in 1970; so does a length that
 * reaches back to then. Without a decision first_us stays where it is, and the
 * last minute is shown.
 */
static enum status begin_with_first(struct db *db, struct rollup_period *period)
{
	int64_t first_us = INT64_MAX;
	enum status status;

	if (period->from_s != 0)
		return STATUS_OK;
	status = figures_first(db, &first_us);
	period->from_s = first_us / CLOCK_SECOND;
	if (period->from_s > period->to_s - MINUTE_S)
		period->from_s = period->to_s - MINUTE_S;
	return status;
}

static enum status read_last(struct db *db, struct page_facts *facts)
{
	struct db_row *row = db_use(db, SQL_page_last);

	if (db_next(row))
		facts->last_us = db_int(row, 0);
	return db_done(row);
}

size_t page_slots(const struct page_facts *facts)
{
	int64_t span_s = facts->period.to_s - facts->period.from_s;

	return (size_t)((span_s + facts->slot_s - 1) / facts->slot_s);
}

/* Slots begin at round times, so that they stay when the page comes anew. */
static void choose_slots(struct page_facts *facts)
{
	struct rollup_period *period = &facts->period;

	facts->slot_s = slot_for(period->to_s - period->from_s);
	period->from_s -= period->from_s % facts->slot_s;
}

static enum status fit_period(struct db *db, struct page_facts *facts)
{
	struct rollup_period *period = &facts->period;
	int64_t now_s = facts->now_us / CLOCK_SECOND;
	enum status status;

	/* What is to come would only make the slots longer. A period that lies
	 * ahead as a whole is left with no slot by rollup_fit. */
	if (period->to_s > now_s)
		period->to_s = now_s;
	if (period->to_s < period->from_s + MINUTE_S)
		period->to_s = period->from_s + MINUTE_S;
	choose_slots(facts);
	status = rollup_fit(db, now_s, period);
	/* An hour whose minutes are no longer kept may have become its day. */
	if (status != STATUS_OK || page_slots(facts) <= PAGE_SLOTS_MAX + 2)
		return status;
	choose_slots(facts);
	return rollup_fit(db, now_s, period);
}

/* ---- The sums ------------------------------------------------------- */

static void merge(struct rollup_sum *into, const struct rollup_sum *sum)
{
	histogram_merge(&into->times, &sum->times);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		into->outcomes[i] += sum->outcomes[i];
}

static void add_up(struct page_facts *facts)
{
	for (size_t i = 0; i < facts->total.count; i++)
		merge(&facts->all, &facts->total.sums[i]);
	for (size_t i = 0; i < facts->steps.count; i++) {
		const struct rollup_sum *sum = &facts->steps.sums[i];

		for (int step = 0; step < STEP_COUNT; step++)
			if (strcmp(sum->part, step_name((enum step)step)) == 0)
				histogram_merge(
				    &facts->step_times[step], &sum->times);
	}
}

static enum status read_sums(struct db *db, struct page_facts *facts)
{
	struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .period = facts->period,
	    .slot_s = facts->slot_s,
	};
	enum status status = rollup_read(db, &request, &facts->total);

	if (status != STATUS_OK)
		return status;
	request.by = ROLLUP_STEP;
	status = rollup_read(db, &request, &facts->steps);
	if (status != STATUS_OK)
		return status;
	/* Only the mix of the whole period is shown. */
	request.by = ROLLUP_INVENTORY;
	request.slot_s = 0;
	status = rollup_read(db, &request, &facts->inventory);
	if (status == STATUS_OK)
		add_up(facts);
	return status;
}

/* Read apart from the rest, as the verdict is of now whatever period is asked
 * for. Its last slot ends with the minute that runs. */
static enum status judge(
    struct db *db, const struct config *config, struct page_facts *facts)
{
	int64_t now_s = facts->now_us / CLOCK_SECOND;
	int64_t end_s = now_s - now_s % MINUTE_S + MINUTE_S;
	struct rollup recent = {0};
	struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .period = {end_s - PAGE_LOOK_BACK_S, end_s},
	    .slot_s = PAGE_RECENT_S,
	};
	enum status status = rollup_read(db, &request, &recent);

	if (status != STATUS_OK)
		return status;
	page_judge(
	    &(struct page_evidence){
		.config = config,
		.state = &facts->state,
		.recent = &recent,
		.now_us = facts->now_us,
	    },
	    &facts->verdict);
	rollup_done(&recent);
	return STATUS_OK;
}

/* ---- The slowest ---------------------------------------------------- */

/* Nothing is cut: the columns' texts were in arrays of the same sizes. */
static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static void read_slow(struct db_row *row, struct page_slow *slow)
{
	slow->id = db_int(row, 0);
	slow->received_us = db_int(row, 1);
	copy(
	    slow->interaction_id, sizeof slow->interaction_id, db_text(row, 2));
	copy(slow->media_type, sizeof slow->media_type, db_text(row, 3));
	copy(slow->sku, sizeof slow->sku, db_text(row, 4));
	copy(slow->inventory_status, sizeof slow->inventory_status,
	    db_text(row, 5));
	copy(slow->outcome, sizeof slow->outcome, db_text(row, 6));
	copy(slow->status, sizeof slow->status, db_text(row, 7));
	slow->total_us = db_int(row, 8);
}

static enum status read_slowest(struct db *db, struct page_facts *facts)
{
	struct db_row *row = db_use(db, SQL_page_slowest);

	db_bind_int(row, ":from_us", facts->period.from_s * CLOCK_SECOND);
	db_bind_int(row, ":to_us", facts->period.to_s * CLOCK_SECOND);
	db_bind_int(row, ":newest", PAGE_NEWEST);
	db_bind_int(row, ":limit", PAGE_SLOW_MAX);
	while (facts->slow_count < PAGE_SLOW_MAX && db_next(row))
		read_slow(row, &facts->slow[facts->slow_count++]);
	return db_done(row);
}

/* ---- All of it ------------------------------------------------------ */

/*
 * In this order: "all" must have its beginning before slots are chosen, the
 * sums are read for the period as it was fitted, and the verdict looks at the
 * state. All is seen in one read transaction, so that the parts agree.
 */
static enum status read_all(
    struct db *db, const struct page_ask *ask, struct page_facts *facts)
{
	enum status status;

	read_period(facts, ask);
	status = begin_with_first(db, &facts->period);
	if (status == STATUS_OK)
		status = fit_period(db, facts);
	if (status == STATUS_OK)
		status = read_sums(db, facts);
	if (status == STATUS_OK)
		status = read_slowest(db, facts);
	if (status == STATUS_OK)
		status = read_last(db, facts);
	if (status == STATUS_OK)
		status = page_state_read(
		    db, ask->config, facts->now_us, &facts->state);
	if (status == STATUS_OK)
		status = judge(db, ask->config, facts);
	return status;
}

enum status page_facts_read(
    struct db *db, const struct page_ask *ask, struct page_facts **facts)
{
	struct page_facts *found = calloc(1, sizeof *found);
	enum status status;

	if (found == NULL)
		return STATUS_MEMORY;
	text_init(&found->problem, PROBLEM_MAX);
	found->now_us = clock_wall_us();
	status = read_all(db, ask, found);
	if (status == STATUS_OK)
		*facts = found;
	else
		page_facts_free(found);
	return status;
}

void page_facts_free(struct page_facts *facts)
{
	if (facts == NULL)
		return;
	rollup_done(&facts->total);
	rollup_done(&facts->steps);
	rollup_done(&facts->inventory);
	text_done(&facts->problem);
	free(facts);
}

/* Of the minute that runs, only what has passed. */
double page_per_minute(const struct page_facts *facts)
{
	int64_t now_s = facts->now_us / CLOCK_SECOND;
	int64_t end_s = facts->period.to_s;

	if (end_s > now_s)
		end_s = now_s;
	if (end_s <= facts->period.from_s)
		return 0;
	return (double)facts->all.times.count * MINUTE_S /
	       (double)(end_s - facts->period.from_s);
}

double page_fallback_percent(const struct rollup_sum *sum)
{
	int64_t fallback = sum->outcomes[OUTCOME_FALLBACK];
	int64_t routed = fallback + sum->outcomes[OUTCOME_ROUTED];

	return routed > 0 ? 100.0 * (double)fallback / (double)routed : -1;
}

int64_t page_others(const struct rollup_sum *sum)
{
	return sum->times.count - sum->outcomes[OUTCOME_ROUTED] -
	       sum->outcomes[OUTCOME_FALLBACK] - sum->outcomes[OUTCOME_FAILED];
}
