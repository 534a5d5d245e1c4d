#ifndef PATH_H
#define PATH_H

#include <stdbool.h>

#include "gateway.h"

/*
 * True when the request is for path, whatever its query. REQUEST_URI is the
 * one variable that is right behind every web server; a server that has
 * none gives SCRIPT_NAME.
 */
bool path_is(const struct gateway_request *request, const char *path);

#endif
