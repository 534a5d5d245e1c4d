/* http.c: a request to an upstream -> its whole answer, over curl multi */
#include "http.h"

#include <assert.h>
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "clock.h"

/*
 * A call is, in this order: WAITING in its upstream's FIFO, RUNNING (easy
 * is in the multi), ENDED while its done is called, then idle again. All
 * calls are made at the start; easy and body are made at a call's first
 * use and kept.
 */
#define CONNECTIONS_WARM 256	/* idle connections curl keeps open */
#define ANSWER_FIRST 1024	/* bytes; most answers fit */

struct call {
	struct http *http;
	struct http_request request;
	http_done *done;
	void *arg;
	int64_t sent_us;	/* when http_send took it */
	int64_t waited_us;
	CURL *easy;
	char *body;
	size_t body_bytes;
	size_t body_capacity;
	bool too_large;
	bool no_memory;
	char problem[CURL_ERROR_SIZE];
	struct call *next;	/* FIFO, idle list */
	struct call *before;	/* running list */
	struct call *after;
};

struct fifo {
	struct call *first;
	struct call *last;
	size_t running;
};

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer curl_timer;
	struct loop_timer start_timer;	/* starts what waits, next turn */
	struct fifo fifo[HTTP_UPSTREAM_COUNT];
	struct call *running;
	struct call *idle;
	struct call *calls;	/* all of them */
	size_t calls_max;
	size_t transfers_max;
	bool stopping;
};

struct http_headers {
	struct curl_slist *list;
};

static bool answer_room(struct call *call, size_t need)
{
	size_t capacity = call->body_capacity;
	char *body;

	if (need <= capacity)
		return true;
	if (capacity == 0)
		capacity = ANSWER_FIRST;
	while (capacity < need)
		capacity *= 2;
	body = realloc(call->body, capacity);
	if (!body)
		return false;
	call->body = body;
	call->body_capacity = capacity;
	return true;
}

/* Returning less than was offered makes curl end the transfer. */
static size_t got_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct call *call = arg;
	size_t length = size * count;

	if (call->body_bytes + length > HTTP_ANSWER_MAX) {
		call->too_large = true;
		return 0;
	}
	if (!answer_room(call, call->body_bytes + length + 1)) {
		call->no_memory = true;
		return 0;
	}
	memcpy(call->body + call->body_bytes, bytes, length);
	call->body_bytes += length;
	return length;
}

/* Options that stay the same for the life of an easy handle. */
static CURL *new_easy(struct call *call)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, got_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->problem);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* An empty proxy also keeps curl from reading http_proxy. */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	return easy;
}

static struct call *take_call(struct http *http)
{
	struct call *call = http->idle;

	assert(call);
	http->idle = call->next;
	return call;
}

/* Token answers pass through here, so what was received is wiped. */
static void keep_call(struct http *http, struct call *call)
{
	if (call->body)
		OPENSSL_cleanse(call->body, call->body_bytes);
	call->next = http->idle;
	http->idle = call;
}

static void push_waiting(struct http *http, struct call *call)
{
	struct fifo *fifo = &http->fifo[call->request.upstream];

	call->next = NULL;
	if (fifo->last)
		fifo->last->next = call;
	else
		fifo->first = call;
	fifo->last = call;
}

static struct call *pop_waiting(struct fifo *fifo)
{
	struct call *call = fifo->first;

	fifo->first = call->next;
	if (!fifo->first)
		fifo->last = NULL;
	return call;
}

static void link_running(struct http *http, struct call *call)
{
	call->before = NULL;
	call->after = http->running;
	if (http->running)
		http->running->before = call;
	http->running = call;
	http->fifo[call->request.upstream].running++;
}

static void unlink_running(struct http *http, struct call *call)
{
	if (call->before)
		call->before->after = call->after;
	else
		http->running = call->after;
	if (call->after)
		call->after->before = call->before;
	http->fifo[call->request.upstream].running--;
}

/* Tells the caller and keeps the call; the only way out for a call. */
static void finish(struct call *call, enum status status, long code,
    int64_t retry_after_us)
{
	struct http_answer answer = {
		.code = code,
		.body = "",
		.waited_us = call->waited_us,
		.retry_after_us = retry_after_us,
		.problem = call->problem,
	};

	if (call->body && call->body_bytes > 0) {
		call->body[call->body_bytes] = '\0';
		answer.body = call->body;
		answer.body_bytes = call->body_bytes;
	}
	call->done(call->arg, status, &answer);
	keep_call(call->http, call);
}

static enum status judge(const struct call *call, CURLcode result)
{
	if (call->no_memory)
		return STATUS_MEMORY;
	if (call->too_large)
		return STATUS_ANSWER_TOO_LARGE;
	switch (result) {
	case CURLE_OK:
		return STATUS_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return STATUS_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return STATUS_MEMORY;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return STATUS_UNREACHABLE;
	default:
		return STATUS_TRANSPORT;
	}
}

static void transfer_ended(struct http *http, struct call *call,
    CURLcode result)
{
	enum status status = judge(call, result);
	curl_off_t retry_after = 0;
	long code = 0;

	curl_multi_remove_handle(http->multi, call->easy);
	unlink_running(http, call);
	if (status == STATUS_OK)
		curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &code);
	if (code == 429 || code == 503)
		curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER,
		    &retry_after);
	finish(call, status, code,
	    retry_after > 0 ? (int64_t)retry_after * CLOCK_SECOND : -1);
}

static void prepare(struct call *call, int64_t left_us)
{
	const struct http_request *request = &call->request;
	CURL *easy = call->easy;

	call->problem[0] = '\0';
	call->body_bytes = 0;
	call->too_large = false;
	call->no_memory = false;
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
	    request->headers ? request->headers->list : NULL);
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
		    (long)request->body_bytes);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
		    request->method);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
	}
	/* Rounded up: a timeout of 0 would mean none. */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
	    (long)((left_us + CLOCK_MS - 1) / CLOCK_MS));
}

/* Gives a call to curl; any status but OK and the call is as before. */
static enum status start(struct http *http, struct call *call)
{
	int64_t left_us;

	call->waited_us = loop_now_us(http->loop) - call->sent_us;
	left_us = call->request.timeout_us - call->waited_us;
	if (http->stopping)
		return STATUS_STOPPING;
	if (left_us <= 0)
		return STATUS_TIMEOUT;
	if (!call->easy)
		call->easy = new_easy(call);
	if (!call->easy)
		return STATUS_MEMORY;
	prepare(call, left_us);
	if (curl_multi_add_handle(http->multi, call->easy) != CURLM_OK)
		return STATUS_MEMORY;
	link_running(http, call);
	return STATUS_OK;
}

static void start_waiting(struct http *http)
{
	int upstream;

	for (upstream = 0; upstream < HTTP_UPSTREAM_COUNT; upstream++) {
		struct fifo *fifo = &http->fifo[upstream];

		while (fifo->first && fifo->running < http->transfers_max) {
			struct call *call = pop_waiting(fifo);
			enum status status = start(http, call);

			if (status != STATUS_OK)
				finish(call, status, 0, -1);
		}
	}
}

static void start_due(void *arg)
{
	start_waiting(arg);
}

static void reap(struct http *http)
{
	CURLMsg *message;
	int left;

	message = curl_multi_info_read(http->multi, &left);
	while (message) {
		char *call;
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
		transfer_ended(http, (struct call *)(void *)call, result);
		message = curl_multi_info_read(http->multi, &left);
	}
	start_waiting(http);
}

/* What the loop hands back for a socket of curl's. */
struct watched {
	struct http *http;
	int fd;
};

static void socket_ready(void *arg, uint32_t events)
{
	/* Copied: curl may close the socket and free *arg meanwhile. */
	struct watched watched = *(struct watched *)arg;
	int action = 0;
	int running;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
		action |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		action |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		action |= CURL_CSELECT_ERR;
	curl_multi_socket_action(watched.http->multi, watched.fd, action,
	    &running);
	reap(watched.http);
}

static uint32_t epoll_events(int what)
{
	if (what == CURL_POLL_IN)
		return EPOLLIN;
	if (what == CURL_POLL_OUT)
		return EPOLLOUT;
	return EPOLLIN | EPOLLOUT;
}

/* curl says which socket to watch for what; -1 ends the transfer. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *socket_arg)
{
	struct http *http = arg;
	struct watched *watched = socket_arg;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_unwatch(http->loop, fd);
		free(watched);
		return 0;
	}
	if (watched) {
		loop_change(http->loop, fd, epoll_events(what));
		return 0;
	}
	watched = malloc(sizeof *watched);
	if (!watched)
		return -1;
	watched->http = http;
	watched->fd = fd;
	if (loop_watch(http->loop, fd, epoll_events(what), socket_ready,
		watched) != STATUS_OK) {
		free(watched);
		return -1;
	}
	curl_multi_assign(http->multi, fd, watched);
	return 0;
}

static void curl_due(void *arg)
{
	struct http *http = arg;
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	reap(http);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;

	(void)multi;
	if (timeout_ms < 0) {
		loop_timer_stop(http->loop, &http->curl_timer);
		return 0;
	}
	if (loop_timer_set(http->loop, &http->curl_timer,
		loop_now_us(http->loop) + timeout_ms * CLOCK_MS) != STATUS_OK)
		return -1;
	return 0;
}

/* What cannot start now is started, or ended, in the loop's next turn. */
void http_send(struct http *http, const struct http_request *request,
    http_done *done, void *arg)
{
	struct fifo *fifo = &http->fifo[request->upstream];
	struct call *call = take_call(http);

	call->request = *request;
	call->done = done;
	call->arg = arg;
	call->sent_us = loop_now_us(http->loop);
	call->problem[0] = '\0';
	call->body_bytes = 0;
	if (!fifo->first && fifo->running < http->transfers_max &&
	    start(http, call) == STATUS_OK)
		return;
	push_waiting(http, call);
	loop_timer_set(http->loop, &http->start_timer, call->sent_us);
}

void http_stop(struct http *http)
{
	http->stopping = true;
	while (http->running) {
		struct call *call = http->running;

		curl_multi_remove_handle(http->multi, call->easy);
		unlink_running(http, call);
		finish(call, STATUS_STOPPING, 0, -1);
	}
	start_waiting(http);
}

static bool make_calls(struct http *http, size_t requests_max)
{
	size_t i;

	http->calls = calloc(requests_max, sizeof *http->calls);
	if (!http->calls)
		return false;
	http->calls_max = requests_max;
	for (i = requests_max; i > 0; i--) {
		http->calls[i - 1].http = http;
		keep_call(http, &http->calls[i - 1]);
	}
	return true;
}

static bool make_multi(struct http *http)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	http->multi = curl_multi_init();
	if (!http->multi)
		return false;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	/*
	 * Set, not left at curl's 4 x the handles of the moment: that one
	 * closes warm connections after every burst.
	 */
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
	    (long)CONNECTIONS_WARM);
	return true;
}

struct http *http_new(struct loop *loop, size_t transfers_max,
    size_t requests_max)
{
	struct http *http = calloc(1, sizeof *http);

	if (!http)
		return NULL;
	http->loop = loop;
	http->transfers_max = transfers_max;
	loop_timer_init(&http->curl_timer, curl_due, http);
	loop_timer_init(&http->start_timer, start_due, http);
	if (!make_calls(http, requests_max) || !make_multi(http)) {
		http_free(http);
		return NULL;
	}
	return http;
}

static void free_calls(struct http *http)
{
	size_t i;

	for (i = 0; i < http->calls_max; i++) {
		struct call *call = &http->calls[i];

		curl_easy_cleanup(call->easy);
		if (call->body)
			OPENSSL_cleanse(call->body, call->body_capacity);
		free(call->body);
	}
	free(http->calls);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->running) {
		struct call *call = http->running;

		curl_multi_remove_handle(http->multi, call->easy);
		unlink_running(http, call);
	}
	free_calls(http);
	curl_multi_cleanup(http->multi);
	loop_timer_stop(http->loop, &http->curl_timer);
	loop_timer_stop(http->loop, &http->start_timer);
	free(http);
}

struct http_headers *http_headers_add(struct http_headers *headers,
    const char *line)
{
	struct http_headers *result = headers;
	struct curl_slist *list;

	if (!result)
		result = calloc(1, sizeof *result);
	if (!result)
		return NULL;
	list = curl_slist_append(result->list, line);
	if (!list) {
		if (!headers)
			free(result);
		return NULL;
	}
	result->list = list;
	return result;
}

void http_headers_free(struct http_headers *headers)
{
	struct curl_slist *line;

	if (!headers)
		return;
	for (line = headers->list; line; line = line->next)
		OPENSSL_cleanse(line->data, strlen(line->data));
	curl_slist_free_all(headers->list);
	free(headers);
}
