/* test_backoff.c: a wait doubles, is jittered, and has its bounds */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backoff.h"

#define DRAWS  5000
#define SECOND INT64_C(1000000)

/* As the design has it: 1000 * 2^n + U(0, 500) ms. */
static const struct backoff usual = {1000000, 500000};

static void a_wait_lies_between_base_and_base_plus_jitter(void **state)
{
	int attempt, i;

	(void)state;
	for (attempt = 0; attempt < 4; attempt++) {
		int64_t least = SECOND << attempt;

		for (i = 0; i < DRAWS; i++) {
			int64_t wait = backoff_wait_us(&usual, attempt, -1);

			assert_in_range(wait, least, least + SECOND / 2);
		}
	}
}

static void the_jitter_uses_all_of_its_range(void **state)
{
	int low = 0, high = 0;
	int i;

	(void)state;
	for (i = 0; i < DRAWS; i++) {
		int64_t jitter = backoff_wait_us(&usual, 0, -1) - SECOND;

		low += jitter < 125000;
		high += jitter > 375000;
	}
	/* A quarter of the draws each: 1,250, far off by chance never. */
	assert_in_range(low, 1000, 1500);
	assert_in_range(high, 1000, 1500);
}

static void without_jitter_the_wait_is_exact(void **state)
{
	const struct backoff exact = {250, 0};

	(void)state;
	assert_int_equal(backoff_wait_us(&exact, 0, -1), 250);
	assert_int_equal(backoff_wait_us(&exact, 1, -1), 500);
	assert_int_equal(backoff_wait_us(&exact, 5, -1), 8000);
}

static void a_longer_retry_after_is_obeyed(void **state)
{
	int i;

	(void)state;
	assert_int_equal(backoff_wait_us(&usual, 0, 7 * SECOND), 7 * SECOND);
	for (i = 0; i < DRAWS; i++)
		assert_true(backoff_wait_us(&usual, 0, 5 * SECOND / 4) >=
			    5 * SECOND / 4);
}

static void a_shorter_retry_after_does_not_shorten_the_wait(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < DRAWS; i++)
		assert_true(backoff_wait_us(&usual, 1, SECOND) >= 2 * SECOND);
	assert_true(backoff_wait_us(&usual, 0, 0) >= SECOND);
}

static void no_attempt_overflows_or_passes_the_maximum(void **state)
{
	static const int attempts[] = {11, 12, 31, 62, 63, 64, 1000, 1000000};
	size_t i;
	int draw;

	(void)state;
	for (i = 0; i < sizeof attempts / sizeof *attempts; i++)
		for (draw = 0; draw < 200; draw++) {
			int64_t wait = backoff_wait_us(&usual, attempts[i], -1);

			assert_in_range(wait, SECOND, BACKOFF_MAX_US);
		}
	assert_int_equal(backoff_wait_us(&usual, 1000, -1), BACKOFF_MAX_US);
}

static void only_retry_after_may_pass_the_maximum(void **state)
{
	(void)state;
	assert_int_equal(backoff_wait_us(&usual, 1000, BACKOFF_MAX_US + 1),
	    BACKOFF_MAX_US + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wait_lies_between_base_and_base_plus_jitter),
	    cmocka_unit_test(the_jitter_uses_all_of_its_range),
	    cmocka_unit_test(without_jitter_the_wait_is_exact),
	    cmocka_unit_test(a_longer_retry_after_is_obeyed),
	    cmocka_unit_test(a_shorter_retry_after_does_not_shorten_the_wait),
	    cmocka_unit_test(no_attempt_overflows_or_passes_the_maximum),
	    cmocka_unit_test(only_retry_after_may_pass_the_maximum),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
