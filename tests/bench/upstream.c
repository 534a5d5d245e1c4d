/* upstream.c: requests -> CXone's and the inventory's answers, at no cost */
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * Both upstreams of the benchmark, on kept connections. The simulator knows
 * faults and checks more; this one shall be so cheap and so even that what is
 * measured is the program. All wait equally long, so that a FIFO is enough of
 * a timer: PUT /control/delay/US sets it while nobody waits, and
 * GET /control/stats tells what was asked.
 */
enum { REQUEST_BYTES = 4096, EVENTS_MAX = 256 };

struct client {
	int fd;
	size_t bytes;
	bool gone;      /* while it waited */
	int64_t due_us; /* 0: it does not wait */
	struct client *next;
	char request[REQUEST_BYTES + 1];
};

struct upstream {
	int epoll;
	int listener;
	int64_t delay_us;
	struct client *first;
	struct client *last;
	unsigned long tokens;
	unsigned long updates;
	unsigned long looks;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void give_up(const char *what)
{
	fprintf(stderr, "upstream: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void answer(struct client *client, const char *status, const char *body)
{
	char text[1024];
	int length = snprintf(text, sizeof text,
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    status, strlen(body), body);

	client->bytes = 0;
	/* One who has gone is seen by epoll. */
	(void)!send(client->fd, text, (size_t)length, MSG_NOSIGNAL);
}

/* The last segment of the path of the request line. */
static void read_segment(const char *request, char segment[256])
{
	const char *end = strchr(request + 8, ' ');
	const char *begin = end;

	while (begin && begin > request && begin[-1] != '/')
		begin--;
	snprintf(segment, 256, "%.*s", begin ? (int)(end - begin) : 0,
	    begin ? begin : "");
}

static void answer_update(struct upstream *upstream, struct client *client)
{
	char segment[256], body[512];

	if (!strcasestr(client->request, "\r\nauthorization: bearer ") ||
	    !strstr(client->request, "\"skills\":[{\"id\":\"skill-premium-")) {
		answer(client, "400 Bad Request", "{\"error\":\"bad\"}");
		return;
	}
	upstream->updates++;
	read_segment(client->request, segment);
	snprintf(body, sizeof body, "{\"id\":\"%s\",\"status\":\"updated\"}",
	    segment);
	answer(client, "200 OK", body);
}

static void answer_look(struct upstream *upstream, struct client *client)
{
	char segment[256], body[512];

	upstream->looks++;
	read_segment(client->request, segment);
	snprintf(body, sizeof body, "{\"sku\":\"%s\",\"status\":\"in_stock\"}",
	    segment);
	answer(client, "200 OK", body);
}

static void answer_any(struct upstream *upstream, struct client *client)
{
	if (strncmp(client->request, "PATCH ", 6) == 0)
		answer_update(upstream, client);
	else
		answer_look(upstream, client);
}

/* At once: what is no upstream's part, and tokens, which cost once. */
static bool answer_control(struct upstream *upstream, struct client *client)
{
	static const char delay[] = "PUT /control/delay/";
	char body[256];

	if (strncmp(client->request, delay, sizeof delay - 1) == 0) {
		upstream->delay_us =
		    strtoll(client->request + sizeof delay - 1, NULL, 10);
		answer(client, "200 OK", "{}");
	} else if (strncmp(client->request, "GET /control/stats ", 19) == 0) {
		snprintf(body, sizeof body,
		    "{\"token\":%lu,\"interaction\":%lu,\"inventory\":%lu}",
		    upstream->tokens, upstream->updates, upstream->looks);
		answer(client, "200 OK", body);
	} else if (strncmp(client->request, "POST ", 5) == 0) {
		upstream->tokens++;
		answer(client, "200 OK",
		    "{\"access_token\":\"bench-token-0123456789abcdef\","
		    "\"token_type\":\"Bearer\",\"expires_in\":36000,"
		    "\"scope\":\"routing:interaction:write\"}");
	} else {
		return false;
	}
	return true;
}

static bool is_whole(const struct client *client)
{
	const char *end = strstr(client->request, "\r\n\r\n");
	const char *field;

	if (!end)
		return false;
	field = strcasestr(client->request, "\r\ncontent-length:");
	if (!field || field > end)
		return true;
	return client->bytes >= (size_t)(end + 4 - client->request) +
				    strtoul(field + 17, NULL, 10);
}

static void got_request(struct upstream *upstream, struct client *client)
{
	if (answer_control(upstream, client))
		return;
	if (upstream->delay_us == 0) {
		answer_any(upstream, client);
		return;
	}
	client->due_us = now_us() + upstream->delay_us;
	client->next = NULL;
	if (upstream->last)
		upstream->last->next = client;
	else
		upstream->first = client;
	upstream->last = client;
}

/* One who left while it waited keeps its place until it is answered. */
static void let_go(struct upstream *upstream, struct client *client)
{
	if (client->due_us != 0) {
		epoll_ctl(upstream->epoll, EPOLL_CTL_DEL, client->fd, NULL);
		client->gone = true;
		return;
	}
	close(client->fd);
	free(client);
}

static void answer_due(struct upstream *upstream)
{
	int64_t now = now_us();

	while (upstream->first && upstream->first->due_us <= now) {
		struct client *client = upstream->first;

		upstream->first = client->next;
		if (!upstream->first)
			upstream->last = NULL;
		client->due_us = 0;
		if (client->gone)
			let_go(upstream, client);
		else
			answer_any(upstream, client);
	}
}

static void got_bytes(struct upstream *upstream, struct client *client)
{
	ssize_t count = recv(client->fd, client->request + client->bytes,
	    REQUEST_BYTES - client->bytes, MSG_DONTWAIT);

	if (count < 0 && errno == EAGAIN)
		return;
	if (count <= 0) {
		let_go(upstream, client);
		return;
	}
	client->bytes += (size_t)count;
	client->request[client->bytes] = '\0';
	if (is_whole(client))
		got_request(upstream, client);
}

static void got_client(struct upstream *upstream)
{
	const int yes = 1;
	int fd = accept4(upstream->listener, NULL, NULL, 0);
	struct epoll_event watch = {.events = EPOLLIN};
	struct client *client;

	if (fd < 0)
		give_up("accept");
	client = calloc(1, sizeof *client);
	if (!client)
		give_up("client");
	client->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	watch.data.ptr = client;
	if (epoll_ctl(upstream->epoll, EPOLL_CTL_ADD, fd, &watch) != 0)
		give_up("epoll_ctl");
}

static void serve(struct upstream *upstream)
{
	struct epoll_event events[EVENTS_MAX];
	struct timespec wait = {0};
	int64_t wait_us = 0;
	int count, i;

	if (upstream->first)
		wait_us = upstream->first->due_us - now_us();
	if (wait_us > 0)
		wait = (struct timespec){
		    wait_us / 1000000, wait_us % 1000000 * 1000};
	count = epoll_pwait2(upstream->epoll, events, EVENTS_MAX,
	    upstream->first ? &wait : NULL, NULL);
	for (i = 0; i < count; i++) {
		if (events[i].data.ptr)
			got_bytes(upstream, events[i].data.ptr);
		else
			got_client(upstream);
	}
	answer_due(upstream);
}

static void tell_port(int listener, const char *path)
{
	struct sockaddr_in address;
	socklen_t length = sizeof address;
	char new_path[512];
	FILE *file;

	getsockname(listener, (struct sockaddr *)&address, &length);
	snprintf(new_path, sizeof new_path, "%s.new", path);
	file = fopen(new_path, "w");
	if (!file)
		give_up(new_path);
	fprintf(file, "%d\n", ntohs(address.sin_port));
	if (fclose(file) != 0 || rename(new_path, path) != 0)
		give_up(path);
}

static void listen_free(struct upstream *upstream)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct epoll_event watch = {.events = EPOLLIN};

	upstream->epoll = epoll_create1(0);
	upstream->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(upstream->listener, (struct sockaddr *)&address,
		sizeof address) != 0 ||
	    listen(upstream->listener, 4096) != 0 ||
	    epoll_ctl(upstream->epoll, EPOLL_CTL_ADD, upstream->listener,
		&watch) != 0)
		give_up("listen");
}

int main(int argc, char **argv)
{
	struct upstream *upstream = calloc(1, sizeof *upstream);

	if (argc != 2 || !upstream) {
		fprintf(stderr, "usage: upstream PORT-FILE\n");
		free(upstream);
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* ns; 50 us are usual */
	listen_free(upstream);
	tell_port(upstream->listener, argv[1]);
	while (true)
		serve(upstream);
}
