/* test_token_row.c: the shared token row, through real transactions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "token_row.h"

#define LEASE_US (10 * CLOCK_SECOND)
#define HOUR_US  (3600 * CLOCK_SECOND)

typedef enum status row_body(struct db *db, struct token_row *row);

/* Two processes that share one database, as far as the row can tell. */
struct place {
	char dir[64];
	char path[96];
	struct db *db;
	struct keyring *ring; /* both have the same keys */
	struct token_row one;
	struct token_row two;
};

static void prepare(
    struct token_row *row, const char *owner, struct keyring *ring)
{
	memset(row, 0, sizeof *row);
	row->token_url = "http://cxone/oauth/token";
	row->client_id = "client";
	row->owner = owner;
	row->keyring = ring;
	row->lease_us = LEASE_US;
}

/* The keys of a process with this STOCKROUTE_KEY. */
static struct keyring *ring_of(const struct place *place, const char *key)
{
	struct keyring *ring = NULL;
	struct config *config = calloc(1, sizeof *config);
	struct text problems;

	assert_non_null(config);
	text_init(&problems, 1000);
	strcpy(config->db, place->path);
	strcpy(config->key, key);
	if (keyring_open(config, true, &ring, &problems) != STATUS_OK)
		fail_msg("%s", text_string(&problems));
	text_done(&problems);
	free(config);
	return ring;
}

static int open_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	char problem[DB_PROBLEM_BYTES];

	assert_non_null(place);
	snprintf(place->dir, sizeof place->dir, "/tmp/test_token_row_XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->path, sizeof place->path, "%s/s.db", place->dir);
	assert_int_equal(
	    db_open(place->path, DB_SERVE, &place->db, problem), STATUS_OK);
	place->ring = ring_of(place, "");
	prepare(&place->one, "1-aaaa", place->ring);
	prepare(&place->two, "2-bbbb", place->ring);
	*state = place;
	return 0;
}

static int close_place(void **state)
{
	struct place *place = *state;
	char command[96];

	db_close(place->db);
	keyring_free(place->ring);
	snprintf(command, sizeof command, "rm -rf %s", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static enum token_claim run(
    struct place *place, row_body *body, struct token_row *row)
{
	assert_int_equal(db_begin(place->db, false), STATUS_OK);
	assert_int_equal(body(place->db, row), STATUS_OK);
	assert_int_equal(db_commit(place->db), STATUS_OK);
	return row->claim;
}

static enum token_claim claim(
    struct place *place, struct token_row *row, int64_t newer_than)
{
	row->newer_than = newer_than;
	return run(place, token_row_claim, row);
}

static enum token_claim save(struct place *place, struct token_row *row,
    const char *text, int64_t lifetime_us)
{
	strcpy(row->text, text);
	row->lifetime_us = lifetime_us;
	return run(place, token_row_save, row);
}

static enum token_claim fail_with(struct place *place, struct token_row *row,
    enum status failure, int64_t pause_us)
{
	row->failure = failure;
	row->pause_us = pause_us;
	return run(place, token_row_fail, row);
}

static void reject(
    struct place *place, const struct token_row *whose, int64_t version)
{
	struct token_row row = *whose;

	row.version = version;
	assert_int_equal(db_begin(place->db, false), STATUS_OK);
	assert_int_equal(token_row_reject(place->db, &row), STATUS_OK);
	assert_int_equal(db_commit(place->db), STATUS_OK);
}

static void nap_ms(long ms)
{
	const struct timespec nap = {
	    .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&nap, NULL);
}

static void the_first_claim_gets_the_lease_and_the_next_waits(void **state)
{
	struct place *place = *state;

	assert_int_equal(claim(place, &place->one, 0), TOKEN_LEASE);
	assert_int_equal(place->one.fence, 1);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_WAIT);
}

/* Longer than any lease is: the clock was later when it was taken. */
static void a_lease_from_before_the_clock_was_put_back_holds_nobody(
    void **state)
{
	struct place *place = *state;

	place->one.lease_us = 120 * CLOCK_SECOND;
	assert_int_equal(claim(place, &place->one, 0), TOKEN_LEASE);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_LEASE);
	assert_int_equal(place->two.fence, 2);
}

static void what_one_saves_the_other_has(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	assert_int_equal(
	    save(place, &place->one, "first", HOUR_US), TOKEN_HAVE);
	assert_int_equal(place->one.version, 1);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	assert_string_equal(place->two.text, "first");
	assert_int_equal(place->two.version, 1);
	assert_int_equal(place->two.expires_us, place->one.expires_us);
	assert_int_equal(
	    place->two.expires_us - place->two.obtained_us, HOUR_US);
}

static void only_the_stored_version_can_be_rejected(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "first", HOUR_US);
	assert_int_equal(claim(place, &place->one, 1), TOKEN_LEASE);
	save(place, &place->one, "second", HOUR_US);
	assert_int_equal(place->one.version, 2);
	assert_int_equal(claim(place, &place->two, 1), TOKEN_HAVE);
	assert_string_equal(place->two.text, "second");
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	assert_string_equal(place->two.text, "second");
}

/* CXone rejected what one had just fetched after a rejection. */
static void a_rejected_fresh_token_is_not_replaced_for_a_while(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "first", HOUR_US);
	claim(place, &place->one, 1);
	save(place, &place->one, "second", HOUR_US);
	reject(place, &place->one, 2);
	assert_int_equal(claim(place, &place->two, 2), TOKEN_FAILED);
	assert_int_equal(place->two.failure, STATUS_TOKEN_REJECTED);
	/* Who did not have it rejected still gets it. */
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	assert_int_equal(place->two.version, 2);
}

static void the_rejection_of_an_old_version_hinders_nobody(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "first", HOUR_US);
	claim(place, &place->one, 1);
	save(place, &place->one, "second", HOUR_US);
	reject(place, &place->one, 1);
	assert_int_equal(claim(place, &place->two, 2), TOKEN_LEASE);
}

static void every_lease_has_a_larger_fence(void **state)
{
	struct place *place = *state;
	int64_t before = 0;
	int i;

	for (i = 0; i < 20; i++) {
		struct token_row *row = i % 2 ? &place->one : &place->two;

		row->lease_us = 1;
		nap_ms(1);
		assert_int_equal(claim(place, row, 0), TOKEN_LEASE);
		assert_true(row->fence > before);
		before = row->fence;
		if (i % 3 == 0)
			fail_with(place, row, STATUS_TOKEN_UNAVAILABLE, 0);
	}
	save(place, &place->one, "t", HOUR_US);
	assert_int_equal(claim(place, &place->one, 1), TOKEN_LEASE);
	assert_true(place->one.fence > before);
}

static void an_overtaken_holder_cannot_save(void **state)
{
	struct place *place = *state;

	place->one.lease_us = 1;
	claim(place, &place->one, 0);
	nap_ms(1);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_LEASE);
	assert_int_equal(save(place, &place->one, "late", HOUR_US), TOKEN_WAIT);
	assert_int_equal(
	    save(place, &place->two, "right", HOUR_US), TOKEN_HAVE);
	assert_int_equal(
	    save(place, &place->one, "later", HOUR_US), TOKEN_WAIT);
	assert_int_equal(claim(place, &place->one, 0), TOKEN_HAVE);
	assert_string_equal(place->one.text, "right");
	assert_int_equal(place->one.version, 1);
}

static void an_overtaken_holder_cannot_give_up_for_the_next(void **state)
{
	struct place *place = *state;

	place->one.lease_us = 1;
	claim(place, &place->one, 0);
	nap_ms(1);
	claim(place, &place->two, 0);
	fail_with(place, &place->one, STATUS_TOKEN_REFUSED, TOKEN_PAUSE_MAX_US);
	prepare(&place->one, "3-cccc", place->ring);
	assert_int_equal(claim(place, &place->one, 0), TOKEN_WAIT);
	assert_int_equal(
	    save(place, &place->two, "right", HOUR_US), TOKEN_HAVE);
}

/* Its first call may be lost; its second must not lock it out. */
static void a_process_may_take_its_own_lease_again(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	assert_int_equal(claim(place, &place->one, 0), TOKEN_LEASE);
	assert_int_equal(place->one.fence, 2);
	assert_int_equal(save(place, &place->one, "t", HOUR_US), TOKEN_HAVE);
}

static void a_failure_is_told_to_all_for_its_pause(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	assert_int_equal(
	    fail_with(place, &place->one, STATUS_TOKEN_REFUSED, 250 * CLOCK_MS),
	    TOKEN_FAILED);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_FAILED);
	assert_int_equal(place->two.failure, STATUS_TOKEN_REFUSED);
	assert_int_equal(claim(place, &place->one, 0), TOKEN_FAILED);
	nap_ms(260);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_LEASE);
}

/* Longer than any pause is: the clock was later when it was noted. */
static void a_failure_from_before_the_clock_was_put_back_holds_nobody(
    void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	fail_with(place, &place->one, STATUS_TOKEN_REFUSED,
	    TOKEN_PAUSE_MAX_US + CLOCK_SECOND);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_LEASE);
}

static void a_failed_refresh_leaves_the_good_token_in_use(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "old", HOUR_US);
	/* Rejected by one event; the refresh for it fails. */
	claim(place, &place->one, 1);
	fail_with(
	    place, &place->one, STATUS_TOKEN_UNAVAILABLE, TOKEN_PAUSE_MAX_US);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	assert_string_equal(place->two.text, "old");
	assert_int_equal(claim(place, &place->two, 1), TOKEN_FAILED);
	assert_int_equal(place->two.failure, STATUS_TOKEN_UNAVAILABLE);
}

static void near_its_end_one_refreshes_and_the_others_still_have_it(
    void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "old", 2 * CLOCK_SECOND);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	nap_ms(1850);
	assert_int_equal(claim(place, &place->one, 0), TOKEN_LEASE);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	assert_string_equal(place->two.text, "old");
	nap_ms(160);
	assert_int_equal(claim(place, &place->two, 0), TOKEN_WAIT);
}

static void the_rejected_token_again_is_a_failure_for_a_while(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "same", HOUR_US);
	assert_int_equal(claim(place, &place->one, 1), TOKEN_LEASE);
	assert_int_equal(
	    save(place, &place->one, "same", HOUR_US), TOKEN_FAILED);
	assert_int_equal(place->one.failure, STATUS_TOKEN_REJECTED);
	assert_int_equal(claim(place, &place->two, 1), TOKEN_FAILED);
	assert_int_equal(place->two.failure, STATUS_TOKEN_REJECTED);
	/* Who was not rejected may still use it. */
	assert_int_equal(claim(place, &place->two, 0), TOKEN_HAVE);
	assert_int_equal(place->two.version, 1);
}

/* Some endpoints cache: the same token, good for longer. */
static void the_same_token_renewed_keeps_its_version(void **state)
{
	struct place *place = *state;
	int64_t before;

	claim(place, &place->one, 0);
	save(place, &place->one, "same", 100 * CLOCK_MS);
	before = place->one.expires_us;
	nap_ms(95);
	assert_int_equal(claim(place, &place->one, 0), TOKEN_LEASE);
	assert_int_equal(save(place, &place->one, "same", HOUR_US), TOKEN_HAVE);
	assert_int_equal(place->one.version, 1);
	assert_true(place->one.expires_us > before);
	/* Rejected now, the endpoint's own answer is known: the same. */
	assert_int_equal(claim(place, &place->two, 1), TOKEN_FAILED);
	assert_int_equal(place->two.failure, STATUS_TOKEN_REJECTED);
}

static void each_client_and_url_has_a_token_of_its_own(void **state)
{
	struct place *place = *state;

	claim(place, &place->one, 0);
	save(place, &place->one, "first", HOUR_US);
	place->two.client_id = "other";
	assert_int_equal(claim(place, &place->two, 0), TOKEN_LEASE);
	place->two.client_id = "client";
	place->two.token_url = "http://other/oauth/token";
	assert_int_equal(claim(place, &place->two, 0), TOKEN_LEASE);
}

static void the_longest_token_comes_back_whole(void **state)
{
	struct place *place = *state;
	char text[TOKEN_TEXT_MAX + 1];

	memset(text, 't', TOKEN_TEXT_MAX);
	text[TOKEN_TEXT_MAX] = '\0';
	claim(place, &place->one, 0);
	save(place, &place->one, text, HOUR_US);
	claim(place, &place->two, 0);
	assert_string_equal(place->two.text, text);
}

static void the_margin_is_a_tenth_and_a_minute_at_most(void **state)
{
	static const struct {
		int64_t lifetime_s;
		int64_t margin_ms;
	} cases[] = {
	    {1, 100}, {60, 6000}, {600, 60000}, {3600, 60000}, {86400, 60000}};
	struct token_row row = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		row.obtained_us = INT64_C(1700000000000000);
		row.expires_us =
		    row.obtained_us + cases[i].lifetime_s * CLOCK_SECOND;
		assert_int_equal(token_row_refresh_us(&row),
		    row.expires_us - cases[i].margin_ms * CLOCK_MS);
	}
}

#define IN_PLACE(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_place, close_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(the_first_claim_gets_the_lease_and_the_next_waits),
	    IN_PLACE(a_lease_from_before_the_clock_was_put_back_holds_nobody),
	    IN_PLACE(what_one_saves_the_other_has),
	    IN_PLACE(only_the_stored_version_can_be_rejected),
	    IN_PLACE(a_rejected_fresh_token_is_not_replaced_for_a_while),
	    IN_PLACE(the_rejection_of_an_old_version_hinders_nobody),
	    IN_PLACE(every_lease_has_a_larger_fence),
	    IN_PLACE(an_overtaken_holder_cannot_save),
	    IN_PLACE(an_overtaken_holder_cannot_give_up_for_the_next),
	    IN_PLACE(a_process_may_take_its_own_lease_again),
	    IN_PLACE(a_failure_is_told_to_all_for_its_pause),
	    IN_PLACE(a_failure_from_before_the_clock_was_put_back_holds_nobody),
	    IN_PLACE(a_failed_refresh_leaves_the_good_token_in_use),
	    IN_PLACE(near_its_end_one_refreshes_and_the_others_still_have_it),
	    IN_PLACE(the_rejected_token_again_is_a_failure_for_a_while),
	    IN_PLACE(the_same_token_renewed_keeps_its_version),
	    IN_PLACE(each_client_and_url_has_a_token_of_its_own),
	    IN_PLACE(the_longest_token_comes_back_whole),
	    cmocka_unit_test(the_margin_is_a_tenth_and_a_minute_at_most),
	};

	return cmocka_run_group_tests_name("token_row", tests, NULL, NULL);
}
