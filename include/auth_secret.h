#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include "auth_key.h"
#include "auth_verdict.h"
#include "config.h"
#include "gateway.h"

/*
 * Senders that show a secret: Bearer (RFC 6750), Basic (RFC 7617), or the
 * value of WEBHOOK_HEADER. Fills verdict. Compared in constant time with
 * every key. param is the CGI variable that holds it. Borrows all until
 * return.
 */
struct auth_secret {
	enum webhook_auth auth;
	const char *param;
	const struct auth_keys *keys;
};

void auth_secret_check(const struct auth_secret *secret,
    const struct gateway_request *request, int64_t now_us,
    struct auth_verdict *verdict);

#endif
