/* test_webhook.c: the door lets in whole POSTs to one path, and no others */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "webhook.h"

#define PATH   "/webhook/routing-events"
#define SECRET "s3cret-of-16-bytes"

/* A request as the door sees it, in place of the gateway's. */
struct gateway_request {
	const char *uri;
	const char *script;
	const char *method;
	const char *authorization;
	const char *signature;
	const char *body;
	bool too_large;
};

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	if (strcmp(name, "REQUEST_URI") == 0)
		return request->uri;
	if (strcmp(name, "SCRIPT_NAME") == 0)
		return request->script;
	if (strcmp(name, "REQUEST_METHOD") == 0)
		return request->method;
	if (strcmp(name, "HTTP_AUTHORIZATION") == 0)
		return request->authorization;
	if (strcmp(name, "HTTP_X_HUB_SIGNATURE_256") == 0)
		return request->signature;
	return NULL;
}

const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	*length = request->body != NULL ? strlen(request->body) : 0;
	return request->body;
}

bool gateway_body_too_large(const struct gateway_request *request)
{
	return request->too_large;
}

/* What every request of these tests begins as: an event let in. */
static struct gateway_request good_request(void)
{
	return (struct gateway_request){
	    .uri = PATH,
	    .method = "POST",
	    .authorization = "Bearer " SECRET,
	    .body = "{}",
	};
}

static enum status check_with(
    enum webhook_auth mode, const struct gateway_request *request)
{
	struct config config = {.webhook_auth = mode};
	const char *signed_id = NULL;
	struct auth *auth;
	enum status status;

	strcpy(config.webhook_secret, SECRET);
	config.webhook_scheme = WEBHOOK_SCHEME_GITHUB;
	auth = auth_new(&config);
	assert_non_null(auth);
	status = webhook_check(auth, request, NULL, &signed_id);
	assert_null(signed_id);
	auth_free(auth);
	return status;
}

static enum status check(const struct gateway_request *request)
{
	return check_with(WEBHOOK_AUTH_BEARER, request);
}

static void a_whole_post_by_someone_who_may_is_let_in(void **state)
{
	struct gateway_request request = good_request();

	(void)state;
	assert_int_equal(check(&request), STATUS_OK);
	request.body = "";
	assert_int_equal(check(&request), STATUS_OK);
}

static void the_query_is_no_part_of_the_path(void **state)
{
	struct gateway_request request = good_request();

	(void)state;
	request.uri = PATH "?";
	assert_int_equal(check(&request), STATUS_OK);
	request.uri = PATH "?x=/y";
	assert_int_equal(check(&request), STATUS_OK);
}

static void every_other_path_is_unknown(void **state)
{
	static const char *const paths[] = {"", "/", "/webhook", PATH "/",
	    PATH "s", "/x" PATH, "/Webhook/routing-events", "/?" PATH};
	struct gateway_request request = good_request();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof paths / sizeof *paths; i++) {
		request.uri = paths[i];
		if (check(&request) != STATUS_PATH_UNKNOWN)
			fail_msg("let in: %s", paths[i]);
	}
	request.uri = NULL;
	assert_int_equal(check(&request), STATUS_PATH_UNKNOWN);
}

static void script_name_serves_only_where_there_is_no_request_uri(void **state)
{
	struct gateway_request request = good_request();

	(void)state;
	request.uri = NULL;
	request.script = PATH;
	assert_int_equal(check(&request), STATUS_OK);
	request.uri = "/other";
	assert_int_equal(check(&request), STATUS_PATH_UNKNOWN);
}

static void every_other_method_is_not_allowed(void **state)
{
	static const char *const methods[] = {
	    "GET", "PUT", "post", "POSTS", "", "DELETE", "OPTIONS"};
	struct gateway_request request = good_request();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof methods / sizeof *methods; i++) {
		request.method = methods[i];
		assert_int_equal(check(&request), STATUS_METHOD_NOT_ALLOWED);
	}
	request.method = NULL;
	assert_int_equal(check(&request), STATUS_METHOD_NOT_ALLOWED);
}

/* A stranger learns nothing of what he posted. */
static void who_posts_is_asked_before_what(void **state)
{
	struct gateway_request request = good_request();

	(void)state;
	request.authorization = "Bearer other";
	assert_int_equal(check(&request), STATUS_UNAUTHENTICATED);
	request.too_large = true;
	request.body = NULL;
	assert_int_equal(check(&request), STATUS_UNAUTHENTICATED);
	request.authorization = NULL;
	assert_int_equal(check(&request), STATUS_UNAUTHENTICATED);
}

static void a_body_too_large_or_broken_off_is_refused(void **state)
{
	struct gateway_request request = good_request();

	(void)state;
	request.body = NULL;
	assert_int_equal(check(&request), STATUS_MALFORMED);
	request.too_large = true;
	assert_int_equal(check(&request), STATUS_TOO_LARGE);
}

/* What has not come cannot be verified; all else is asked before it. */
static void a_signed_body_must_be_there_to_be_verified(void **state)
{
	struct gateway_request request = good_request();

	(void)state;
	assert_int_equal(
	    check_with(WEBHOOK_AUTH_HMAC, &request), STATUS_UNAUTHENTICATED);
	request.signature = "sha256=00";
	assert_int_equal(
	    check_with(WEBHOOK_AUTH_HMAC, &request), STATUS_UNAUTHENTICATED);
	/* printf '{}' | openssl dgst -sha256 -hmac s3cret-of-16-bytes */
	request.signature =
	    "sha256=7a675a7b2e91faffe63b7cf47b60a883a67e82eaac471909a3"
	    "a6b1ebc85767aa";
	assert_int_equal(check_with(WEBHOOK_AUTH_HMAC, &request), STATUS_OK);
	request.body = NULL;
	assert_int_equal(
	    check_with(WEBHOOK_AUTH_HMAC, &request), STATUS_MALFORMED);
	request.too_large = true;
	assert_int_equal(
	    check_with(WEBHOOK_AUTH_HMAC, &request), STATUS_TOO_LARGE);
	request.uri = "/other";
	assert_int_equal(
	    check_with(WEBHOOK_AUTH_HMAC, &request), STATUS_PATH_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_post_by_someone_who_may_is_let_in),
	    cmocka_unit_test(the_query_is_no_part_of_the_path),
	    cmocka_unit_test(every_other_path_is_unknown),
	    cmocka_unit_test(
		script_name_serves_only_where_there_is_no_request_uri),
	    cmocka_unit_test(every_other_method_is_not_allowed),
	    cmocka_unit_test(who_posts_is_asked_before_what),
	    cmocka_unit_test(a_body_too_large_or_broken_off_is_refused),
	    cmocka_unit_test(a_signed_body_must_be_there_to_be_verified),
	};

	return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
