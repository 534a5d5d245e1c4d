/* path.c: a request and a path -> is that what is asked for */
#include "path.h"

#include <string.h>

bool path_is(const struct gateway_request *request, const char *path)
{
	const char *uri = gateway_param(request, "REQUEST_URI");
	size_t length;

	if (!uri)
		uri = gateway_param(request, "SCRIPT_NAME");
	if (!uri)
		return false;
	length = strcspn(uri, "?");
	return strlen(path) == length && memcmp(uri, path, length) == 0;
}
