/* token_request.c: the client's credentials -> the request for a token */
#include "token_request.h"

#include <openssl/crypto.h>
#include <stdio.h>

#define FORM_MAX 32768 /* id and secret, each byte as %XX at worst */

/*
 * A form is decoded from %XX, too, and text_add_segment leaves no byte that
 * could end a value.
 */
static bool make_form(
    struct token_request *request, const struct config *config)
{
	struct text *form = &request->form;

	text_init(form, FORM_MAX);
	/* All at once: a text that grows leaves copies of the secret behind. */
	text_reserve(form, FORM_MAX);
	text_add(form, "grant_type=client_credentials&client_id=");
	text_add_segment(form, config->cxone_client_id);
	text_add(form, "&client_secret=");
	text_add_segment(form, config->cxone_client_secret);
	return !text_failed(form);
}

/* What was made before a failure is token_request_done's to free. */
static bool make_headers(struct token_request *request)
{
	request->headers = http_headers_add(
	    NULL, "Content-Type: application/x-www-form-urlencoded");
	return request->headers &&
	       http_headers_add(request->headers, "Accept: application/json");
}

void token_request_url(const struct config *config, char url[TOKEN_URL_BYTES])
{
	snprintf(
	    url, TOKEN_URL_BYTES, "%s/oauth/token", config->cxone_base_url);
}

bool token_request_init(
    struct token_request *request, const struct config *config)
{
	*request = (struct token_request){
	    .timeout_us = config->cxone_timeout_us,
	};
	token_request_url(config, request->url);
	return make_form(request, config) && make_headers(request);
}

void token_request_done(struct token_request *request)
{
	http_headers_free(request->headers);
	if (request->form.bytes)
		OPENSSL_cleanse(request->form.bytes, request->form.capacity);
	text_done(&request->form);
}

struct http_request token_request_http(const struct token_request *request)
{
	return (struct http_request){
	    .upstream = HTTP_CXONE,
	    .method = "POST",
	    .url = request->url,
	    .headers = request->headers,
	    .body = text_string(&request->form),
	    .body_bytes = request->form.length,
	    .timeout_us = request->timeout_us,
	};
}
