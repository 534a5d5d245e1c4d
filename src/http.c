/* http.c: a request to an upstream -> its whole answer, over curl multi */
#include "http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "clock.h"
#include "http_call.h"

#define CONNECTIONS_WARM 256 /* idle connections curl keeps open */

/* Of one upstream: running counts those that curl has. */
struct fifo {
	struct http_call *first;
	struct http_call *last;
	size_t running;
};

/*
 * calls is one block made at the start; each is in idle, in running, or in
 * its upstream's FIFO. So a burst costs no memory, and none can fail for it.
 */
struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer curl_timer;
	struct loop_timer start_timer; /* starts what waits, next turn */
	struct loop_timer late_timer;  /* ends what has waited too long */
	struct fifo fifo[HTTP_UPSTREAM_COUNT];
	struct http_call *running;
	struct http_call *idle;
	struct http_call *calls; /* all of them */
	struct http_way way;
	struct tally *tally; /* NULL: nobody asks */
	size_t calls_max;
	size_t transfers_max;
	bool stopping;
};

/* The one used last comes first: its easy handle and body are warm. */
static struct http_call *take_call(struct http *http)
{
	struct http_call *call = http->idle;

	assert(call);
	http->idle = call->next;
	return call;
}

/* Wiped at once: token answers come this way. */
static void keep_call(struct http *http, struct http_call *call)
{
	http_call_wipe(call);
	call->next = http->idle;
	http->idle = call;
}

static void push_waiting(struct fifo *fifo, struct http_call *call)
{
	call->next = NULL;
	if (fifo->last)
		fifo->last->next = call;
	else
		fifo->first = call;
	fifo->last = call;
}

static struct http_call *pop_waiting(struct fifo *fifo)
{
	struct http_call *call = fifo->first;

	fifo->first = call->next;
	if (!fifo->first)
		fifo->last = NULL;
	return call;
}

static void link_running(struct http *http, struct http_call *call)
{
	call->before = NULL;
	call->after = http->running;
	if (http->running)
		http->running->before = call;
	http->running = call;
	http->fifo[call->request.upstream].running++;
}

static void unlink_running(struct http *http, struct http_call *call)
{
	if (call->before)
		call->before->after = call->after;
	else
		http->running = call->after;
	if (call->after)
		call->after->before = call->before;
	http->fifo[call->request.upstream].running--;
}

/*
 * A late or broken answer counts as that, though its status line came. Without
 * a final status, curl was content with an interim one.
 */
static void count_end(
    const struct http_call *call, enum status status, long code)
{
	enum tally_answer what = TALLY_ANSWER_OTHER;

	if (status == STATUS_TIMEOUT)
		what = TALLY_ANSWER_TIMEOUT;
	else if (status == STATUS_UNREACHABLE)
		what = TALLY_ANSWER_UNREACHABLE;
	else if (status == STATUS_TRANSPORT)
		what = TALLY_ANSWER_TRANSPORT;
	else if (status == STATUS_OK && code < 200)
		what = TALLY_ANSWER_1XX;
	else if (status == STATUS_OK && code < 600)
		what = (enum tally_answer)(TALLY_ANSWER_1XX + code / 100 - 1);
	tally_count(call->http->tally, TALLY_UPSTREAM,
	    (int)call->request.upstream, (int)what);
}

/* The way out for a call that curl does not have. */
static void end_call(struct http_call *call, enum status status)
{
	struct http_answer answer;

	http_call_no_answer(call, &answer);
	count_end(call, status, 0);
	call->done(call->arg, status, &answer);
	keep_call(call->http, call);
}

/* The way out for a call that curl has finished. */
static void transfer_ended(struct http_call *call, CURLcode result)
{
	struct http *http = call->http;
	struct http_answer answer;
	enum status status;

	status = http_call_judge(call, result, &answer);
	curl_multi_remove_handle(http->multi, call->easy);
	unlink_running(http, call);
	count_end(call, status, answer.code);
	/* After done, as the answer points into the call. */
	call->done(call->arg, status, &answer);
	keep_call(http, call);
}

/* Gives a call to curl; any status but OK and the call is as before. */
static enum status start(struct http *http, struct http_call *call)
{
	int64_t left_us;

	call->waited_us = loop_now_us(http->loop) - call->sent_us;
	left_us = call->request.timeout_us - call->waited_us;
	if (http->stopping)
		return STATUS_STOPPING;
	if (left_us <= 0)
		return STATUS_TIMEOUT;
	if (!http_call_prepare(call, left_us) ||
	    curl_multi_add_handle(http->multi, call->easy) != CURLM_OK)
		return STATUS_MEMORY;
	link_running(http, call);
	return STATUS_OK;
}

/* What cannot start is ended here: nothing waits for a place for ever. */
static void start_waiting(struct http *http)
{
	int upstream;

	for (upstream = 0; upstream < HTTP_UPSTREAM_COUNT; upstream++) {
		struct fifo *fifo = &http->fifo[upstream];

		while (fifo->first && fifo->running < http->transfers_max) {
			struct http_call *call = pop_waiting(fifo);
			enum status status = start(http, call);

			if (status != STATUS_OK)
				end_call(call, status);
		}
	}
}

static void start_due(void *arg)
{
	start_waiting(arg);
}

static int64_t expires_us(const struct http_call *call)
{
	return call->sent_us + call->request.timeout_us;
}

static void watch_late(struct http *http, const struct http_call *call)
{
	struct loop_timer *timer = &http->late_timer;

	if (timer->place == 0 || timer->at_us > expires_us(call))
		loop_timer_set(http->loop, timer, expires_us(call));
}

/* Moves those that have waited too long; the others keep their order. */
static void part_late(struct http *http, struct fifo *fifo, struct fifo *late)
{
	struct fifo rest = {.running = fifo->running};

	while (fifo->first) {
		struct http_call *call = pop_waiting(fifo);

		if (expires_us(call) <= loop_now_us(http->loop)) {
			push_waiting(late, call);
		} else {
			push_waiting(&rest, call);
			watch_late(http, call);
		}
	}
	*fifo = rest;
}

/* A queue that does not move must not keep its requests past their time. */
static void late_due(void *arg)
{
	struct http *http = arg;
	struct fifo late = {0};
	int upstream;

	for (upstream = 0; upstream < HTTP_UPSTREAM_COUNT; upstream++)
		part_late(http, &http->fifo[upstream], &late);
	while (late.first) {
		struct http_call *call = pop_waiting(&late);

		call->waited_us = loop_now_us(http->loop) - call->sent_us;
		end_call(call, STATUS_TIMEOUT);
	}
}

/* After every call into curl: what has ended makes room for what waits. */
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
		transfer_ended((struct http_call *)(void *)call, result);
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
	curl_multi_socket_action(
	    watched.http->multi, watched.fd, action, &running);
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
static int watch_socket(
    CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
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

/* curl has one timer for all its transfers, and moves it as it needs. */
static void curl_due(void *arg)
{
	struct http *http = arg;
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
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
	struct http_call *call = take_call(http);

	call->request = *request;
	call->done = done;
	call->arg = arg;
	call->sent_us = loop_now_us(http->loop);
	call->problem[0] = '\0';
	call->body_bytes = 0;
	if (!fifo->first && fifo->running < http->transfers_max &&
	    start(http, call) == STATUS_OK)
		return;
	push_waiting(fifo, call);
	watch_late(http, call);
	loop_timer_set(http->loop, &http->start_timer, call->sent_us);
}

void http_stop(struct http *http)
{
	http->stopping = true;
	while (http->running) {
		struct http_call *call = http->running;

		curl_multi_remove_handle(http->multi, call->easy);
		unlink_running(http, call);
		end_call(call, STATUS_STOPPING);
	}
	/* With `stopping` set this ends all that wait. */
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
		http->calls[i - 1].way = &http->way;
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
	curl_multi_setopt(
	    http->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_WARM);
	return true;
}

struct http *http_new(
    struct loop *loop, size_t transfers_max, size_t requests_max)
{
	struct http *http = calloc(1, sizeof *http);

	if (!http)
		return NULL;
	http->loop = loop;
	http->way = (struct http_way){"", "", "", ""};
	http->transfers_max = transfers_max;
	loop_timer_init(&http->curl_timer, curl_due, http);
	loop_timer_init(&http->start_timer, start_due, http);
	loop_timer_init(&http->late_timer, late_due, http);
	/* One more: a done may send while its own call holds the answer. */
	if (!make_calls(http, requests_max + 1) || !make_multi(http)) {
		http_free(http);
		return NULL;
	}
	return http;
}

const char *http_version(void)
{
	return curl_version();
}

void http_count_into(struct http *http, struct tally *tally)
{
	http->tally = tally;
}

void http_set_way(struct http *http, const struct http_way *way)
{
	http->way = *way;
}

/* Before the multi: curl wants its easy handles gone first. */
static void free_calls(struct http *http)
{
	size_t i;

	for (i = 0; i < http->calls_max; i++)
		http_call_done(&http->calls[i]);
	free(http->calls);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->running) {
		struct http_call *call = http->running;

		curl_multi_remove_handle(http->multi, call->easy);
		unlink_running(http, call);
	}
	free_calls(http);
	curl_multi_cleanup(http->multi);
	loop_timer_stop(http->loop, &http->curl_timer);
	loop_timer_stop(http->loop, &http->start_timer);
	loop_timer_stop(http->loop, &http->late_timer);
	free(http);
}
