/* webhook.c: a request -> is it an event, posted by someone who may */
#include "webhook.h"

#include <string.h>

#include "auth.h"
#include "path.h"

static const char webhook_path[] = "/webhook/routing-events";

/* Who posts is asked before anything is told about what was posted. */
enum status webhook_check(
    const struct config *config, const struct gateway_request *request)
{
	const char *method = gateway_param(request, "REQUEST_METHOD");
	enum status status;
	size_t length;

	if (!path_is(request, webhook_path))
		return STATUS_PATH_UNKNOWN;
	if (!method || strcmp(method, "POST") != 0)
		return STATUS_METHOD_NOT_ALLOWED;
	status =
	    auth_check(config, gateway_param(request, "HTTP_AUTHORIZATION"));
	if (status != STATUS_OK)
		return status;
	if (gateway_body_too_large(request))
		return STATUS_TOO_LARGE;
	if (!gateway_body(request, &length))
		return STATUS_MALFORMED;
	return STATUS_OK;
}
