/* gateway_fastcgi.c: FastCGI connections -> whole requests, and back */
#include "gateway_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "listener.h"
#include "log.h"
#include "trace.h"

#define ACCEPTS_PER_TURN 64

/* Connections that are accepted but not in hand; more wait in the kernel. */
#define CONNECTIONS_MAX 1024

/* After a failed accept: out of descriptors, mostly. */
#define PAUSE_US (100 * CLOCK_MS)

/* For what a server needs to read an answer that came before its body. */
#define LINGER_US (2 * CLOCK_SECOND)

/* More than most requests. */
#define FIRST_BYTES 8192

/* Headers and padding of the records around PARAMS and STDIN. */
#define RECORDS_BYTES 65536

/* Eight zero bytes, a header of no known version, end what libfcgi sees. */
#define FENCE_BYTES 8

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
 * These three functions do it with two fields that its header calls
 * private; they are the same in all versions from 2.4.2 to 2.4.7.
 * With ipcFd set and keepConnection on, FCGX_Accept_r reads a request from
 * fd. Detached, libfcgi closes at once where else it would wait up to two
 * seconds for the server. False: it was none, and fd has been closed.
 */
static bool fastcgi_read_from(FCGX_Request *fastcgi, int fd)
{
	FCGX_InitRequest(fastcgi, -1, 0);
	fastcgi->ipcFd = fd;
	fastcgi->keepConnection = 1;
	FCGX_Detach(fastcgi); /* refused while there is no ipcFd */
	return FCGX_Accept_r(fastcgi) == 0;
}

/* FCGX_Accept_r has left the server's own wish in keepConnection. */
static void fastcgi_write_to(FCGX_Request *fastcgi, int fd)
{
	fastcgi->ipcFd = fd;
	fastcgi->keepConnection = 1;
}

/*
 * Sends the rest, ends the request and frees all but the descriptor, which
 * is returned: -1 when libfcgi could not write to it and has closed it. Does
 * what FCGX_Finish_r would, which asks for a reader.
 */
static int fastcgi_finish(FCGX_Request *fastcgi)
{
	bool failed = FCGX_FClose(fastcgi->err) != 0;

	if (FCGX_FClose(fastcgi->out) != 0)
		failed = true;
	FCGX_Free(fastcgi, failed);
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

/* The queue is still full, so the loop would come back here at once. */
static void pause_listening(struct gateway *gateway)
{
	stop_listening(gateway);
	loop_timer_set(gateway->loop, &gateway->settle,
	    loop_now_us(gateway->loop) + PAUSE_US);
}

/* Of several processes on one socket, the kernel wakes only some. */
static void start_listening(struct gateway *gateway)
{
	gateway->listening = loop_watch(gateway->loop, gateway->listener,
				 EPOLLIN | EPOLLEXCLUSIVE, got_connections,
				 gateway) == STATUS_OK;
	if (!gateway->listening)
		pause_listening(gateway);
}

static void resume(struct gateway *gateway)
{
	struct gateway_list *ready = &gateway->lists[GATEWAY_READY];
	struct gateway_list *in_hand = &gateway->lists[GATEWAY_IN_HAND];

	/* Each may be answered before the call returns: both lists move. */
	while (ready->first != NULL && in_hand->count < gateway->inflight_max)
		take_in_hand(ready->first);
	if (!gateway->listening && has_room(gateway))
		start_listening(gateway);
}

/* From the accept on: bytes that come one by one gain no time. */
static void watch_for_more(struct gateway_request *request)
{
	struct loop *loop = request->gateway->loop;

	loop_timer_init(&request->deadline, came_late, request);
	if (loop_timer_set(loop, &request->deadline,
		request->accepted_us + request->gateway->gather_us) !=
		STATUS_OK ||
	    loop_watch(loop, request->fd, EPOLLIN, got_bytes, request) !=
		STATUS_OK)
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
			log_line(LOG_ERROR, NULL, "cannot accept: %s",
			    strerror(errno));
			pause_listening(gateway);
			return;
		}
	}
	if (!has_room(gateway))
		stop_listening(gateway);
}

static bool is_full(const struct gateway_request *request)
{
	return request->length + FENCE_BYTES >= request->capacity;
}

/* False: no more may come, or memory has run out. */
static bool make_room(struct gateway_request *request)
{
	size_t most = request->gateway->body_max + GATE_PARAMS_MAX +
		      RECORDS_BYTES + FENCE_BYTES;
	size_t capacity = request->capacity * 2;

	if (!is_full(request))
		return true;
	if (capacity < FIRST_BYTES)
		capacity = FIRST_BYTES;
	if (capacity > most)
		capacity = most;
	return gateway_request_reserve(request, capacity) && !is_full(request);
}

static enum gate look(struct gateway_request *request)
{
	ssize_t count;

	if (!make_room(request))
		return request->seen == GATE_PART_BODY ? GATE_TOO_LARGE
						       : GATE_BAD;
	count = recv(request->fd, request->bytes + request->length,
	    request->capacity - FENCE_BYTES - request->length, MSG_DONTWAIT);
	if (count < 0 && errno == EAGAIN)
		return request->seen;
	if (count <= 0)
		return GATE_BAD;
	request->length += (size_t)count;
	return gate_look((unsigned char *)request->bytes, request->length,
	    request->gateway->body_max);
}

static bool is_part(enum gate seen)
{
	return seen == GATE_PART || seen == GATE_PART_BODY;
}

/* True: the request has left this state, and may be gone. */
static bool arrived(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;

	/* A full buffer: more has probably come already. */
	do
		request->seen = look(request);
	while (is_part(request->seen) && is_full(request));
	if (is_part(request->seen))
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
	(void)events;
	arrived(arg);
}

/*
 * libfcgi reads from a descriptor only, so the bytes go through a file in
 * memory, which never blocks. Left in the socket and only peeked at until
 * they are whole, they would stop their sender: poll calls a unix socket
 * writable until a quarter of its 208 kB is taken, which is six records of
 * mod_proxy_fcgi, 48 kB of body.
 * The file is used again and again; the fence keeps what an earlier, longer
 * request has left behind it out of sight.
 */
static bool copy_bytes(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;
	size_t bytes = request->length + FENCE_BYTES;

	if (gateway->copy < 0)
		gateway->copy = memfd_create("request", MFD_CLOEXEC);
	/* Here, while errno says why. */
	if (gateway->copy < 0)
		return false;
	memset(request->bytes + request->length, 0, FENCE_BYTES);
	return pwrite(gateway->copy, request->bytes, bytes, 0) ==
		   (ssize_t)bytes &&
	       lseek(gateway->copy, 0, SEEK_SET) == 0;
}

/* In place: the body is shorter than the records that brought it. */
static void read_body(struct gateway_request *request)
{
	FCGX_Stream *in = request->fastcgi.in;
	size_t expected = 0;
	int count;

	count = FCGX_GetStr(request->bytes, (int)request->length, in);
	request->bytes[count] = '\0';
	request->length = (size_t)count;
	gateway_content_length(request, &expected);
	request->body_whole =
	    FCGX_GetError(in) == 0 && request->length >= expected;
}

/* It may wait for long: with a thousand in hand, 16 MB are given back. */
static void keep_little(struct gateway_request *request)
{
	FCGX_FreeStream(&request->fastcgi.in);
	gateway_request_shrink(request);
}

/* False: it could not be parsed and has been ended. */
static bool parse(struct gateway_request *request)
{
	struct gateway *gateway = request->gateway;

	if (!copy_bytes(request)) {
		log_line(LOG_ERROR, NULL, "cannot copy a request: %s",
		    strerror(errno));
		gateway_request_end(request);
		return false;
	}
	if (!fastcgi_read_from(&request->fastcgi, gateway->copy)) {
		log_line(LOG_WARN, NULL, "a request's PARAMS are no pairs");
		gateway->copy = -1;
		gateway_request_end(request);
		return false;
	}
	request->variables = request->fastcgi.envp;
	if (request->seen == GATE_WHOLE) {
		read_body(request);
		keep_little(request);
	} else {
		request->length = 0;
	}
	request->body_too_large = request->seen == GATE_TOO_LARGE;
	fastcgi_write_to(&request->fastcgi, request->fd);
	return true;
}

static void take_in_hand(struct gateway_request *request)
{
	if (parse(request))
		gateway_request_begin(request);
}

/* Found by the name that its sender gave it, or by the one it now gets. */
static void answer_late(struct gateway_request *request)
{
	static const char body[] =
	    "{\"error\":\"The request did not arrive in time\","
	    "\"code\":\"timeout\"}\n";
	const struct trace_headers headers = {
	    .request_id = gateway_param(request, "HTTP_X_REQUEST_ID"),
	};
	char line[sizeof TRACE_REQUEST_NAME + TRACE_REQUEST_MAX + 2];
	struct trace trace;

	trace_read(&trace, &headers);
	log_event(LOG_WARN, NULL, &trace, "a request did not arrive in time");
	snprintf(line, sizeof line, "%s\r\n", trace.request_line);
	gateway_reply(request, &(struct gateway_answer){.http = 408,
				   .headers = line,
				   .type = "application/json",
				   .body = body,
				   .body_bytes = sizeof body - 1});
}

static void came_late(void *arg)
{
	struct gateway_request *request = arg;

	if (request->seen != GATE_PART_BODY) {
		gateway_request_end(request);
		return;
	}
	loop_unwatch(request->gateway->loop, request->fd);
	if (!parse(request))
		return;
	/* Also above inflight_max: it is answered in this very call. */
	gateway_request_move(request, GATEWAY_IN_HAND);
	answer_late(request);
}

/*
 * A fresh unix socket takes 24 writes of 8 kB, 196 kB, and 393 kB with its
 * buffer at the usual maximum. Whoever then stops reading must not hold the
 * loop.
 */
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
	request->fd = fastcgi_finish(&request->fastcgi);
	if (request->fd >= 0 && request->seen != GATE_WHOLE)
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
	ssize_t count;

	(void)events;
	count =
	    recv(request->fd, request->bytes, request->capacity, MSG_DONTWAIT);
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
