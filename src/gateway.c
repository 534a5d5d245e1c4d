/* gateway.c: HTTP requests from the web server -> begin; answers -> back */
#include "gateway_request.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"

#define HEAD_MAX   16384
#define SPARES_MAX 256 /* as many as are in hand in a busy process */

/* Larger buffers are not kept: a burst of large bodies must not stay. */
#define SPARE_BYTES_MAX 16384

/* RFC 9110 section 15, and RFC 6585 for 429. */
static const struct {
	int http;
	const char *reason;
} reasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const char *reason_of(int http)
{
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (reasons[i].http == http)
			return reasons[i].reason;
	}
	return "Other";
}

/*
 * What follows from a change of state, but not inside the call that made
 * it: begin what waits, accept again, tell that the gateway is idle.
 */
static void settle(void *arg)
{
	struct gateway *gateway = arg;

	gateway->kind->resume(gateway);
	if (!gateway->busy || !gateway_idle(gateway))
		return;
	gateway->busy = false;
	if (gateway->idle != NULL)
		gateway->idle(gateway->idle_arg);
}

/* What FastCGI and CGI have in common; the kind adds the rest. */
struct gateway *gateway_new(struct loop *loop,
    const struct gateway_options *options, gateway_begin *begin, void *arg)
{
	struct gateway *gateway;

	gateway = calloc(1, sizeof *gateway);
	if (gateway == NULL)
		return NULL;
	gateway->loop = loop;
	gateway->begin = begin;
	gateway->arg = arg;
	gateway->body_max = options->body_max;
	gateway->inflight_max = options->inflight_max;
	gateway->gather_us = options->gather_us;
	gateway->listener = -1;
	gateway->copy = -1;
	loop_timer_init(&gateway->settle, settle, gateway);
	text_init(&gateway->head, HEAD_MAX);
	return gateway;
}

/* Every request is in one list, its state's: counting is free. */
static void list_add(struct gateway_request *request, enum gateway_state state)
{
	struct gateway_list *list = &request->gateway->lists[state];

	request->state = state;
	request->later = NULL;
	request->earlier = list->last;
	if (list->last != NULL)
		list->last->later = request;
	else
		list->first = request;
	list->last = request;
	list->count++;
}

static void list_remove(struct gateway_request *request)
{
	struct gateway_list *list = &request->gateway->lists[request->state];

	if (request->earlier != NULL)
		request->earlier->later = request->later;
	else
		list->first = request->later;
	if (request->later != NULL)
		request->later->earlier = request->earlier;
	else
		list->last = request->earlier;
	list->count--;
}

/*
 * A spare one, with the buffer it has grown, before a new one. All else of
 * it is set anew; its deadline is at rest since gateway_request_end.
 */
struct gateway_request *gateway_request_new(
    struct gateway *gateway, enum gateway_state state)
{
	struct gateway_request *request = gateway->lists[GATEWAY_SPARE].first;

	if (request != NULL)
		list_remove(request);
	else
		request = calloc(1, sizeof *request);
	if (request == NULL)
		return NULL;
	*request = (struct gateway_request){.gateway = gateway,
	    .fd = -1,
	    .bytes = request->bytes,
	    .capacity = request->capacity};
	gateway->busy = true;
	list_add(request, state);
	return request;
}

/*
 * In the usual course, listening and nobody asking, nothing follows. A
 * gateway that is full does not listen: then each place that becomes free
 * has to be looked at.
 */
void gateway_request_move(
    struct gateway_request *request, enum gateway_state state)
{
	struct gateway *gateway = request->gateway;
	bool waiting;

	list_remove(request);
	list_add(request, state);
	waiting = gateway->lists[GATEWAY_READY].count > 0 ||
		  (!gateway->listening && !gateway->draining) ||
		  (gateway->idle != NULL && gateway_idle(gateway));
	if (waiting)
		loop_timer_set(gateway->loop, &gateway->settle,
		    loop_now_us(gateway->loop));
}

/* Moved first: begin may answer at once, and the request is gone then. */
void gateway_request_begin(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;

	gateway_request_move(request, GATEWAY_IN_HAND);
	gateway->begin(gateway->arg, request);
}

static void free_spare(struct gateway_request *request)
{
	list_remove(request);
	free(request->bytes);
	free(request);
}

void gateway_request_end(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;

	loop_timer_stop(gateway->loop, &request->deadline);
	/* Not watched any more before its number can be another's. */
	if (request->fd >= 0) {
		loop_unwatch(gateway->loop, request->fd);
		close(request->fd);
	}
	gateway_request_move(request, GATEWAY_SPARE);
	if (request->capacity > SPARE_BYTES_MAX ||
	    gateway->lists[GATEWAY_SPARE].count > SPARES_MAX)
		free_spare(request);
}

bool gateway_request_reserve(struct gateway_request *request, size_t capacity)
{
	char *bytes;

	if (capacity <= request->capacity)
		return true;
	bytes = realloc(request->bytes, capacity);
	if (bytes == NULL)
		return false;
	request->bytes = bytes;
	request->capacity = capacity;
	return true;
}

void gateway_request_shrink(struct gateway_request *request)
{
	char *bytes = malloc(request->length + 1);

	if (bytes == NULL)
		return;
	memcpy(bytes, request->bytes, request->length + 1);
	free(request->bytes);
	request->bytes = bytes;
	request->capacity = request->length + 1;
}

void gateway_set_limits(struct gateway *gateway, size_t body_max,
    size_t inflight_max, int64_t gather_us)
{
	gateway->body_max = body_max;
	gateway->inflight_max = inflight_max;
	gateway->gather_us = gather_us;
}

/* The listener stays open: others may have it, and close removes its file. */
void gateway_drain(struct gateway *gateway)
{
	gateway->draining = true;
	if (gateway->listening)
		loop_unwatch(gateway->loop, gateway->listener);
	gateway->listening = false;
}

/* Who lingers has its answer: no stop needs to wait for that. */
bool gateway_idle(const struct gateway *gateway)
{
	return gateway->lists[GATEWAY_GATHERING].count == 0 &&
	       gateway->lists[GATEWAY_READY].count == 0 &&
	       gateway->lists[GATEWAY_IN_HAND].count == 0;
}

void gateway_on_idle(struct gateway *gateway, loop_due *idle, void *arg)
{
	gateway->idle = idle;
	gateway->idle_arg = arg;
}

/* Only what is in hand has libfcgi's own, which drop frees. */
static void end_all(struct gateway *gateway, enum gateway_state state)
{
	struct gateway_list *list = &gateway->lists[state];

	while (list->first != NULL) {
		if (state == GATEWAY_IN_HAND)
			gateway->kind->drop(list->first);
		gateway_request_end(list->first);
	}
}

/*
 * Drained first, so that no place that becomes free makes it listen again;
 * the settle timer, which the ends may arm, is put to rest after them.
 */
void gateway_close(struct gateway *gateway)
{
	if (gateway == NULL)
		return;
	gateway_drain(gateway);
	end_all(gateway, GATEWAY_GATHERING);
	end_all(gateway, GATEWAY_READY);
	end_all(gateway, GATEWAY_IN_HAND);
	end_all(gateway, GATEWAY_LINGERING);
	while (gateway->lists[GATEWAY_SPARE].first != NULL)
		free_spare(gateway->lists[GATEWAY_SPARE].first);
	loop_timer_stop(gateway->loop, &gateway->settle);
	if (gateway->listener >= 0)
		listener_close(gateway->listener);
	text_done(&gateway->head);
	if (gateway->copy >= 0)
		close(gateway->copy);
	free(gateway);
}

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	return FCGX_GetParam(name, request->variables);
}

/* False: none came, or no number; then the body's end tells its length. */
bool gateway_content_length(
    const struct gateway_request *request, size_t *length)
{
	const char *text = gateway_param(request, "CONTENT_LENGTH");
	char *end;
	uintmax_t value;

	if (text == NULL || !isdigit((unsigned char)*text))
		return false;
	value = strtoumax(text, &end, 10);
	if (*end != '\0')
		return false;
	*length = value < SIZE_MAX ? (size_t)value : SIZE_MAX;
	return true;
}

const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	*length = request->length;
	if (!request->body_whole || gateway_body_too_large(request))
		return NULL;
	return request->bytes;
}

/* It may have been let in by a limit that was larger than today's. */
bool gateway_body_too_large(const struct gateway_request *request)
{
	return request->body_too_large ||
	       request->length > request->gateway->body_max;
}

int64_t gateway_accepted_us(const struct gateway_request *request)
{
	return request->accepted_us;
}

/* CGI's form (RFC 3875 section 6.3); the web server makes HTTP of it. */
static void write_head(struct text *head, const struct gateway_answer *answer)
{
	text_clear(head);
	text_add(head, "Status: ");
	text_add_int(head, answer->http);
	text_add(head, " ");
	text_add(head, reason_of(answer->http));
	text_add(head, "\r\nContent-Type: ");
	text_add(head, answer->type);
	text_add(head, "\r\nContent-Length: ");
	text_add_int(head, (int64_t)answer->body_bytes);
	text_add(head, "\r\n");
	text_add(head, answer->headers);
	text_add(head, "\r\n");
}

void gateway_reply(
    struct gateway_request *request, const struct gateway_answer *answer)
{
	struct gateway *gateway = request->gateway;
	struct gateway_answer bytes = *answer;

	assert(request->state == GATEWAY_IN_HAND);
	write_head(&gateway->head, answer);
	if (text_failed(&gateway->head)) {
		/* No answer is better than half a head. */
		log_line(LOG_ERROR, NULL, "the head of an answer is too long");
		gateway->kind->drop(request);
		gateway_request_end(request);
		return;
	}
	if (answer->body == NULL) {
		bytes.body = "";
		bytes.body_bytes = 0;
	}
	gateway->kind->send(request, &gateway->head, &bytes);
}
