/* rollup_fold.c: decisions after the mark -> sums of minute, hour, day, all */
#include "rollup_fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "rollup_row.h"

/*
 * What is to be added is gathered in memory first, since the rows of one
 * minute meet in a few dozen sums: slots by minute and outcome, whose steps
 * are found without a search, and a short list of the other parts. When
 * either is full all is written, and gathering goes on.
 */
#define SLOTS_MAX 32
#define PARTS_MAX 256

#define BUCKETS_BYTES_MAX 16384 /* 321 of at most 27 bytes, and more */

struct slot {
	int64_t minute_s;
	enum outcome outcome;
	struct histogram total;
	struct histogram steps[STEP_COUNT];
};

struct part {
	const struct slot *slot;
	enum rollup_by by;
	char name[ROLLUP_PART_BYTES];
	struct histogram times;
};

/*
 * A part points to its slot, so each of both is made alone, and all are freed
 * together in write_all. That is called in any case at the end: after a failure
 * it writes nothing, and only frees.
 */
struct fold {
	struct db *db;
	struct slot *slots[SLOTS_MAX];
	struct part *parts[PARTS_MAX];
	size_t slot_count;
	size_t part_count;
	struct text buckets;
	enum status status; /* once not OK, all else is in vain */
};

/* One sum of the table. */
struct sum {
	int64_t level;
	enum rollup_by by;
	int64_t start_s;
	const char *part;
	enum outcome outcome;
};

/* Seconds, as rollup.c reads them; 0: all of time. */
static const int64_t levels[] = {60, 3600, 86400, 0};

/* --- a sum in the table --- */

static void bind_sum(struct db_row *row, const struct sum *sum)
{
	db_bind_int(row, ":level", sum->level);
	db_bind_text(row, ":kind", rollup_by_name(sum->by));
	db_bind_int(row, ":start_s", sum->start_s);
	db_bind_text(row, ":part", sum->part);
	db_bind_text(row, ":outcome", outcome_name(sum->outcome));
}

/* Adds what the table has; *found: it has the sum. */
static enum status read_sum(struct fold *fold, const struct sum *sum,
    struct histogram *times, bool *found)
{
	struct db_row *row = db_use(fold->db, SQL_rollup_get);
	bool whole = true;

	bind_sum(row, sum);
	*found = db_next(row);
	if (*found) {
		times->sum_us += db_int(row, 0);
		if (db_int(row, 1) > times->max_us)
			times->max_us = db_int(row, 1);
		whole = histogram_read(times, db_text(row, 2));
	}
	/* A sum that cannot be read is not written over: what it has counted
	 * would be lost. All decisions from here on stay after the mark. */
	fold->status = db_done(row);
	if (fold->status == STATUS_OK && !whole)
		fold->status = STATUS_STORE_CORRUPT;
	return fold->status;
}

static enum status write_sum(
    struct fold *fold, const struct sum *sum, const struct histogram *times)
{
	struct db_row *row;

	text_clear(&fold->buckets);
	histogram_write(times, &fold->buckets);
	if (text_failed(&fold->buckets))
		return STATUS_MEMORY;
	row = db_use(fold->db, SQL_rollup_put);
	bind_sum(row, sum);
	db_bind_int(row, ":count", times->count);
	db_bind_int(row, ":sum_us", times->sum_us);
	db_bind_int(row, ":max_us", times->max_us);
	db_bind_text(row, ":buckets", text_string(&fold->buckets));
	db_next(row);
	return db_done(row);
}

/* Whether a sum that is not there yet would be one part too many. */
static bool is_full(struct fold *fold, const struct sum *sum)
{
	struct db_row *row;
	bool full;

	/* Steps are ours. */
	if (sum->by == ROLLUP_TOTAL || sum->by == ROLLUP_STEP)
		return false;
	row = db_use(fold->db, SQL_rollup_parts);
	db_bind_int(row, ":level", sum->level);
	db_bind_text(row, ":kind", rollup_by_name(sum->by));
	db_bind_int(row, ":start_s", sum->start_s);
	full = db_next(row) && db_int(row, 0) >= ROLLUP_PARTS_MAX;
	fold->status = db_done(row);
	return full;
}

/* What would take more out than is in has been pruned: it stays as it is. */
static void add_sum(
    struct fold *fold, struct sum *sum, const struct histogram *times)
{
	struct histogram whole = *times;
	bool found;

	if (read_sum(fold, sum, &whole, &found) != STATUS_OK)
		return;
	/* What is there already goes on by its name. */
	if (!found && strcmp(sum->part, ROLLUP_OTHER) != 0 &&
	    is_full(fold, sum)) {
		sum->part = ROLLUP_OTHER;
		whole = *times;
		if (read_sum(fold, sum, &whole, &found) != STATUS_OK)
			return;
	}
	if (fold->status == STATUS_OK && whole.count >= 0)
		fold->status = write_sum(fold, sum, &whole);
}

static void add_sums(struct fold *fold, const struct slot *slot,
    enum rollup_by by, const char *part, const struct histogram *times)
{
	/* Each level is full by itself: a part may have its name in a minute
	 * and be one of ROLLUP_OTHER in the day. */
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		struct sum sum = {
		    .level = levels[i],
		    .by = by,
		    .part = part,
		    .outcome = slot->outcome,
		};

		if (levels[i] != 0)
			sum.start_s =
			    slot->minute_s - slot->minute_s % levels[i];
		if (fold->status == STATUS_OK)
			add_sum(fold, &sum, times);
	}
}

/* --- what is gathered --- */

/* One in and another out again are none in number, and still something. */
static bool holds(const struct histogram *times)
{
	return times->count != 0 || times->sum_us != 0;
}

static void write_slot(struct fold *fold, const struct slot *slot)
{
	add_sums(fold, slot, ROLLUP_TOTAL, "total", &slot->total);
	for (int i = 0; i < STEP_COUNT; i++)
		if (holds(&slot->steps[i]))
			add_sums(fold, slot, ROLLUP_STEP, step_name(i),
			    &slot->steps[i]);
}

static void write_all(struct fold *fold)
{
	for (size_t i = 0; i < fold->slot_count; i++)
		write_slot(fold, fold->slots[i]);
	for (size_t i = 0; i < fold->part_count; i++)
		add_sums(fold, fold->parts[i]->slot, fold->parts[i]->by,
		    fold->parts[i]->name, &fold->parts[i]->times);
	for (size_t i = 0; i < fold->part_count; i++)
		free(fold->parts[i]);
	for (size_t i = 0; i < fold->slot_count; i++)
		free(fold->slots[i]);
	fold->part_count = 0;
	fold->slot_count = 0;
}

/* NULL when memory runs out. The newest are the likeliest. */
static struct slot *find_slot(
    struct fold *fold, int64_t minute_s, enum outcome outcome)
{
	struct slot *slot;

	for (size_t i = fold->slot_count; i > 0; i--) {
		slot = fold->slots[i - 1];
		if (slot->minute_s == minute_s && slot->outcome == outcome)
			return slot;
	}
	slot = calloc(1, sizeof *slot);
	if (slot == NULL)
		return NULL;
	slot->minute_s = minute_s;
	slot->outcome = outcome;
	fold->slots[fold->slot_count++] = slot;
	return slot;
}

/* NULL when memory runs out. Names count as far as they are kept: else one that
 * is too long would be found by nobody, and be a new part each time. */
static struct part *find_part(struct fold *fold, const struct slot *slot,
    enum rollup_by by, const char *name)
{
	struct part *part;

	for (size_t i = fold->part_count; i > 0; i--) {
		part = fold->parts[i - 1];
		if (part->slot == slot && part->by == by &&
		    strncmp(part->name, name, sizeof part->name - 1) == 0)
			return part;
	}
	part = calloc(1, sizeof *part);
	if (part == NULL)
		return NULL;
	part->slot = slot;
	part->by = by;
	snprintf(part->name, sizeof part->name, "%s", name);
	fold->parts[fold->part_count++] = part;
	return part;
}

static void gather_parts(
    struct fold *fold, const struct slot *slot, const struct rollup_row *row)
{
	for (enum rollup_by by = ROLLUP_STATUS; by < ROLLUP_BY_COUNT; by++) {
		struct part *part = find_part(fold, slot, by, row->parts[by]);

		if (part == NULL) {
			fold->status = STATUS_MEMORY;
			return;
		}
		histogram_add(&part->times, row->total_us, row->times);
	}
}

static void gather(struct fold *fold, const struct rollup_row *row)
{
	int64_t second = row->received_us / CLOCK_SECOND;
	struct slot *slot;

	/* One row may need a slot, and a part of each kind. */
	if (fold->slot_count == SLOTS_MAX ||
	    fold->part_count > PARTS_MAX - ROLLUP_BY_COUNT)
		write_all(fold);
	slot = find_slot(fold, second - second % 60, row->outcome);
	if (slot == NULL) {
		fold->status = STATUS_MEMORY;
		return;
	}
	histogram_add(&slot->total, row->total_us, row->times);
	for (int i = 0; i < STEP_COUNT; i++)
		if (row->step_us[i] >= 0)
			histogram_add(
			    &slot->steps[i], row->step_us[i], row->times);
	gather_parts(fold, slot, row);
}

/* --- the rows --- */

/* Ends the use of rows. Gives the number of the last, and how many. */
static int64_t gather_rows(
    struct fold *fold, struct db_row *rows, int64_t *last_id)
{
	struct rollup_row row;
	int64_t count = 0;
	enum status done;

	while (fold->status == STATUS_OK && rollup_rows_next(rows, &row)) {
		/* What counts nothing is passed by the mark as well, or it
		 * would be read again for ever. */
		if (row.times != 0)
			gather(fold, &row);
		*last_id = row.id;
		count++;
	}
	done = db_done(rows);
	if (fold->status == STATUS_OK)
		fold->status = done;
	return count;
}

static enum status run(struct db *db, enum sql sql)
{
	struct db_row *row = db_use(db, sql);

	db_next(row);
	return db_done(row);
}

/* A fold that only took some out has no number: the mark stays then. */
static enum status move_mark(struct db *db, int64_t upto_id)
{
	struct db_row *row = db_use(db, SQL_rollup_mark);
	enum status status;

	db_bind_int(row, ":upto_id", upto_id);
	/* All of rollup_undo, of which all was read: in a write transaction
	 * nobody else can have added to it since. */
	db_next(row);
	status = db_done(row);
	return status == STATUS_OK ? run(db, SQL_rollup_undone) : status;
}

enum status rollup_fold(struct db *db, int64_t rows_max, int64_t *folded)
{
	struct fold fold = {.db = db};
	int64_t undone_id = 0;
	int64_t upto_id = 0;
	int64_t count;
	int64_t undone;

	/* All that were replaced at once: there are few, and the caller's
	 * "less than rows_max" is said of the others. */
	text_init(&fold.buckets, BUCKETS_BYTES_MAX);
	undone = gather_rows(&fold, rollup_rows_undo(db), &undone_id);
	count = gather_rows(&fold, rollup_rows_tail(db, rows_max), &upto_id);
	write_all(&fold);
	text_done(&fold.buckets);
	if (fold.status == STATUS_OK && count + undone > 0)
		fold.status = move_mark(db, upto_id);
	if (fold.status == STATUS_OK)
		*folded = count;
	return fold.status;
}
