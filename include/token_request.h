#ifndef TOKEN_REQUEST_H
#define TOKEN_REQUEST_H

#include <stdbool.h>

#include "config.h"
#include "http.h"
#include "text.h"

#define TOKEN_URL_BYTES (CONFIG_TEXT_BYTES + 16)

/*
 * The request for a token (RFC 6749 section 4.4.2), made once: it says the
 * same each time.
 */
struct token_request {
	char url[TOKEN_URL_BYTES];
	struct text form; /* holds the client's secret */
	struct http_headers *headers;
	int64_t timeout_us;
};

/* Where tokens come from; with the client's id the key of its row. */
void token_request_url(const struct config *config, char url[TOKEN_URL_BYTES]);

/* False: memory. token_request_done is to be called in any case. */
bool token_request_init(
    struct token_request *request, const struct config *config);

/* Wipes and frees. */
void token_request_done(struct token_request *request);

/* What is to be sent; borrows request until it was answered. */
struct http_request token_request_http(const struct token_request *request);

#endif
