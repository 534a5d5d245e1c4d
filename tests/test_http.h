#ifndef TEST_HTTP_H
#define TEST_HTTP_H

/* A request and what became of it: what the tests of http.h share. */
#include "test_help.h"

#define URL_BYTES  160
#define SECONDS(n) ((n)*CLOCK_SECOND)

/* A request and what became of it. */
struct asked {
	struct world *world;
	char url[URL_BYTES];
	struct http_request request;
	int *ended; /* counts all that share it */
	int calls;
	bool returned;  /* http_send came back */
	bool too_early; /* done was called before that */
	enum status status;
	struct http_answer answer; /* less body and problem */
	char body[64];
	bool has_problem;
	int64_t sent_us;
	int64_t took_us;
};

static inline void ended(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct asked *asked = arg;

	asked->calls++;
	asked->too_early = !asked->returned;
	asked->status = status;
	asked->answer = *answer;
	assert_int_equal(answer->body[answer->body_bytes], '\0');
	snprintf(asked->body, sizeof asked->body, "%s", answer->body);
	asked->has_problem = answer->problem[0] != '\0';
	asked->took_us = clock_mono_us() - asked->sent_us;
	if (asked->ended != NULL)
		++*asked->ended;
}

/* Prepares a GET; path begins with '/', or is a whole URL. */
static inline void prepare(struct world *world, struct asked *asked,
    const char *path, int64_t timeout_us)
{
	memset(asked, 0, sizeof *asked);
	asked->world = world;
	snprintf(asked->url, sizeof asked->url, "%s%s",
	    path[0] == '/' ? world->url : "", path);
	asked->request.upstream = HTTP_INVENTORY;
	asked->request.method = "GET";
	asked->request.url = asked->url;
	asked->request.timeout_us = timeout_us;
}

static inline void send_asked(struct asked *asked)
{
	asked->returned = false;
	asked->sent_us = clock_mono_us();
	http_send(asked->world->http, &asked->request, ended, asked);
	asked->returned = true;
}

static inline void open_http(
    struct world *world, size_t transfers, size_t requests)
{
	world->http = http_new(world->loop, transfers, requests);
	assert_non_null(world->http);
}

/* One GET from beginning to end. */
static inline struct asked get(
    struct world *world, const char *path, int64_t timeout_us)
{
	struct asked asked;
	int count = 0;

	if (world->http == NULL)
		open_http(world, 16, 16);
	prepare(world, &asked, path, timeout_us);
	asked.ended = &count;
	send_asked(&asked);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	assert_false(asked.too_early);
	assert_int_equal(asked.calls, 1);
	return asked;
}

/* --- servers of the test's own --- */

static inline int listen_here(int backlog, int *port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

enum then { THEN_STAYS, THEN_CLOSES, THEN_RESETS };

/* Sends the answer to whoever comes first. */
static inline pid_t serve_once(int fd, const char *answer, enum then then)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};
	pid_t pid = fork();
	char bytes[1024];
	int peer;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(HELP_WAIT_MS / 1000);
	peer = accept(fd, NULL, NULL);
	if (peer < 0 || read(peer, bytes, sizeof bytes) <= 0 ||
	    write(peer, answer, strlen(answer)) < 0)
		_exit(1);
	while (then == THEN_STAYS && read(peer, bytes, sizeof bytes) > 0)
		;
	/* Not before the answer has been read: a reset takes it away. */
	help_nap_ms(30);
	if (then == THEN_RESETS)
		setsockopt(peer, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	_exit(0);
}

#endif
