#ifndef FAKE_GATEWAY_H
#define FAKE_GATEWAY_H

#include "gateway.h"

/*
 * gateway.h's requests and answers without a web server: the seam at which
 * a test hands an event to flow_begin and gets the answer back.
 */
struct fake_call {
	char *const *params; /* "NAME=value" strings, NULL at the end */
	const char *body;    /* NULL: none */
	size_t body_bytes;
	size_t body_max;
	void (*answered)(void *arg, const struct gateway_answer *answer);
	void *arg;
};

/*
 * A request as the gateway would hand it over. It belongs to whom it is
 * given, until gateway_reply, which calls answered. Borrows call.
 */
struct gateway_request *fake_gateway_request(const struct fake_call *call);

#endif
