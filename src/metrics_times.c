/* metrics_times.c: sums of all decisions -> counters and histograms */
#include "metrics_times.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "metrics_tally.h"
#include "record.h"
#include "rollup.h"
#include "routing.h"
#include "trace.h"

/* The last is for all that is longer than the last bound. */
#define BUCKETS     (METRICS_LE_LAST - METRICS_LE_FIRST + 2)
#define TOTAL       STEP_COUNT /* after the steps */
#define STAGES      (STEP_COUNT + 1)
#define RECENT_MAX  64 /* decisions that may serve as examples */
#define WORD_BYTES  32
#define EACH_OCTAVE 8 /* buckets of histogram.h in one of ours */

/* One stage's times of one outcome; the buckets are not added up yet. */
struct times {
	int64_t count;
	int64_t sum_us;
	int64_t buckets[BUCKETS];
};

/* id is "" where none was found. */
struct example {
	char id[TRACE_ID_BYTES];
	struct metrics_exemplar told;
};

/* All zero at first: sums and what they have let go are added up in it. */
struct table {
	struct times times[STAGES][OUTCOME_COUNT];
	struct example examples[OUTCOME_COUNT][BUCKETS]; /* of the total */
};

static const struct metrics_family decisions = {
    .name = "decisions",
    .kind = METRICS_COUNTER,
    .help = "Decisions by how they ended; an event that was parked and is "
	    "decided later counts twice.",
};
static const struct metrics_family fallbacks = {
    .name = "fallback",
    .kind = METRICS_COUNTER,
    .help = "Events routed without the stock, by the inventory's status.",
};
static const struct metrics_family stages = {
    .name = "stage_duration_seconds",
    .kind = METRICS_HISTOGRAM,
    .unit = "seconds",
    .help = "Time in each step of a decision, and from receipt to decision "
	    "(total), by how it ended.",
};

static const char *stage_name(int stage)
{
	return stage == TOTAL ? "total" : step_name((enum step)stage);
}

/* STAGES when the word is none of ours. */
static int stage_named(const char *word)
{
	int stage = 0;

	while (stage < STAGES && strcmp(stage_name(stage), word) != 0)
		stage++;
	return stage;
}

/* --- what is counted --- */

/* Our bucket of one of histogram.h's: of eight, the last has our bound. */
static int bucket_of(int index)
{
	int above = index + HISTOGRAM_FIRST - METRICS_LE_FIRST * EACH_OCTAVE;

	if (above <= 0)
		return 0;
	above = (above + EACH_OCTAVE - 1) / EACH_OCTAVE;
	return above < BUCKETS ? above : BUCKETS - 1;
}

static void add_sum(struct times *times, const struct histogram *histogram)
{
	times->count += histogram->count;
	times->sum_us += histogram->sum_us;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		times->buckets[bucket_of(i)] += histogram->counts[i];
}

static enum status read_sums(
    struct db *db, enum rollup_by by, struct table *table)
{
	struct rollup rollup;
	enum status status = rollup_read_ever(db, by, &rollup);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < rollup.count; i++) {
		const struct rollup_sum *sum = &rollup.sums[i];
		int stage = stage_named(sum->part);

		/* A step of a newer program has no place here. */
		if (stage < STAGES)
			add_sum(
			    &table->times[stage][sum->outcome], &sum->times);
	}
	rollup_done(&rollup);
	return STATUS_OK;
}

/* A label of the trigger's. *rest: what follows stage and outcome. NULL: it
 * is none of ours. */
static struct times *find_times(
    struct table *table, const char *label, const char **rest)
{
	char word[WORD_BYTES];
	size_t length = strcspn(label, " ");
	int stage;
	int outcome;

	/* A longer word is cut, and then none of ours either. */
	snprintf(word, sizeof word, "%.*s", (int)length, label);
	stage = stage_named(word);
	label += length;
	label += strspn(label, " ");
	length = strcspn(label, " ");
	snprintf(word, sizeof word, "%.*s", (int)length, label);
	outcome = (int)outcome_named(word);
	*rest = label + length;
	if (stage == STAGES || outcome == OUTCOME_COUNT)
		return NULL;
	return &table->times[stage][outcome];
}

/* "cxone failed -3" */
static void got_replaced(void *arg, const char *label, int64_t value)
{
	const char *rest;
	struct times *times = find_times(arg, label, &rest);
	long bucket = strtol(rest, NULL, 10) - METRICS_LE_FIRST;

	if (!times || bucket < 0 || bucket >= BUCKETS)
		return;
	times->count += value;
	times->buckets[bucket] += value;
}

/* "cxone failed" */
static void got_replaced_us(void *arg, const char *label, int64_t value)
{
	const char *rest;
	struct times *times = find_times(arg, label, &rest);

	if (times)
		times->sum_us += value;
}

/* Newest first: what is there already stays. */
static void add_example(struct table *table, struct db_row *row)
{
	int outcome = (int)outcome_named(db_text(row, 0));
	int64_t us = db_int(row, 1);
	struct example *example;

	if (outcome == OUTCOME_COUNT)
		return;
	example = &table->examples[outcome][bucket_of(histogram_index(us))];
	if (example->id[0] != '\0')
		return;
	snprintf(example->id, sizeof example->id, "%s", db_text(row, 2));
	example->told = (struct metrics_exemplar){
	    .us = us,
	    .at_us = db_int(row, 3) + us,
	};
}

static enum status read_examples(struct db *db, struct table *table)
{
	struct db_row *row = db_use(db, SQL_metrics_recent);

	db_bind_int(row, ":limit", RECENT_MAX);
	while (db_next(row))
		add_example(table, row);
	return db_done(row);
}

/* In one view of the file: what one of them has the other lacks, as a decision
 * that is replaced leaves the sums and comes into table tally in one
 * transaction (schema_17_tally.sql). Examples are for OpenMetrics alone. */
static enum status read_table(
    struct db *db, enum metrics_format format, struct table *table)
{
	enum status status = read_sums(db, ROLLUP_TOTAL, table);

	if (status == STATUS_OK)
		status = read_sums(db, ROLLUP_STEP, table);
	if (status == STATUS_OK)
		status =
		    metrics_tally_each(db, "replaced", got_replaced, table);
	if (status == STATUS_OK)
		status = metrics_tally_each(
		    db, "replaced_us", got_replaced_us, table);
	if (status == STATUS_OK && format == METRICS_OPENMETRICS)
		status = read_examples(db, table);
	return status;
}

/* --- what is told --- */

static void write_decisions(struct metrics_out *out, const struct table *table)
{
	metrics_begin(out, &decisions);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		metrics_open(out, "");
		metrics_label(out, "outcome", outcome_name((enum outcome)i));
		metrics_int(out, table->times[TOTAL][i].count);
	}
}

static void label_stage(struct metrics_out *out, int stage, int outcome)
{
	metrics_label(out, "stage", stage_name(stage));
	metrics_label(out, "outcome", outcome_name((enum outcome)outcome));
}

static void write_buckets(
    struct metrics_out *out, const struct table *table, int stage, int outcome)
{
	const struct times *times = &table->times[stage][outcome];
	int64_t count = 0;

	for (int i = 0; i < BUCKETS; i++) {
		const struct example *example = &table->examples[outcome][i];
		struct metrics_exemplar told = example->told;

		told.trace_id = stage == TOTAL ? example->id : "";
		count += times->buckets[i];
		metrics_open(out, "_bucket");
		label_stage(out, stage, outcome);
		if (i < BUCKETS - 1)
			metrics_label_le(out, METRICS_LE_FIRST + i);
		else
			metrics_label(out, "le", "+Inf");
		metrics_bucket(out, count, &told);
	}
}

static void write_stage(
    struct metrics_out *out, const struct table *table, int stage, int outcome)
{
	const struct times *times = &table->times[stage][outcome];

	write_buckets(out, table, stage, outcome);
	metrics_open(out, "_sum");
	label_stage(out, stage, outcome);
	metrics_seconds(out, times->sum_us);
	metrics_open(out, "_count");
	label_stage(out, stage, outcome);
	metrics_int(out, times->count);
}

/*
 * A step that no decision with this outcome has taken is left out: most can
 * never be, and each would be 25 lines.
 */
static void write_stages(struct metrics_out *out, const struct table *table)
{
	metrics_begin(out, &stages);
	for (int stage = 0; stage < STAGES; stage++)
		for (int i = 0; i < OUTCOME_COUNT; i++)
			if (stage == TOTAL || table->times[stage][i].count > 0)
				write_stage(out, table, stage, i);
}

static void write_fallback(
    struct metrics_out *out, const char *reason, int64_t times)
{
	metrics_open(out, "");
	metrics_label(out, "reason", reason);
	metrics_int(out, times);
}

/* The two that every map has are told before they first come. */
static enum status write_fallbacks(struct db *db, struct metrics_out *out)
{
	static const char *const known[] = {routing_timeout, routing_unknown};
	struct rollup rollup;
	enum status status = rollup_read_ever(db, ROLLUP_INVENTORY, &rollup);

	if (status != STATUS_OK)
		return status;
	metrics_begin(out, &fallbacks);
	for (size_t i = 0; i < rollup.count; i++)
		if (rollup.sums[i].outcome == OUTCOME_FALLBACK)
			write_fallback(out, rollup.sums[i].part,
			    rollup.sums[i].times.count);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		/* What is of all time begins at 0. */
		if (!rollup_find(&rollup, 0, known[i], OUTCOME_FALLBACK))
			write_fallback(out, known[i], 0);
	rollup_done(&rollup);
	return STATUS_OK;
}

enum status metrics_write_times(struct db *db, struct metrics_out *out)
{
	struct table *table = calloc(1, sizeof *table);
	enum status status = STATUS_MEMORY;

	if (!table)
		return STATUS_MEMORY;
	status = read_table(db, out->format, table);
	if (status == STATUS_OK) {
		write_decisions(out, table);
		status = write_fallbacks(db, out);
	}
	if (status == STATUS_OK)
		write_stages(out, table);
	free(table);
	return status;
}
