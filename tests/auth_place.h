#ifndef AUTH_PLACE_H
#define AUTH_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth.h"
#include "clock.h"
#include "log.h"
#include "trace.h"

/*
 * Where the tests of the senders' authentication run: a request of a few
 * variables in place of the gateway's, and a clock that stands still. What
 * is signed here are published vectors, and what `openssl` and another
 * language's library made.
 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PARAMS_MAX   8

struct gateway_request {
	struct {
		const char *name;
		const char *value;
	} params[PARAMS_MAX];
	const char *body;
	size_t body_length;
};

/* Seconds since 1970, what has passed of the second, and who tells it. */
static int64_t now_s;
static int64_t now_rest_us = 999999;

int64_t clock_wall_us(void)
{
	return now_s * CLOCK_SECOND + now_rest_us;
}

int64_t clock_mono_us(void)
{
	return clock_wall_us();
}

void clock_stamp(int64_t wall_us, char stamp[CLOCK_STAMP_BYTES])
{
	(void)wall_us;
	strcpy(stamp, "-");
}

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	size_t i;

	for (i = 0; i < PARAMS_MAX && request->params[i].name; i++)
		if (strcmp(request->params[i].name, name) == 0)
			return request->params[i].value;
	return NULL;
}

const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	*length = request->body_length;
	return request->body;
}

/* Sets a variable; NULL takes it away. */
static inline void set_param(
    struct gateway_request *request, const char *name, const char *value)
{
	size_t i = 0;

	while (request->params[i].name &&
	       strcmp(request->params[i].name, name) != 0)
		i++;
	assert_true(i < PARAMS_MAX);
	request->params[i].name = name;
	request->params[i].value = value;
}

static inline void set_body(struct gateway_request *request, const char *body)
{
	request->body = body;
	request->body_length = strlen(body);
}

/* What the table of settings gives where nothing is set. */
static inline struct config *new_config(enum webhook_auth auth)
{
	struct config *config = calloc(1, sizeof *config);

	assert_non_null(config);
	config->webhook_auth = auth;
	config->webhook_tolerance_past_s = 300;
	config->webhook_tolerance_future_s = 300;
	config->body_max_bytes = 65536;
	strcpy(config->webhook_template, "{body}");
	log_set_level(LOG_ERROR);
	return config;
}

static inline void add_secret(
    struct config *config, const char *id, const char *text)
{
	struct webhook_secret *secret =
	    &config->webhook_secrets.items[config->webhook_secrets.count++];

	strcpy(secret->id, id);
	strcpy(secret->text, text);
	secret->not_after_us = INT64_MAX;
}

/* The reason, by what auth counted; the answer must fit to it. */
static inline enum auth_reason reason_of(
    struct auth *auth, const struct gateway_request *request)
{
	const struct trace_headers headers = {.request_id = "request"};
	uint64_t before[AUTH_REASON_COUNT];
	struct trace trace;
	const char *signed_id;
	enum status status;
	int found = -1;
	int i;

	for (i = 0; i < AUTH_REASON_COUNT; i++)
		before[i] = auth_count(auth, (enum auth_reason)i);
	trace_read(&trace, &headers);
	status = auth_check(auth, request, &trace, &signed_id);
	for (i = 0; i < AUTH_REASON_COUNT; i++) {
		if (auth_count(auth, (enum auth_reason)i) == before[i])
			continue;
		assert_int_equal(found, -1);
		found = i;
	}
	assert_int_equal(
	    status, found == AUTH_OK ? STATUS_OK : STATUS_UNAUTHENTICATED);
	if (found != AUTH_OK)
		assert_null(signed_id);
	return (enum auth_reason)found;
}

/* The same with settings alone. */
static inline enum auth_reason reason_with(
    const struct config *config, const struct gateway_request *request)
{
	struct auth *auth = auth_new(config);
	enum auth_reason reason;

	assert_non_null(auth);
	reason = reason_of(auth, request);
	auth_free(auth);
	return reason;
}

/* Fails with the words of both. */
static inline void expect_reason(const struct config *config,
    const struct gateway_request *request, enum auth_reason expected)
{
	enum auth_reason got = reason_with(config, request);

	if (got != expected)
		fail_msg("%s, expected %s", auth_reason_name(got),
		    auth_reason_name(expected));
}

#endif
