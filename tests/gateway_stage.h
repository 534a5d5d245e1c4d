#ifndef GATEWAY_STAGE_H
#define GATEWAY_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "fastcgi_bytes.h"
#include "gateway.h"

/*
 * What the tests of the gateway share: a gateway on a unix socket in a
 * folder of its own, and a web server's side of the connections.
 */
#define BODY_MAX  70000
#define HELD_MAX  8
#define GATHER_MS 150
#define REPLY_MAX 1000000

static const struct gateway_answer ok = {.http = 200,
    .headers = "",
    .type = "text/plain",
    .body = "done\n",
    .body_bytes = 5};

/* One gateway, and what its begin has seen. */
struct stage {
	struct loop *loop;
	struct gateway *gateway;
	struct loop_timer limit;
	char folder[64];
	char path[100];
	struct gateway_options options;
	const struct gateway_answer *answer; /* NULL: hold the requests */
	size_t told_body_max; /* with the first request; 0: was known */
	struct gateway_request *held[HELD_MAX];
	size_t begun;
	size_t idles;
	bool body_there;
	bool too_large;
	size_t length;
	char method[16];
	char body[BODY_MAX + 1];
	int64_t accepted_us;
};

static inline void begin(void *arg, struct gateway_request *request)
{
	struct stage *stage = arg;
	const char *method = gateway_param(request, "REQUEST_METHOD");
	const char *body;

	if (stage->told_body_max > 0)
		gateway_set_limits(stage->gateway, stage->told_body_max, 4,
		    GATHER_MS * CLOCK_MS);
	body = gateway_body(request, &stage->length);
	snprintf(stage->method, sizeof stage->method, "%s",
	    method == NULL ? "-" : method);
	stage->body_there = body != NULL;
	stage->too_large = gateway_body_too_large(request);
	stage->accepted_us = gateway_accepted_us(request);
	if (body != NULL) {
		assert_int_equal(body[stage->length], '\0');
		memcpy(stage->body, body, stage->length + 1);
	}
	if (stage->answer != NULL)
		gateway_reply(request, stage->answer);
	else
		stage->held[stage->begun % HELD_MAX] = request;
	stage->begun++;
}

static inline void note_idle(void *arg)
{
	struct stage *stage = arg;

	stage->idles++;
}

static inline void stop(void *arg)
{
	loop_stop(arg);
}

static inline void run_ms(struct stage *stage, int64_t ms)
{
	loop_timer_init(&stage->limit, stop, stage->loop);
	loop_timer_set(
	    stage->loop, &stage->limit, clock_mono_us() + ms * CLOCK_MS);
	loop_run(stage->loop);
}

static inline int set_up(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);

	if (stage == NULL)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	snprintf(stage->folder, sizeof stage->folder, "/tmp/gateway-XXXXXX");
	if (mkdtemp(stage->folder) == NULL) {
		free(stage);
		return -1;
	}
	snprintf(stage->path, sizeof stage->path, "%s/s", stage->folder);
	stage->options = (struct gateway_options){.socket_path = stage->path,
	    .body_max = BODY_MAX,
	    .inflight_max = 4,
	    .gather_us = GATHER_MS * CLOCK_MS};
	stage->answer = &ok;
	stage->loop = loop_new();
	*state = stage;
	return gateway_open(stage->loop, &stage->options, begin, stage,
		   &stage->gateway) == STATUS_OK
		   ? 0
		   : -1;
}

static inline int tear_down(void **state)
{
	struct stage *stage = *state;

	gateway_close(stage->gateway);
	loop_free(stage->loop);
	unlink(stage->path);
	rmdir(stage->folder);
	free(stage);
	return 0;
}

static inline int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static inline void put(int fd, const void *from, size_t length)
{
	assert_int_equal(send(fd, from, length, MSG_NOSIGNAL), length);
}

/* A whole POST; content_length NULL: without one. */
static inline struct bytes make_post(
    const char *content_length, const char *body, size_t length)
{
	struct bytes bytes = {.length = 0};

	add_begin(&bytes, 1, 1, 0);
	add_param(&bytes, 1, "REQUEST_METHOD", "POST");
	if (content_length != NULL)
		add_param(&bytes, 1, "CONTENT_LENGTH", content_length);
	add_end(&bytes, PARAMS);
	add_stdin(&bytes, body, length, 8192);
	add_end(&bytes, STDIN);
	return bytes;
}

static inline struct bytes post(const char *body)
{
	char length[24];

	snprintf(length, sizeof length, "%zu", strlen(body));
	return make_post(length, body, strlen(body));
}

/* A connection with a request on it. */
static inline int send_post(struct stage *stage, const char *body)
{
	struct bytes bytes = post(body);
	int fd = dial(stage->path);

	put(fd, bytes.at, bytes.length);
	return fd;
}

struct reply {
	char stdout_[REPLY_MAX + 1]; /* NUL-terminated */
	size_t length;
	bool ended;  /* END_REQUEST with status 0 came */
	bool closed; /* and then the end of the connection */
	bool reset;
};

/* Takes the stream of STDOUT records apart. */
static inline void unpack(
    struct reply *reply, const unsigned char *at, size_t length)
{
	size_t content;

	for (; length >= 8; at += content, length -= content) {
		content = (size_t)at[4] << 8 | at[5];
		if (at[1] == END) {
			reply->ended = at[8 + 4] == 0;
		} else {
			assert_int_equal(at[1], 6);
			assert_true(reply->length + content <= REPLY_MAX);
			memcpy(reply->stdout_ + reply->length, at + 8, content);
			reply->length += content;
		}
		content += 8 + at[6];
		assert_true(content <= length);
	}
	assert_int_equal(length, 0);
}

/* Reads what has been answered already, and closes the connection. */
static inline const struct reply *take_reply(int fd)
{
	static struct reply reply;
	static unsigned char bytes[REPLY_MAX + 4096];
	size_t length = 0;
	ssize_t count = 1;

	reply = (struct reply){.length = 0};
	while (count > 0) {
		count = recv(
		    fd, bytes + length, sizeof bytes - length, MSG_DONTWAIT);
		if (count > 0)
			length += (size_t)count;
	}
	reply.closed = count == 0;
	reply.reset = count < 0 && errno == ECONNRESET;
	close(fd);
	unpack(&reply, bytes, length);
	return &reply;
}

static inline void assert_answered(int fd, const char *status)
{
	const struct reply *reply = take_reply(fd);

	assert_true(reply->ended);
	assert_true(reply->closed);
	assert_false(reply->reset);
	assert_memory_equal(reply->stdout_, "Status: ", 8);
	assert_memory_equal(reply->stdout_ + 8, status, strlen(status));
}

static inline void assert_closed_unanswered(int fd)
{
	const struct reply *reply = take_reply(fd);

	assert_int_equal(reply->length, 0);
	assert_false(reply->ended);
	assert_true(reply->closed || reply->reset);
}

static inline size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
