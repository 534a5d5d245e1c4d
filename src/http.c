/* http.c: a request to an upstream -> its whole answer, over curl multi */
#include "http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "http_call.h"
#include "http_multi.h"

/* Of one upstream: running counts those that curl has. */
struct fifo {
	struct http_call *first;
	struct http_call *last;
	size_t running;
};

/*
 * calls is one block made at the start, so that none can fail for memory.
 * Those that were ever used are in idle, in running, or in their upstream's
 * FIFO; the others have not been touched, and take no place but addresses.
 */
struct http {
	struct loop *loop;
	CURLSH *share; /* what all multis know of names and TLS sessions */
	struct http_multi *multis;
	size_t multis_max;
	struct loop_timer start_timer; /* starts what waits, next turn */
	struct loop_timer late_timer;  /* ends what has waited too long */
	struct fifo fifo[HTTP_UPSTREAM_COUNT];
	struct http_call *running;
	struct http_call *idle;
	struct http_call *calls; /* all of them */
	struct http_way way;
	struct tally *tally; /* NULL: nobody asks */
	size_t calls_max;
	size_t calls_used; /* ever */
	size_t transfers_max;
	bool stopping;
};

/* The one used last comes first: its easy handle and body are warm. */
static struct http_call *take_call(struct http *http)
{
	struct http_call *call = http->idle;

	if (call) {
		http->idle = call->next;
		return call;
	}
	assert(http->calls_used < http->calls_max);
	call = &http->calls[http->calls_used++];
	call->http = http;
	call->share = http->share;
	call->way = &http->way;
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

/* The first with room, so that few calls use few connections. There is one,
 * as each upstream's FIFO lets no more run than there is room for. */
static struct http_multi *multi_with_room(const struct http *http)
{
	struct http_multi *multi = http->multis;

	while (multi->running == HTTP_MULTI_TRANSFERS)
		multi++;
	assert(multi < http->multis + http->multis_max);
	return multi;
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
	    !http_multi_add(multi_with_room(http), call))
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

/* The way out for a call that curl has finished: room for what waits. */
static void transfer_ended(struct http_call *call, CURLcode result)
{
	struct http *http = call->http;
	struct http_answer answer;
	enum status status;

	status = http_call_judge(call, result, &answer);
	unlink_running(http, call);
	count_end(call, status, answer.code);
	/* After done, as the answer points into the call. */
	call->done(call->arg, status, &answer);
	keep_call(http, call);
	start_waiting(http);
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

/*
 * A queue that does not move must not keep its requests past their time. All
 * that are late leave the queues before the first is told: its done may send,
 * and so change what is walked through here.
 */
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

/*
 * What cannot start now is started, or ended, in the loop's next turn, even
 * when it is already known how: its done must not be called from here. Who
 * comes while others wait goes behind them, though there be room again.
 */
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

		http_multi_remove(call->multi, call);
		unlink_running(http, call);
		end_call(call, STATUS_STOPPING);
	}
	/* With `stopping` set this ends all that wait, also what a done above
	 * has sent. */
	start_waiting(http);
}

/* Everything runs in one thread, so that curl needs no locks for it. */
static bool make_share(struct http *http)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	http->share = curl_share_init();
	if (!http->share)
		return false;
	return !curl_share_setopt(
		   http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) &&
	       !curl_share_setopt(
		   http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

static bool make_multis(struct http *http)
{
	size_t running_max = HTTP_UPSTREAM_COUNT * http->transfers_max;
	size_t i;

	http->multis_max =
	    (running_max + HTTP_MULTI_TRANSFERS - 1) / HTTP_MULTI_TRANSFERS;
	http->multis = calloc(http->multis_max, sizeof *http->multis);
	if (!http->multis)
		return false;
	for (i = 0; i < http->multis_max; i++)
		http_multi_init(&http->multis[i], http->loop, transfer_ended);
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
	loop_timer_init(&http->start_timer, start_due, http);
	loop_timer_init(&http->late_timer, late_due, http);
	/* One more: a done may send while its own call holds the answer. */
	http->calls_max = requests_max + 1;
	http->calls = calloc(http->calls_max, sizeof *http->calls);
	if (!http->calls || !make_share(http) || !make_multis(http)) {
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

/* Before multis and share: curl wants its easy handles gone first. */
static void free_calls(struct http *http)
{
	size_t i;

	for (i = 0; i < http->calls_used; i++)
		http_call_done(&http->calls[i]);
	free(http->calls);
}

static void free_multis(struct http *http)
{
	size_t i;

	for (i = 0; http->multis && i < http->multis_max; i++)
		http_multi_done(&http->multis[i]);
	free(http->multis);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->running) {
		struct http_call *call = http->running;

		http_multi_remove(call->multi, call);
		unlink_running(http, call);
	}
	free_calls(http);
	free_multis(http);
	curl_share_cleanup(http->share);
	loop_timer_stop(http->loop, &http->start_timer);
	loop_timer_stop(http->loop, &http->late_timer);
	free(http);
}
