/* sim_server.c: bytes on a port -> complete requests, and their end */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim.h"
#include "sim_answer.h"
#include "sim_journal.h"
#include "sim_server.h"

/* The memory of a connection holds a request's head: a token of 8 KiB and a
 * long path fit. */
enum {
	BACKLOG = 4096,
	CONNECTIONS_MAX = 16384,
	CONNECTION_BYTES = 16 << 10,
	BODY_BYTES_MAX = 64 << 10,
	CONTROL_BYTES_MAX = 4 << 20,
	SPARE_FILES = 64
};

static enum MHD_Result take_bytes(
    struct request *request, const char *bytes, size_t *length);
static enum MHD_Result begin(struct request *request);
static enum MHD_Result wake(struct request *request);

/* The request line is known: the one chance to see the path undecoded. What
 * it returns is handed to got_request and got_end; NULL drops the request. */
static void *got_target(
    void *cls, const char *target, struct MHD_Connection *connection)
{
	size_t length = strlen(target) + 1;
	struct request *request;

	/* Bounded by CONNECTION_BYTES: twice the target, and the struct. */
	request = calloc(1, sizeof *request + length + length);
	if (!request)
		return NULL;
	request->sim = cls;
	request->connection = connection;
	request->target = memcpy(request + 1, target, length);
	/* Decoding never makes a segment longer than the target it is in. */
	request->segment = request->target + length;
	route_find(request);
	return request;
}

/* Called once when the head is complete, then for each piece of the body,
 * then once with nothing when it is over, and again after each parking. The
 * eight parameters are libmicrohttpd's. */
/* NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result got_request(void *cls, struct MHD_Connection *connection,
    const char *path, const char *method, const char *version,
    const char *bytes, size_t *length, void **state)
{
	struct request *request = *state;

	(void)cls;
	(void)connection;
	(void)path;
	(void)version;
	if (!request)
		return MHD_NO;
	if (request->phase == PHASE_HEAD) {
		request->method = method;
		request->phase = PHASE_BODY;
		return MHD_YES;
	}
	if (request->phase != PHASE_BODY)
		return wake(request);
	if (*length > 0)
		return take_bytes(request, bytes, length);
	return begin(request);
}

/* A body over the limit is read to its end, so that 413 can be answered. */
static enum MHD_Result take_bytes(
    struct request *request, const char *bytes, size_t *length)
{
	size_t max = request->route == ROUTE_CONTROL ? CONTROL_BYTES_MAX
						     : BODY_BYTES_MAX;
	size_t total = request->body_bytes + *length;
	char *body;

	if (total > max)
		request->too_large = true;
	if (!request->too_large) {
		body = realloc(request->body, total);
		if (!body)
			return MHD_NO;
		memcpy(body + request->body_bytes, bytes, *length);
		request->body = body;
		request->body_bytes = total;
	}
	*length = 0;
	return MHD_YES;
}

static struct conn *conn_of(struct request *request)
{
	return MHD_get_connection_info(
	    request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	    ->socket_context;
}

static enum MHD_Result begin(struct request *request)
{
	struct sim *sim = request->sim;
	const struct fault *fault;
	unsigned number;

	/* Control is no part of the play: not counted, no faults. */
	if (request->route == ROUTE_CONTROL)
		return answer_plain(request);
	if (!conn_of(request))
		return MHD_NO;
	number = stats_arrive(sim->stats, request->route, conn_of(request));
	request->counted = true;
	if (sim->journal)
		journal_add(sim->journal, request, number);
	fault = faults_take(sim->faults, request->route, request->target);
	request->fault = fault;
	if (!fault || fault->delay_ms == 0)
		return answer_request(request);
	request->phase = PHASE_LATE;
	return park_suspend(sim->park, &request->parked, request->connection,
		   fault->delay_ms)
		   ? MHD_YES
		   : MHD_NO;
}

static enum MHD_Result wake(struct request *request)
{
	/* A hung request is woken only to be dropped. */
	if (request->phase != PHASE_LATE || request->parked.left)
		return MHD_NO;
	return answer_request(request);
}

static void got_end(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)cls;
	(void)connection;
	*state = NULL;
	if (!request)
		return;
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		answer_sent(request);
	if (request->counted)
		stats_leave(request->sim->stats);
	faults_release(request->sim->faults, request->fault);
	free(request->body);
	free(request->reply.body);
	free(request);
}

static void got_connection(void *cls, struct MHD_Connection *connection,
    void **conn, enum MHD_ConnectionNotificationCode code)
{
	(void)cls;
	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*conn = calloc(1, sizeof(struct conn));
	} else {
		free(*conn);
		*conn = NULL;
	}
}

int server_listen(int port, int *bound_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* Accepted sockets inherit it: no answer waits for an old ACK. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, length) ||
	    listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)&address, &length)) {
		close(fd);
		return -1;
	}
	*bound_port = ntohs(address.sin_port);
	return fd;
}

unsigned server_connections_max(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return 512;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur > CONNECTIONS_MAX + SPARE_FILES)
		return CONNECTIONS_MAX;
	return files.rlim_cur > 2 * SPARE_FILES
		   ? (unsigned)files.rlim_cur - SPARE_FILES
		   : SPARE_FILES;
}

/* Turbo leaves out the shutdown() before each close(), which would send FIN
 * ahead of the RST that a reset fault is to send. */
struct MHD_Daemon *server_start(
    struct sim *sim, int socket_fd, unsigned threads, unsigned connections_max)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
	struct MHD_OptionItem pool[] = {
	    {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
	    {MHD_OPTION_END, 0, NULL}};

	/* A pool of one is refused; without the option there is one thread. */
	if (threads < 2)
		pool[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, got_request, sim,
	    MHD_OPTION_LISTEN_SOCKET, socket_fd, MHD_OPTION_CONNECTION_LIMIT,
	    connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_BYTES, MHD_OPTION_URI_LOG_CALLBACK, got_target,
	    sim, MHD_OPTION_NOTIFY_COMPLETED, got_end, sim,
	    MHD_OPTION_NOTIFY_CONNECTION, got_connection, sim, MHD_OPTION_ARRAY,
	    pool, MHD_OPTION_END);
}
