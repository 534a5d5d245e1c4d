#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <fcgiapp.h>

#include "gate.h"
#include "gateway.h"
#include "text.h"

/*
 * What the files of the gateway share and nobody else includes: gateway.c
 * (the contract, and the lists of requests), gateway_fastcgi.c (connections)
 * and gateway_cgi.c (stdin and stdout).
 *
 * A request is on the list of its state. Its fd is -1 in plain CGI; it is
 * watched while GATHERING and LINGERING only. fastcgi holds memory only
 * while IN_HAND. deadline is armed while GATHERING and LINGERING. bytes
 * hold what has been received while GATHERING and READY, the body from
 * then on: all else of the request is then libfcgi's.
 */
enum gateway_state {
	GATEWAY_GATHERING,
	GATEWAY_READY, /* whole, but inflight_max are in hand */
	GATEWAY_IN_HAND,
	GATEWAY_LINGERING,
	GATEWAY_SPARE, /* kept for reuse */
	GATEWAY_STATE_COUNT
};

struct gateway_request {
	struct gateway *gateway;
	enum gateway_state state;
	struct gateway_request *earlier; /* neighbours on the list */
	struct gateway_request *later;
	int fd;
	struct loop_timer deadline;
	int64_t accepted_us;
	enum gate seen; /* at the last look */
	FCGX_Request fastcgi;
	char **variables; /* NULL before the request is in hand */
	char *bytes;      /* kept for the next request when small */
	size_t length;
	size_t capacity;
	bool body_whole; /* all CONTENT_LENGTH bytes */
	bool body_too_large;
	size_t drained_bytes; /* read and thrown away while LINGERING */
};

struct gateway_list {
	struct gateway_request *first;
	struct gateway_request *last;
	size_t count;
};

/* What FastCGI and plain CGI do differently. */
struct gateway_kind {
	/* Sends head and body, then ends the request. */
	void (*send)(struct gateway_request *request, const struct text *head,
	    const struct gateway_answer *answer);
	/* Frees what an unanswered request in hand holds, but no memory of
	   gateway.c's. */
	void (*drop)(struct gateway_request *request);
	/* Goes on after a place became free, or after a pause. */
	void (*resume)(struct gateway *gateway);
};

struct gateway {
	struct loop *loop;
	const struct gateway_kind *kind;
	gateway_begin *begin;
	void *arg;
	size_t body_max;
	size_t inflight_max;
	int64_t gather_us;
	struct gateway_list lists[GATEWAY_STATE_COUNT];
	struct loop_timer settle; /* see gateway.c */
	loop_due *idle;           /* NULL: nobody asked */
	void *idle_arg;
	bool busy; /* since idle was last called */
	bool draining;
	int listener;     /* -1 in plain CGI */
	bool listening;   /* the listener is watched */
	int copy;         /* what libfcgi reads from, or -1 */
	struct text head; /* of the answer being sent */
};

/* A gateway without listener, or NULL. Free with gateway_close. */
struct gateway *gateway_new(struct loop *loop,
    const struct gateway_options *options, gateway_begin *begin, void *arg);

/* An empty request in state, or NULL. Free with gateway_request_end. */
struct gateway_request *gateway_request_new(
    struct gateway *gateway, enum gateway_state state);

/* The one place where a request changes its state. */
void gateway_request_move(
    struct gateway_request *request, enum gateway_state state);

/* Hands the request to begin; it may be gone when this returns. */
void gateway_request_begin(struct gateway_request *request);

/* Closes the connection and keeps the memory for the next request. */
void gateway_request_end(struct gateway_request *request);

/* Makes bytes hold at least capacity; false when memory runs out. */
bool gateway_request_reserve(struct gateway_request *request, size_t capacity);

/* Gives back what bytes has room for beyond length and a NUL. */
void gateway_request_shrink(struct gateway_request *request);

/* True with the value of CONTENT_LENGTH when that is there and a number. */
bool gateway_content_length(
    const struct gateway_request *request, size_t *length);

/* Bytes of a refused body that are read and thrown away at most. */
#define GATEWAY_DRAIN_MAX ((size_t)64 * 1024 * 1024)

#endif
