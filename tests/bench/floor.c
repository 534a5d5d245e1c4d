/* floor.c: a FastCGI request -> two upstream calls, an answer, nothing else */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * What the sockets of a decision cost, and so the least that any program can
 * need: the event comes on a FastCGI connection of its own, the inventory is
 * asked and CXone told on kept ones. No check, no JSON, no record, no timeout;
 * whatever does not go as expected ends it. It listens where the program
 * does, on STOCKROUTE_SOCKET, and asks the cxone_base_url of the file
 * STOCKROUTE_CONFIG for both.
 */
enum { BYTES = 8192, EVENTS_MAX = 256, BACKLOG = 4096, ID_BYTES = 160 };

/* A FastCGI record's type, and its header. */
enum { RECORD_END = 3, RECORD_STDIN = 5, RECORD_STDOUT, RECORD_HEAD = 8 };

struct floor;
struct socket {
	int fd;
	void (*readable)(struct floor *floor, struct socket *socket);
	struct socket *peer; /* the event of a call; NULL: idle */
	struct socket *next; /* idle, of the same kind */
	bool told;           /* CXone is the one that was asked */
	size_t count;
	char id[ID_BYTES];
	char bytes[BYTES + 1];
};

struct floor {
	int epoll;
	struct sockaddr_in upstream;
	struct socket listener;
	struct socket *idle_calls;
	struct socket *idle_events;
};

static void give_up(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void watch(struct floor *floor, struct socket *socket)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = socket};

	if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, socket->fd, &event) != 0)
		give_up("epoll_ctl");
}

static struct socket *take(struct socket **idle)
{
	struct socket *socket = *idle;

	if (socket) {
		*idle = socket->next;
		return socket;
	}
	socket = calloc(1, sizeof *socket);
	if (!socket)
		give_up("memory");
	socket->fd = -1;
	return socket;
}

static void keep(struct socket **idle, struct socket *socket)
{
	socket->peer = NULL;
	socket->count = 0;
	socket->next = *idle;
	*idle = socket;
}

/* What has come is taken with one call; NUL stands at its end. */
static void take_bytes(struct socket *socket)
{
	ssize_t count = recv(socket->fd, socket->bytes + socket->count,
	    BYTES - socket->count, 0);

	if (count <= 0)
		give_up("a peer has gone");
	socket->count += (size_t)count;
	socket->bytes[socket->count] = '\0';
}

static void put(struct socket *socket, const char *text, int length)
{
	if (send(socket->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
		give_up("a peer takes nothing");
}

static void end_event(struct floor *floor, struct socket *event)
{
	char text[1024];
	int length = snprintf(text + RECORD_HEAD, sizeof text - 64,
	    "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n"
	    "{\"status\":\"processed\",\"interaction_id\":\"%s\","
	    "\"decision\":{\"inventory_status\":\"in_stock\","
	    "\"skills\":[\"skill-premium-support-id\"],\"queues\":[]}}",
	    event->id);
	char *end = text + RECORD_HEAD + length;

	memset(text, 0, RECORD_HEAD);
	memset(end, 0, 2 * (size_t)RECORD_HEAD);
	text[0] = end[0] = 1; /* the protocol's version */
	text[1] = RECORD_STDOUT;
	end[1] = RECORD_END;
	text[3] = end[3] = 1; /* the request's number */
	text[4] = (char)(length >> 8);
	text[5] = (char)length;
	end[5] = RECORD_HEAD;
	put(event, text, length + 3 * RECORD_HEAD);
	close(event->fd);
	keep(&floor->idle_events, event);
}

static void tell_cxone(struct socket *call)
{
	static const char body[] =
	    "{\"routing\":{\"skills\":[{\"id\":\"skill-premium-support-id\"}],"
	    "\"queues\":[]}}";
	char text[1024];

	call->told = true;
	call->count = 0;
	put(call, text,
	    snprintf(text, sizeof text,
		"PATCH /api/v2/routing/interactions/%s HTTP/1.1\r\n"
		"Host: 127.0.0.1\r\nAuthorization: Bearer token\r\n"
		"Content-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		call->peer->id, sizeof body - 1, body));
}

static bool is_whole_answer(const struct socket *call)
{
	const char *end = strstr(call->bytes, "\r\n\r\n");
	const char *field = strcasestr(call->bytes, "\r\nContent-Length:");

	return end && field &&
	       call->count >= (size_t)(end + 4 - call->bytes) +
				  strtoul(field + 17, NULL, 10);
}

static void got_answer(struct floor *floor, struct socket *call)
{
	struct socket *event = call->peer;

	take_bytes(call);
	if (!is_whole_answer(call))
		return;
	if (strncmp(call->bytes, "HTTP/1.1 200 ", 13) != 0)
		give_up("an upstream fails");
	if (!call->told) {
		if (!strstr(call->bytes, "\"status\":\"in_stock\""))
			give_up("not in stock");
		tell_cxone(call);
		return;
	}
	keep(&floor->idle_calls, call);
	end_event(floor, event);
}

static void ask_inventory(struct floor *floor, struct socket *event)
{
	struct socket *call = take(&floor->idle_calls);
	size_t length = strlen(event->id);
	const int yes = 1;
	char text[512];

	if (call->fd < 0) {
		call->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(call->fd, (struct sockaddr *)&floor->upstream,
			sizeof floor->upstream) != 0)
			give_up("connect");
		setsockopt(
		    call->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		call->readable = got_answer;
		watch(floor, call);
	}
	call->peer = event;
	call->told = false;
	put(call, text,
	    snprintf(text, sizeof text,
		"GET /inventory/SKU-VOICE-%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		"Accept: application/json\r\n\r\n",
		event->id + (length > 6 ? length - 6 : 0)));
}

/* The body's begin, when the record that ends it has come; else NULL. */
static char *find_body(struct socket *event)
{
	size_t used = 0;
	char *body = NULL;

	while (used + RECORD_HEAD <= event->count) {
		const unsigned char *at =
		    (const unsigned char *)event->bytes + used;
		size_t length = (size_t)(at[4] << 8) + at[5];

		if (at[1] == RECORD_STDIN && length == 0)
			return body;
		if (at[1] == RECORD_STDIN && !body)
			body = event->bytes + used + RECORD_HEAD;
		used += RECORD_HEAD + length + at[6];
	}
	return NULL;
}

static void got_event(struct floor *floor, struct socket *event)
{
	static const char name[] = "\"interactionId\":\"";
	const char *body;
	const char *id;

	take_bytes(event);
	body = find_body(event);
	if (!body)
		return;
	id = strstr(body, name);
	if (!id)
		give_up("an event without an id");
	id += sizeof name - 1;
	snprintf(
	    event->id, sizeof event->id, "%.*s", (int)strcspn(id, "\""), id);
	ask_inventory(floor, event);
}

static void got_connection(struct floor *floor, struct socket *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, 0);
	struct socket *event;

	if (fd < 0)
		give_up("accept");
	event = take(&floor->idle_events);
	event->fd = fd;
	event->readable = got_event;
	watch(floor, event);
}

static void read_upstream(struct floor *floor, const char *path)
{
	static const char url[] = "\"cxone_base_url\": \"http://127.0.0.1:";
	char text[4096] = "";
	const char *port = NULL;
	FILE *file = fopen(path, "r");

	if (file) {
		(void)!fread(text, 1, sizeof text - 1, file);
		fclose(file);
		port = strstr(text, url);
	}
	if (!port)
		give_up(path);
	floor->upstream = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port =
		htons((uint16_t)strtol(port + sizeof url - 1, NULL, 10)),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void listen_at(struct floor *floor, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	floor->listener.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	floor->listener.readable = got_connection;
	if (bind(floor->listener.fd, (struct sockaddr *)&address,
		sizeof address) != 0 ||
	    listen(floor->listener.fd, BACKLOG) != 0)
		give_up(path);
	watch(floor, &floor->listener);
}

int main(void)
{
	const char *config = getenv("STOCKROUTE_CONFIG");
	const char *path = getenv("STOCKROUTE_SOCKET");
	struct floor floor = {.epoll = epoll_create1(0)};
	struct epoll_event events[EVENTS_MAX];

	if (!config || !path)
		return 2;
	read_upstream(&floor, config);
	listen_at(&floor, path);
	while (true) {
		int count = epoll_wait(floor.epoll, events, EVENTS_MAX, -1);
		int i;

		for (i = 0; i < count; i++) {
			struct socket *ready = events[i].data.ptr;

			ready->readable(&floor, ready);
		}
	}
}
