/* cases_curl.c: HTTP request -> HTTP answer, over libcurl */
#include "cases.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (64 * 1024 * 1024)

/* Never short: a longer answer fails in the text, not in the transfer. */
static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	text_add_bytes(arg, bytes, size * count);
	return size * count;
}

/* "Name:" keeps libcurl from adding a header of its own. */
static struct curl_slist *header_list(const json_t *headers)
{
	/* A server that waits for 100-continue would hide the program. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	const char *name;
	json_t *value;

	if (json_object_get(headers, "Content-Type") == NULL)
		list = curl_slist_append(list, "Content-Type:");
	json_object_foreach ((json_t *)headers, name, value) {
		char line[1024];

		snprintf(line, sizeof line, "%s: %s", name,
		    json_string_value(value));
		list = curl_slist_append(list, line);
	}
	return list;
}

static void set_request(
    CURL *curl, const struct exchange *exchange, struct curl_slist *list)
{
	curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, exchange->method);
	/* Dots and what else a case has in its path are its business. */
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	/* Whatever proxy the environment names is not for this machine. */
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CASE_WAIT_MS);
	if (exchange->body == NULL)
		return;
	/* Sized, because a body may hold NULs. */
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)exchange->body_bytes);
}

bool curl_exchange(
    const struct exchange *exchange, struct reply *reply, struct text *why)
{
	struct curl_slist *list = header_list(exchange->headers);
	CURL *curl = curl_easy_init();
	struct text lines;
	struct text body;
	long code = 0;
	CURLcode result;

	text_init(&lines, ANSWER_MAX);
	text_init(&body, ANSWER_MAX);
	set_request(curl, exchange, list);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &lines);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	if (result != CURLE_OK) {
		text_add_format(why, "    %s %s: %s\n", exchange->method,
		    exchange->url, curl_easy_strerror(result));
	} else {
		reply->http = (int)code;
		reply->headers = wire_headers(text_string(&lines));
		reply->body = strdup(text_string(&body));
	}
	text_done(&body);
	text_done(&lines);
	curl_easy_cleanup(curl);
	curl_slist_free_all(list);
	return result == CURLE_OK;
}
