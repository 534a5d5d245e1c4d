/* test_auth.c: only who shows the secret may post events */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth.h"

#define SECRET "s3cret-of-16-bytes"

static enum status check(
    enum webhook_auth auth, const char *secret, const char *authorization)
{
	struct config config = {.webhook_auth = auth};

	strcpy(config.webhook_secret, secret);
	return auth_check(&config, authorization);
}

static void without_authentication_everyone_is_let_in(void **state)
{
	(void)state;
	assert_int_equal(check(WEBHOOK_AUTH_NONE, "", NULL), STATUS_OK);
	assert_int_equal(
	    check(WEBHOOK_AUTH_NONE, SECRET, "Bearer x"), STATUS_OK);
}

static void the_secret_as_bearer_token_lets_in(void **state)
{
	static const char *const good[] = {
	    "Bearer " SECRET,
	    "bearer " SECRET,
	    "BEARER " SECRET,
	    "Bearer   " SECRET,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(
		    check(WEBHOOK_AUTH_BEARER, SECRET, good[i]), STATUS_OK);
}

static void everything_else_is_kept_out(void **state)
{
	static const char *const bad[] = {
	    NULL,
	    "",
	    " ",
	    "Bearer",
	    "Bearer ",
	    SECRET,
	    "Bearer" SECRET,
	    "Basic " SECRET,
	    "Bearer " SECRET "x",
	    "Bearer S3CRET-OF-16-BYTES",
	    "Bearer s3cret-of-16-byte",
	    "Bearer " SECRET " ",
	    "Bearer " SECRET ", Bearer x",
	    " Bearer " SECRET,
	    "Bearer\t" SECRET,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		if (check(WEBHOOK_AUTH_BEARER, SECRET, bad[i]) !=
		    STATUS_UNAUTHENTICATED)
			fail_msg("let in: %s", bad[i]);
}

/* The configuration refuses it; a mistake there must not open the door. */
static void an_empty_secret_lets_nobody_in(void **state)
{
	(void)state;
	assert_int_equal(
	    check(WEBHOOK_AUTH_BEARER, "", "Bearer "), STATUS_UNAUTHENTICATED);
	assert_int_equal(
	    check(WEBHOOK_AUTH_BEARER, "", "Bearer x"), STATUS_UNAUTHENTICATED);
}

static void a_secret_of_4095_bytes_works(void **state)
{
	char secret[CONFIG_SECRET_BYTES];
	char header[CONFIG_SECRET_BYTES + 8];

	(void)state;
	memset(secret, 'k', sizeof secret - 1);
	secret[sizeof secret - 1] = '\0';
	snprintf(header, sizeof header, "Bearer %s", secret);
	assert_int_equal(check(WEBHOOK_AUTH_BEARER, secret, header), STATUS_OK);
	header[sizeof header - 3] = 'l';
	assert_int_equal(
	    check(WEBHOOK_AUTH_BEARER, secret, header), STATUS_UNAUTHENTICATED);
}

static void a_mode_nobody_knows_keeps_out(void **state)
{
	(void)state;
	assert_int_equal(check((enum webhook_auth)77, SECRET, "Bearer " SECRET),
	    STATUS_UNAUTHENTICATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_authentication_everyone_is_let_in),
	    cmocka_unit_test(the_secret_as_bearer_token_lets_in),
	    cmocka_unit_test(everything_else_is_kept_out),
	    cmocka_unit_test(an_empty_secret_lets_nobody_in),
	    cmocka_unit_test(a_secret_of_4095_bytes_works),
	    cmocka_unit_test(a_mode_nobody_knows_keeps_out),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
