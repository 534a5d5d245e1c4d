/* gateway_fastcgi.c: FastCGI connections -> whole requests, and back */
#include "gateway_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "listener.h"
#include "log.h"

#define ACCEPTS_PER_TURN 64

/* Connections that are accepted but not in hand; more wait in the kernel. */
#define CONNECTIONS_MAX 1024

/* After a failed accept: out of descriptors, mostly. */
#define PAUSE_US (100 * CLOCK_MS)

/* For what a server needs to read an answer that came before its body. */
#define LINGER_US (2 * CLOCK_SECOND)

/* Headers and padding of the records around PARAMS and STDIN. */
#define PEEK_RECORDS_BYTES 65536

/* libfcgi sends in pieces of this size; one always fits a fresh socket. */
#define SHORT_ANSWER_BYTES 8000

static void got_connections(void *arg, uint32_t events);
static bool arrived(struct gateway_request *request);
static void got_bytes(void *arg, uint32_t events);
static void came_late(void *arg);
static void take_in_hand(struct gateway_request *request);
static void linger(struct gateway_request *request);
static void got_rest(void *arg, uint32_t events);
static void lingered(void *arg);

/*
 * libfcgi offers no way to serve a connection that was accepted elsewhere.
 * This function and the next do it with two fields that its header calls
 * private; they are the same in all versions from 2.4.2 to 2.4.7.
 * With ipcFd set and keepConnection on, FCGX_Accept_r reads its request
 * from fd. Detached, libfcgi closes at once where else it would wait two
 * seconds for the server. False: the PARAMS were no pairs; fd is closed.
 */
static bool fastcgi_take(FCGX_Request *fastcgi, int fd)
{
	FCGX_InitRequest(fastcgi, -1, 0);
	FCGX_Detach(fastcgi);
	fastcgi->ipcFd = fd;
	fastcgi->keepConnection = 1;
	return FCGX_Accept_r(fastcgi) == 0;
}

/*
 * Sends the rest, ends the request and frees all but the descriptor, which
 * is returned: -1 when libfcgi could not write to it and has closed it.
 */
static int fastcgi_release(FCGX_Request *fastcgi)
{
	/* FCGX_Accept_r has put the server's own wish here. */
	fastcgi->keepConnection = 1;
	FCGX_Finish_r(fastcgi);
	return fastcgi->ipcFd;
}

static bool has_room(const struct gateway *gateway)
{
	const struct gateway_list *lists = gateway->lists;

	return !gateway->draining &&
	       lists[GATEWAY_IN_HAND].count + lists[GATEWAY_READY].count <
		   gateway->inflight_max &&
	       lists[GATEWAY_GATHERING].count + lists[GATEWAY_LINGERING].count <
		   CONNECTIONS_MAX;
}

static void stop_listening(struct gateway *gateway)
{
	loop_unwatch(gateway->loop, gateway->listener);
	gateway->listening = false;
}

/* Of several processes on one socket, the kernel wakes only some. */
static void start_listening(struct gateway *gateway)
{
	gateway->listening = loop_watch(gateway->loop, gateway->listener,
				 EPOLLIN | EPOLLEXCLUSIVE, got_connections,
				 gateway) == STATUS_OK;
}

/* The queue is still full, so the loop would come back here at once. */
static void pause_listening(struct gateway *gateway)
{
	log_line(LOG_ERROR, NULL, "cannot accept: %s", strerror(errno));
	stop_listening(gateway);
	loop_timer_set(gateway->loop, &gateway->settle,
	    loop_now_us(gateway->loop) + PAUSE_US);
}

static void resume(struct gateway *gateway)
{
	struct gateway_list *ready = &gateway->lists[GATEWAY_READY];
	struct gateway_list *in_hand = &gateway->lists[GATEWAY_IN_HAND];

	while (ready->first != NULL && in_hand->count < gateway->inflight_max)
		take_in_hand(ready->first);
	if (!gateway->listening && has_room(gateway))
		start_listening(gateway);
}

static void watch_for_more(struct gateway_request *request)
{
	struct loop *loop = request->gateway->loop;

	loop_timer_init(&request->deadline, came_late, request);
	if (loop_timer_set(loop, &request->deadline,
		request->accepted_us + request->gateway->gather_us) !=
		STATUS_OK ||
	    loop_watch(loop, request->fd, EPOLLIN | EPOLLRDHUP | EPOLLET,
		got_bytes, request) != STATUS_OK)
		gateway_request_end(request);
}

/* Mostly all of a request is there when its connection is accepted. */
static void take_connection(struct gateway *gateway, int fd)
{
	struct gateway_request *request;

	request = gateway_request_new(gateway, GATEWAY_GATHERING);
	if (request == NULL) {
		close(fd);
		return;
	}
	request->fd = fd;
	request->accepted_us = clock_mono_us();
	if (!arrived(request))
		watch_for_more(request);
}

static void got_connections(void *arg, uint32_t events)
{
	struct gateway *gateway = arg;
	int count;
	int fd;

	(void)events;
	for (count = 0; count < ACCEPTS_PER_TURN && has_room(gateway);
	     count++) {
		fd = accept4(gateway->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			take_connection(gateway, fd);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR && errno != ECONNABORTED) {
			pause_listening(gateway);
			return;
		}
	}
	if (!has_room(gateway))
		stop_listening(gateway);
}

static bool make_peek(struct gateway *gateway)
{
	size_t bytes = gateway->body_max + GATE_PARAMS_MAX + PEEK_RECORDS_BYTES;
	unsigned char *peek;

	if (gateway->peek_bytes >= bytes)
		return true;
	peek = realloc(gateway->peek, bytes);
	if (peek == NULL)
		return false;
	gateway->peek = peek;
	gateway->peek_bytes = bytes;
	return true;
}

/*
 * Peeked bytes stay in the socket, and so count against what a sender may
 * have on its way: 208 kB by default on a unix socket, with the kernel's own
 * memory for each write. See below for what that lets through.
 */
static enum gate look(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;
	enum gate seen;
	ssize_t count;

	if (!make_peek(gateway))
		return GATE_BAD;
	count = recv(request->fd, gateway->peek, gateway->peek_bytes,
	    MSG_PEEK | MSG_DONTWAIT);
	if (count < 0)
		return errno == EAGAIN ? GATE_PART : GATE_BAD;
	if (count == 0)
		return GATE_BAD;
	request->peeked_bytes = (size_t)count;
	seen = gate_look(gateway->peek, (size_t)count, gateway->body_max);
	if (request->peeked_bytes < gateway->peek_bytes)
		return seen;
	/* The buffer is full, so waiting for more would show nothing new. */
	if (seen == GATE_PART)
		return GATE_BAD;
	return seen == GATE_PART_BODY ? GATE_TOO_LARGE : seen;
}

/* True: the request has left this state, and may be gone. */
static bool arrived(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;

	request->seen = look(request);
	if (request->seen == GATE_PART || request->seen == GATE_PART_BODY)
		return false;
	if (request->seen == GATE_BAD) {
		log_line(LOG_DEBUG, NULL, "a connection brought no request");
		gateway_request_end(request);
		return true;
	}
	loop_timer_stop(gateway->loop, &request->deadline);
	loop_unwatch(gateway->loop, request->fd);
	if (gateway->lists[GATEWAY_IN_HAND].count < gateway->inflight_max)
		take_in_hand(request);
	else
		gateway_request_move(request, GATEWAY_READY);
	return true;
}

static void got_bytes(void *arg, uint32_t events)
{
	struct gateway_request *request = arg;

	if (!arrived(request) && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		gateway_request_end(request);
}

/* libfcgi's streams end short only at their end: all of STDIN is peeked. */
static void read_body(struct gateway_request *request)
{
	FCGX_Stream *in = request->fastcgi.in;
	size_t expected = 0;
	int count;

	request->body = malloc(request->peeked_bytes + 1);
	if (request->body == NULL)
		return;
	count = FCGX_GetStr(request->body, (int)request->peeked_bytes, in);
	request->body[count] = '\0';
	request->body_bytes = (size_t)count;
	request->unread = FCGX_GetError(in) != 0;
	gateway_content_length(request, &expected);
	request->body_whole =
	    !request->unread && request->body_bytes >= expected;
}

/* False: it could not be parsed and has been ended. */
static bool parse(struct gateway_request *request)
{
	if (!fastcgi_take(&request->fastcgi, request->fd)) {
		log_line(LOG_WARN, NULL, "a request's PARAMS are no pairs");
		request->fd = -1;
		gateway_request_end(request);
		return false;
	}
	request->variables = request->fastcgi.envp;
	request->unread = true;
	if (request->seen == GATE_WHOLE)
		read_body(request);
	request->body_too_large = request->seen == GATE_TOO_LARGE;
	return true;
}

static void take_in_hand(struct gateway_request *request)
{
	if (parse(request))
		gateway_request_begin(request);
}

static void came_late(void *arg)
{
	static const char body[] =
	    "{\"error\":\"The request did not arrive in time\","
	    "\"code\":\"timeout\"}\n";
	struct gateway_request *request = arg;

	if (request->seen != GATE_PART_BODY) {
		gateway_request_end(request);
		return;
	}
	loop_unwatch(request->gateway->loop, request->fd);
	if (!parse(request))
		return;
	gateway_request_move(request, GATEWAY_IN_HAND);
	gateway_reply(request, &(struct gateway_answer){.http = 408,
				   .headers = "",
				   .type = "application/json",
				   .body = body,
				   .body_bytes = sizeof body - 1});
}

/* So that a server that stops reading cannot hold the loop. */
static void prepare_long_answer(int fd, size_t bytes)
{
	struct timeval wait = {.tv_sec = 2};
	int buffer = bytes < INT32_MAX / 2 ? (int)bytes * 2 : INT32_MAX;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
}

static void send_fastcgi(struct gateway_request *request,
    const struct text *head, const struct gateway_answer *answer)
{
	FCGX_Stream *out = request->fastcgi.out;

	if (head->length + answer->body_bytes > SHORT_ANSWER_BYTES)
		prepare_long_answer(request->fd, answer->body_bytes);
	FCGX_PutStr(text_string(head), (int)head->length, out);
	FCGX_PutStr(answer->body, (int)answer->body_bytes, out);
	request->fd = fastcgi_release(&request->fastcgi);
	if (request->fd >= 0 && request->unread)
		linger(request);
	else
		gateway_request_end(request);
}

static void drop_fastcgi(struct gateway_request *request)
{
	FCGX_Free(&request->fastcgi, 1);
	request->fd = -1;
}

/*
 * To close a socket with unread bytes resets it, and the server would lose
 * the answer. So the answer's end is sent, and what still comes is read.
 */
static void linger(struct gateway_request *request)
{
	struct loop *loop = request->gateway->loop;

	shutdown(request->fd, SHUT_WR);
	gateway_request_move(request, GATEWAY_LINGERING);
	loop_timer_init(&request->deadline, lingered, request);
	if (loop_timer_set(loop, &request->deadline,
		loop_now_us(loop) + LINGER_US) != STATUS_OK ||
	    loop_watch(loop, request->fd, EPOLLIN, got_rest, request) !=
		STATUS_OK)
		gateway_request_end(request);
}

static void got_rest(void *arg, uint32_t events)
{
	struct gateway_request *request = arg;
	struct gateway *gateway = request->gateway;
	ssize_t count;

	(void)events;
	count =
	    recv(request->fd, gateway->peek, gateway->peek_bytes, MSG_DONTWAIT);
	if (count < 0 && errno == EAGAIN)
		return;
	if (count > 0)
		request->drained_bytes += (size_t)count;
	if (count <= 0 || request->drained_bytes > GATEWAY_DRAIN_MAX)
		gateway_request_end(request);
}

static void lingered(void *arg)
{
	gateway_request_end(arg);
}

static const struct gateway_kind fastcgi = {send_fastcgi, drop_fastcgi, resume};

enum status gateway_open(struct loop *loop,
    const struct gateway_options *options, gateway_begin *begin, void *arg,
    struct gateway **gateway)
{
	struct gateway *opened;
	enum status status = STATUS_MEMORY;

	opened = gateway_new(loop, options, begin, arg);
	if (opened == NULL)
		return STATUS_MEMORY;
	opened->kind = &fastcgi;
	FCGX_Init();
	if (!make_peek(opened))
		goto out;
	status = listener_open(options->socket_path, &opened->listener);
	if (status != STATUS_OK)
		goto out;
	start_listening(opened);
	status = opened->listening ? STATUS_OK : STATUS_IO;
	if (status != STATUS_OK)
		goto out;
	*gateway = opened;
	opened = NULL;
out:
	gateway_close(opened);
	return status;
}
