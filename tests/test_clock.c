/* test_clock.c: the clocks run, and a wall time reads as RFC 3339 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"

static void the_monotonic_clock_never_goes_back(void **state)
{
	int64_t before = clock_mono_us();
	int i;

	(void)state;
	assert_true(before > 0);
	for (i = 0; i < 10000; i++) {
		int64_t now = clock_mono_us();

		assert_true(now >= before);
		before = now;
	}
}

static void the_wall_clock_is_the_system_s(void **state)
{
	int64_t seconds = (int64_t)time(NULL);
	int64_t wall_us = clock_wall_us();

	(void)state;
	assert_true(wall_us >= seconds * CLOCK_SECOND);
	assert_true(wall_us < (seconds + 2) * CLOCK_SECOND);
}

static void a_millisecond_of_sleep_is_one_on_the_clock(void **state)
{
	const struct timespec nap = {.tv_nsec = 2000000};
	int64_t before = clock_mono_us();

	(void)state;
	nanosleep(&nap, NULL);
	assert_true(clock_mono_us() - before >= 2 * CLOCK_MS);
}

static void a_stamp_is_rfc_3339_in_utc(void **state)
{
	static const struct {
		int64_t wall_us;
		const char *stamp;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {999, "1970-01-01T00:00:00.000Z"},
	    {1000, "1970-01-01T00:00:00.001Z"},
	    {INT64_C(1715769000123456), "2024-05-15T10:30:00.123Z"},
	    {INT64_C(1709164800000000), "2024-02-29T00:00:00.000Z"},
	    {INT64_C(253402300799999999), "9999-12-31T23:59:59.999Z"},
	};
	char stamp[CLOCK_STAMP_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		memset(stamp, 'x', sizeof stamp);
		clock_stamp(cases[i].wall_us, stamp);
		assert_string_equal(stamp, cases[i].stamp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_monotonic_clock_never_goes_back),
	    cmocka_unit_test(the_wall_clock_is_the_system_s),
	    cmocka_unit_test(a_millisecond_of_sleep_is_one_on_the_clock),
	    cmocka_unit_test(a_stamp_is_rfc_3339_in_utc),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
