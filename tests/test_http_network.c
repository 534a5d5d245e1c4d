/* test_http_network.c: names that do not resolve, hosts that do not answer */
#include <errno.h>
#include <netdb.h>

#include "test_http.h"

#define SLOW_MS 1500 /* how long the name server of slow.test takes */
#define FILLERS 4    /* connections; a backlog of 0 holds fewer */

/* A program's own getaddrinfo comes before the C library's: no test waits
 * for a real name server. Addresses in digits do not come here. */
int getaddrinfo(const char *name, const char *service,
    const struct addrinfo *req, struct addrinfo **pai)
{
	(void)service;
	(void)req;
	*pai = NULL;
	if (strcmp(name, "slow.test") != 0)
		return EAI_NONAME;
	help_nap_ms(SLOW_MS);
	return EAI_AGAIN;
}

static void a_name_that_does_not_resolve_is_unreachable(void **state)
{
	struct world *world = *state;
	struct asked asked = get(world, "http://none.test/x", SECONDS(2));

	assert_int_equal(asked.status, STATUS_UNREACHABLE);
	assert_int_equal(asked.answer.code, 0);
	assert_true(asked.has_problem);
	assert_true(asked.took_us < SECONDS(1));
}

static void a_slow_name_server_holds_up_nobody(void **state)
{
	struct world *world = *state;
	struct asked slow, other;
	int count = 0;

	open_http(world, 4, 4);
	prepare(world, &slow, "http://slow.test/x", 150 * CLOCK_MS);
	prepare(world, &other, "/inventory/A", SECONDS(2));
	slow.ended = other.ended = &count;
	send_asked(&slow);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	send_asked(&other);
	assert_true(run_until(world->loop, &count, 2, HELP_WAIT_MS));
	assert_int_equal(slow.status, STATUS_TIMEOUT);
	assert_took(slow.took_us, 150, 600);
	assert_int_equal(other.status, STATUS_OK);
	assert_true(other.took_us < 500 * CLOCK_MS);
}

static void a_stop_waits_for_no_name_server(void **state)
{
	struct world *world = *state;
	struct asked asked;
	int64_t begun_us;
	int count = 0;

	open_http(world, 4, 4);
	prepare(world, &asked, "http://slow.test/x", SECONDS(5));
	asked.ended = &count;
	send_asked(&asked);
	run_for(world->loop, 30);
	begun_us = clock_mono_us();
	http_stop(world->http);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	http_free(world->http);
	world->http = NULL;
	assert_int_equal(asked.status, STATUS_STOPPING);
	assert_true(clock_mono_us() - begun_us < 500 * CLOCK_MS);
}

/* --- servers of our own --- */

/* The backlog is full, so that further SYNs are dropped unanswered. */
static void a_host_that_drops_packets_is_a_timeout(void **state)
{
	struct world *world = *state;
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fillers[FILLERS];
	struct asked asked;
	char url[64];
	int port, fd, i;

	fd = listen_here(0, &port);
	address.sin_port = htons((uint16_t)port);
	for (i = 0; i < FILLERS; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(fillers[i] >= 0);
		if (connect(fillers[i], (struct sockaddr *)&address,
			sizeof address) != 0)
			assert_int_equal(errno, EINPROGRESS);
	}
	snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
	asked = get(world, url, 200 * CLOCK_MS);
	assert_int_equal(asked.status, STATUS_TIMEOUT);
	assert_int_equal(asked.answer.code, 0);
	assert_took(asked.took_us, 200, 600);
	for (i = 0; i < FILLERS; i++)
		close(fillers[i]);
	close(fd);
}

static struct asked get_from(
    struct world *world, const char *answer, enum then then)
{
	struct asked asked;
	char url[64];
	int port, code;
	int fd = listen_here(4, &port);
	pid_t server = serve_once(fd, answer, then);

	close(fd);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
	asked = get(world, url, 300 * CLOCK_MS);
	kill(server, SIGKILL);
	assert_int_equal(waitpid(server, &code, 0), server);
	return asked;
}

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define HINTS    "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"

static void interim_answers_are_passed_over(void **state)
{
	struct world *world = *state;
	struct asked asked = get_from(world,
	    CONTINUE HINTS "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	    THEN_STAYS);

	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 200);
	assert_string_equal(asked.body, "ok");
	asked = get_from(world,
	    HINTS "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n", THEN_STAYS);
	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 503);
}

static void an_interim_answer_alone_is_none(void **state)
{
	struct world *world = *state;
	struct asked asked = get_from(world, CONTINUE, THEN_STAYS);

	assert_int_equal(asked.status, STATUS_TIMEOUT);
	assert_int_equal(asked.answer.code, 0);
	asked = get_from(world, CONTINUE, THEN_CLOSES);
	assert_int_equal(asked.status, STATUS_TRANSPORT);
	assert_int_equal(asked.answer.code, 0);
}

/* Lines of headers that do not end until somebody hangs up. */
static pid_t serve_headers(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n";
	char line[1024];
	pid_t pid = fork();
	ssize_t done;
	int peer;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(HELP_WAIT_MS / 1000);
	signal(SIGPIPE, SIG_IGN);
	peer = accept(fd, NULL, NULL);
	done = write(peer, head, sizeof head - 1);
	memset(line, 'x', sizeof line);
	line[1] = ':';
	line[sizeof line - 2] = '\r';
	line[sizeof line - 1] = '\n';
	while (done > 0)
		done = write(peer, line, sizeof line);
	_exit(0);
}

/* curl's own limit, 300 kB, is far below what may come in the time. */
static void headers_without_an_end_are_not_read_to_it(void **state)
{
	struct world *world = *state;
	struct asked asked;
	char url[64];
	int port, code;
	int fd = listen_here(4, &port);
	pid_t server = serve_headers(fd);

	close(fd);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
	asked = get(world, url, SECONDS(4));
	kill(server, SIGKILL);
	assert_int_equal(waitpid(server, &code, 0), server);
	assert_int_equal(asked.status, STATUS_TRANSPORT);
	assert_true(asked.took_us < SECONDS(3));
}

/* --- bodies --- */

static void a_reset_in_the_middle_of_a_body_is_transport(void **state)
{
	static const enum then ways[] = {THEN_CLOSES, THEN_RESETS};
	struct world *world = *state;
	size_t i;

	for (i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct asked asked = get_from(world,
		    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",
		    ways[i]);

		assert_int_equal(asked.status, STATUS_TRANSPORT);
		assert_int_equal(asked.answer.code, 200);
		assert_string_equal(asked.body, "");
	}
}

/* What comes behind it belongs to no request. */
static void a_body_ends_at_its_content_length(void **state)
{
	struct world *world = *state;
	struct asked asked = get_from(world,
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
	    THEN_STAYS);

	assert_int_equal(asked.status, STATUS_OK);
	assert_string_equal(asked.body, "ok");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(a_name_that_does_not_resolve_is_unreachable),
	    IN_WORLD(a_slow_name_server_holds_up_nobody),
	    IN_WORLD(a_stop_waits_for_no_name_server),
	    IN_WORLD(a_host_that_drops_packets_is_a_timeout),
	    IN_WORLD(interim_answers_are_passed_over),
	    IN_WORLD(an_interim_answer_alone_is_none),
	    IN_WORLD(headers_without_an_end_are_not_read_to_it),
	    IN_WORLD(a_reset_in_the_middle_of_a_body_is_transport),
	    IN_WORLD(a_body_ends_at_its_content_length),
	};

	return cmocka_run_group_tests_name(
	    "http_network", tests, world_start, world_end);
}
