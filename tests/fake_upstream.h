#ifndef FAKE_UPSTREAM_H
#define FAKE_UPSTREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/*
 * CXone and the inventory without a socket: plays what sim/README.md says,
 * faults included, so that a case meets the same world in memory as behind
 * a web server.
 */
struct fake_upstream;

struct fake_request {
	const char *method;
	const char *path;      /* as on the wire, percent signs and all */
	const json_t *headers; /* names in lower case */
	const char *body;      /* NULL: none */
	size_t body_bytes;
};

#define FAKE_NEVER INT64_MAX

struct fake_reply {
	enum status status;     /* OK, or how a client's call would end */
	int64_t delay_us;       /* until then; FAKE_NEVER: no answer comes */
	long code;              /* 0: no answer at all */
	bool drips;             /* code comes at once, the body late */
	int64_t retry_after_us; /* -1: none */
	char *body;             /* the receiver frees it; may be NULL */
};

/* script: an upstream.json, copied; NULL is one without faults. */
struct fake_upstream *fake_upstream_new(const json_t *script);
void fake_upstream_free(struct fake_upstream *upstream);

/* Answers a request and writes it in the journal. Gives *reply. */
void fake_upstream_play(struct fake_upstream *upstream,
    const struct fake_request *request, struct fake_reply *reply);

/* The journal, oldest first, as the simulator's. Borrowed. */
json_t *fake_upstream_journal(const struct fake_upstream *upstream);

#endif
