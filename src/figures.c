/* figures.c: a period and a grouping -> counts and percentiles */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "figures_rows.h"
#include "utf8.h"

#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400

static const char *const by_names[FIGURES_BY_COUNT] = {
    [FIGURES_STEP] = "step",
    [FIGURES_HOUR] = "hour",
    [FIGURES_DAY] = "day",
    [FIGURES_STATUS] = "status",
    [FIGURES_MEDIA] = "media",
    [FIGURES_OUTCOME] = "outcome",
    [FIGURES_ROUTE] = "route",
    [FIGURES_MAP] = "map",
    [FIGURES_INVENTORY] = "inventory",
};

const int figures_percents[FIGURES_PERCENTILES] = {
    [FIGURES_P50] = 50,
    [FIGURES_P90] = 90,
    [FIGURES_P95] = 95,
    [FIGURES_P99] = 99,
};

/* How long a slot of the course may be: what people count time in. From a
 * day on they begin where the days' sums do. */
static const int64_t course_slots_s[] = {
    MINUTE_S,
    2 * MINUTE_S,
    5 * MINUTE_S,
    10 * MINUTE_S,
    15 * MINUTE_S,
    30 * MINUTE_S,
    HOUR_S,
    2 * HOUR_S,
    3 * HOUR_S,
    6 * HOUR_S,
    12 * HOUR_S,
    DAY_S,
    2 * DAY_S,
    7 * DAY_S,
    30 * DAY_S,
    120 * DAY_S,
    400 * DAY_S,
};

const char *figures_by_name(enum figures_by by)
{
	return by_names[by];
}

bool figures_read_by(const char *word, enum figures_by *by)
{
	for (int i = 0; i < FIGURES_BY_COUNT; i++) {
		if (strcmp(word, by_names[i]) == 0) {
			*by = (enum figures_by)i;
			return true;
		}
	}
	return false;
}

struct figures_row *figures_add(struct figures_rows *rows, const char *name)
{
	size_t room = rows->room == 0 ? 16 : rows->room * 2;
	struct figures_row *grown;

	if (rows->count >= FIGURES_SLOTS_MAX)
		return NULL;
	if (rows->count == rows->room) {
		grown = realloc(rows->rows, room * sizeof *grown);
		if (grown == NULL)
			return NULL;
		rows->rows = grown;
		rows->room = room;
	}
	/* Room doubles beyond FIGURES_SLOTS_MAX, count does not. */
	grown = &rows->rows[rows->count++];
	*grown = (struct figures_row){0};
	/* The row was zeroed: behind the name stands its NUL. */
	memcpy(grown->name, name, utf8_fitting(name, sizeof grown->name - 1));
	return grown;
}

const struct figures_row *figures_find(
    const struct figures_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->rows[i].name, name) == 0)
			return &rows->rows[i];
	return NULL;
}

static enum status read_rows(struct db *db, const struct figures_ask *ask,
    enum figures_by by, struct figures_rows *rows)
{
	if (ask->exact)
		return figures_exact(db, ask, by, rows);
	return figures_sums(db, ask, by, rows);
}

static enum status read_slots(struct db *db, const struct figures_ask *ask,
    const struct figures_slots *slots, struct figures_rows *rows)
{
	if (ask->exact)
		return figures_exact_course(db, ask, slots, rows);
	return figures_sums_course(db, ask, slots, rows);
}

/* --- slots of time --- */

/* The end of the last slot is a bound too, so there may be one more. */
static enum status add_bound(struct figures_slots *slots, int64_t bound_s)
{
	if (slots->count > FIGURES_SLOTS_MAX)
		return STATUS_TOO_LARGE;
	slots->bounds[slots->count++] = bound_s;
	return STATUS_OK;
}

/* While bounds are added, count counts them: one more than slots. */
static enum status begin_slots(struct figures_slots *slots)
{
	slots->count = 0;
	slots->bounds = calloc(FIGURES_SLOTS_MAX + 1, sizeof *slots->bounds);
	return slots->bounds == NULL ? STATUS_MEMORY : STATUS_OK;
}

/* Hours and days as the zone has them. */
static enum status zone_slots(const struct figures_ask *ask,
    enum moment_unit unit, struct figures_slots *slots)
{
	int64_t from_s = ask->period.from_us / CLOCK_SECOND;
	int64_t at_s = moment_begin_s(from_s, unit, 0, ask->zone);
	enum status status = begin_slots(slots);

	while (status == STATUS_OK && at_s * CLOCK_SECOND < ask->period.to_us) {
		status = add_bound(slots, at_s);
		at_s = moment_begin_s(at_s, unit, 1, ask->zone);
	}
	/* The last bound ends a slot and begins none. */
	if (status == STATUS_OK)
		status = add_bound(slots, at_s);
	if (status == STATUS_OK)
		slots->count--;
	return status;
}

/* Slots of equal length, as fine as slots_max allows. */
static int64_t choose_slot_s(const struct figures_ask *ask)
{
	int64_t from_s = ask->period.from_us / CLOCK_SECOND;
	int64_t to_s = ask->period.to_us / CLOCK_SECOND;
	size_t last = sizeof course_slots_s / sizeof *course_slots_s - 1;
	size_t i = 0;
	int64_t slot_s = course_slots_s[0];

	/* Whatever the length: the longest slot may be had several times. */
	while (to_s / slot_s - from_s / slot_s >= ask->slots_max) {
		if (i < last)
			slot_s = course_slots_s[++i];
		else
			slot_s += course_slots_s[last];
	}
	return slot_s;
}

/* By UTC, so that slots of days are rows of the table. */
static enum status even_slots(
    const struct figures_ask *ask, int64_t slot_s, struct figures_slots *slots)
{
	int64_t at_s = ask->period.from_us / CLOCK_SECOND;
	enum status status = begin_slots(slots);

	at_s -= at_s % slot_s;
	while (status == STATUS_OK && at_s * CLOCK_SECOND < ask->period.to_us) {
		status = add_bound(slots, at_s);
		at_s += slot_s;
	}
	if (status == STATUS_OK)
		status = add_bound(slots, at_s);
	if (status == STATUS_OK)
		slots->count--;
	return status;
}

/* --- the parts of a report --- */

static enum status read_total(
    struct db *db, const struct figures_ask *ask, struct figures *figures)
{
	/* Which grouping does not matter: hours and days have no parts. */
	struct figures_rows rows = {0};
	enum status status = read_rows(db, ask, FIGURES_HOUR, &rows);

	/* Without a decision there is no row; the total is all zeros then. */
	if (status == STATUS_OK && rows.count > 0)
		figures->total = rows.rows[0];
	snprintf(
	    figures->total.name, sizeof figures->total.name, "%s", "total");
	free(rows.rows);
	return status;
}

/* 2026-11-01T10:00+01:00: seconds are always 0. The zone tells the two hours
 * apart that clocks show twice when they are put back. */
static void name_hour(struct figures_row *row, enum moment_zone zone)
{
	char text[MOMENT_BYTES];

	moment_write(row->start_s, zone, text);
	snprintf(row->name, sizeof row->name, "%.16s%s", text, text + 19);
}

static void name_day(struct figures_row *row, enum moment_zone zone)
{
	char text[MOMENT_BYTES];

	moment_write_as(row->start_s, zone, "%Y-%m-%d", text);
	snprintf(row->name, sizeof row->name, "%s", text);
}

/* A table of hours in which nothing happened tells less. */
static void drop_empty(struct figures_rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->rows[i].count > 0)
			rows->rows[kept++] = rows->rows[i];
	rows->count = kept;
}

static enum status read_times(
    struct db *db, const struct figures_ask *ask, struct figures_rows *groups)
{
	bool hours = ask->by == FIGURES_HOUR;
	struct figures_slots slots = {0};
	enum status status;

	status = zone_slots(ask, hours ? MOMENT_HOUR : MOMENT_DAY, &slots);
	if (status == STATUS_OK)
		status = read_slots(db, ask, &slots, groups);
	drop_empty(groups);
	for (size_t i = 0; i < groups->count; i++) {
		if (hours)
			name_hour(&groups->rows[i], ask->zone);
		else
			name_day(&groups->rows[i], ask->zone);
	}
	free(slots.bounds);
	return status;
}

/* Below the steps stands what they make together. */
static enum status add_total(struct figures *figures)
{
	struct figures_row *row;

	if (figures->total.count == 0)
		return STATUS_OK;
	row = figures_add(&figures->groups, "total");
	if (row == NULL)
		return STATUS_MEMORY;
	*row = figures->total;
	return STATUS_OK;
}

static enum status read_groups(
    struct db *db, const struct figures_ask *ask, struct figures *figures)
{
	enum status status;

	if (ask->by == FIGURES_HOUR || ask->by == FIGURES_DAY)
		return read_times(db, ask, &figures->groups);
	status = read_rows(db, ask, ask->by, &figures->groups);
	if (status == STATUS_OK && ask->by == FIGURES_STEP)
		status = add_total(figures);
	return status;
}

static enum status read_course(
    struct db *db, const struct figures_ask *ask, struct figures *figures)
{
	struct figures_slots slots = {0};
	enum status status;

	if (ask->slots_max == 0)
		return STATUS_OK;
	/* Exact figures are put into the same slots: a course looks alike
	 * from either source. */
	figures->slot_s = choose_slot_s(ask);
	status = even_slots(ask, figures->slot_s, &slots);
	if (status == STATUS_OK)
		status = read_slots(db, ask, &slots, &figures->course);
	free(slots.bounds);
	return status;
}

/* --- the period --- */

enum status figures_first(struct db *db, int64_t *first_us)
{
	struct db_row *row = db_use(db, SQL_reports_first);

	if (db_next(row) && !db_is_null(row, 0))
		*first_us = db_int(row, 0) * CLOCK_SECOND;
	return db_done(row);
}

/* From the beginning of time is from the first decision on. */
static enum status begin_with_first(struct db *db, struct period *period)
{
	/* Before the first decision there is nothing: the period is empty. */
	int64_t first_us = period->to_us;
	enum status status = figures_first(db, &first_us);

	period->from_us = first_us < period->to_us ? first_us : period->to_us;
	return status;
}

static enum status fit(struct db *db, int64_t now_us, struct figures_ask *ask)
{
	struct period *period = &ask->period;
	struct rollup_period whole;
	enum status status = STATUS_OK;

	if (period->from_us == 0)
		status = begin_with_first(db, period);
	/* What is to come is no part of the time in which so many came. */
	if (ask->exact && period->to_us > now_us)
		period->to_us = now_us;
	if (period->to_us < period->from_us)
		period->to_us = period->from_us;
	if (status != STATUS_OK || ask->exact)
		return status;
	whole.from_s = period->from_us / CLOCK_SECOND;
	/* A part of a second is a second for the sums. */
	whole.to_s = (period->to_us + CLOCK_SECOND - 1) / CLOCK_SECOND;
	status = rollup_fit(db, now_us / CLOCK_SECOND, &whole);
	period->from_us = whole.from_s * CLOCK_SECOND;
	period->to_us = whole.to_s * CLOCK_SECOND;
	return status;
}

enum status figures_read(struct db *db, const struct figures_ask *ask,
    int64_t now_us, struct figures *figures)
{
	struct figures_ask fitted = *ask;
	struct figures read = {0};
	enum status status = fit(db, now_us, &fitted);

	/* All from the caller's one view of the file: what a process commits
	 * meanwhile is in no part, so that the parts add up to the total. */
	read.period = fitted.period;
	if (status == STATUS_OK)
		status = read_total(db, &fitted, &read);
	if (status == STATUS_OK)
		status =
		    read_rows(db, &fitted, FIGURES_OUTCOME, &read.outcomes);
	if (status == STATUS_OK)
		status = read_groups(db, &fitted, &read);
	if (status == STATUS_OK)
		status = read_course(db, &fitted, &read);
	if (status == STATUS_OK)
		*figures = read;
	else
		figures_done(&read);
	return status;
}

void figures_done(struct figures *figures)
{
	free(figures->outcomes.rows);
	free(figures->groups.rows);
	free(figures->course.rows);
	*figures = (struct figures){0};
}

struct figures_slo figures_slo(const struct figures *figures, double target)
{
	static const enum outcome ended[] = {OUTCOME_ROUTED, OUTCOME_FALLBACK,
	    OUTCOME_SKIPPED, OUTCOME_FAILED, OUTCOME_EXPIRED};
	struct figures_slo slo = {.share = 1};
	double within = 0;

	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++) {
		const struct figures_row *row =
		    figures_find(&figures->outcomes, outcome_name(ended[i]));

		/* An outcome that was not has no row. */
		if (row == NULL)
			continue;
		slo.counted += row->count;
		if (ended[i] != OUTCOME_FAILED && ended[i] != OUTCOME_EXPIRED)
			within += row->within;
	}
	if (slo.counted > 0)
		slo.share = within / (double)slo.counted;
	slo.burn = (1 - slo.share) / (1 - target / 100);
	return slo;
}
