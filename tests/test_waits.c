/* test_waits.c: waits through waits.h -> a short text, and back */
#include "waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_entry_is_written_in_order(void **state)
{
	struct waits waits = {0};

	(void)state;
	assert_string_equal(waits.text, "");
	waits_add(&waits, "claim", "in_flight", 240115);
	waits_add(&waits, "cxone", "429", 7);
	waits_add(&waits, "cxone", "retry_after", 1034210);
	assert_string_equal(waits.text,
	    "claim:in_flight:240.115ms cxone:429:0.007ms "
	    "cxone:retry_after:1034.210ms");
}

static void nobody_to_tell_is_no_harm(void **state)
{
	(void)state;
	waits_add(NULL, "cxone", "token", 1);
}

static void what_was_written_is_read_back_exactly(void **state)
{
	struct waits waits = {0};
	struct waits_entry entry;
	const char *at = waits.text;

	(void)state;
	waits_add(&waits, "cxone", "token", 120001);
	waits_add(&waits, "inventory", "other_lookup", INT64_C(86400000999));
	assert_true(waits_next(&at, &entry));
	assert_string_equal(entry.step, "cxone");
	assert_string_equal(entry.what, "token");
	assert_int_equal(entry.duration_us, 120001);
	assert_true(waits_next(&at, &entry));
	assert_string_equal(entry.step, "inventory");
	assert_string_equal(entry.what, "other_lookup");
	assert_int_equal(entry.duration_us, INT64_C(86400000999));
	assert_false(waits_next(&at, &entry));
}

static void what_does_not_fit_is_told_as_more(void **state)
{
	struct waits waits = {0};
	struct waits_entry entry;
	const char *at = waits.text;
	int count = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		waits_add(&waits, "cxone", "retry_after", 1000 + i);
	assert_true(waits.length < sizeof waits.text);
	assert_int_equal(waits.length, strlen(waits.text));
	assert_string_equal(waits.text + waits.length - 4, " ...");
	while (waits_next(&at, &entry))
		assert_int_equal(entry.duration_us, 1000 + count++);
	assert_true(count > 10);
	assert_string_equal(at, "...");
}

static void what_is_no_entry_ends_the_reading(void **state)
{
	static const char *const bad[] = {"", " ", "cxone", "cxone:token",
	    "cxone:token:", "cxone:token:1ms", "cxone:token:1.5ms",
	    "cxone:token:-1.000ms", "cxone:token:1.-10ms", ":token:1.000ms",
	    "cxone::1.000ms", "cxone:token:1.000s", "cxone:token:1.000msx",
	    "cxone:token:99999999999999999999.000ms",
	    "cxone:a-word-that-is-far-longer-than-any-of-ours:1.000ms"};
	struct waits_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *at = bad[i];

		if (waits_next(&at, &entry))
			fail_msg("read '%s'", bad[i]);
		assert_ptr_equal(at, bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_entry_is_written_in_order),
	    cmocka_unit_test(nobody_to_tell_is_no_harm),
	    cmocka_unit_test(what_was_written_is_read_back_exactly),
	    cmocka_unit_test(what_does_not_fit_is_told_as_more),
	    cmocka_unit_test(what_is_no_entry_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
