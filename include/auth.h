#ifndef AUTH_H
#define AUTH_H

#include "config.h"
#include "status.h"

/*
 * Who may post events. STATUS_OK: the caller may go on.
 * STATUS_UNAUTHENTICATED: answer 401 and nothing more; which check failed
 * was logged. authorization is the request's Authorization header, or NULL.
 * Secrets are compared in constant time.
 */
enum status auth_check(const struct config *config, const char *authorization);

#endif
