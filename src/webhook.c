/* webhook.c: a request -> is it an event, posted by someone who may */
#include "webhook.h"

#include <string.h>

#include "auth.h"

static const char webhook_path[] = "/webhook/routing-events";

/*
 * REQUEST_URI, up to its query, is the one variable that is right behind
 * every web server; a server that has none gives SCRIPT_NAME.
 */
static bool is_webhook(const struct gateway_request *request)
{
	const char *uri = gateway_param(request, "REQUEST_URI");
	size_t length;

	if (!uri)
		uri = gateway_param(request, "SCRIPT_NAME");
	if (!uri)
		return false;
	length = strcspn(uri, "?");
	return length == sizeof webhook_path - 1 &&
	    memcmp(uri, webhook_path, length) == 0;
}

/* Who posts is asked before anything is told about what was posted. */
enum status webhook_check(const struct config *config,
    const struct gateway_request *request)
{
	const char *method = gateway_param(request, "REQUEST_METHOD");
	enum status status;
	size_t length;

	if (!is_webhook(request))
		return STATUS_PATH_UNKNOWN;
	if (!method || strcmp(method, "POST") != 0)
		return STATUS_METHOD_NOT_ALLOWED;
	status = auth_check(config,
	    gateway_param(request, "HTTP_AUTHORIZATION"));
	if (status != STATUS_OK)
		return status;
	if (gateway_body_too_large(request))
		return STATUS_TOO_LARGE;
	if (!gateway_body(request, &length))
		return STATUS_MALFORMED;
	return STATUS_OK;
}
