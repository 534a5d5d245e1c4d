#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "auth.h"
#include "gateway.h"
#include "status.h"
#include "trace.h"

/*
 * The door: path, method, size and authentication of a request, before
 * anything of its body is looked at. STATUS_OK: an event is being posted
 * by someone who may. STATUS_PATH_UNKNOWN, _METHOD_NOT_ALLOWED,
 * _TOO_LARGE, _UNAUTHENTICATED, _MALFORMED (the body broke off): answer it.
 * trace is for the log, or NULL. *signed_id: see auth_check; untouched
 * where the request did not come so far.
 */
enum status webhook_check(struct auth *auth,
    const struct gateway_request *request, const struct trace *trace,
    const char **signed_id);

#endif
