/* test_backoff.c: a wait grows, is jittered, and has its bounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backoff.h"

#define DRAWS        5000
#define SECOND       INT64_C(1000000)
#define MS           INT64_C(1000)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As the design has it: 1000 * 2^n + U(0, 500) ms. */
static const struct backoff usual = {
    BACKOFF_BUILTIN, 1000 * MS, 500 * MS, BACKOFF_MAX_US};

/* As the AWS SDKs have it after an error, and after being throttled. */
static const struct backoff transient = {
    BACKOFF_FULL_JITTER, 50 * MS, 0, 20 * SECOND};
static const struct backoff throttled = {
    BACKOFF_FULL_JITTER, 1000 * MS, 0, 20 * SECOND};

static const uint32_t draws[] = {0, 1, BACKOFF_DRAW_MAX / 3,
    BACKOFF_DRAW_MAX / 2, BACKOFF_DRAW_MAX - 1, BACKOFF_DRAW_MAX};

static void the_builtin_wait_lies_between_base_and_base_plus_jitter(
    void **state)
{
	int attempt, i;

	(void)state;
	for (attempt = 0; attempt < 4; attempt++) {
		int64_t least = SECOND << attempt;

		assert_int_equal(
		    backoff_wait_us(&usual, attempt, -1, 0), least);
		assert_int_equal(
		    backoff_wait_us(&usual, attempt, -1, BACKOFF_DRAW_MAX),
		    least + SECOND / 2);
		for (i = 0; i < DRAWS; i++)
			assert_in_range(backoff_wait_us(&usual, attempt, -1,
					    backoff_draw()),
			    least, least + SECOND / 2);
	}
}

static void draws_use_all_of_their_range(void **state)
{
	int low = 0, high = 0;
	int i;

	(void)state;
	for (i = 0; i < DRAWS; i++) {
		uint32_t draw = backoff_draw();

		low += draw < BACKOFF_DRAW_MAX / 4;
		high += draw > BACKOFF_DRAW_MAX / 4 * 3;
	}
	/* A quarter of the draws each: 1,250, far off by chance never. */
	assert_in_range(low, 1000, 1500);
	assert_in_range(high, 1000, 1500);
}

static void without_jitter_the_wait_is_exact(void **state)
{
	const struct backoff exact = {BACKOFF_BUILTIN, 250, 0, BACKOFF_MAX_US};

	(void)state;
	assert_int_equal(backoff_wait_us(&exact, 0, -1, 77), 250);
	assert_int_equal(backoff_wait_us(&exact, 1, -1, 77), 500);
	assert_int_equal(backoff_wait_us(&exact, 5, -1, 77), 8000);
}

/* R5, R8: what the AWS vectors expect of a draw pinned to 1. */
static void full_jitter_waits_up_to_what_doubles(void **state)
{
	static const int64_t waits_ms[] = {50, 100, 200, 400, 800};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(waits_ms); i++) {
		assert_int_equal(
		    backoff_wait_us(&transient, (int)i, -1, BACKOFF_DRAW_MAX),
		    waits_ms[i] * MS);
		assert_int_equal(backoff_wait_us(&transient, (int)i, -1, 0), 0);
	}
	assert_int_equal(
	    backoff_wait_us(&throttled, 0, -1, BACKOFF_DRAW_MAX), SECOND);
	assert_in_range(
	    backoff_wait_us(&throttled, 2, -1, BACKOFF_DRAW_MAX / 2),
	    2 * SECOND - 1, 2 * SECOND);
}

/* R6 */
static void full_jitter_does_not_pass_its_cap(void **state)
{
	const struct backoff capped = {
	    BACKOFF_FULL_JITTER, 50 * MS, 0, 200 * MS};
	int attempt;

	(void)state;
	assert_int_equal(
	    backoff_wait_us(&capped, 2, -1, BACKOFF_DRAW_MAX), 200 * MS);
	for (attempt = 3; attempt < 70; attempt++)
		assert_int_equal(
		    backoff_wait_us(&capped, attempt, -1, BACKOFF_DRAW_MAX),
		    200 * MS);
	assert_int_equal(
	    backoff_wait_us(&throttled, 30, -1, BACKOFF_DRAW_MAX), 20 * SECOND);
}

/*
 * R9. AWS cuts a Retry-After at 5 s above its own wait; we never come
 * earlier than asked.
 */
static void retry_after_replaces_a_shorter_wait_of_our_own(void **state)
{
	(void)state;
	assert_int_equal(
	    backoff_wait_us(&transient, 0, 1500 * MS, 0), 1500 * MS);
	assert_int_equal(
	    backoff_wait_us(&transient, 0, 0, BACKOFF_DRAW_MAX), 50 * MS);
	assert_int_equal(
	    backoff_wait_us(&transient, 0, 10 * SECOND, 0), 10 * SECOND);
	assert_int_equal(
	    backoff_wait_us(&transient, 0, -1, BACKOFF_DRAW_MAX), 50 * MS);
	assert_int_equal(backoff_wait_us(&usual, 0, 7 * SECOND, 0), 7 * SECOND);
}

/* R12: later by a tenth, by a second at most, earlier never. */
static void jitter_only_adds_to_retry_after(void **state)
{
	static const int64_t asked[] = {1, 1000, SECOND / 3, SECOND, 5 * SECOND,
	    10 * SECOND, 60 * SECOND, BACKOFF_MAX_US};
	const struct backoff *all[] = {&usual, &transient, &throttled};
	size_t which, i, draw;

	(void)state;
	for (which = 0; which < COUNT(all); which++)
		for (i = 0; i < COUNT(asked); i++)
			for (draw = 0; draw < COUNT(draws); draw++)
				assert_true(
				    backoff_wait_us(all[which], 0, asked[i],
					draws[draw]) >= asked[i]);
	assert_int_equal(
	    backoff_wait_us(&transient, 0, 5 * SECOND, BACKOFF_DRAW_MAX),
	    5500 * MS);
	assert_int_equal(
	    backoff_wait_us(&transient, 0, 60 * SECOND, BACKOFF_DRAW_MAX),
	    61 * SECOND);
}

static void a_shorter_retry_after_does_not_shorten_the_wait(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < DRAWS; i++)
		assert_true(backoff_wait_us(&usual, 1, SECOND,
				backoff_draw()) >= 2 * SECOND);
	assert_true(backoff_wait_us(&usual, 0, 0, 0) >= SECOND);
}

/* R13 */
static void no_attempt_overflows_or_passes_the_maximum(void **state)
{
	static const int attempts[] = {
	    11, 12, 31, 32, 62, 63, 64, 1000, 1024, 1000000, INT32_MAX};
	const struct backoff longest = {
	    BACKOFF_BUILTIN, BACKOFF_MAX_US, BACKOFF_MAX_US, BACKOFF_MAX_US};
	size_t i, draw;

	(void)state;
	for (i = 0; i < COUNT(attempts); i++)
		for (draw = 0; draw < COUNT(draws); draw++) {
			assert_in_range(backoff_wait_us(&usual, attempts[i], -1,
					    draws[draw]),
			    SECOND, BACKOFF_MAX_US);
			assert_in_range(backoff_wait_us(&throttled, attempts[i],
					    -1, draws[draw]),
			    0, 20 * SECOND);
			assert_int_equal(backoff_wait_us(&longest, attempts[i],
					     -1, draws[draw]),
			    BACKOFF_MAX_US);
		}
}

static void only_retry_after_may_pass_the_maximum(void **state)
{
	(void)state;
	assert_int_equal(backoff_wait_us(&usual, 1000, BACKOFF_MAX_US + 1, 0),
	    BACKOFF_MAX_US + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_builtin_wait_lies_between_base_and_base_plus_jitter),
	    cmocka_unit_test(draws_use_all_of_their_range),
	    cmocka_unit_test(without_jitter_the_wait_is_exact),
	    cmocka_unit_test(full_jitter_waits_up_to_what_doubles),
	    cmocka_unit_test(full_jitter_does_not_pass_its_cap),
	    cmocka_unit_test(retry_after_replaces_a_shorter_wait_of_our_own),
	    cmocka_unit_test(jitter_only_adds_to_retry_after),
	    cmocka_unit_test(a_shorter_retry_after_does_not_shorten_the_wait),
	    cmocka_unit_test(no_attempt_overflows_or_passes_the_maximum),
	    cmocka_unit_test(only_retry_after_may_pass_the_maximum),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
