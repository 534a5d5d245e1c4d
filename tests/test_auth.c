/* test_auth.c: only who shows the secret may post events */
#include "auth_place.h"

#define SECRET "s3cret-of-16-bytes"
#define OTHER  "another-of-16-bytes"

static enum auth_reason shown(
    enum webhook_auth auth, const char *secret, const char *authorization)
{
	struct config *config = new_config(auth);
	struct gateway_request request = {0};
	enum auth_reason reason;

	strcpy(config->webhook_secret, secret);
	strcpy(config->webhook_header, "X-Api-Key");
	set_param(&request,
	    auth == WEBHOOK_AUTH_HEADER ? "HTTP_X_API_KEY"
					: "HTTP_AUTHORIZATION",
	    authorization);
	reason = reason_with(config, &request);
	free(config);
	return reason;
}

static void without_authentication_everyone_is_let_in(void **state)
{
	(void)state;
	assert_int_equal(shown(WEBHOOK_AUTH_NONE, "", NULL), AUTH_OK);
	assert_int_equal(shown(WEBHOOK_AUTH_NONE, SECRET, "Bearer x"), AUTH_OK);
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
	for (i = 0; i < COUNT(good); i++)
		assert_int_equal(
		    shown(WEBHOOK_AUTH_BEARER, SECRET, good[i]), AUTH_OK);
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
	for (i = 0; i < COUNT(bad); i++)
		if (shown(WEBHOOK_AUTH_BEARER, SECRET, bad[i]) == AUTH_OK)
			fail_msg("let in: %s", bad[i]);
}

static void what_failed_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BEARER, SECRET, NULL), AUTH_HEADER_MISSING);
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BEARER, SECRET, "Basic x"), AUTH_SCHEME_WRONG);
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BEARER, SECRET, "Bearer x"), AUTH_SECRET_WRONG);
	assert_int_equal(
	    shown(WEBHOOK_AUTH_HEADER, SECRET, NULL), AUTH_HEADER_MISSING);
}

/* The configuration refuses it; a mistake there must not open the door. */
static void an_empty_secret_lets_nobody_in(void **state)
{
	(void)state;
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BEARER, "", "Bearer "), AUTH_SECRET_WRONG);
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BEARER, "", "Bearer x"), AUTH_SECRET_WRONG);
	assert_int_equal(shown(WEBHOOK_AUTH_HEADER, "", ""), AUTH_SECRET_WRONG);
}

static void a_secret_of_4095_bytes_works(void **state)
{
	char secret[CONFIG_SECRET_BYTES];
	char header[CONFIG_SECRET_BYTES + 8];

	(void)state;
	memset(secret, 'k', sizeof secret - 1);
	secret[sizeof secret - 1] = '\0';
	snprintf(header, sizeof header, "Bearer %s", secret);
	assert_int_equal(shown(WEBHOOK_AUTH_BEARER, secret, header), AUTH_OK);
	header[sizeof header - 3] = 'l';
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BEARER, secret, header), AUTH_SECRET_WRONG);
}

/* The example of RFC 7617 section 2, and our own. */
static void user_and_password_let_in(void **state)
{
	(void)state;
	assert_int_equal(shown(WEBHOOK_AUTH_BASIC, "Aladdin:open sesame",
			     "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
	    AUTH_OK);
	assert_int_equal(shown(WEBHOOK_AUTH_BASIC, "Aladdin:open sesame",
			     "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
	    AUTH_OK);
	assert_int_equal(shown(WEBHOOK_AUTH_BASIC, "Aladdin:open sesame",
			     "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"),
	    AUTH_SECRET_WRONG);
	assert_int_equal(shown(WEBHOOK_AUTH_BASIC, "Aladdin:open sesame",
			     "Basic Aladdin:open sesame"),
	    AUTH_SECRET_WRONG);
	assert_int_equal(
	    shown(WEBHOOK_AUTH_BASIC, "user:0123456789", "Bearer x"),
	    AUTH_SCHEME_WRONG);
}

static void the_secret_in_a_header_lets_in(void **state)
{
	(void)state;
	assert_int_equal(shown(WEBHOOK_AUTH_HEADER, SECRET, SECRET), AUTH_OK);
	assert_int_equal(
	    shown(WEBHOOK_AUTH_HEADER, SECRET, SECRET " "), AUTH_SECRET_WRONG);
	assert_int_equal(shown(WEBHOOK_AUTH_HEADER, SECRET, "Bearer " SECRET),
	    AUTH_SECRET_WRONG);
}

static void each_of_several_secrets_lets_in_and_is_counted(void **state)
{
	struct config *config = new_config(WEBHOOK_AUTH_BEARER);
	struct gateway_request request = {0};
	struct auth_key_count count;
	struct auth *auth;

	(void)state;
	strcpy(config->webhook_secret, SECRET);
	add_secret(config, "next", OTHER);
	auth = auth_new(config);
	set_param(&request, "HTTP_AUTHORIZATION", "Bearer " SECRET);
	assert_int_equal(reason_of(auth, &request), AUTH_OK);
	set_param(&request, "HTTP_AUTHORIZATION", "Bearer " OTHER);
	assert_int_equal(reason_of(auth, &request), AUTH_OK);
	assert_int_equal(reason_of(auth, &request), AUTH_OK);
	assert_true(auth_key_counts(auth, 0, &count));
	assert_string_equal(count.id, "WEBHOOK_SECRET");
	assert_int_equal(count.accepted, 1);
	assert_true(auth_key_counts(auth, 1, &count));
	assert_string_equal(count.id, "next");
	assert_int_equal(count.accepted, 2);
	assert_int_equal(count.not_valid, 0);
	assert_false(auth_key_counts(auth, 2, &count));
	auth_free(auth);
	free(config);
}

static void a_secret_lets_in_within_its_time_only(void **state)
{
	struct config *config = new_config(WEBHOOK_AUTH_BEARER);
	struct gateway_request request = {0};

	(void)state;
	add_secret(config, "may", SECRET);
	config->webhook_secrets.items[0].not_before_us = 1000 * CLOCK_SECOND;
	config->webhook_secrets.items[0].not_after_us = 2000 * CLOCK_SECOND;
	set_param(&request, "HTTP_AUTHORIZATION", "Bearer " SECRET);
	now_s = 999;
	expect_reason(config, &request, AUTH_KEY_NOT_VALID);
	now_s = 1999;
	expect_reason(config, &request, AUTH_OK);
	now_rest_us = 0;
	now_s = 1000;
	expect_reason(config, &request, AUTH_OK);
	now_s = 2000;
	expect_reason(config, &request, AUTH_KEY_NOT_VALID);
	/* The same secret again without an end is as good. */
	add_secret(config, "june", SECRET);
	expect_reason(config, &request, AUTH_OK);
	free(config);
}

/* 401 names one (RFC 9110 11.6.1); Basic is sent only when it is asked for. */
static void each_way_has_its_challenge(void **state)
{
	static const struct {
		enum webhook_auth auth;
		const char *challenge;
	} ways[] = {
	    {WEBHOOK_AUTH_BEARER, "WWW-Authenticate: Bearer\r\n"},
	    {WEBHOOK_AUTH_BASIC,
		"WWW-Authenticate: Basic realm=\"stockroute\"\r\n"},
	    {WEBHOOK_AUTH_HEADER, "WWW-Authenticate: Header\r\n"},
	    {WEBHOOK_AUTH_HMAC, "WWW-Authenticate: Signature\r\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ways); i++) {
		struct config *config = new_config(ways[i].auth);
		struct auth *auth = auth_new(config);

		assert_string_equal(auth_challenge(auth), ways[i].challenge);
		assert_int_equal(
		    auth_needs_body(auth), ways[i].auth == WEBHOOK_AUTH_HMAC);
		auth_free(auth);
		free(config);
	}
}

static void a_mode_nobody_knows_keeps_out(void **state)
{
	(void)state;
	assert_int_equal(shown((enum webhook_auth)77, SECRET, "Bearer " SECRET),
	    AUTH_SECRET_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_authentication_everyone_is_let_in),
	    cmocka_unit_test(the_secret_as_bearer_token_lets_in),
	    cmocka_unit_test(everything_else_is_kept_out),
	    cmocka_unit_test(what_failed_is_told_apart),
	    cmocka_unit_test(an_empty_secret_lets_nobody_in),
	    cmocka_unit_test(a_secret_of_4095_bytes_works),
	    cmocka_unit_test(user_and_password_let_in),
	    cmocka_unit_test(the_secret_in_a_header_lets_in),
	    cmocka_unit_test(each_of_several_secrets_lets_in_and_is_counted),
	    cmocka_unit_test(a_secret_lets_in_within_its_time_only),
	    cmocka_unit_test(each_way_has_its_challenge),
	    cmocka_unit_test(a_mode_nobody_knows_keeps_out),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
