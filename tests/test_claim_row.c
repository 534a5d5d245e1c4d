/* test_claim_row.c: claims through claim_row.h, in real transactions */
#include "claim_row.h"

#include <time.h>

#include "clock.h"
#include "db_place.h"

/* Waited for; so long that a busy machine does not pass it between two. */
#define SHORT_MS  300
#define LEASE_US  (10 * CLOCK_SECOND)
#define WINDOW_US (3600 * CLOCK_SECOND)

/* Two requests, in one database, that may be for one event or for two. */
struct requests {
	struct place *place;
	struct db *db;
	struct claim_row one;
	struct claim_row two;
};

static void prepare(struct claim_row *row, const char *key, int64_t holder)
{
	*row = (struct claim_row){
	    .holder = holder, .lease_us = LEASE_US, .window_us = WINDOW_US};
	snprintf(row->key, sizeof row->key, "%s", key);
	text_init(&row->answer, CLAIM_ANSWER_MAX);
}

static int open_requests(void **state)
{
	struct requests *requests = calloc(1, sizeof *requests);

	assert_non_null(requests);
	make_place((void **)&requests->place);
	requests->db = must_open(requests->place, DB_SERVE);
	prepare(&requests->one, "same", 1);
	prepare(&requests->two, "same", 2);
	*state = requests;
	return 0;
}

static int close_requests(void **state)
{
	struct requests *requests = *state;

	text_done(&requests->one.answer);
	text_done(&requests->two.answer);
	db_close(requests->db);
	remove_place((void **)&requests->place);
	free(requests);
	return 0;
}

static enum claim_found take(struct requests *requests, struct claim_row *row)
{
	assert_int_equal(db_begin(requests->db, false), STATUS_OK);
	assert_int_equal(claim_row_take(requests->db, row), STATUS_OK);
	assert_int_equal(db_commit(requests->db), STATUS_OK);
	return row->found;
}

static void finish(
    struct requests *requests, const struct claim_row *row, const char *answer)
{
	assert_int_equal(db_begin(requests->db, false), STATUS_OK);
	assert_int_equal(
	    claim_row_finish(requests->db, row, 200, answer), STATUS_OK);
	assert_int_equal(db_commit(requests->db), STATUS_OK);
}

static void release(struct requests *requests, const struct claim_row *row)
{
	assert_int_equal(db_begin(requests->db, false), STATUS_OK);
	assert_int_equal(claim_row_release(requests->db, row), STATUS_OK);
	assert_int_equal(db_commit(requests->db), STATUS_OK);
}

static int64_t count_claims(const struct requests *requests)
{
	return raw_int(requests->place, "SELECT count(*) FROM claim");
}

static void nap_ms(long ms)
{
	const struct timespec nap = {.tv_nsec = ms * 1000000};

	nanosleep(&nap, NULL);
}

static void the_first_has_the_event_in_hand_and_the_second_not(void **state)
{
	struct requests *requests = *state;

	assert_int_equal(take(requests, &requests->one), CLAIM_OURS);
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	assert_int_equal(count_claims(requests), 1);
}

static void two_events_do_not_meet(void **state)
{
	struct requests *requests = *state;

	strcpy(requests->two.key, "other");
	assert_int_equal(take(requests, &requests->one), CLAIM_OURS);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
	assert_int_equal(count_claims(requests), 2);
}

/* The first has a lease of two minutes, as if the clock had been later. */
static void a_claim_from_before_the_clock_was_put_back_ends_soon(void **state)
{
	struct requests *requests = *state;

	requests->one.lease_us = 120 * CLOCK_SECOND;
	requests->two.lease_us = SHORT_MS * CLOCK_MS;
	assert_int_equal(take(requests, &requests->one), CLAIM_OURS);
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	nap_ms(SHORT_MS + 5);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
}

static void who_comes_later_gets_the_firsts_answer(void **state)
{
	struct requests *requests = *state;

	take(requests, &requests->one);
	finish(requests, &requests->one, "{\"first\":true}");
	assert_int_equal(take(requests, &requests->two), CLAIM_FINISHED);
	assert_int_equal(requests->two.http, 200);
	assert_string_equal(
	    text_string(&requests->two.answer), "{\"first\":true}");
}

static void an_event_whose_answer_is_gone_waits_for_its_lease(void **state)
{
	struct requests *requests = *state;
	sqlite3 *raw;

	requests->one.lease_us = SHORT_MS * CLOCK_MS;
	take(requests, &requests->one);
	finish(requests, &requests->one, "{}");
	raw = raw_open(requests->place);
	raw_run(raw, "DELETE FROM claim_answer");
	sqlite3_close(raw);
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	nap_ms(SHORT_MS + 5);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
}

static void a_claim_given_back_is_free_at_once(void **state)
{
	struct requests *requests = *state;

	take(requests, &requests->one);
	release(requests, &requests->one);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
	assert_int_equal(requests->two.http, 0);
	assert_string_equal(text_string(&requests->two.answer), "");
}

static void an_answered_claim_cannot_be_given_back(void **state)
{
	struct requests *requests = *state;

	take(requests, &requests->one);
	finish(requests, &requests->one, "{}");
	release(requests, &requests->one);
	assert_int_equal(take(requests, &requests->two), CLAIM_FINISHED);
}

static void a_lease_that_ran_out_is_taken_over(void **state)
{
	struct requests *requests = *state;

	requests->one.lease_us = SHORT_MS * CLOCK_MS;
	take(requests, &requests->one);
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	nap_ms(SHORT_MS + 5);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
	assert_int_equal(take(requests, &requests->one), CLAIM_IN_HAND);
}

static void who_was_overtaken_neither_finishes_nor_gives_back(void **state)
{
	struct requests *requests = *state;
	struct claim_row third = {
	    .holder = 3, .key = "same", .lease_us = LEASE_US};

	text_init(&third.answer, CLAIM_ANSWER_MAX);
	requests->one.lease_us = 0;
	take(requests, &requests->one);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
	finish(requests, &requests->one, "{\"late\":true}");
	assert_int_equal(take(requests, &third), CLAIM_IN_HAND);
	release(requests, &requests->one);
	assert_int_equal(take(requests, &third), CLAIM_IN_HAND);
	finish(requests, &requests->two, "{\"in_time\":true}");
	release(requests, &requests->one);
	finish(requests, &requests->one, "{\"late\":true}");
	third.window_us = WINDOW_US;
	assert_int_equal(take(requests, &third), CLAIM_FINISHED);
	assert_string_equal(text_string(&third.answer), "{\"in_time\":true}");
	text_done(&third.answer);
}

static void after_the_window_an_event_is_new(void **state)
{
	struct requests *requests = *state;

	take(requests, &requests->one);
	finish(requests, &requests->one, "{\"old\":true}");
	requests->two.window_us = SHORT_MS * CLOCK_MS;
	assert_int_equal(take(requests, &requests->two), CLAIM_FINISHED);
	nap_ms(SHORT_MS + 5);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
	assert_int_equal(requests->two.http, 0);
}

/* It is not taken again at once because its first claim is so old. */
static void an_event_that_is_new_again_is_remembered_again(void **state)
{
	struct requests *requests = *state;

	requests->one.window_us = 50 * CLOCK_MS;
	requests->two.window_us = 50 * CLOCK_MS;
	take(requests, &requests->one);
	finish(requests, &requests->one, "{\"old\":true}");
	nap_ms(55);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
	requests->one.window_us = WINDOW_US;
	assert_int_equal(take(requests, &requests->one), CLAIM_IN_HAND);
	finish(requests, &requests->two, "{\"new\":true}");
	assert_int_equal(take(requests, &requests->one), CLAIM_FINISHED);
	assert_string_equal(
	    text_string(&requests->one.answer), "{\"new\":true}");
}

static void a_window_shorter_than_the_lease_takes_nothing_away(void **state)
{
	struct requests *requests = *state;
	struct claim_row other;

	requests->one.window_us = 1;
	requests->two.window_us = 1;
	take(requests, &requests->one);
	nap_ms(5);
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	/* Nor does the forgetting that comes with another's end. */
	prepare(&other, "other", 3);
	other.window_us = 1;
	take(requests, &other);
	finish(requests, &other, "{}");
	assert_int_equal(take(requests, &requests->two), CLAIM_IN_HAND);
	text_done(&other.answer);
}

static void make_old_claims(struct requests *requests, int count)
{
	struct claim_row row;
	int i;

	/* Holders whose end forgets nothing. */
	prepare(&row, "", CLAIM_SALTS);
	row.lease_us = 1; /* over, as it always is when claims are old */
	for (i = 0; i < count; i++) {
		snprintf(row.key, sizeof row.key, "old%d", i);
		row.holder += 16 * CLAIM_SALTS;
		take(requests, &row);
		finish(requests, &row, "{}");
	}
	nap_ms(2);
	text_done(&row.answer);
}

static int64_t count_answers(const struct requests *requests)
{
	return raw_int(requests->place, "SELECT count(*) FROM claim_answer");
}

/* Answers one event, which may be forgotten a millisecond later. */
static void finish_one(struct requests *requests, int64_t holder)
{
	strcpy(requests->one.key, "a");
	requests->one.holder = holder * CLAIM_SALTS;
	requests->one.window_us = CLOCK_MS;
	take(requests, &requests->one);
	finish(requests, &requests->one, "{}");
}

static void one_end_in_sixteen_forgets_64_old_ones(void **state)
{
	struct requests *requests = *state;

	make_old_claims(requests, 100);
	assert_int_equal(count_claims(requests), 100);
	finish_one(requests, 2001);
	assert_int_equal(count_claims(requests), 101);
	assert_int_equal(count_answers(requests), 101);
	nap_ms(2);
	finish_one(requests, 2016);
	assert_int_equal(count_claims(requests), 101 - 64);
	assert_int_equal(count_answers(requests), 102 - 64);
}

static void what_is_within_the_window_is_not_forgotten(void **state)
{
	struct requests *requests = *state;

	make_old_claims(requests, 3);
	strcpy(requests->one.key, "a");
	requests->one.holder = 32 * CLAIM_SALTS;
	take(requests, &requests->one);
	finish(requests, &requests->one, "{}");
	assert_int_equal(count_claims(requests), 4);
}

static void a_claim_that_is_new_again_is_not_forgotten(void **state)
{
	struct requests *requests = *state;
	struct claim_row row;

	make_old_claims(requests, 10);
	prepare(&row, "old3", 31);
	row.window_us = CLOCK_MS;
	assert_int_equal(take(requests, &row), CLAIM_OURS);
	finish_one(requests, 2016);
	assert_int_equal(count_claims(requests), 2);
	text_done(&row.answer);
}

static void a_take_that_is_undone_claims_nothing(void **state)
{
	struct requests *requests = *state;

	assert_int_equal(db_begin(requests->db, false), STATUS_OK);
	assert_int_equal(
	    claim_row_take(requests->db, &requests->one), STATUS_OK);
	db_rollback(requests->db);
	assert_int_equal(take(requests, &requests->two), CLAIM_OURS);
}

#define WITH_REQUESTS(test)                                                    \
	cmocka_unit_test_setup_teardown(test, open_requests, close_requests)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_REQUESTS(the_first_has_the_event_in_hand_and_the_second_not),
	    WITH_REQUESTS(two_events_do_not_meet),
	    WITH_REQUESTS(a_claim_from_before_the_clock_was_put_back_ends_soon),
	    WITH_REQUESTS(who_comes_later_gets_the_firsts_answer),
	    WITH_REQUESTS(an_event_whose_answer_is_gone_waits_for_its_lease),
	    WITH_REQUESTS(a_claim_given_back_is_free_at_once),
	    WITH_REQUESTS(an_answered_claim_cannot_be_given_back),
	    WITH_REQUESTS(a_lease_that_ran_out_is_taken_over),
	    WITH_REQUESTS(who_was_overtaken_neither_finishes_nor_gives_back),
	    WITH_REQUESTS(after_the_window_an_event_is_new),
	    WITH_REQUESTS(an_event_that_is_new_again_is_remembered_again),
	    WITH_REQUESTS(a_window_shorter_than_the_lease_takes_nothing_away),
	    WITH_REQUESTS(one_end_in_sixteen_forgets_64_old_ones),
	    WITH_REQUESTS(what_is_within_the_window_is_not_forgotten),
	    WITH_REQUESTS(a_claim_that_is_new_again_is_not_forgotten),
	    WITH_REQUESTS(a_take_that_is_undone_claims_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
