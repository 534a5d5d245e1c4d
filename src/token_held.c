/* token_held.c: a token's row -> the token in memory, while it is in use */
#include "token_held.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#define BEARER_MAX (TOKEN_TEXT_MAX + 64)

/* Made once per token, so that a PATCH copies no secret about. */
static struct http_headers *bearer_headers(const char *access_token)
{
	static const char *const fixed[] = {
	    "Content-Type: application/json",
	    "Accept: application/json",
	};
	char line[BEARER_MAX];
	struct http_headers *headers;
	size_t i;

	snprintf(line, sizeof line, "Authorization: Bearer %s", access_token);
	headers = http_headers_add(NULL, line);
	OPENSSL_cleanse(line, sizeof line);
	for (i = 0; headers && i < sizeof fixed / sizeof *fixed; i++) {
		if (!http_headers_add(headers, fixed[i])) {
			http_headers_free(headers);
			return NULL;
		}
	}
	return headers;
}

struct token_held *token_held_new(const struct token_row *row)
{
	struct token_held *held = calloc(1, sizeof *held);

	if (!held)
		return NULL;
	held->holders = 1;
	held->version = row->version;
	held->expires_us = row->expires_us;
	held->refresh_us = token_row_refresh_us(row);
	held->headers = bearer_headers(row->text);
	if (!held->headers) {
		free(held);
		return NULL;
	}
	return held;
}

void token_held_return(struct token_held *held)
{
	if (!held || --held->holders > 0)
		return;
	http_headers_free(held->headers);
	free(held);
}
