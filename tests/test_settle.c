/* test_settle.c: a record and its claim through settle.h, on real files */
#include "settle.h"

#include "clock.h"
#include "db_place.h"
#include "loop.h"

/* A store on a loop, one event that is claimed, and what done was told. */
struct ending {
	struct place *place;
	struct loop *loop;
	struct store *store;
	struct loop_timer limit;
	struct record record;
	struct claim_row claim;
	struct settlement settlement;
	bool returned;
	int ended;
	enum status status;
};

static void took_too_long(void *arg)
{
	(void)arg;
	fail_msg("the store did not answer in time");
}

static void settled(void *arg, enum status status)
{
	struct ending *ending = arg;

	assert_true(ending->returned);
	ending->ended++;
	ending->status = status;
	loop_stop(ending->loop);
}

static enum status take_body(struct db *db, void *arg)
{
	struct ending *ending = arg;

	return claim_row_take(db, &ending->claim);
}

static void run(struct ending *ending)
{
	ending->returned = true;
	loop_timer_set(
	    ending->loop, &ending->limit, clock_mono_us() + 10 * CLOCK_SECOND);
	loop_run(ending->loop);
	loop_timer_stop(ending->loop, &ending->limit);
}

static enum claim_found take_claim(struct ending *ending)
{
	struct store_job job = {
	    .body = take_body, .done = settled, .arg = ending};

	store_submit(ending->store, &job);
	run(ending);
	assert_int_equal(ending->status, STATUS_OK);
	ending->ended = 0;
	return ending->claim.found;
}

static int open_ending(void **state)
{
	struct ending *ending = calloc(1, sizeof *ending);

	assert_non_null(ending);
	make_place((void **)&ending->place);
	ending->loop = loop_new();
	assert_non_null(ending->loop);
	assert_int_equal(store_open(ending->loop, ending->place->path,
			     &ending->store, ending->place->problem),
	    STATUS_OK);
	loop_timer_init(&ending->limit, took_too_long, ending);
	record_init(&ending->record);
	strcpy(ending->record.interaction_id, "a1b2c3d4");
	ending->record.http = 200;
	ending->claim = (struct claim_row){.key = "key",
	    .holder = 1,
	    .lease_us = 60 * CLOCK_SECOND,
	    .window_us = 60 * CLOCK_SECOND};
	text_init(&ending->claim.answer, CLAIM_ANSWER_MAX);
	ending->settlement.record = &ending->record;
	ending->settlement.claim = &ending->claim;
	assert_int_equal(take_claim(ending), CLAIM_OURS);
	*state = ending;
	return 0;
}

static int close_ending(void **state)
{
	struct ending *ending = *state;

	text_done(&ending->claim.answer);
	store_close(ending->store);
	loop_free(ending->loop);
	remove_place((void **)&ending->place);
	free(ending);
	return 0;
}

static enum status settle_and_wait(struct ending *ending, const char *answer)
{
	ending->returned = false;
	ending->settlement.answer = answer;
	settle(ending->store, &ending->settlement, settled, ending);
	run(ending);
	assert_int_equal(ending->ended, 1);
	return ending->status;
}

static int64_t count_decisions(const struct ending *ending)
{
	return raw_int(ending->place, "SELECT count(*) FROM decision");
}

static void an_answer_is_kept_with_its_record(void **state)
{
	struct ending *ending = *state;

	assert_int_equal(
	    settle_and_wait(ending, "{\"first\":true}"), STATUS_OK);
	assert_int_equal(count_decisions(ending), 1);
	ending->claim.holder = 2;
	assert_int_equal(take_claim(ending), CLAIM_FINISHED);
	assert_int_equal(ending->claim.http, 200);
	assert_string_equal(
	    text_string(&ending->claim.answer), "{\"first\":true}");
}

/* A process that hung: its event was sent again, and is in other hands. */
static void what_another_has_taken_over_is_not_put_into_the_queue(void **state)
{
	struct ending *ending = *state;
	char body[] = "{}";
	struct outbox_item item = {.interaction_id = "a1b2c3d4", .body = body};
	struct claim_row ours = ending->claim;
	sqlite3 *raw = raw_open(ending->place);

	raw_run(raw, "UPDATE claim SET lease_until_us = 0");
	sqlite3_close(raw);
	ending->claim.holder = 2;
	assert_int_equal(take_claim(ending), CLAIM_OURS);
	ending->settlement.claim = &ours;
	ending->settlement.undecided = true;
	ending->settlement.queue = SETTLE_PUT;
	ending->settlement.item = &item;
	assert_int_equal(settle_and_wait(ending, "{}"), STATUS_STALE);
	assert_int_equal(
	    raw_int(ending->place, "SELECT count(*) FROM outbox"), 0);
	ending->ended = 0;
	ending->settlement.claim = &ending->claim;
	assert_int_equal(settle_and_wait(ending, "{}"), STATUS_OK);
	assert_int_equal(
	    raw_int(ending->place, "SELECT count(*) FROM outbox"), 1);
}

/* What failed at once is told with the attempts from the queue. */
static void the_first_decision_that_failed_is_the_first_attempt(void **state)
{
	struct ending *ending = *state;
	char body[] = "{}";
	struct outbox_item item = {.interaction_id = "a1b2c3d4", .body = body};

	ending->record.status = STATUS_RATE_LIMITED;
	ending->record.cxone_http = 429;
	waits_add(&ending->record.waits, "cxone", "429", 5);
	ending->settlement.undecided = true;
	ending->settlement.queue = SETTLE_PUT;
	ending->settlement.item = &item;
	assert_int_equal(settle_and_wait(ending, "{}"), STATUS_OK);
	assert_int_equal(
	    raw_int(ending->place,
		"SELECT count(*) FROM attempt WHERE attempt = 0 AND "
		"fence = 0 AND status = 'rate_limited' AND http = 429 "
		"AND waits = 'cxone:429:0.005ms'"),
	    1);
	assert_int_equal(count_decisions(ending), 0);
}

static void without_an_answer_the_sender_may_try_again(void **state)
{
	struct ending *ending = *state;

	assert_int_equal(settle_and_wait(ending, NULL), STATUS_OK);
	assert_int_equal(count_decisions(ending), 1);
	ending->claim.holder = 2;
	assert_int_equal(take_claim(ending), CLAIM_OURS);
}

static void without_a_claim_only_the_record_is_written(void **state)
{
	struct ending *ending = *state;

	ending->settlement.claim = NULL;
	assert_int_equal(settle_and_wait(ending, "{}"), STATUS_OK);
	assert_int_equal(count_decisions(ending), 1);
	ending->claim.holder = 2;
	assert_int_equal(take_claim(ending), CLAIM_IN_HAND);
}

static void who_was_overtaken_still_records(void **state)
{
	struct ending *ending = *state;
	sqlite3 *raw = raw_open(ending->place);

	raw_run(raw, "UPDATE claim SET holder = 2");
	sqlite3_close(raw);
	assert_int_equal(settle_and_wait(ending, "{}"), STATUS_OK);
	assert_int_equal(count_decisions(ending), 1);
	ending->claim.holder = 3;
	assert_int_equal(take_claim(ending), CLAIM_IN_HAND);
}

static void refuse_all(const struct ending *ending, const char *what)
{
	sqlite3 *raw = raw_open(ending->place);
	char sql[160];

	snprintf(sql, sizeof sql,
	    "CREATE TRIGGER refuse BEFORE %s "
	    "BEGIN SELECT RAISE(ABORT, 'refused'); END",
	    what);
	raw_run(raw, sql);
	sqlite3_close(raw);
}

static void a_record_whose_claim_cannot_be_written_is_not_kept(void **state)
{
	struct ending *ending = *state;

	refuse_all(ending, "INSERT ON claim_answer");
	assert_int_not_equal(settle_and_wait(ending, "{}"), STATUS_OK);
	assert_int_equal(count_decisions(ending), 0);
	assert_int_equal(
	    raw_int(ending->place, "SELECT count(*) FROM claim"), 1);
}

static void a_claim_whose_record_cannot_be_written_stays(void **state)
{
	struct ending *ending = *state;

	refuse_all(ending, "INSERT ON decision");
	assert_int_not_equal(settle_and_wait(ending, "{}"), STATUS_OK);
	assert_int_equal(
	    raw_int(ending->place, "SELECT count(*) FROM claim WHERE "
				   "lease_until_us > 0"),
	    1);
}

#define WITH_ENDING(test)                                                      \
	cmocka_unit_test_setup_teardown(test, open_ending, close_ending)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ENDING(an_answer_is_kept_with_its_record),
	    WITH_ENDING(what_another_has_taken_over_is_not_put_into_the_queue),
	    WITH_ENDING(the_first_decision_that_failed_is_the_first_attempt),
	    WITH_ENDING(without_an_answer_the_sender_may_try_again),
	    WITH_ENDING(without_a_claim_only_the_record_is_written),
	    WITH_ENDING(who_was_overtaken_still_records),
	    WITH_ENDING(a_record_whose_claim_cannot_be_written_is_not_kept),
	    WITH_ENDING(a_claim_whose_record_cannot_be_written_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
