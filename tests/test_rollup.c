/* test_rollup.c: sums of decisions, against counting them one by one */
#include "rollup.h"

#include "clock.h"
#include "db_place.h"
#include "rollup_fold.h"

#define SEED   20261122
#define BEGIN  INT64_C(1790000000) /* no minute's beginning: 2026-09-21 */
#define DAYS   3
#define NOW    (BEGIN + DAYS * 86400)
#define EVENTS 3000

static const char *const medias[] = {"voice", "chat", "email"};

/* What was recorded, as the test knows it. */
struct event {
	int64_t second;
	int64_t total_us;
	int64_t inventory_us; /* -1: not asked */
	const char *media;
	enum outcome outcome;
	bool replaced;
};

static struct event random_event(void)
{
	struct event event = {
	    .second = BEGIN + (int64_t)(drand48() * DAYS * 86400),
	    .total_us = (int64_t)(drand48() * 2e6),
	    .inventory_us = (int64_t)(drand48() * 1e6),
	    .media = medias[lrand48() % 3],
	    .outcome = (enum outcome)(lrand48() % OUTCOME_COUNT),
	};

	if (lrand48() % 4 == 0)
		event.inventory_us = -1;
	return event;
}

static void insert(struct db *db, int number, const struct event *event)
{
	struct record record;

	record_init(&record);
	record.received_us = event->second * CLOCK_SECOND + 999999;
	snprintf(record.interaction_id, sizeof record.interaction_id, "i-%d",
	    number);
	snprintf(
	    record.media_type, sizeof record.media_type, "%s", event->media);
	record.outcome = event->outcome;
	record.total_us = event->total_us;
	record.step_us[STEP_INVENTORY] = event->inventory_us;
	record.skills = "[\"a\"]";
	assert_int_equal(record_insert(db, &record), STATUS_OK);
}

static void begin(struct db *db)
{
	assert_int_equal(db_begin(db, false), STATUS_OK);
}

static void commit(struct db *db)
{
	assert_int_equal(db_commit(db), STATUS_OK);
}

static int64_t fold(struct db *db, int64_t rows_max)
{
	int64_t folded = -1;

	begin(db);
	assert_int_equal(rollup_fold(db, rows_max, &folded), STATUS_OK);
	commit(db);
	return folded;
}

static void insert_all(struct db *db, struct event *events, int count)
{
	begin(db);
	for (int i = 0; i < count; i++) {
		events[i] = random_event();
		insert(db, i, &events[i]);
	}
	commit(db);
}

static struct rollup read_sums(
    struct db *db, const struct rollup_request *request)
{
	struct rollup rollup = {0};

	assert_int_equal(db_begin_read(db), STATUS_OK);
	assert_int_equal(rollup_read(db, request, &rollup), STATUS_OK);
	db_end_read(db);
	return rollup;
}

/* Whether the event is to be in the sum. */
static bool belongs(const struct event *event,
    const struct rollup_request *request, const struct rollup_sum *sum)
{
	int64_t end_s = request->period.to_s;

	if (request->slot_s > 0 && sum->start_s + request->slot_s < end_s)
		end_s = sum->start_s + request->slot_s;
	if (event->replaced || event->second < sum->start_s ||
	    event->second >= end_s)
		return false;
	if (request->by_outcome && event->outcome != sum->outcome)
		return false;
	if (request->by == ROLLUP_MEDIA)
		return strcmp(event->media, sum->part) == 0;
	if (request->by == ROLLUP_STEP)
		return event->inventory_us >= 0;
	return true;
}

static void is_right(const struct rollup_sum *sum,
    const struct rollup_request *request, const struct event *events, int count)
{
	struct histogram counted = {0};

	for (int i = 0; i < count; i++)
		if (belongs(&events[i], request, sum))
			histogram_add(&counted,
			    request->by == ROLLUP_STEP ? events[i].inventory_us
						       : events[i].total_us,
			    1);
	assert_int_equal(sum->times.count, counted.count);
	assert_int_equal(sum->times.sum_us, counted.sum_us);
	assert_memory_equal(
	    sum->times.counts, counted.counts, sizeof counted.counts);
}

static int64_t count_in(const struct rollup *rollup)
{
	int64_t count = 0;

	for (size_t i = 0; i < rollup->count; i++)
		count += rollup->sums[i].times.count;
	return count;
}

static int64_t count_expected(
    const struct rollup_request *request, const struct event *events, int count)
{
	int64_t expected = 0;

	for (int i = 0; i < count; i++)
		expected +=
		    !events[i].replaced &&
		    events[i].second >= request->period.from_s &&
		    events[i].second < request->period.to_s &&
		    (request->by != ROLLUP_STEP || events[i].inventory_us >= 0);
	return expected;
}

static void answers_rightly(struct db *db, const struct rollup_request *request,
    const struct event *events, int count)
{
	struct rollup rollup = read_sums(db, request);

	for (size_t i = 0; i < rollup.count; i++) {
		const struct rollup_sum *sum = &rollup.sums[i];

		is_right(sum, request, events, count);
		assert_ptr_equal(sum, rollup_find(&rollup, sum->start_s,
					  sum->part, sum->outcome));
	}
	assert_int_equal(
	    count_in(&rollup), count_expected(request, events, count));
	rollup_done(&rollup);
}

/* A few questions of all sorts, about periods that begin anywhere. */
static void all_is_right(struct db *db, const struct event *events, int count)
{
	static const int64_t slots[] = {0, 3600, 86400, 7200};
	static const enum rollup_by bys[] = {
	    ROLLUP_TOTAL, ROLLUP_STEP, ROLLUP_MEDIA};

	for (int i = 0; i < 12; i++) {
		struct rollup_request request = {
		    .by = bys[i % 3],
		    .slot_s = slots[i % 4],
		    .by_outcome = i % 2 == 1,
		    .part = i % 3 == 1 ? "inventory" : NULL,
		    .period = {BEGIN + lrand48() % 86400,
			NOW - lrand48() % 86400},
		};

		assert_int_equal(
		    rollup_fit(db, NOW, &request.period), STATUS_OK);
		assert_int_equal(request.period.from_s % 60, 0);
		assert_int_equal(request.period.to_s % 60, 0);
		answers_rightly(db, &request, events, count);
	}
}

/* What no hour's sum can answer. */
static void slots_that_cut_hours_are_read_from_minutes(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .slot_s = 5400,
	    .period = {BEGIN, NOW},
	};
	static struct event events[EVENTS];

	srand48(SEED);
	insert_all(db, events, EVENTS);
	fold(db, EVENTS);
	assert_int_equal(rollup_fit(db, NOW, &request.period), STATUS_OK);
	answers_rightly(db, &request, events, EVENTS);
	db_close(db);
}

static void each_decision_counts_once_folded_or_not(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	static struct event events[EVENTS];

	srand48(SEED);
	insert_all(db, events, EVENTS);
	all_is_right(db, events, EVENTS);
	assert_int_equal(fold(db, 1000), 1000);
	all_is_right(db, events, EVENTS);
	assert_int_equal(fold(db, 3000), 2000);
	all_is_right(db, events, EVENTS);
	assert_int_equal(fold(db, 3000), 0);
	all_is_right(db, events, EVENTS);
	db_close(db);
}

static void mark_replaced(struct place *place, struct event *event, int number)
{
	sqlite3 *raw = raw_open(place);
	char sql[100];

	snprintf(sql, sizeof sql,
	    "UPDATE decision SET replaced_by = 1 WHERE interaction_id = 'i-%d'",
	    number);
	raw_run(raw, sql);
	sqlite3_close(raw);
	event->replaced = true;
}

static void a_replaced_decision_is_taken_out(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	static struct event events[300];

	srand48(SEED);
	insert_all(db, events, 300);
	fold(db, 200);
	mark_replaced(*state, &events[7], 7);
	mark_replaced(*state, &events[120], 120);
	mark_replaced(*state, &events[250], 250); /* in no sum yet */
	all_is_right(db, events, 300);
	fold(db, 1000);
	all_is_right(db, events, 300);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM rollup_undo"), 0);
	mark_replaced(*state, &events[250], 250); /* once more: no matter */
	fold(db, 1000);
	all_is_right(db, events, 300);
	db_close(db);
}

static void minutes_hours_days_and_all_time_agree(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	static struct event events[EVENTS];
	struct rollup ever = {0};

	srand48(SEED);
	insert_all(db, events, EVENTS);
	fold(db, EVENTS);
	assert_int_equal(
	    raw_int(*state,
		"SELECT count(DISTINCT counted) FROM (SELECT level, sum(count) "
		"AS counted FROM rollup WHERE kind = 'total' GROUP BY level)"),
	    1);
	assert_int_equal(
	    raw_int(*state,
		"SELECT sum(j.value) FROM rollup, json_each(buckets) AS j "
		"WHERE level = 86400 AND kind = 'media'"),
	    EVENTS);
	assert_int_equal(rollup_read_ever(db, ROLLUP_TOTAL, &ever), STATUS_OK);
	assert_int_equal(count_in(&ever), EVENTS);
	assert_int_equal(ever.count, OUTCOME_COUNT);
	rollup_done(&ever);
	db_close(db);
}

/* As after a pruning. */
static void keep_hours_only(struct place *place, int64_t minutes_from_s)
{
	sqlite3 *raw = raw_open(place);
	char sql[200];

	snprintf(sql, sizeof sql,
	    "DELETE FROM rollup WHERE level = 60 AND start_s < %lld; "
	    "UPDATE rollup_state SET minutes_from_s = %lld",
	    (long long)minutes_from_s, (long long)minutes_from_s);
	raw_run(raw, sql);
	sqlite3_close(raw);
}

static void periods_widen_to_what_is_kept(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup_period period = {BEGIN + 4000, NOW + 1000};
	int64_t day_2 = BEGIN + 86400 - (BEGIN + 86400) % 3600;
	static struct event events[EVENTS];

	srand48(SEED);
	insert_all(db, events, EVENTS);
	fold(db, EVENTS);
	keep_hours_only(*state, day_2);
	assert_int_equal(rollup_fit(db, NOW, &period), STATUS_OK);
	assert_int_equal(period.from_s % 3600, 0);
	assert_true(period.from_s <= BEGIN + 4000);
	assert_true(period.from_s > BEGIN);
	assert_int_equal(period.to_s, NOW - NOW % 60 + 60);
	all_is_right(db, events, EVENTS);
	db_close(db);
}

/* A sender chooses his media types. */
static void too_many_parts_are_one(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup_request request = {
	    .by = ROLLUP_MEDIA,
	    .period = {BEGIN - BEGIN % 60, BEGIN - BEGIN % 60 + 60},
	};
	struct rollup rollup;

	begin(db);
	for (int i = 0; i < 500; i++) {
		char media[16];
		struct event event = {
		    .second = BEGIN, .media = media, .total_us = i};

		snprintf(media, sizeof media, "media-%d", i % 250);
		insert(db, i, &event);
	}
	commit(db);
	while (fold(db, 70) == 70)
		;
	rollup = read_sums(db, &request);
	assert_int_equal(rollup.count, ROLLUP_PARTS_MAX + 1);
	assert_int_equal(count_in(&rollup), 500);
	assert_int_equal(rollup_find(&rollup, request.period.from_s,
			     ROLLUP_OTHER, OUTCOME_COUNT)
			     ->times.count,
	    300);
	rollup_done(&rollup);
	db_close(db);
}

/* None is like another, in five minutes: as they are, they would be more than
 * one question may give. */
static void insert_strange_ones(struct db *db, int count)
{
	begin(db);
	for (int i = 0; i < count; i++) {
		char media[24];
		struct event event = {
		    .second = BEGIN + i % 5 * 60,
		    .media = media,
		    .total_us = i,
		    .outcome = (enum outcome)(i % 2),
		};

		snprintf(media, sizeof media, "media-%d", i);
		insert(db, i, &event);
	}
	commit(db);
}

static void parts_that_senders_choose_end_no_report(void **state)
{
	const int count = ROLLUP_SUMS_MAX + 500;
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup_request request = {
	    .by = ROLLUP_MEDIA,
	    .period = {BEGIN - BEGIN % 60, BEGIN - BEGIN % 60 + 600},
	};
	const struct rollup_sum *other;
	struct rollup rollup;

	insert_strange_ones(db, count);
	for (int i = 0; i < 2; i++) {
		request.by_outcome = i == 1;
		rollup = read_sums(db, &request);
		assert_int_equal(count_in(&rollup), count);
		other = rollup_find(&rollup, request.period.from_s,
		    ROLLUP_OTHER, i == 1 ? OUTCOME_ROUTED : OUTCOME_COUNT);
		assert_non_null(other);
		assert_true(other->outcomes[OUTCOME_ROUTED] > 1000);
		rollup_done(&rollup);
	}
	db_close(db);
}

static void too_many_sums_are_refused(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .period = {BEGIN - BEGIN % 60, BEGIN - BEGIN % 60 + 5000 * 60},
	    .slot_s = 60,
	};
	struct rollup rollup = {0};

	begin(db);
	for (int i = 0; i < 5000; i++) {
		struct event event = {
		    .second = BEGIN + i * 60, .media = "voice"};

		insert(db, i, &event);
	}
	commit(db);
	assert_int_equal(db_begin_read(db), STATUS_OK);
	assert_int_equal(rollup_read(db, &request, &rollup), STATUS_TOO_LARGE);
	assert_null(rollup.sums);
	db_end_read(db);
	db_close(db);
}

static void parts_come_in_the_order_of_the_path(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct record record;
	struct rollup rollup = {0};

	record_init(&record);
	for (int i = 0; i < STEP_COUNT; i++)
		record.step_us[i] = i;
	begin(db);
	assert_int_equal(record_insert(db, &record), STATUS_OK);
	commit(db);
	fold(db, 10);
	assert_int_equal(rollup_read_ever(db, ROLLUP_STEP, &rollup), STATUS_OK);
	assert_int_equal(rollup.count, STEP_COUNT);
	for (int i = 0; i < STEP_COUNT; i++)
		assert_string_equal(rollup.sums[i].part, step_name(i));
	rollup_done(&rollup);
	db_close(db);
}

static void a_broken_sum_is_told(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup rollup = {0};
	struct event event = random_event();
	int64_t folded;
	sqlite3 *raw;

	begin(db);
	insert(db, 1, &event);
	commit(db);
	fold(db, 10);
	raw = raw_open(*state);
	raw_run(raw, "UPDATE rollup SET buckets = '{\"1\"' WHERE level = 0");
	sqlite3_close(raw);
	assert_int_equal(
	    rollup_read_ever(db, ROLLUP_TOTAL, &rollup), STATUS_STORE_CORRUPT);
	assert_null(rollup.sums);
	begin(db);
	insert(db, 2, &event);
	assert_int_equal(rollup_fold(db, 10, &folded), STATUS_STORE_CORRUPT);
	db_rollback(db);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(each_decision_counts_once_folded_or_not),
	    WITH_PLACE(slots_that_cut_hours_are_read_from_minutes),
	    WITH_PLACE(a_replaced_decision_is_taken_out),
	    WITH_PLACE(minutes_hours_days_and_all_time_agree),
	    WITH_PLACE(periods_widen_to_what_is_kept),
	    WITH_PLACE(too_many_parts_are_one),
	    WITH_PLACE(parts_that_senders_choose_end_no_report),
	    WITH_PLACE(too_many_sums_are_refused),
	    WITH_PLACE(parts_come_in_the_order_of_the_path),
	    WITH_PLACE(a_broken_sum_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
