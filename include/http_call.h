#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "http.h"

/*
 * One request under way: what http.c queues and http_call.c puts into and
 * takes out of curl. Private to the http*.c files, the only ones that
 * include curl.
 *
 * A call is, in this order: WAITING in its upstream's FIFO, RUNNING (easy
 * is in multi), ENDED while its done is called, then idle again. easy,
 * url and body are made at a call's first use and kept.
 */
struct http_multi;

struct http_call {
	struct http *http;
	struct http_multi *multi; /* that runs it */
	CURLSH *share;
	const struct http_way *way;
	struct http_request request;
	http_done *done;
	void *arg;
	int64_t sent_us; /* when http_send took it */
	int64_t waited_us;
	struct curl_slist lines[HTTP_LINES_MAX]; /* before the shared ones */
	CURL *easy;
	CURLU *url;       /* the last request's, in parts */
	char origin[256]; /* its scheme and host; "": ask curl to read all */
	char *body;       /* NUL-terminated at the end only */
	size_t body_bytes;
	size_t body_capacity;
	bool too_large;
	bool no_memory;
	char problem[CURL_ERROR_SIZE];
	struct http_call *next;   /* FIFO, idle list */
	struct http_call *before; /* running list */
	struct http_call *after;
};

struct http_headers {
	struct curl_slist *list;
};

/* Makes easy if need be, and fills it from the request. False: memory. */
bool http_call_prepare(struct http_call *call, int64_t timeout_us);

/* What a transfer's end means; *answer is filled in any case. */
enum status http_call_judge(
    struct http_call *call, CURLcode result, struct http_answer *answer);

/* The answer of a call that never ran, or was cut. */
void http_call_no_answer(struct http_call *call, struct http_answer *answer);

/* Wipes what was received (tokens come this way); keeps the memory. */
void http_call_wipe(struct http_call *call);

/* Frees easy, url and body. */
void http_call_done(struct http_call *call);

#endif
