/* token_answer.c: the token endpoint's answer -> a token and its lifetime */
#include "token_answer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"

#define DEPTH_MAX 8 /* the members asked for stand at the top */
/* Wrong by being short costs a call a minute; by being long, 401s. */
#define LIFETIME_ASSUMED_S 60
#define LIFETIME_MAX_S     86400

/* RFC 6749 section 5.2 has 400 and 401 for a client that is not known. */
static enum status judge_code(long code)
{
	if (code == 200)
		return STATUS_OK;
	if (code == 400 || code == 401 || code == 403)
		return STATUS_TOKEN_REFUSED;
	if (code == 429)
		return STATUS_RATE_LIMITED;
	return code >= 500 ? STATUS_UPSTREAM_FAILED : STATUS_UPSTREAM_REFUSED;
}

/* It becomes a header's value: b64token characters and nothing else that
 * could end the line (RFC 6750 section 2.1, kept wider as servers are). */
static bool is_token(const char *text)
{
	size_t i;

	if (!text || text[0] == '\0' || strlen(text) > TOKEN_TEXT_MAX)
		return false;
	for (i = 0; text[i] != '\0'; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

/*
 * Some servers send the number as a text. 0: it is none. More than fits is
 * more than is believed anyway.
 */
static long long digits(const char *text)
{
	long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno == ERANGE)
		return LIFETIME_MAX_S;
	return *end == '\0' ? value : 0;
}

static int64_t lifetime_s(const json_t *expires_in)
{
	double value = 0;

	if (json_is_number(expires_in))
		value = json_number_value(expires_in);
	else if (json_is_string(expires_in))
		value = (double)digits(json_string_value(expires_in));
	if (value < 1) {
		log_line(LOG_WARN, NULL,
		    "the token endpoint gave no usable "
		    "expires_in; %d s are assumed",
		    LIFETIME_ASSUMED_S);
		return LIFETIME_ASSUMED_S;
	}
	return value > LIFETIME_MAX_S ? LIFETIME_MAX_S : (int64_t)value;
}

enum status token_answer_read(
    const struct http_answer *answer, struct token_row *row)
{
	char problem[JSON_PROBLEM_BYTES];
	enum status status = judge_code(answer->code);
	const char *text;
	json_t *json = NULL;

	if (status != STATUS_OK)
		return status;
	/* problem may quote the answer, and so a token: it is told nobody. */
	if (json_parse_secret(answer->body, answer->body_bytes, DEPTH_MAX,
		&json, problem) != STATUS_OK)
		return STATUS_ANSWER_INVALID;
	text = json_string_value(json_object_get(json, "access_token"));
	if (is_token(text)) {
		strcpy(row->text, text);
		row->lifetime_us = CLOCK_SECOND * lifetime_s(json_object_get(
						      json, "expires_in"));
	} else {
		status = STATUS_ANSWER_INVALID;
	}
	json_free_secret(json);
	return status;
}

/* A longer Retry-After is not believed: without a token nothing works. */
int64_t token_answer_pause_us(
    const struct http_answer *answer, int64_t least_us)
{
	/* Negative when it was not asked for: then least_us counts. */
	if (answer->retry_after_us < least_us)
		return least_us;
	if (answer->retry_after_us > TOKEN_PAUSE_MAX_US)
		return TOKEN_PAUSE_MAX_US;
	return answer->retry_after_us;
}
