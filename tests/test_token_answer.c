/* test_token_answer.c: what a token endpoint says -> a token, or why none */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "token_answer.h"

#define BODY_BYTES (TOKEN_TEXT_MAX + 256)

/* The row is on the heap: it is large, and its ends are then watched. */
static enum status read_answer(
    long code, const char *body, size_t length, struct token_row *row)
{
	struct http_answer answer = {
	    .code = code,
	    .body = body,
	    .body_bytes = length,
	    .problem = "",
	};

	memset(row, 0, sizeof *row);
	strcpy(row->text, "before");
	row->lifetime_us = 77;
	return token_answer_read(&answer, row);
}

static void refuses(long code, const char *body, enum status expected)
{
	struct token_row *row = calloc(1, sizeof *row);
	enum status status;

	assert_non_null(row);
	status = read_answer(code, body, strlen(body), row);
	if (status != expected)
		fail_msg("%ld %s: %s", code, body, status_name(status));
	assert_string_equal(row->text, "before");
	assert_int_equal(row->lifetime_us, 77);
	free(row);
}

static void gives_lifetime(const char *member, int64_t seconds)
{
	struct token_row *row = calloc(1, sizeof *row);
	char body[256];
	enum status status;

	assert_non_null(row);
	snprintf(body, sizeof body, "{\"access_token\":\"abc\"%s}", member);
	status = read_answer(200, body, strlen(body), row);
	if (status != STATUS_OK)
		fail_msg("%s: %s", body, status_name(status));
	assert_string_equal(row->text, "abc");
	if (row->lifetime_us != seconds * CLOCK_SECOND)
		fail_msg("%s: %lld us", member, (long long)row->lifetime_us);
	free(row);
}

static void the_usual_answer_gives_token_and_lifetime(void **state)
{
	(void)state;
	gives_lifetime(",\"token_type\":\"Bearer\",\"expires_in\":3600,"
		       "\"scope\":\"x y\"",
	    3600);
	gives_lifetime(",\"expires_in\":1", 1);
	gives_lifetime(",\"expires_in\":86400", 86400);
}

static void a_lifetime_that_says_nothing_counts_as_a_minute(void **state)
{
	static const char *const members[] = {
	    "",
	    ",\"expires_in\":0",
	    ",\"expires_in\":-1",
	    ",\"expires_in\":-3600",
	    ",\"expires_in\":null",
	    ",\"expires_in\":true",
	    ",\"expires_in\":[]",
	    ",\"expires_in\":\"\"",
	    ",\"expires_in\":\"soon\"",
	    ",\"expires_in\":\"-5\"",
	    ",\"expires_in\":\"0\"",
	    ",\"expires_in\":\"3600x\"",
	    ",\"expires_in\":\" 3600\"",
	    ",\"expires_in\":\"0x10\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof members / sizeof *members; i++)
		gives_lifetime(members[i], 60);
}

static void a_lifetime_over_a_day_counts_as_a_day(void **state)
{
	(void)state;
	gives_lifetime(",\"expires_in\":86401", 86400);
	gives_lifetime(",\"expires_in\":9223372036854775807", 86400);
	gives_lifetime(",\"expires_in\":1e300", 86400);
	gives_lifetime(",\"expires_in\":\"99999999999999999999\"", 86400);
}

static void strings_of_digits_and_fractions_are_understood(void **state)
{
	(void)state;
	gives_lifetime(",\"expires_in\":\"3600\"", 3600);
	gives_lifetime(",\"expires_in\":\"0060\"", 60);
	gives_lifetime(",\"expires_in\":3599.9", 3599);
	gives_lifetime(",\"expires_in\":1.0", 1);
}

static void every_other_http_status_has_its_meaning(void **state)
{
	static const struct {
		long code;
		enum status status;
	} cases[] = {
	    {400, STATUS_TOKEN_REFUSED},
	    {401, STATUS_TOKEN_REFUSED},
	    {403, STATUS_TOKEN_REFUSED},
	    {404, STATUS_UPSTREAM_REFUSED},
	    {302, STATUS_UPSTREAM_REFUSED},
	    {204, STATUS_UPSTREAM_REFUSED},
	    {429, STATUS_RATE_LIMITED},
	    {500, STATUS_UPSTREAM_FAILED},
	    {503, STATUS_UPSTREAM_FAILED},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		refuses(cases[i].code,
		    "{\"access_token\":\"abc\",\"expires_in\":3600}",
		    cases[i].status);
	refuses(400, "{\"error\":\"invalid_client\"}", STATUS_TOKEN_REFUSED);
	refuses(500, "", STATUS_UPSTREAM_FAILED);
}

static void what_is_no_token_is_an_invalid_answer(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "<html>",
	    "[]",
	    "null",
	    "\"abc\"",
	    "{}",
	    "{\"access_token\":null}",
	    "{\"access_token\":\"\"}",
	    "{\"access_token\":7}",
	    "{\"access_token\":{\"access_token\":\"abc\"}}",
	    "{\"access_token\":\"abc\"",
	    "{\"access_token\":\"abc\",\"access_token\":\"abd\"}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bodies / sizeof *bodies; i++)
		refuses(200, bodies[i], STATUS_ANSWER_INVALID);
}

/* The token becomes a header line: nothing may end it early. */
static void a_token_that_could_break_a_header_is_refused(void **state)
{
	static const char *const tokens[] = {
	    "a\\r\\nX-Evil: 1",
	    "a\\nb",
	    "a b",
	    " a",
	    "a\\tb",
	    "a\\u007f",
	    "a\\u0000b",
	    "caf\xc3\xa9",
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		snprintf(
		    body, sizeof body, "{\"access_token\":\"%s\"}", tokens[i]);
		refuses(200, body, STATUS_ANSWER_INVALID);
	}
}

static void a_token_of_8192_bytes_is_the_longest(void **state)
{
	struct token_row *row = calloc(1, sizeof *row);
	char *token = calloc(1, TOKEN_TEXT_MAX + 2);
	char *body = malloc(BODY_BYTES);

	(void)state;
	assert_true(row != NULL && token != NULL && body != NULL);
	memset(token, '~', TOKEN_TEXT_MAX);
	snprintf(body, BODY_BYTES, "{\"access_token\":\"%s\"}", token);
	assert_int_equal(read_answer(200, body, strlen(body), row), STATUS_OK);
	assert_string_equal(row->text, token);
	token[TOKEN_TEXT_MAX] = '~';
	snprintf(body, BODY_BYTES, "{\"access_token\":\"%s\"}", token);
	refuses(200, body, STATUS_ANSWER_INVALID);
	free(body);
	free(token);
	free(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_usual_answer_gives_token_and_lifetime),
	    cmocka_unit_test(a_lifetime_that_says_nothing_counts_as_a_minute),
	    cmocka_unit_test(a_lifetime_over_a_day_counts_as_a_day),
	    cmocka_unit_test(strings_of_digits_and_fractions_are_understood),
	    cmocka_unit_test(every_other_http_status_has_its_meaning),
	    cmocka_unit_test(what_is_no_token_is_an_invalid_answer),
	    cmocka_unit_test(a_token_that_could_break_a_header_is_refused),
	    cmocka_unit_test(a_token_of_8192_bytes_is_the_longest),
	};

	return cmocka_run_group_tests_name("token_answer", tests, NULL, NULL);
}
