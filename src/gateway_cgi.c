/* gateway_cgi.c: environment and stdin -> one request; answer -> stdout */
#include "gateway_request.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define DRAIN_BYTES 16384

/* How long a web server may leave the answer unread. */
#define WRITE_WAIT_MS 10000

/*
 * libfcgi says CGI of every stdin that is no listening socket; systemd gives
 * /dev/null to one that makes its own. RFC 3875 section 4.1.4 requires the
 * variable of every CGI call.
 */
bool gateway_is_cgi(void)
{
	return FCGX_IsCGI() && FCGX_GetParam("GATEWAY_INTERFACE", environ);
}

/*
 * Zero at the end of stdin, at the deadline and on an error. Rounded up: with
 * less than a millisecond left, poll would not wait at all.
 */
static size_t read_some(char *to, size_t max, int64_t until_us)
{
	struct pollfd stdin_ready = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t left_us = until_us - clock_mono_us();
	ssize_t count;

	if (left_us <= 0 ||
	    poll(&stdin_ready, 1, (int)(left_us / CLOCK_MS) + 1) <= 0)
		return 0;
	count = read(STDIN_FILENO, to, max);
	return count > 0 ? (size_t)count : 0;
}

/* Fills to, returns how much came. */
static size_t read_all(char *to, size_t max, int64_t until_us)
{
	size_t total = 0;
	size_t count = 1;

	while (total < max && count > 0) {
		count = read_some(to + total, max - total, until_us);
		total += count;
	}
	return total;
}

/* Web servers report an error when they cannot send all of a body. */
static size_t drain(size_t max, int64_t until_us)
{
	char waste[DRAIN_BYTES];
	size_t total = 0;
	size_t count = 1;

	while (total < max && count > 0) {
		count = max - total < sizeof waste ? max - total : sizeof waste;
		count = read_some(waste, count, until_us);
		total += count;
	}
	return total;
}

/*
 * Reads no further than CONTENT_LENGTH (RFC 3875 section 4.2). Without one
 * the body ends with stdin: so Apache passes chunked bodies on. It blocks,
 * since the loop does not run yet and this process has nothing else to do.
 */
static enum status read_body(struct gateway_request *request)
{
	const struct gateway *gateway = request->gateway;
	int64_t until_us = request->accepted_us + gateway->gather_us;
	size_t expected = GATEWAY_DRAIN_MAX;
	size_t kept_max;
	size_t drained;
	bool known;

	known = gateway_content_length(request, &expected);
	if (expected > GATEWAY_DRAIN_MAX)
		expected = GATEWAY_DRAIN_MAX;
	kept_max = expected < gateway->body_max ? expected : gateway->body_max;
	if (!gateway_request_reserve(request, kept_max + 1))
		return STATUS_MEMORY;
	request->length = read_all(request->bytes, kept_max, until_us);
	request->bytes[request->length] = '\0';
	drained = drain(expected - kept_max, until_us);
	request->body_too_large = drained > 0 || (known && expected > kept_max);
	request->body_whole =
	    !request->body_too_large && (!known || request->length == expected);
	return STATUS_OK;
}

/*
 * In pieces: stdout blocks, and only so much is sure to fit into a pipe that
 * poll calls writable. False: errno says why.
 */
static bool write_all(const char *bytes, size_t length)
{
	struct pollfd stdout_ready = {.fd = STDOUT_FILENO, .events = POLLOUT};
	ssize_t count;

	while (length > 0) {
		/* For poll, which sets none when the time is over. */
		errno = ETIMEDOUT;
		if (poll(&stdout_ready, 1, WRITE_WAIT_MS) <= 0)
			return false;
		count = write(STDOUT_FILENO, bytes,
		    length < PIPE_BUF ? length : PIPE_BUF);
		if (count < 0)
			return false;
		bytes += count;
		length -= (size_t)count;
	}
	return true;
}

static void send_cgi(struct gateway_request *request, const struct text *head,
    const struct gateway_answer *answer)
{
	if (!write_all(text_string(head), head->length) ||
	    !write_all(answer->body, answer->body_bytes))
		log_line(LOG_WARN, NULL, "the answer was not read: %s",
		    strerror(errno));
	gateway_request_end(request);
}

static void drop_cgi(struct gateway_request *request)
{
	request->variables = NULL;
}

static void resume_cgi(struct gateway *gateway)
{
	(void)gateway;
}

static const struct gateway_kind cgi = {send_cgi, drop_cgi, resume_cgi};

static void begin_cgi(void *arg)
{
	gateway_request_begin(arg);
}

enum status gateway_open_cgi(struct loop *loop,
    const struct gateway_options *options, gateway_begin *begin, void *arg,
    struct gateway **gateway)
{
	struct gateway *opened;
	struct gateway_request *request;
	enum status status = STATUS_MEMORY;

	opened = gateway_new(loop, options, begin, arg);
	if (opened == NULL)
		return STATUS_MEMORY;
	opened->kind = &cgi;
	/* It accepts nothing: with its one request it has ended. */
	opened->draining = true;
	request = gateway_request_new(opened, GATEWAY_READY);
	if (request == NULL)
		goto out;
	request->accepted_us = clock_mono_us();
	request->variables = environ;
	/* Nothing is gathered any more: the timer is free to call begin. */
	loop_timer_init(&request->deadline, begin_cgi, request);
	status = read_body(request);
	if (status != STATUS_OK)
		goto out;
	status = loop_timer_set(loop, &request->deadline, loop_now_us(loop));
	if (status != STATUS_OK)
		goto out;
	*gateway = opened;
	opened = NULL;
out:
	gateway_close(opened);
	return status;
}
