#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "status.h"
#include "tally.h"

/*
 * Requests to the upstreams over libcurl's multi interface, driven by the
 * loop. Connections are kept warm for the life of the process. Each
 * upstream has at most transfers_max running; further requests wait in a
 * FIFO, and their wait counts against their timeout. Redirects are not
 * followed, only http and https are spoken, and no proxy is used but the one
 * of http_set_way.
 */
struct http;
struct http_headers; /* a list of header lines to send */

/* Of an answer's headers curl reads 300 kB at most, then it is TRANSPORT. */
#define HTTP_ANSWER_MAX 65536 /* bytes of an answer's body */
#define HTTP_LINES_MAX  4

enum http_upstream { HTTP_CXONE, HTTP_INVENTORY, HTTP_UPSTREAM_COUNT };

/* All pointers are borrowed until done was called. */
struct http_request {
	enum http_upstream upstream;
	const char *method; /* any but HEAD, with a body or without */
	const char *url;
	const struct http_headers *headers;
	const char *const *lines; /* header lines of this request alone, up
				     to HTTP_LINES_MAX, then NULL; or NULL */
	const char *body;         /* NULL: none */
	size_t body_bytes;
	int64_t timeout_us; /* for everything: wait, connect, answer */
	bool wants_date;    /* the answer's date_s is to be filled */
};

struct http_answer {
	long code;        /* the HTTP status; 0 when none came. Also set
				   when the status line came but the body was
				   late, broke off or was too large */
	const char *body; /* NUL-terminated, never NULL; "" unless the
				   whole answer came */
	size_t body_bytes;
	int64_t waited_us;      /* in our FIFO, before it was sent */
	int64_t retry_after_us; /* see retry_after.h; -1 when none, and for
				   answers other than 429 and 503 */
	int64_t date_s; /* the header Date, seconds since 1970; -1 when it was
			   not wanted, is missing or makes no sense */
	const char *problem; /* transport failure in curl's words, or "":
				   for the log, as they name hosts and ports */
};

/*
 * status: OK when a whole HTTP answer came, whatever its code; else
 * UNREACHABLE, TIMEOUT, TRANSPORT, ANSWER_TOO_LARGE, MEMORY or STOPPING.
 * answer is borrowed until the callback returns.
 */
typedef void http_done(
    void *arg, enum status status, const struct http_answer *answer);

/*
 * NULL when memory runs out. transfers_max: running per upstream, 1..1024.
 * requests_max: how many the callers together have under way at one time;
 * they are made room for here, so that http_send cannot fail for memory.
 * Free with http_free.
 */
struct http *http_new(
    struct loop *loop, size_t transfers_max, size_t requests_max);

/*
 * How the upstreams are reached. TLS is 1.2 at least, and certificate and
 * name of each server are checked, whatever stands here. "" stands for what
 * is not set: the system's authorities, no certificate of our own, its key
 * in the same file, no proxy. What is on this machine is asked without the
 * proxy, which sees no header of ours on the way to an https URL.
 */
struct http_way {
	const char *ca_file;
	const char *client_cert;
	const char *client_key;
	const char *proxy;
};

/* curl and what it stands on, "libcurl/7.88.1 OpenSSL/3.0.17 ..."; static. */
const char *http_version(void);

/* To be called before the first request. The strings are borrowed for life. */
void http_set_way(struct http *http, const struct http_way *way);

/* From now on it is counted in tally how requests end; borrowed. */
void http_count_into(struct http *http, struct tally *tally);

/* Ends everything without calling back. */
void http_free(struct http *http);

/*
 * Sends a request. done is called exactly once, later, from the loop,
 * never before this returns.
 */
void http_send(struct http *http, const struct http_request *request,
    http_done *done, void *arg);

/* From now on every request, running, waiting or new, ends STOPPING. */
void http_stop(struct http *http);

/*
 * A list of header lines ("Name: value") to send; gives NULL when memory
 * runs out. headers may be NULL for a new list; on NULL the old list is
 * still the caller's. Values that hold secrets are wiped by free.
 */
struct http_headers *http_headers_add(
    struct http_headers *headers, const char *line);
void http_headers_free(struct http_headers *headers);

#endif
