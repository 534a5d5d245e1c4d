#ifndef HTTP_MULTI_H
#define HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "http_call.h"
#include "loop.h"

/*
 * One multi handle of curl's with its connections, sockets and timer, driven
 * by the loop. Private to the http*.c files.
 *
 * For each transfer curl looks through all connections that the handle has
 * to that server: 100 instructions for each. So a handle is given no more
 * than HTTP_MULTI_TRANSFERS, and http.c has as many as it needs; they share
 * names and TLS sessions. At 2,000 events in flight that is a third of all
 * CPU, at 64 nothing.
 */
#define HTTP_MULTI_TRANSFERS 64

/*
 * Once idle for so long, a handle goes with its connections: curl uses none
 * again that was idle for 118 s, and only looks for those that the server has
 * closed when a transfer begins.
 */
#define HTTP_MULTI_IDLE_US (120 * CLOCK_SECOND)

/*
 * A transfer has ended; the call is no longer in the handle. No function of
 * curl is under way, so that this may add calls and remove others.
 */
typedef void http_multi_ended(struct http_call *call, CURLcode result);

struct http_multi {
	struct loop *loop;
	CURLM *curl; /* NULL before the first call, and after a long pause */
	struct loop_timer timer;
	struct loop_timer idle_timer;
	int64_t idle_us; /* HTTP_MULTI_IDLE_US; tests change it */
	int64_t used_us; /* when a transfer ended last */
	size_t running;
	http_multi_ended *ended;
};

void http_multi_init(
    struct http_multi *multi, struct loop *loop, http_multi_ended *ended);

/* Frees what init and add made. No call is in it any more. */
void http_multi_done(struct http_multi *multi);

/* Begins the prepared call's transfer. False, for want of memory: it is not
 * in the handle. ended is called once, later, from the loop. */
bool http_multi_add(struct http_multi *multi, struct http_call *call);

/* Cuts a transfer that has not ended. */
void http_multi_remove(struct http_multi *multi, struct http_call *call);

#endif
