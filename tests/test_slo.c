/* test_slo.c: aims in words through slo.h */
#include "slo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void aims_are_read_with_and_without_a_share(void **state)
{
	static const struct {
		const char *word;
		int64_t us;
		int thousandths;
	} aims[] = {{"300ms", 300000, 99000}, {"2s", 2000000, 99000},
	    {"1ms:50", 1000, 50000}, {"300ms:99.9", 300000, 99900},
	    {"300ms:99.95", 300000, 99950}, {"3600s:0.001", 3600000000, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof aims / sizeof *aims; i++) {
		double target = 0;
		int64_t us = 0;

		if (!slo_read(aims[i].word, &us, &target))
			fail_msg("%s is refused", aims[i].word);
		assert_int_equal(us, aims[i].us);
		assert_int_equal(
		    (int)(target * 1000 + 0.5), aims[i].thousandths);
	}
}

static void other_words_are_refused(void **state)
{
	static const char *const bad[] = {"", "300", "ms", "0ms", "-1ms",
	    " 300ms", "300 ms", "300ms ", "3.5s", "1h", "1m", "3601s",
	    "99999999999999999999ms", "300ms:", "300ms:0", "300ms:100",
	    "300ms:0.000", "300ms:99.", "300ms:99.9999", "300ms:+9",
	    "300ms:9 9", "300ms:99%", "300ms:99,9", "0x10ms", "1e3ms"};
	double target = -1;
	int64_t us = -1;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (slo_read(bad[i], &us, &target))
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(us, -1);
	assert_true(target == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(aims_are_read_with_and_without_a_share),
	    cmocka_unit_test(other_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
