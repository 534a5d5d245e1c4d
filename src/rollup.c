/* rollup.c: sums and the decisions after them -> histograms of any period */
#include "rollup.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "rollup_row.h"

#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400
#define EVER_S   0

/* A power of two, over ROLLUP_SUMS_MAX by so much that few places collide. */
#define PLACES 16384

/*
 * A reading under way. The sums move when they grow: a pointer to one is good
 * until the next is added, and places has numbers of them. Before
 * minutes_from_s minutes are not kept, or not all, and before hours_from_s
 * neither are hours. Once the status is not OK nothing more is read, and give
 * frees what there is. places is there in read_all only.
 */
struct reading {
	struct db *db;
	struct rollup_request request;
	struct rollup rollup;
	size_t room;
	uint16_t *places; /* of sums, by hash; 0: free, else its index + 1 */
	int64_t minutes_from_s;
	int64_t hours_from_s;
	enum status status;
};

/* Where a sum belongs. */
struct key {
	int64_t start_s;
	const char *part;
	enum outcome outcome;
};

static const char *const by_names[ROLLUP_BY_COUNT] = {
    [ROLLUP_TOTAL] = "total",
    [ROLLUP_STEP] = "step",
    [ROLLUP_STATUS] = "status",
    [ROLLUP_INVENTORY] = "inventory",
    [ROLLUP_MEDIA] = "media",
    [ROLLUP_ROUTE] = "route",
    [ROLLUP_MAP] = "map",
};

const char *rollup_by_name(enum rollup_by by)
{
	return by_names[by];
}

/* --- the sums that are given --- */

/* FNV-1a. */
static uint32_t hash(const struct key *key)
{
	uint32_t sum = UINT32_C(2166136261) ^ (uint32_t)key->start_s;

	sum = (sum ^ (uint32_t)key->outcome) * UINT32_C(16777619);
	for (const char *at = key->part; *at != '\0'; at++)
		sum = (sum ^ (uint8_t)*at) * UINT32_C(16777619);
	return sum ^ sum >> 15;
}

static bool is_of(const struct rollup_sum *sum, const struct key *key)
{
	return sum->start_s == key->start_s && sum->outcome == key->outcome &&
	       strcmp(sum->part, key->part) == 0;
}

static enum status grow(struct reading *reading)
{
	size_t room = reading->room == 0 ? 16 : reading->room * 2;
	struct rollup_sum *sums;

	if (reading->rollup.count == ROLLUP_SUMS_MAX)
		return STATUS_TOO_LARGE;
	if (room > ROLLUP_SUMS_MAX)
		room = ROLLUP_SUMS_MAX;
	sums = realloc(reading->rollup.sums, room * sizeof *sums);
	if (sums == NULL)
		return STATUS_MEMORY;
	reading->rollup.sums = sums;
	reading->room = room;
	return STATUS_OK;
}

/* NULL, and the status says why: there is no room. */
static struct rollup_sum *add_sum(
    struct reading *reading, const struct key *key)
{
	struct rollup_sum *sum;

	if (reading->rollup.count == reading->room)
		reading->status = grow(reading);
	if (reading->status != STATUS_OK)
		return NULL;
	sum = &reading->rollup.sums[reading->rollup.count++];
	*sum = (struct rollup_sum){
	    .start_s = key->start_s,
	    .outcome = key->outcome,
	};
	snprintf(sum->part, sizeof sum->part, "%s", key->part);
	return sum;
}

/* The place of this key: 0 stands there when there is no sum of it yet. */
static uint16_t *find_place(
    const struct reading *reading, const struct key *key)
{
	uint32_t place = hash(key) % PLACES;

	/* Ends: three places of four are free at least. */
	while (reading->places[place] != 0 &&
	       !is_of(&reading->rollup.sums[reading->places[place] - 1], key))
		place = (place + 1) % PLACES;
	return &reading->places[place];
}

/* Each minute may have ROLLUP_PARTS_MAX of its own, and what is in no sum yet
 * any number: these would be too many only because of what senders chose. */
static bool is_crowded(const struct reading *reading)
{
	return reading->request.slot_s == 0 &&
	       reading->rollup.count >= ROLLUP_SUMS_MAX / 2;
}

/* The sum with this key, made when there is none yet. */
static struct rollup_sum *seek(struct reading *reading, struct key *key)
{
	uint16_t *place = find_place(reading, key);
	struct rollup_sum *sum;

	/* Of ROLLUP_OTHER there is one sum for each outcome at most: the
	 * second half of the room is never used up by it. */
	if (*place == 0 && is_crowded(reading)) {
		key->part = ROLLUP_OTHER;
		place = find_place(reading, key);
	}
	if (*place != 0)
		return &reading->rollup.sums[*place - 1];
	sum = add_sum(reading, key);
	if (sum != NULL)
		*place = (uint16_t)reading->rollup.count;
	return sum;
}

static struct key key_of(const struct reading *reading, int64_t second,
    const char *part, enum outcome outcome)
{
	const struct rollup_request *request = &reading->request;
	int64_t from_s = request->period.from_s;
	struct key key = {
	    .start_s = from_s,
	    .part = part,
	    .outcome = request->by_outcome ? outcome : OUTCOME_COUNT,
	};

	if (request->slot_s > 0)
		key.start_s = second - (second - from_s) % request->slot_s;
	return key;
}

/* --- from the table --- */

static enum status add_stored(struct reading *reading, struct db_row *row)
{
	enum outcome outcome = outcome_named(db_text(row, 2));
	struct rollup_sum *sum;
	struct key key;
	int64_t before;

	/* A newer program's word: only that one can tell what it means. */
	if (outcome == OUTCOME_COUNT)
		return STATUS_OK;
	key = key_of(reading, db_int(row, 0), db_text(row, 1), outcome);
	sum = seek(reading, &key);
	if (sum == NULL)
		return reading->status;
	/* How many the row counts is told by its buckets alone: its column
	 * count is for who reads the table in SQL. */
	before = sum->times.count;
	sum->times.sum_us += db_int(row, 3);
	if (db_int(row, 4) > sum->times.max_us)
		sum->times.max_us = db_int(row, 4);
	if (!histogram_read(&sum->times, db_text(row, 5)))
		return STATUS_STORE_CORRUPT;
	sum->outcomes[outcome] += sum->times.count - before;
	return STATUS_OK;
}

static void read_level(
    struct reading *reading, int64_t level, int64_t from_s, int64_t to_s)
{
	struct db_row *row = db_use(reading->db, SQL_rollup_read);
	enum status done;

	db_bind_int(row, ":level", level);
	db_bind_text(row, ":kind", rollup_by_name(reading->request.by));
	db_bind_int(row, ":from_s", from_s);
	db_bind_int(row, ":to_s", to_s);
	/* NULL binds NULL: all parts. */
	db_bind_text(row, ":part", reading->request.part);
	while (reading->status == STATUS_OK && db_next(row))
		reading->status = add_stored(reading, row);
	done = db_done(row);
	if (reading->status == STATUS_OK)
		reading->status = done;
}

/* The finest level that is kept for this time. */
static int64_t finest(const struct reading *reading, int64_t second)
{
	if (second >= reading->minutes_from_s)
		return MINUTE_S;
	return second >= reading->hours_from_s ? HOUR_S : DAY_S;
}

static bool fits(int64_t second, int64_t level, int64_t end_s)
{
	return second % level == 0 && second + level <= end_s;
}

/* The level whose rows are read from second on: the coarsest that does not
 * reach over the end of the slot, if the finest kept does not. */
static int64_t level_at(const struct reading *reading, int64_t second)
{
	const struct rollup_request *request = &reading->request;
	int64_t least = finest(reading, second);
	int64_t end_s = request->period.to_s;

	if (request->slot_s > 0) {
		int64_t into =
		    (second - request->period.from_s) % request->slot_s;

		if (second - into + request->slot_s < end_s)
			end_s = second - into + request->slot_s;
	}
	if (least == DAY_S || fits(second, DAY_S, end_s))
		return DAY_S;
	if (least == HOUR_S || fits(second, HOUR_S, end_s))
		return HOUR_S;
	return MINUTE_S;
}

/* Neighbours of one level are read at once: a report over 90 days by the hour
 * is one question then, not two thousand. */
static void read_levels(struct reading *reading)
{
	int64_t to_s = reading->request.period.to_s;
	int64_t second = reading->request.period.from_s;

	while (second < to_s && reading->status == STATUS_OK) {
		/* A slot may begin within an hour or a day that is all that is
		 * kept: that row began in the slot before, and was read there.
		 */
		int64_t level = level_at(reading, second);
		int64_t from_s = second;

		while (second < to_s && level_at(reading, second) == level)
			second += level - second % level;
		read_level(reading, level, from_s, second);
	}
}

/* --- from the decisions that are in no sum yet --- */

static void add_time(struct reading *reading, const struct rollup_row *row,
    const char *part, int64_t us)
{
	const char *wanted = reading->request.part;
	struct rollup_sum *sum;
	struct key key;

	/* Below 0 is a step that was not reached. */
	if (us < 0 || (wanted != NULL && strcmp(wanted, part) != 0))
		return;
	key = key_of(
	    reading, row->received_us / CLOCK_SECOND, part, row->outcome);
	sum = seek(reading, &key);
	if (sum == NULL)
		return;
	histogram_add(&sum->times, us, row->times);
	sum->outcomes[row->outcome] += row->times;
}

static void add_row(struct reading *reading, const struct rollup_row *row)
{
	const struct rollup_request *request = &reading->request;
	int64_t second = row->received_us / CLOCK_SECOND;

	/* 0 times: it was replaced before it came into any sum. What is taken
	 * out has the time of receipt that it was counted by. */
	if (row->times == 0 || second < request->period.from_s ||
	    second >= request->period.to_s)
		return;
	if (request->by != ROLLUP_STEP) {
		add_time(reading, row, row->parts[request->by], row->total_us);
		return;
	}
	for (int i = 0; i < STEP_COUNT; i++)
		add_time(reading, row, step_name(i), row->step_us[i]);
}

static void read_rows(struct reading *reading, struct db_row *rows)
{
	struct rollup_row row;
	enum status done;

	while (reading->status == STATUS_OK && rollup_rows_next(rows, &row))
		add_row(reading, &row);
	done = db_done(rows);
	if (reading->status == STATUS_OK)
		reading->status = done;
}

/* --- in order --- */

/* Steps in the order of the path, before all that are none. A sender may name
 * a media type like a step: it is still one order, which rollup_find needs. */
static int compare_parts(const char *left, const char *right)
{
	int step = (int)step_named(left) - (int)step_named(right);

	return step != 0 ? step : strcmp(left, right);
}

static int compare_keys(const struct rollup_sum *sum, const struct key *key)
{
	int order;

	if (sum->start_s != key->start_s)
		return sum->start_s < key->start_s ? -1 : 1;
	order = compare_parts(sum->part, key->part);
	return order != 0 ? order : (int)sum->outcome - (int)key->outcome;
}

static int compare_sums(const void *left, const void *right)
{
	const struct rollup_sum *sum = right;
	struct key key = {sum->start_s, sum->part, sum->outcome};

	return compare_keys(left, &key);
}

static int compare_key(const void *key, const void *sum)
{
	return -compare_keys(sum, key);
}

/* What was taken out again leaves nothing. */
static void drop_empty(struct rollup *rollup)
{
	size_t kept = 0;

	for (size_t i = 0; i < rollup->count; i++) {
		if (rollup->sums[i].times.count <= 0)
			continue;
		if (kept != i)
			rollup->sums[kept] = rollup->sums[i];
		kept++;
	}
	rollup->count = kept;
}

const struct rollup_sum *rollup_find(const struct rollup *rollup,
    int64_t start_s, const char *part, enum outcome outcome)
{
	struct key key = {start_s, part, outcome};

	if (rollup->count == 0)
		return NULL;
	return bsearch(&key, rollup->sums, rollup->count, sizeof *rollup->sums,
	    compare_key);
}

/* --- all of it --- */

static enum status read_state(
    struct db *db, int64_t *minutes_from_s, int64_t *hours_from_s)
{
	struct db_row *row = db_use(db, SQL_rollup_state);

	if (db_next(row)) {
		*minutes_from_s = db_int(row, 0);
		*hours_from_s = db_int(row, 1);
	}
	return db_done(row);
}

static int64_t down(int64_t second, int64_t level)
{
	return second - second % level;
}

static int64_t up(int64_t second, int64_t level)
{
	return down(second + level - 1, level);
}

enum status rollup_fit(
    struct db *db, int64_t now_s, struct rollup_period *period)
{
	struct reading state = {0};
	enum status status =
	    read_state(db, &state.minutes_from_s, &state.hours_from_s);
	int64_t from_s = period->from_s < 0 ? 0 : period->from_s;
	int64_t to_s = period->to_s;

	if (status != STATUS_OK)
		return status;
	if (to_s > now_s)
		to_s = down(now_s, MINUTE_S) + MINUTE_S;
	if (to_s < from_s)
		to_s = from_s;
	period->from_s = down(from_s, finest(&state, from_s));
	period->to_s = up(to_s, finest(&state, to_s));
	return STATUS_OK;
}

/*
 * Both kinds of rows that the sums lack, after what the sums have. The mark
 * that parts them may be moved by another process at any time: the caller's
 * read transaction sees it and the sums as they were at one moment. Of the
 * rows after it all are read, however many, so that a fold that fails for
 * days makes reports slow and not wrong.
 */
static void read_all(struct reading *reading)
{
	reading->places = calloc(PLACES, sizeof *reading->places);
	if (reading->places == NULL) {
		reading->status = STATUS_MEMORY;
		return;
	}
	/* Only rollup_read_ever asks without an end. Of all time there is one
	 * sum for each part and outcome, with the start 0. */
	if (reading->request.period.to_s == INT64_MAX)
		read_level(reading, EVER_S, 0, 1);
	else
		read_levels(reading);
	if (reading->status == STATUS_OK)
		read_rows(reading, rollup_rows_tail(reading->db, INT64_MAX));
	if (reading->status == STATUS_OK)
		read_rows(reading, rollup_rows_undo(reading->db));
	free(reading->places);
}

/* Gives what was read, in order, or nothing. */
static enum status give(struct reading *reading, struct rollup *rollup)
{
	struct rollup *read = &reading->rollup;

	if (reading->status != STATUS_OK) {
		rollup_done(read);
		return reading->status;
	}
	/* Without any sum there is no array: qsort is not to be given NULL. */
	drop_empty(read);
	if (read->count > 0)
		qsort(
		    read->sums, read->count, sizeof *read->sums, compare_sums);
	*rollup = *read;
	return STATUS_OK;
}

enum status rollup_read(
    struct db *db, const struct rollup_request *request, struct rollup *rollup)
{
	struct reading reading = {.db = db, .request = *request};

	assert(request->slot_s % MINUTE_S == 0);
	assert(request->period.to_s < INT64_MAX);
	reading.status =
	    read_state(db, &reading.minutes_from_s, &reading.hours_from_s);
	if (reading.status == STATUS_OK)
		read_all(&reading);
	return give(&reading, rollup);
}

enum status rollup_read_ever(
    struct db *db, enum rollup_by by, struct rollup *rollup)
{
	struct reading reading = {
	    .db = db,
	    .request =
		{
		    .by = by,
		    .period = {0, INT64_MAX},
		    .by_outcome = true,
		},
	};

	read_all(&reading);
	return give(&reading, rollup);
}

void rollup_done(struct rollup *rollup)
{
	free(rollup->sums);
	*rollup = (struct rollup){0};
}
