#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "config.h"
#include "gateway.h"
#include "status.h"

/*
 * The door: path, method, size and authentication of a request, before
 * anything of its body is looked at. STATUS_OK: an event is being posted
 * by someone who may. STATUS_PATH_UNKNOWN, _METHOD_NOT_ALLOWED,
 * _TOO_LARGE, _UNAUTHENTICATED, _MALFORMED (the body broke off): answer it.
 */
enum status webhook_check(
    const struct config *config, const struct gateway_request *request);

#endif
