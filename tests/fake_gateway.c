/* fake_gateway.c: a test's request -> gateway.h's request, and back */
#include "fake_gateway.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Whole from its beginning: nothing is gathered in memory. */
struct gateway_request {
	const struct fake_call *call;
	int64_t accepted_us;
};

struct gateway_request *fake_gateway_request(const struct fake_call *call)
{
	struct gateway_request *request = calloc(1, sizeof *request);

	if (request == NULL)
		abort();
	request->call = call;
	request->accepted_us = clock_mono_us();
	return request;
}

/* Linear, as there are a dozen. */
const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	size_t length = strlen(name);
	char *const *param;

	for (param = request->call->params; *param != NULL; param++) {
		if (strncmp(*param, name, length) == 0 &&
		    (*param)[length] == '=')
			return *param + length + 1;
	}
	return NULL;
}

const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	*length = request->call->body_bytes;
	if (gateway_body_too_large(request))
		return NULL;
	/* NULL would mean that the body broke off. */
	return request->call->body != NULL ? request->call->body : "";
}

bool gateway_body_too_large(const struct gateway_request *request)
{
	return request->call->body_bytes > request->call->body_max;
}

int64_t gateway_accepted_us(const struct gateway_request *request)
{
	return request->accepted_us;
}

void gateway_reply(
    struct gateway_request *request, const struct gateway_answer *answer)
{
	request->call->answered(request->call->arg, answer);
	free(request);
}
