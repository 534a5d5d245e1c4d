/* http_multi.c: calls -> transfers of one curl multi, driven by the loop */
#include "http_multi.h"

#include <stdlib.h>
#include <sys/epoll.h>

/*
 * Connections that stay open, busy ones counted: enough that a change of the
 * two upstreams' shares closes none. curl's own rule, 4 x the transfers of
 * the moment, closes warm ones after every burst.
 */
#define CONNECTIONS_MAX (2L * HTTP_MULTI_TRANSFERS)

/*
 * What has ended leaves the handle before its end is told. Only here, and not
 * in curl's callbacks: from those a handle may not be changed.
 */
static void reap(struct http_multi *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi->curl, &left))) {
		CURLcode result = message->data.result;
		struct http_call *call;
		char *private;

		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &private);
		call = (struct http_call *)(void *)private;
		http_multi_remove(multi, call);
		multi->ended(call, result);
	}
}

/* What the loop hands back for a socket of curl's. */
struct watched {
	struct http_multi *multi;
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
	    watched.multi->curl, watched.fd, action, &running);
	reap(watched.multi);
}

static uint32_t epoll_events(int what)
{
	if (what == CURL_POLL_IN)
		return EPOLLIN;
	if (what == CURL_POLL_OUT)
		return EPOLLOUT;
	return EPOLLIN | EPOLLOUT;
}

/*
 * curl says which socket to watch for what; also from within let_go, as it
 * closes what is open. To curl -1 is the end of all transfers that the handle
 * has: what it cannot hear of, it cannot go on with.
 */
static int watch_socket(
    CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_multi *multi = arg;
	struct watched *watched = socket_arg;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_unwatch(multi->loop, fd);
		free(watched);
		return 0;
	}
	if (watched) {
		loop_change(multi->loop, fd, epoll_events(what));
		return 0;
	}
	watched = malloc(sizeof *watched);
	if (!watched)
		return -1;
	watched->multi = multi;
	watched->fd = fd;
	if (loop_watch(multi->loop, fd, epoll_events(what), socket_ready,
		watched) != STATUS_OK) {
		free(watched);
		return -1;
	}
	curl_multi_assign(multi->curl, fd, watched);
	return 0;
}

/* curl has one timer for all transfers of a handle, and moves it. */
static void curl_due(void *arg)
{
	struct http_multi *multi = arg;
	int running;

	curl_multi_socket_action(multi->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(multi);
}

static int set_timer(CURLM *curl, long timeout_ms, void *arg)
{
	struct http_multi *multi = arg;

	(void)curl;
	if (timeout_ms < 0) {
		loop_timer_stop(multi->loop, &multi->timer);
		return 0;
	}
	if (loop_timer_set(multi->loop, &multi->timer,
		loop_now_us(multi->loop) + timeout_ms * CLOCK_MS) != STATUS_OK)
		return -1;
	return 0;
}

static bool make_curl(struct http_multi *multi)
{
	CURLM *curl = curl_multi_init();

	if (!curl)
		return false;
	curl_multi_setopt(curl, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(curl, CURLMOPT_SOCKETDATA, multi);
	curl_multi_setopt(curl, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(curl, CURLMOPT_TIMERDATA, multi);
	curl_multi_setopt(curl, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
	multi->curl = curl;
	loop_timer_set(multi->loop, &multi->idle_timer,
	    loop_now_us(multi->loop) + multi->idle_us);
	return true;
}

static void let_go(struct http_multi *multi)
{
	curl_multi_cleanup(multi->curl);
	loop_timer_stop(multi->loop, &multi->timer);
	multi->curl = NULL;
}

/* Armed once, it moves on by itself: no transfer pays for it. */
static void idle_due(void *arg)
{
	struct http_multi *multi = arg;
	int64_t now_us = loop_now_us(multi->loop);
	int64_t from_us = multi->running > 0 ? now_us : multi->used_us;

	if (now_us - from_us >= multi->idle_us)
		let_go(multi);
	else
		loop_timer_set(
		    multi->loop, &multi->idle_timer, from_us + multi->idle_us);
}

void http_multi_init(
    struct http_multi *multi, struct loop *loop, http_multi_ended *ended)
{
	*multi = (struct http_multi){
	    .loop = loop, .idle_us = HTTP_MULTI_IDLE_US, .ended = ended};
	loop_timer_init(&multi->timer, curl_due, multi);
	loop_timer_init(&multi->idle_timer, idle_due, multi);
}

void http_multi_done(struct http_multi *multi)
{
	let_go(multi);
	loop_timer_stop(multi->loop, &multi->idle_timer);
}

bool http_multi_add(struct http_multi *multi, struct http_call *call)
{
	if (!multi->curl && !make_curl(multi))
		return false;
	if (curl_multi_add_handle(multi->curl, call->easy) != CURLM_OK)
		return false;
	call->multi = multi;
	multi->running++;
	return true;
}

void http_multi_remove(struct http_multi *multi, struct http_call *call)
{
	curl_multi_remove_handle(multi->curl, call->easy);
	multi->running--;
	multi->used_us = loop_now_us(multi->loop);
}
