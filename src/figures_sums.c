/* figures_sums.c: the sums of a period -> counts, percentiles within 4.33 % */
#include "figures_rows.h"

#include <stdlib.h>

#include "clock.h"
#include "histogram.h"
#include "rollup.h"

#define MINUTE_S 60
#define SPAN_MAX 3000 /* slots of one reading: under ROLLUP_SUMS_MAX */

/* Which sums a grouping is made of. Outcomes have no kind of their own, as
 * every sum is of one outcome. */
static const enum rollup_by kinds[FIGURES_BY_COUNT] = {
    [FIGURES_STEP] = ROLLUP_STEP,
    [FIGURES_HOUR] = ROLLUP_TOTAL,
    [FIGURES_DAY] = ROLLUP_TOTAL,
    [FIGURES_STATUS] = ROLLUP_STATUS,
    [FIGURES_MEDIA] = ROLLUP_MEDIA,
    [FIGURES_OUTCOME] = ROLLUP_TOTAL,
    [FIGURES_ROUTE] = ROLLUP_ROUTE,
    [FIGURES_MAP] = ROLLUP_MAP,
    [FIGURES_INVENTORY] = ROLLUP_INVENTORY,
};

static void take_sum(const struct figures_ask *ask,
    const struct histogram *times, struct figures_row *row)
{
	row->count = times->count;
	for (int i = 0; i < FIGURES_PERCENTILES; i++)
		row->us[i] =
		    histogram_percentile_us(times, figures_percents[i]);
	row->max_us = (double)times->max_us;
	if (ask->slo_us > 0)
		row->within = histogram_share_within(times, ask->slo_us) *
			      (double)times->count;
}

/* The period was fitted to minutes before: nothing is cut off. */
static struct rollup_period whole_seconds(const struct period *period)
{
	return (struct rollup_period){
	    .from_s = period->from_us / CLOCK_SECOND,
	    .to_s = period->to_us / CLOCK_SECOND,
	};
}

static enum status add_group(const struct figures_ask *ask,
    const struct rollup_sum *sum, struct figures_rows *rows)
{
	/* A sum of all outcomes goes by its part; one of an outcome has the
	 * part "total". */
	const char *name = sum->outcome == OUTCOME_COUNT
			       ? sum->part
			       : outcome_name(sum->outcome);
	struct figures_row *row = figures_add(rows, name);

	if (row == NULL)
		return STATUS_TOO_LARGE;
	take_sum(ask, &sum->times, row);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		row->outcomes[i] = sum->outcomes[i];
	return STATUS_OK;
}

enum status figures_sums(struct db *db, const struct figures_ask *ask,
    enum figures_by by, struct figures_rows *rows)
{
	const struct rollup_request request = {
	    .by = kinds[by],
	    .period = whole_seconds(&ask->period),
	    .by_outcome = by == FIGURES_OUTCOME,
	};
	struct rollup rollup = {0};
	enum status status = rollup_read(db, &request, &rollup);

	for (size_t i = 0; i < rollup.count && status == STATUS_OK; i++)
		status = add_group(ask, &rollup.sums[i], rows);
	rollup_done(&rollup);
	return status;
}

/* --- in the course of time --- */

/*
 * One for each slot, until they become rows. rows are the caller's, borrowed
 * when all have been added, so that they no longer move; what is not yet in
 * them, count and times, stands in times.
 */
struct course {
	const struct figures_slots *slots;
	struct histogram *times;
	struct figures_row *rows;
};

/* The slot that has this second. */
static size_t slot_of(const struct figures_slots *slots, int64_t second)
{
	size_t low = 0;
	size_t high = slots->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (slots->bounds[middle] <= second)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void merge(struct course *course, const struct rollup *rollup)
{
	/* Sums may be of finer slots than these, or of an hour or a day that
	 * reaches over the end of one: they count where they begin. */
	for (size_t i = 0; i < rollup->count; i++) {
		const struct rollup_sum *sum = &rollup->sums[i];
		size_t slot = slot_of(course->slots, sum->start_s);

		histogram_merge(&course->times[slot], &sum->times);
		for (int o = 0; o < OUTCOME_COUNT; o++)
			course->rows[slot].outcomes[o] += sum->outcomes[o];
	}
}

static enum status read_span(struct db *db, struct course *course,
    struct rollup_period span, int64_t slot_s)
{
	const struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .period = span,
	    .slot_s = slot_s,
	};
	struct rollup rollup = {0};
	enum status status;

	if (span.from_s >= span.to_s)
		return STATUS_OK;
	status = rollup_read(db, &request, &rollup);
	if (status == STATUS_OK)
		merge(course, &rollup);
	rollup_done(&rollup);
	return status;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * How long slots are that none of these is cut by. Days on which clocks are
 * changed are put together from hours, or, on Lord Howe, from half hours.
 * Sums know no seconds, by which no clock is changed since 1972.
 */
static int64_t common_slot_s(const struct figures_slots *slots)
{
	int64_t length_s = 0;

	for (size_t i = 0; i < slots->count; i++)
		length_s = common_divisor(
		    length_s, slots->bounds[i + 1] - slots->bounds[i]);
	return length_s % MINUTE_S == 0 ? length_s : MINUTE_S;
}

/* The first slot may begin before the period, so it is read alone: slots
 * of a reading begin with its period. */
static enum status read_spans(
    struct db *db, struct course *course, struct rollup_period period)
{
	int64_t slot_s = common_slot_s(course->slots);
	int64_t at_s = course->slots->bounds[1];
	struct rollup_period span = {period.from_s, at_s};
	enum status status;

	if (span.to_s > period.to_s)
		span.to_s = period.to_s;
	status = read_span(db, course, span, 0);
	while (at_s < period.to_s && status == STATUS_OK) {
		span.from_s = at_s;
		at_s += SPAN_MAX * slot_s;
		span.to_s = at_s < period.to_s ? at_s : period.to_s;
		status = read_span(db, course, span, slot_s);
	}
	return status;
}

enum status figures_sums_course(struct db *db, const struct figures_ask *ask,
    const struct figures_slots *slots, struct figures_rows *rows)
{
	struct course course = {.slots = slots};
	enum status status = STATUS_OK;

	if (slots->count == 0)
		return STATUS_OK;
	for (size_t i = 0; i < slots->count; i++) {
		struct figures_row *row = figures_add(rows, "total");

		if (row == NULL)
			return STATUS_MEMORY;
		row->start_s = slots->bounds[i];
	}
	course.rows = rows->rows;
	/* 2,592 bytes for each slot: at most 11 MB. */
	course.times = calloc(slots->count, sizeof *course.times);
	if (course.times == NULL)
		return STATUS_MEMORY;
	status = read_spans(db, &course, whole_seconds(&ask->period));
	for (size_t i = 0; i < slots->count && status == STATUS_OK; i++)
		take_sum(ask, &course.times[i], &rows->rows[i]);
	free(course.times);
	return status;
}
