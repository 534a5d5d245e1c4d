/* webhook.c: a request -> is it an event, posted by someone who may */
#include "webhook.h"

#include <string.h>

#include "path.h"

static const char webhook_path[] = "/webhook/routing-events";

static enum status check_body(const struct gateway_request *request)
{
	size_t length;

	if (gateway_body_too_large(request))
		return STATUS_TOO_LARGE;
	if (!gateway_body(request, &length))
		return STATUS_MALFORMED;
	return STATUS_OK;
}

/*
 * Who posts is asked before anything is told about what was posted, but
 * that a body which must be verified is not there.
 */
enum status webhook_check(struct auth *auth,
    const struct gateway_request *request, const struct trace *trace,
    const char **signed_id)
{
	const char *method = gateway_param(request, "REQUEST_METHOD");
	enum status status = STATUS_OK;

	if (!path_is(request, webhook_path))
		return STATUS_PATH_UNKNOWN;
	if (!method || strcmp(method, "POST") != 0)
		return STATUS_METHOD_NOT_ALLOWED;
	if (auth_needs_body(auth))
		status = check_body(request);
	if (status == STATUS_OK)
		status = auth_check(auth, request, trace, signed_id);
	return status == STATUS_OK ? check_body(request) : status;
}
