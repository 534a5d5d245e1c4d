/* fake_http.c: http.h's requests -> answers of a scripted upstream */
#include "fake_http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fake_upstream.h"

/* One request on its way: its answer is known, its time has not come. */
struct transfer {
	struct http *http;
	struct loop_timer timer;
	http_done *done;
	void *arg;
	struct fake_reply reply;
	struct transfer *next;
};

struct http {
	struct loop *loop;
	struct fake_upstream *upstream;
	struct transfer *running;
	bool stopped;
};

struct http_headers {
	char *line;
	struct http_headers *next;
};

struct http *http_new(
    struct loop *loop, size_t transfers_max, size_t requests_max)
{
	struct http *http = calloc(1, sizeof *http);

	/* Nothing queues here; the real queue has tests of its own. */
	(void)transfers_max;
	(void)requests_max;
	if (http == NULL)
		return NULL;
	http->loop = loop;
	http->upstream = fake_upstream_new(NULL);
	return http;
}

/* There is no way to go. */
void http_count_into(struct http *http, struct tally *tally)
{
	(void)http;
	(void)tally;
}

void http_set_way(struct http *http, const struct http_way *way)
{
	(void)http;
	(void)way;
}

static void free_transfer(struct transfer *transfer)
{
	loop_timer_stop(transfer->http->loop, &transfer->timer);
	free(transfer->reply.body);
	free(transfer);
}

/* Without calling back, as the contract says. */
void http_free(struct http *http)
{
	if (http == NULL)
		return;
	while (http->running != NULL) {
		struct transfer *next = http->running->next;

		free_transfer(http->running);
		http->running = next;
	}
	fake_upstream_free(http->upstream);
	free(http);
}

void fake_http_script(struct http *http, const json_t *script)
{
	fake_upstream_free(http->upstream);
	http->upstream = fake_upstream_new(script);
}

json_t *fake_http_journal(const struct http *http)
{
	return fake_upstream_journal(http->upstream);
}

/* Callbacks may send again, so a transfer leaves before its done. */
static void leave_running(struct transfer *transfer)
{
	struct transfer **place = &transfer->http->running;

	while (*place != transfer)
		place = &(*place)->next;
	*place = transfer->next;
}

/* The timer's end: the answer, or why there is none. */
static void end_transfer(void *arg)
{
	struct transfer *transfer = arg;
	struct fake_reply *reply = &transfer->reply;
	bool whole = reply->status == STATUS_OK;
	struct http_answer answer = {
	    .code = reply->code,
	    .body = whole && reply->body != NULL ? reply->body : "",
	    .retry_after_us = whole ? reply->retry_after_us : -1,
	    .date_s = -1,
	    .problem = whole ? "" : status_name(reply->status),
	};

	answer.body_bytes = strlen(answer.body);
	leave_running(transfer);
	transfer->done(transfer->arg, reply->status, &answer);
	free_transfer(transfer);
}

static void add_header(json_t *object, const char *line)
{
	const char *colon = strchr(line, ':');
	char name[64];
	size_t i;

	if (colon == NULL || colon - line >= 64)
		return;
	for (i = 0; line + i < colon; i++)
		name[i] = (char)tolower((unsigned char)line[i]);
	name[i] = '\0';
	colon += 1 + strspn(colon + 1, " ");
	json_object_set_new(object, name, json_string(colon));
}

/* As the simulator writes them into its journal. */
static json_t *lower_case_headers(const struct http_request *request)
{
	const struct http_headers *headers = request->headers;
	const char *const *line = request->lines;
	json_t *object = json_object();

	for (; headers != NULL; headers = headers->next)
		add_header(object, headers->line);
	for (; line != NULL && *line != NULL; line++)
		add_header(object, *line);
	return object;
}

static void ask_upstream(
    struct transfer *transfer, const struct http_request *request)
{
	json_t *headers = lower_case_headers(request);
	struct fake_request asked = {
	    .method = request->method,
	    .path = request->url + strlen(FAKE_HTTP_BASE),
	    .headers = headers,
	    .body = request->body,
	    .body_bytes = request->body_bytes,
	};

	fake_upstream_play(transfer->http->upstream, &asked, &transfer->reply);
	json_decref(headers);
}

void http_send(struct http *http, const struct http_request *request,
    http_done *done, void *arg)
{
	struct transfer *transfer = calloc(1, sizeof *transfer);
	struct fake_reply *reply;

	/* http_send cannot fail; a test that has no memory may. */
	if (transfer == NULL)
		abort();
	reply = &transfer->reply;
	*transfer = (struct transfer){.http = http, .done = done, .arg = arg};
	if (http->stopped)
		reply->status = STATUS_STOPPING;
	else if (strncmp(request->url, FAKE_HTTP_BASE "/",
		     strlen(FAKE_HTTP_BASE "/")) == 0)
		ask_upstream(transfer, request);
	else
		reply->status = STATUS_UNREACHABLE;
	/* Also what would never come. */
	if (reply->delay_us > request->timeout_us) {
		reply->delay_us = request->timeout_us;
		reply->status = STATUS_TIMEOUT;
		if (!reply->drips)
			reply->code = 0;
	}
	loop_timer_init(&transfer->timer, end_transfer, transfer);
	transfer->next = http->running;
	http->running = transfer;
	if (loop_timer_set(http->loop, &transfer->timer,
		clock_mono_us() + reply->delay_us) != STATUS_OK)
		abort();
}

void http_stop(struct http *http)
{
	struct transfer *transfer;

	http->stopped = true;
	for (transfer = http->running; transfer != NULL;
	     transfer = transfer->next) {
		/* Not at once: done is only ever called from the loop. */
		transfer->reply.status = STATUS_STOPPING;
		loop_timer_set(http->loop, &transfer->timer, 0);
	}
}

struct http_headers *http_headers_add(
    struct http_headers *headers, const char *line)
{
	struct http_headers *last = headers;
	struct http_headers *added = calloc(1, sizeof *added);

	if (added == NULL)
		return NULL;
	added->line = strdup(line);
	while (last != NULL && last->next != NULL)
		last = last->next;
	if (last == NULL)
		return added;
	last->next = added;
	return headers;
}

void http_headers_free(struct http_headers *headers)
{
	while (headers != NULL) {
		struct http_headers *next = headers->next;

		free(headers->line);
		free(headers);
		headers = next;
	}
}
