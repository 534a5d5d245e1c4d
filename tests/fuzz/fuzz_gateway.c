/* fuzz_gateway.c: bytes on the FastCGI socket -> a request, or none */
#include "fuzz.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "gate.h"
#include "gateway.h"
#include "log.h"

#define BODY_BYTES 4096
#define TURNS_MAX  64

static struct loop *loop;
static struct gateway *gateway;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int begun;

/* What a request is asked for on its way; then it is answered. */
static void begin(void *arg, struct gateway_request *request)
{
	static const struct gateway_answer ok = {.http = 200,
	    .headers = "",
	    .type = "text/plain",
	    .body = "done\n",
	    .body_bytes = 5};
	const char *method = gateway_param(request, "REQUEST_METHOD");
	size_t length = 0;
	const char *body = gateway_body(request, &length);

	(void)arg;
	begun++;
	must(method == NULL || strlen(method) < GATE_PARAMS_MAX);
	must(length <= BODY_BYTES);
	if (body != NULL)
		must(body[length] == '\0');
	gateway_reply(request, &ok);
}

FUZZ_BEGIN make_ready(void)
{
	const struct gateway_options options = {.socket_path = address.sun_path,
	    .body_max = BODY_BYTES,
	    .inflight_max = 4,
	    .gather_us = CLOCK_SECOND};

	log_set_level(LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	snprintf(address.sun_path, sizeof address.sun_path,
	    "/tmp/fuzz-gateway-%d", (int)getpid());
	loop = loop_new();
	must(loop != NULL);
	must(gateway_open(loop, &options, begin, NULL, &gateway) == STATUS_OK);
}

/* Whatever more comes, a stream that is none stays none. */
static enum gate look_at_all(const uint8_t *data, size_t size)
{
	enum gate whole = gate_look(data, size, BODY_BYTES);
	enum gate half = gate_look(data, size / 2, BODY_BYTES);

	if (half == GATE_BAD)
		must(whole == GATE_BAD);
	if (half == GATE_TOO_LARGE)
		must(whole == GATE_TOO_LARGE || whole == GATE_BAD);
	return whole;
}

static void turn_ended(void *arg)
{
	loop_stop(arg);
}

static void send_all(const uint8_t *data, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	must(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	while (size > 0) {
		ssize_t count = send(fd, data, size, MSG_DONTWAIT);

		if (count <= 0)
			break;
		data += count;
		size -= (size_t)count;
	}
	shutdown(fd, SHUT_WR);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum gate seen;
	int turns = 0;

	if (size > 65536)
		return 0;
	seen = look_at_all(data, size);
	begun = 0;
	send_all(data, size);
	loop_on_turn_end(loop, turn_ended, loop);
	do
		loop_run(loop);
	while (!gateway_idle(gateway) && ++turns < TURNS_MAX);
	must(turns < TURNS_MAX);
	must(begun == (seen == GATE_WHOLE || seen == GATE_TOO_LARGE));
	return 0;
}
