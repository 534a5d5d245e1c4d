/* load.c: events, at once or at a rate -> how long each took */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

/*
 * Without a rate each connection sends its next event when the last was
 * answered: a closed loop. With one, events fall due at equal intervals,
 * whatever the server does, and each is timed from when it was due: one that
 * waited for a connection has waited, so that a server that stands still
 * cannot hide what it did to those who would have come meanwhile.
 */
enum { SECOND_US = 1000000, PATIENCE_US = 30 * SECOND_US, EVENTS_MAX = 256 };

struct connection {
	int fd; /* -1: to be opened for the next event */
	bool busy;
	bool fresh; /* no event was answered on it yet */
	int64_t due_us;
	size_t request_bytes;
	size_t answer_bytes;
	struct connection *next_idle;
	char request[LOAD_EVENT_BYTES];
	char answer[LOAD_ANSWER_BYTES + 1];
};

struct load {
	struct load_event event;
	const char *socket; /* FastCGI: the server's path */
	int port;
	int connections;
	int64_t rate; /* events a second; 0: a closed loop */
	int64_t count_max;
	int64_t warm_us; /* not counted, at first */
	int64_t length_us;
	int epoll;
	int64_t begin_us;
	int64_t end_us;
	int64_t next_due_us;
	int64_t begun;
	int busy;
	long errors;
	long closed;
	struct connection *all;
	struct connection *idle;
	uint32_t *took_us;
	size_t took_count;
	size_t took_room;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static void give_up(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int dial(const struct load *load)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)load->port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int yes = 1;
	int fd = socket(load->socket ? AF_UNIX : AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		give_up("socket");
	if (load->socket) {
		snprintf(
		    path.sun_path, sizeof path.sun_path, "%s", load->socket);
		if (connect(fd, (struct sockaddr *)&path, sizeof path) != 0)
			give_up(load->socket);
		return fd;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		give_up("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	return fd;
}

static void hang_up(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}

/* An event and its answer are small enough that no write has to wait. */
static void send_event(struct load *load, struct connection *connection)
{
	struct epoll_event watch = {.events = EPOLLIN, .data.ptr = connection};
	ssize_t sent;

	if (connection->fd < 0) {
		connection->fd = dial(load);
		connection->fresh = true;
		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd,
			&watch) != 0)
			give_up("epoll_ctl");
	}
	connection->answer_bytes = 0;
	sent = send(connection->fd, connection->request,
	    connection->request_bytes, MSG_NOSIGNAL);
	if (sent >= 0 && (size_t)sent != connection->request_bytes)
		give_up("half an event was taken");
}

static void begin_event(
    struct load *load, struct connection *connection, int64_t due_us)
{
	connection->busy = true;
	connection->due_us = due_us;
	connection->request_bytes =
	    load_event_next(&load->event, connection->request);
	load->busy++;
	load->begun++;
	send_event(load, connection);
}

static void note_time(struct load *load, int64_t due_us, int64_t end_us)
{
	if (due_us < load->begin_us)
		return;
	if (load->took_count == load->took_room) {
		load->took_room = load->took_room * 2 + 65536;
		load->took_us = reallocarray(
		    load->took_us, load->took_room, sizeof *load->took_us);
		if (!load->took_us)
			give_up("times");
	}
	load->took_us[load->took_count++] = (uint32_t)(end_us - due_us);
}

static bool may_begin(const struct load *load, int64_t now)
{
	return now < load->end_us &&
	       (load->count_max == 0 || load->begun < load->count_max);
}

static void end_event(
    struct load *load, struct connection *connection, bool good)
{
	int64_t now = now_us();

	connection->busy = false;
	connection->fresh = false;
	load->busy--;
	if (good)
		note_time(load, connection->due_us, now);
	else
		load->errors++;
	if (load->rate == 0 && may_begin(load, now)) {
		begin_event(load, connection, now);
		return;
	}
	connection->next_idle = load->idle;
	load->idle = connection;
}

/* A server may close a connection it kept, just when an event is sent. */
static void got_end(struct load *load, struct connection *connection)
{
	hang_up(connection);
	if (!connection->fresh && connection->answer_bytes == 0) {
		load->closed++;
		send_event(load, connection);
		return;
	}
	end_event(load, connection, false);
}

static void got_answer(struct load *load, struct connection *connection)
{
	char *at = connection->answer + connection->answer_bytes;
	size_t room = LOAD_ANSWER_BYTES - connection->answer_bytes;
	ssize_t count = recv(connection->fd, at, room, MSG_DONTWAIT);
	enum load_answer answer;

	if (count < 0 && errno == EAGAIN)
		return;
	if (!connection->busy) { /* a server tires of waiting */
		hang_up(connection);
		return;
	}
	if (count > 0)
		connection->answer_bytes += (size_t)count;
	connection->answer[connection->answer_bytes] = '\0';
	answer = connection->answer_bytes == 0 ? LOAD_MORE
		 : load->socket ? load_answer_fastcgi(connection->answer,
				      connection->answer_bytes, count <= 0)
				: load_answer_http(connection->answer,
				      connection->answer_bytes, count <= 0);
	if (answer == LOAD_MORE && count > 0)
		return;
	if (answer == LOAD_MORE) {
		got_end(load, connection);
		return;
	}
	if (answer != LOAD_WHOLE)
		hang_up(connection);
	end_event(load, connection, answer != LOAD_WRONG);
}

/* Late ones are begun at once, as far as there are connections. */
static void begin_due(struct load *load)
{
	int64_t now = now_us();

	while (load->next_due_us <= now && load->idle &&
	       may_begin(load, load->next_due_us)) {
		struct connection *connection = load->idle;

		load->idle = connection->next_idle;
		begin_event(load, connection, load->next_due_us);
		load->next_due_us = load->begin_us - load->warm_us +
				    load->begun * SECOND_US / load->rate;
	}
}

static void wait_and_serve(struct load *load)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t wait_us = SECOND_US / 10;
	struct timespec wait;
	int count, i;

	if (load->rate > 0 && load->idle &&
	    may_begin(load, load->next_due_us)) {
		wait_us = load->next_due_us - now_us();
		if (wait_us < 0)
			wait_us = 0;
	}
	wait =
	    (struct timespec){wait_us / SECOND_US, wait_us % SECOND_US * 1000};
	count = epoll_pwait2(load->epoll, events, EVENTS_MAX, &wait, NULL);
	for (i = 0; i < count; i++)
		got_answer(load, events[i].data.ptr);
}

static void begin_all(struct load *load)
{
	int i;

	load->all = calloc((size_t)load->connections, sizeof *load->all);
	load->epoll = epoll_create1(0);
	if (!load->all || load->epoll < 0)
		give_up("begin");
	load->begin_us = now_us() + load->warm_us;
	load->end_us = load->begin_us + load->length_us;
	load->next_due_us = load->begin_us - load->warm_us;
	for (i = load->connections - 1; i >= 0; i--) {
		load->all[i].fd = -1;
		load->all[i].next_idle = load->idle;
		load->idle = &load->all[i];
	}
	for (i = 0; load->rate == 0 && i < load->connections; i++) {
		load->idle = load->all[i].next_idle;
		if (may_begin(load, load->begin_us - load->warm_us))
			begin_event(load, &load->all[i],
			    load->begin_us - load->warm_us);
	}
}

static bool goes_on(const struct load *load, int64_t now)
{
	if (now > load->end_us + PATIENCE_US)
		return false;
	return load->busy > 0 || may_begin(load, now);
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* The least that so many of 1,000 are not above. */
static unsigned of_thousand(const struct load *load, size_t part)
{
	if (load->took_count == 0)
		return 0;
	return load->took_us[(load->took_count * part + 999) / 1000 - 1];
}

static void tell(struct load *load, int64_t took_us)
{
	qsort(load->took_us, load->took_count, sizeof *load->took_us, compare);
	printf("answers %zu errors %ld closed %ld us %lld p50 %u p90 %u "
	       "p99 %u p999 %u max %u\n",
	    load->took_count, load->errors + load->busy, load->closed,
	    (long long)took_us, of_thousand(load, 500), of_thousand(load, 900),
	    of_thousand(load, 990), of_thousand(load, 999),
	    of_thousand(load, 1000));
}

static void read_option(struct load *load, int letter)
{
	switch (letter) {
	case 'p':
		load->port = (int)strtol(optarg, NULL, 10);
		break;
	case 'f':
		load->socket = optarg;
		load->event.fastcgi = true;
		break;
	case 'c':
		load->connections = (int)strtol(optarg, NULL, 10);
		break;
	case 'r':
		load->rate = strtoll(optarg, NULL, 10);
		break;
	case 'n':
		load->count_max = strtoll(optarg, NULL, 10);
		break;
	case 's':
		load->length_us = (int64_t)(strtod(optarg, NULL) * SECOND_US);
		break;
	case 'w':
		load->warm_us = (int64_t)(strtod(optarg, NULL) * SECOND_US);
		break;
	case 'i':
		load->event.run = optarg;
		break;
	case 'k':
		if (load_event_init(&load->event, optarg))
			break;
		/* fall through */
	default:
		load->connections = 0;
	}
}

int main(int argc, char **argv)
{
	struct load load = {.length_us = SECOND_US,
	    .connections = 1,
	    .event = {.path = "/webhook/routing-events", .run = "00000000"}};
	int64_t until;
	int letter;

	while ((letter = getopt(argc, argv, "p:f:c:r:n:s:w:i:k:")) >= 0)
		read_option(&load, letter);
	if (load.connections < 1 || load.event.key_bytes == 0 ||
	    (!load.socket && load.port == 0)) {
		fprintf(stderr,
		    "usage: load -p PORT|-f SOCKET -k whsec_SECRET\n"
		    "    [-c CONNECTIONS] [-r EVENTS-A-SECOND] [-n EVENTS]\n"
		    "    [-w WARM-SECONDS] [-s SECONDS] [-i BEGIN-OF-IDS]\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* ns; 50 us are usual */
	begin_all(&load);
	while (goes_on(&load, now_us())) {
		if (load.rate > 0)
			begin_due(&load);
		wait_and_serve(&load);
	}
	until = now_us();
	tell(&load,
	    (until < load.end_us || load.rate == 0 ? until : load.end_us) -
		load.begin_us);
	free(load.took_us);
	free(load.all);
	return load.errors + load.busy > 0;
}
