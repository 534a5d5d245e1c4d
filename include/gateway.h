#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "status.h"

/*
 * HTTP requests from the web server in, answers out: FastCGI on a listening
 * socket, many at a time, or one plain CGI request on stdin and stdout.
 * The only module that knows FastCGI.
 *
 * A connection is, in this order: GATHERING (watched by the loop until the
 * gate sees a whole request or its deadline comes), READY (only when
 * inflight_max are in hand: whole, waits for a place), IN HAND (given to
 * begin, not watched), and, only when it was answered before all of its
 * body was read, LINGERING (drained until the server closes or a deadline
 * comes). One that does not become whole in time is answered 408 by the
 * gateway when its PARAMS are there, with its X-Request-Id or a new one, else
 * closed.
 */
struct gateway;
struct gateway_request;

struct gateway_options {
	const char *socket_path; /* listen here; NULL: on descriptor 0 */
	size_t body_max;         /* longest body in bytes */
	size_t inflight_max;     /* requests in hand; more wait in the
					   kernel's queue */
	int64_t gather_us;       /* for a whole request to arrive */
};

/*
 * A request has arrived whole and is now the callee's until it answers.
 * It may answer at once or later.
 */
typedef void gateway_begin(void *arg, struct gateway_request *request);

/* True when this process was started as plain CGI, not FastCGI. */
bool gateway_is_cgi(void);

/*
 * Opens the gateway. STATUS_IO: the socket could not be made or is none;
 * the reason was logged. Borrows options until return. A socket file is
 * made with mode 0660; one left by a dead process is replaced, one that a
 * living process answers on is refused. SIGPIPE must be ignored, and the
 * signals a main loop reads be blocked, before this is called: libfcgi
 * installs handlers of its own where it finds none.
 */
enum status gateway_open(struct loop *loop,
    const struct gateway_options *options, gateway_begin *begin, void *arg,
    struct gateway **gateway);

/*
 * The same for one plain CGI request: reads environment and stdin (which
 * is drained to its end even when over body_max), calls begin once from
 * the loop. gateway_idle becomes true after the answer.
 */
enum status gateway_open_cgi(struct loop *loop,
    const struct gateway_options *options, gateway_begin *begin, void *arg,
    struct gateway **gateway);

/*
 * Changes the limits of gateway_options, for a process that was configured
 * by its first request. They hold for what comes from now on; requests in
 * hand stay, also when they are more than inflight_max. Only a lower body_max
 * holds for these, too: their body is too large then.
 */
void gateway_set_limits(struct gateway *gateway, size_t body_max,
    size_t inflight_max, int64_t gather_us);

/*
 * Stops accepting; what has been accepted goes on. Connections in the
 * kernel's queue stay for whoever else listens on the socket.
 */
void gateway_drain(struct gateway *gateway);

/* True when nothing is gathering or in hand. */
bool gateway_idle(const struct gateway *gateway);

/* Calls idle(arg) from the loop each time the gateway becomes idle. */
void gateway_on_idle(struct gateway *gateway, loop_due *idle, void *arg);

/*
 * Closes everything; requests in hand are freed without an answer. Not
 * from within begin. NULL is allowed.
 */
void gateway_close(struct gateway *gateway);

/* A CGI variable (RFC 3875 section 4.1) or NULL. Borrowed till answered. */
const char *gateway_param(
    const struct gateway_request *request, const char *name);

/*
 * The body; *length its bytes. Borrowed till answered. NULL when it was
 * over body_max (answer 413) or broke off before CONTENT_LENGTH bytes
 * (*length then tells what came: answer 400).
 */
const char *gateway_body(const struct gateway_request *request, size_t *length);

/* True when the body was longer than body_max. */
bool gateway_body_too_large(const struct gateway_request *request);

/* Monotonic microseconds when the connection was accepted. */
int64_t gateway_accepted_us(const struct gateway_request *request);

struct gateway_answer {
	int http;            /* 200 */
	const char *headers; /* further header lines, each with CRLF; "" */
	const char *type;    /* Content-Type */
	const char *body;    /* NULL for HEAD: only its length is told */
	size_t body_bytes;
};

/*
 * Sends the answer and frees the request. Borrows answer until return.
 * FastCGI: up to 350 kB go to the kernel at once; a longer answer holds the
 * loop while the server reads it, and is cut when that stops for 2 s.
 */
void gateway_reply(
    struct gateway_request *request, const struct gateway_answer *answer);

#endif
