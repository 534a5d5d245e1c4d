/* test_status.c: every status has one word of its own */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "status.h"

static void every_status_has_a_word_in_lower_case(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < STATUS_COUNT; i++) {
		const char *word = status_name((enum status)i);

		if (word == NULL)
			fail_msg("status %d has no word", i);
		assert_true(word[0] != '\0');
		assert_int_equal(
		    strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
		assert_int_equal(status_named(word), i);
	}
	assert_int_equal(status_named("of_tomorrow"), STATUS_COUNT);
	assert_int_equal(status_named(""), STATUS_COUNT);
}

static void no_two_statuses_share_a_word(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < STATUS_COUNT; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(status_name((enum status)i),
			    status_name((enum status)j));
}

/* These stand in answers and databases: they may not change. */
static void the_words_that_senders_see_are_these(void **state)
{
	static const struct {
		enum status status;
		const char *word;
	} cases[] = {
	    {STATUS_OK, "ok"},
	    {STATUS_MALFORMED, "malformed"},
	    {STATUS_FIELD_INVALID, "field_invalid"},
	    {STATUS_UNAUTHENTICATED, "unauthenticated"},
	    {STATUS_TOO_LARGE, "too_large"},
	    {STATUS_RATE_LIMITED, "rate_limited"},
	    {STATUS_INTERACTION_NOT_FOUND, "interaction_not_found"},
	    {STATUS_SCOPE_MISSING, "scope_missing"},
	    {STATUS_TOKEN_REJECTED, "token_rejected"},
	    {STATUS_TOKEN_REFUSED, "token_refused"},
	    {STATUS_STORE_NETWORK_FS, "store_network_fs"},
	    {STATUS_STOPPING, "stopping"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
		    status_name(cases[i].status), cases[i].word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_status_has_a_word_in_lower_case),
	    cmocka_unit_test(no_two_statuses_share_a_word),
	    cmocka_unit_test(the_words_that_senders_see_are_these),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
