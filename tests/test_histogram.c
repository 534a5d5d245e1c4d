/* test_histogram.c: the buckets of histogram.h, against logarithms */
#include "histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 20261122

static int64_t random_us(void)
{
	/* Evenly over the orders of magnitude, from 1 us to three hours. */
	return (int64_t)pow(10, drand48() * 10);
}

static void each_time_lies_within_its_buckets_bounds(void **state)
{
	(void)state;
	srand48(SEED);
	for (int i = 0; i < 1000000; i++) {
		int64_t us = random_us();
		int index = histogram_index(us);

		assert_true((double)us <= histogram_bound_s(index) * 1e6);
		assert_true((double)us > histogram_bound_s(index - 1) * 1e6);
	}
}

static void powers_of_two_of_a_second_end_their_buckets(void **state)
{
	(void)state;
	for (int power = -6; power <= 12; power++) {
		int64_t us = (int64_t)ldexp(1e6, power);
		int index = histogram_index(us);

		assert_true(histogram_bound_s(index) == ldexp(1, power));
		assert_int_equal(index + HISTOGRAM_FIRST, 8 * power);
		assert_int_equal(histogram_index(us + 1), index + 1);
	}
}

static void times_of_nothing_and_of_for_ever_have_a_bucket(void **state)
{
	(void)state;
	assert_int_equal(histogram_index(0), 0);
	assert_int_equal(histogram_index(-5), 0);
	assert_int_equal(histogram_index(1), 1);
	assert_int_equal(histogram_index(INT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left;
	int64_t b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static void percentiles_are_off_by_no_more_than_is_said(void **state)
{
	enum { COUNT = 20000 };
	static int64_t times[COUNT];
	struct histogram histogram = {0};

	(void)state;
	srand48(SEED);
	for (int i = 0; i < COUNT; i++) {
		times[i] = random_us();
		histogram_add(&histogram, times[i], 1);
	}
	qsort(times, COUNT, sizeof *times, compare);
	for (int percent = 1; percent <= 100; percent++) {
		int64_t rank = COUNT / 100 * percent;
		double exact = (double)times[rank - 1];
		double told = histogram_percentile_us(&histogram, percent);

		assert_true(fabs(told - exact) <= exact * HISTOGRAM_ERROR + 1);
	}
	assert_int_equal(histogram.max_us, times[COUNT - 1]);
}

static void the_largest_is_never_passed(void **state)
{
	struct histogram histogram = {0};

	(void)state;
	histogram_add(&histogram, 1010000, 1); /* over 1 s, just */
	assert_true(histogram_percentile_us(&histogram, 100) == 1010000);
	assert_true(histogram_share_within(&histogram, 1010000) == 1);
}

static void merged_is_as_if_counted_in_one(void **state)
{
	struct histogram parts[3] = {0};
	struct histogram merged = {0};
	struct histogram whole = {0};

	(void)state;
	srand48(SEED);
	for (int i = 0; i < 30000; i++) {
		int64_t us = random_us();

		histogram_add(&parts[i % 3], us, 1);
		histogram_add(&whole, us, 1);
	}
	for (int i = 0; i < 3; i++)
		histogram_merge(&merged, &parts[i]);
	assert_memory_equal(&merged, &whole, sizeof merged);
}

static void what_is_taken_back_leaves_no_trace_but_the_largest(void **state)
{
	struct histogram histogram = {0};
	struct histogram empty = {.max_us = 4000};

	(void)state;
	histogram_add(&histogram, 300, 2);
	histogram_add(&histogram, 4000, 1);
	histogram_add(&histogram, 300, -2);
	histogram_add(&histogram, 4000, -1);
	assert_memory_equal(&histogram, &empty, sizeof empty);
}

static void the_share_within_a_time_is_exact_at_a_bound(void **state)
{
	struct histogram histogram = {0};

	(void)state;
	histogram_add(&histogram, 200000, 30);
	histogram_add(&histogram, 250000, 20); /* 2^-2 s */
	histogram_add(&histogram, 250001, 50);
	assert_true(histogram_share_within(&histogram, 250000) == 0.5);
	assert_true(histogram_share_within(&histogram, 1000) == 0);
	assert_true(histogram_share_within(&histogram, 5000000) == 1);
}

static void written_buckets_are_read_back(void **state)
{
	struct histogram histogram = {0};
	struct histogram read = {0};
	struct text text;

	(void)state;
	srand48(SEED);
	for (int i = 0; i < 3000; i++)
		histogram_add(&histogram, random_us(), 1 + i);
	text_init(&text, 65536);
	histogram_write(&histogram, &text);
	assert_true(histogram_read(&read, text_string(&text)));
	text_done(&text);
	assert_int_equal(read.count, histogram.count);
	assert_memory_equal(read.counts, histogram.counts, sizeof read.counts);
}

static void written_buckets_are_json(void **state)
{
	struct histogram histogram = {0};
	struct text text;

	(void)state;
	text_init(&text, 100);
	histogram_write(&histogram, &text);
	assert_string_equal(text_string(&text), "{}");
	text_clear(&text);
	histogram_add(&histogram, 1000000, 3);
	histogram_add(&histogram, 250000, 12);
	histogram_write(&histogram, &text);
	assert_string_equal(text_string(&text), "{\"-16\":12,\"0\":3}");
	text_done(&text);
}

static void broken_buckets_are_told(void **state)
{
	static const char *const broken[] = {"", "{", "}", "[]", "{\"1\"}",
	    "{\"1\":}", "{\"1\":2", "{\"1\":2,}", "{\"1\":2}x", "{1:2}",
	    "{\"161\":2}", "{\"-161\":2}", "{\"a\":2}", "{\"1\":2.5}",
	    "{\"1\":99999999999999999999}", "{\"1\":2 }", "{\"-\":1}"};
	struct histogram histogram = {0};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		if (histogram_read(&histogram, broken[i]))
			fail_msg("%s", broken[i]);
	assert_true(histogram_read(&histogram, "{}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_time_lies_within_its_buckets_bounds),
	    cmocka_unit_test(powers_of_two_of_a_second_end_their_buckets),
	    cmocka_unit_test(times_of_nothing_and_of_for_ever_have_a_bucket),
	    cmocka_unit_test(percentiles_are_off_by_no_more_than_is_said),
	    cmocka_unit_test(the_largest_is_never_passed),
	    cmocka_unit_test(merged_is_as_if_counted_in_one),
	    cmocka_unit_test(
		what_is_taken_back_leaves_no_trace_but_the_largest),
	    cmocka_unit_test(the_share_within_a_time_is_exact_at_a_bound),
	    cmocka_unit_test(written_buckets_are_read_back),
	    cmocka_unit_test(written_buckets_are_json),
	    cmocka_unit_test(broken_buckets_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
