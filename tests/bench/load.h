#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The events that the load generator sends, each with an id of its own and
 * signed by Standard Webhooks, and how it reads what comes back. Over HTTP
 * connections are kept; over FastCGI each event has one of its own, as web
 * servers do it.
 */
enum { LOAD_EVENT_BYTES = 2048, LOAD_ANSWER_BYTES = 8192 };

struct load_event {
	bool fastcgi;
	const char *path;
	const char *run;        /* begins each id: runs shall not share ids */
	unsigned char key[128]; /* what events are signed with */
	int key_bytes;
	unsigned count;
};

/* Reads the secret, whsec_ and base 64. False: it is none. */
bool load_event_init(struct load_event *event, const char *secret);

/* Writes the next event, as a whole request; returns its bytes. */
size_t load_event_next(
    struct load_event *event, char request[LOAD_EVENT_BYTES]);

enum load_answer {
	LOAD_MORE,  /* the rest is still to come */
	LOAD_WHOLE, /* 200 */
	LOAD_LAST,  /* 200, and the server closes the connection now */
	LOAD_WRONG  /* another status, or nothing that is HTTP */
};

/* What has come so far, NUL at its end. ended: nothing will come any more. */
enum load_answer load_answer_http(const char *text, size_t length, bool ended);
enum load_answer load_answer_fastcgi(
    const char *bytes, size_t length, bool ended);

#endif
