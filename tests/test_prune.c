/* test_prune.c: what is old goes, what is young stays, a few at a time */
#include "prune.h"

#include "clock.h"
#include "db_place.h"
#include "rollup.h"
#include "rollup_fold.h"

#define DAY    (86400 * CLOCK_SECOND)
#define NOW    (INT64_C(1795300000) * CLOCK_SECOND)
#define EVENTS 2000
#define DAYS   20

static const struct config config = {
    .retention_decisions_days = 10,
    .retention_minutes_days = 3,
    .retention_hours_days = 5,
    .retention_days_days = 15,
};

static void insert(struct db *db, int64_t received_us, int number)
{
	struct record record;

	record_init(&record);
	record.received_us = received_us;
	snprintf(record.interaction_id, sizeof record.interaction_id, "i-%d",
	    number);
	assert_int_equal(record_insert(db, &record), STATUS_OK);
}

/* Evenly over DAYS days, the oldest first. */
static void insert_all(struct db *db)
{
	assert_int_equal(db_begin(db, false), STATUS_OK);
	for (int i = 0; i < EVENTS; i++)
		insert(db, NOW - DAYS * DAY + i * (DAYS * DAY / EVENTS), i);
	assert_int_equal(db_commit(db), STATUS_OK);
}

static void fold(struct db *db, int64_t rows_max)
{
	int64_t folded;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(rollup_fold(db, rows_max, &folded), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
}

static struct prune_count prune(struct db *db, const struct config *kept)
{
	struct prune_count count = {0};
	struct prune_limits limits;

	prune_limits_at(kept, NOW, &limits);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(prune_some(db, &limits, &count), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	return count;
}

/* Bounded: each step must delete something. */
static void prune_all(struct db *db, const struct config *kept)
{
	struct prune_count count;
	int steps = 0;

	do {
		count = prune(db, kept);
		assert_true(count.decisions <= PRUNE_ROWS);
		assert_true(steps++ < EVENTS);
	} while (count.decisions + count.sums > 0);
}

static void each_kind_goes_at_its_own_age(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);

	insert_all(db);
	fold(db, EVENTS);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision"), EVENTS / 2);
	assert_int_equal(
	    raw_int(*state,
		"SELECT min(start_s) / 3600 FROM rollup WHERE level = 60"),
	    (NOW / CLOCK_SECOND - 3 * 86400) / 3600);
	assert_int_equal(
	    raw_int(*state,
		"SELECT min(start_s) / 86400 FROM rollup WHERE level = 3600"),
	    NOW / DAY - 5);
	assert_int_equal(
	    raw_int(*state,
		"SELECT min(start_s) / 86400 FROM rollup WHERE level = 86400"),
	    NOW / DAY - 15);
	assert_int_equal(
	    raw_int(*state,
		"SELECT sum(count) FROM rollup WHERE level = 0 AND kind = "
		"'total'"),
	    EVENTS);
	db_close(db);
}

/* Coarser sums stand in for those that are gone. */
static void reports_stay_right(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .period = {NOW / CLOCK_SECOND - 12 * 86400, NOW / CLOCK_SECOND},
	};
	struct rollup rollup = {0};

	insert_all(db);
	fold(db, EVENTS);
	prune_all(db, &config);
	assert_int_equal(
	    rollup_fit(db, NOW / CLOCK_SECOND, &request.period), STATUS_OK);
	assert_int_equal(request.period.from_s % 86400, 0);
	assert_int_equal(rollup_read(db, &request, &rollup), STATUS_OK);
	assert_int_equal(rollup.count, 1);
	assert_int_equal(rollup.sums[0].times.count,
	    (NOW / CLOCK_SECOND - request.period.from_s) * EVENTS /
		(DAYS * 86400));
	rollup_done(&rollup);
	db_close(db);
}

static int64_t count_since(struct db *db, int64_t from_s, int64_t slot_s)
{
	struct rollup_request request = {
	    .by = ROLLUP_TOTAL,
	    .period = {from_s, NOW / CLOCK_SECOND},
	    .slot_s = slot_s,
	};
	struct rollup rollup;
	int64_t count = 0;

	assert_int_equal(
	    rollup_fit(db, NOW / CLOCK_SECOND, &request.period), STATUS_OK);
	assert_int_equal(rollup_read(db, &request, &rollup), STATUS_OK);
	for (size_t i = 0; i < rollup.count; i++)
		count += rollup.sums[i].times.count;
	rollup_done(&rollup);
	return count;
}

/* Readers take whole hours and days where there are minutes. */
static void coarse_sums_are_kept_as_long_as_fine_ones(void **state)
{
	static const struct config kept[] = {
	    {.retention_hours_days = 5, .retention_days_days = 2},
	    {.retention_minutes_days = 18, .retention_hours_days = 5},
	    {.retention_hours_days = 18, .retention_days_days = 5},
	};
	const int64_t from_s = (NOW / DAY - 17) * (DAY / CLOCK_SECOND);
	struct db *db = must_open(*state, DB_SERVE);
	int64_t count;

	insert_all(db);
	fold(db, EVENTS);
	count = count_since(db, from_s, 0);
	assert_true(count > EVENTS / 2);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		prune_all(db, &kept[i]);
		assert_int_equal(count_since(db, from_s, 0), count);
		assert_int_equal(count_since(db, from_s, 3600), count);
	}
	db_close(db);
}

/* What the clock made it delete is gone, but not what comes after. */
static void a_clock_that_was_ahead_does_no_lasting_harm(void **state)
{
	static const struct config kept = {.retention_minutes_days = 3};
	struct db *db = must_open(*state, DB_SERVE);
	struct prune_limits limits;
	struct prune_count count = {0};
	struct rollup_period period = {NOW / CLOCK_SECOND + 2 * 86400 + 60,
	    NOW / CLOCK_SECOND + 2 * 86400 + 120};
	const int64_t from_s = period.from_s / 60 * 60;

	prune_limits_at(&kept, NOW + 10000 * DAY, &limits);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(prune_some(db, &limits, &count), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	prune(db, &kept);
	assert_int_equal(rollup_fit(db, period.to_s, &period), STATUS_OK);
	assert_int_equal(period.from_s, from_s);
	db_close(db);
}

/* Else it would be in the sums for ever, beside the one in its place. */
static void what_is_to_be_taken_out_stays_until_it_was(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	sqlite3 *raw = raw_open(*state);
	struct rollup ever = {0};

	insert_all(db);
	fold(db, EVENTS);
	raw_run(raw, "UPDATE decision SET replaced_by = 2 WHERE id = 1");
	sqlite3_close(raw);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision WHERE id = 1"), 1);
	fold(db, EVENTS);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision WHERE id = 1"), 0);
	assert_int_equal(rollup_read_ever(db, ROLLUP_TOTAL, &ever), STATUS_OK);
	assert_int_equal(ever.sums[0].times.count, EVENTS - 1);
	rollup_done(&ever);
	db_close(db);
}

/* The three oldest events are in the queue, and have their decisions. */
static void queue_three(struct place *place)
{
	sqlite3 *raw = raw_open(place);

	raw_run(raw,
	    "INSERT INTO outbox (interaction_id, claim_key, claim_holder, "
	    "body, accepted_us, due_us, state, attempts, recorded) "
	    "SELECT interaction_id, '', 0, '', received_us, 0, "
	    "CASE id WHEN 1 THEN 'parked' WHEN 2 THEN 'waiting' "
	    "ELSE 'running' END, 1, 1 FROM decision WHERE id <= 3");
	sqlite3_close(raw);
}

/* Else it counted once more when a later one could not replace it. */
static void what_was_parked_stays_while_it_is_in_the_queue(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct prune_limits limits;
	sqlite3 *raw;
	int64_t left = -1;

	insert_all(db);
	fold(db, EVENTS);
	queue_three(*state);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision WHERE id <= 3"), 3);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision"), EVENTS / 2 + 3);
	prune_limits_at(&config, NOW, &limits);
	assert_int_equal(prune_left(db, &limits, &left), STATUS_OK);
	assert_int_equal(left, 0);
	raw = raw_open(*state);
	raw_run(raw, "DELETE FROM outbox");
	sqlite3_close(raw);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision"), EVENTS / 2);
	db_close(db);
}

static void what_is_in_no_sum_stays(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);

	insert_all(db);
	fold(db, 300);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision"), EVENTS - 300);
	fold(db, EVENTS);
	prune_all(db, &config);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision"), EVENTS / 2);
	db_close(db);
}

/* Else its number came again, and the fold would pass over it. */
static void the_newest_decision_stays(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct rollup ever = {0};
	struct prune_limits limits;
	int64_t left = -1;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	insert(db, NOW - 30 * DAY, 1);
	insert(db, NOW - 30 * DAY, 2);
	assert_int_equal(db_commit(db), STATUS_OK);
	fold(db, 10);
	prune_all(db, &config);
	assert_int_equal(raw_int(*state, "SELECT max(id) FROM decision"), 2);
	prune_limits_at(&config, NOW, &limits);
	assert_int_equal(prune_left(db, &limits, &left), STATUS_OK);
	assert_int_equal(left, 0);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	insert(db, NOW, 3);
	assert_int_equal(db_commit(db), STATUS_OK);
	fold(db, 10);
	assert_int_equal(rollup_read_ever(db, ROLLUP_TOTAL, &ever), STATUS_OK);
	assert_int_equal(ever.sums[0].times.count, 3);
	rollup_done(&ever);
	db_close(db);
}

static void zero_days_keep_for_ever(void **state)
{
	static const struct config keep = {.retention_decisions_days = 0};
	struct db *db = must_open(*state, DB_SERVE);
	struct prune_count count;

	insert_all(db);
	fold(db, EVENTS);
	count = prune(db, &keep);
	assert_int_equal(count.decisions + count.sums, 0);
	assert_int_equal(
	    raw_int(*state, "SELECT count(*) FROM decision"), EVENTS);
	db_close(db);
}

static void what_is_left_is_told(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct prune_limits limits;
	int64_t left = -1;

	insert_all(db);
	fold(db, EVENTS);
	prune_limits_at(&config, NOW, &limits);
	assert_int_equal(prune_left(db, &limits, &left), STATUS_OK);
	assert_int_equal(left, EVENTS / 2);
	prune(db, &config);
	assert_int_equal(prune_left(db, &limits, &left), STATUS_OK);
	assert_int_equal(left, EVENTS / 2 - PRUNE_ROWS);
	db_close(db);
}

static enum prune_turn turn_at(struct db *db, int64_t now_us)
{
	enum prune_turn turn = PRUNE_TURN_COUNT;
	int64_t ago_us = 0;

	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(
	    prune_turn(db, now_us, 60 * CLOCK_SECOND, &turn, &ago_us),
	    STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	assert_true(turn == PRUNE_HELD ? ago_us > PRUNE_GAP_US : ago_us == 0);
	return turn;
}

static void one_prunes_in_each_turn(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct db *other = must_open(*state, DB_SERVE);

	assert_int_equal(turn_at(db, NOW), PRUNE_DUE);
	assert_int_equal(turn_at(other, NOW), PRUNE_NOT_YET);
	assert_int_equal(turn_at(db, NOW + 59 * CLOCK_SECOND), PRUNE_NOT_YET);
	assert_int_equal(turn_at(other, NOW + 60 * CLOCK_SECOND), PRUNE_DUE);
	db_close(other);
	db_close(db);
}

static void a_clock_put_back_does_not_put_off_pruning(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);

	assert_int_equal(turn_at(db, NOW), PRUNE_DUE);
	assert_int_equal(turn_at(db, NOW - DAY), PRUNE_DUE);
	assert_int_equal(turn_at(db, NOW - DAY + 1), PRUNE_NOT_YET);
	db_close(db);
}

static void after_a_leap_of_the_clock_nothing_is_deleted_for_a_day(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	struct db *other = must_open(*state, DB_SERVE);
	int64_t ahead_us = NOW + 1000 * DAY;

	assert_int_equal(turn_at(db, NOW), PRUNE_DUE);
	assert_int_equal(turn_at(db, NOW + PRUNE_GAP_US), PRUNE_DUE);
	assert_int_equal(turn_at(db, ahead_us), PRUNE_HELD);
	assert_int_equal(turn_at(other, ahead_us + 1), PRUNE_NOT_YET);
	assert_int_equal(
	    turn_at(other, ahead_us + PRUNE_HOLD_US - 1), PRUNE_NOT_YET);
	assert_int_equal(turn_at(other, ahead_us + PRUNE_HOLD_US), PRUNE_DUE);
	db_close(other);
	db_close(db);
}

static void a_clock_that_is_put_right_ends_the_wait(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);

	assert_int_equal(turn_at(db, NOW), PRUNE_DUE);
	assert_int_equal(turn_at(db, NOW + 1000 * DAY), PRUNE_HELD);
	assert_int_equal(turn_at(db, NOW + DAY), PRUNE_DUE);
	assert_int_equal(turn_at(db, NOW + DAY + 60 * CLOCK_SECOND), PRUNE_DUE);
	db_close(db);
}

static void a_clock_that_is_said_to_be_right_is_not_waited_for(void **state)
{
	struct db *db = must_open(*state, DB_SERVE);
	int64_t ahead_us = NOW + 1000 * DAY;

	assert_int_equal(turn_at(db, NOW), PRUNE_DUE);
	assert_int_equal(turn_at(db, ahead_us), PRUNE_HELD);
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(prune_trust(db, ahead_us), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	assert_int_equal(turn_at(db, ahead_us + 60 * CLOCK_SECOND), PRUNE_DUE);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_PLACE(each_kind_goes_at_its_own_age),
	    WITH_PLACE(reports_stay_right),
	    WITH_PLACE(coarse_sums_are_kept_as_long_as_fine_ones),
	    WITH_PLACE(a_clock_that_was_ahead_does_no_lasting_harm),
	    WITH_PLACE(what_is_to_be_taken_out_stays_until_it_was),
	    WITH_PLACE(what_was_parked_stays_while_it_is_in_the_queue),
	    WITH_PLACE(what_is_in_no_sum_stays),
	    WITH_PLACE(the_newest_decision_stays),
	    WITH_PLACE(zero_days_keep_for_ever),
	    WITH_PLACE(what_is_left_is_told),
	    WITH_PLACE(one_prunes_in_each_turn),
	    WITH_PLACE(a_clock_put_back_does_not_put_off_pruning),
	    WITH_PLACE(after_a_leap_of_the_clock_nothing_is_deleted_for_a_day),
	    WITH_PLACE(a_clock_that_is_put_right_ends_the_wait),
	    WITH_PLACE(a_clock_that_is_said_to_be_right_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
