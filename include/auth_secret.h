#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include "auth_key.h"
#include "auth_verdict.h"
#include "config.h"
#include "gateway.h"

/*
 * What follows the scheme in an Authorization header, whatever its case (RFC
 * 9110 11.1). NULL: it is another scheme. Borrowed from authorization.
 */
const char *auth_after_scheme(const char *authorization, const char *scheme);

/*
 * Is what was shown one of the keys, now? AUTH_OK and AUTH_KEY_NOT_VALID give
 * its number; AUTH_SECRET_WRONG: it is none. In constant time, as it looks at
 * digests of all. Borrows all until return.
 */
enum auth_reason auth_find_key(const struct auth_keys *keys, const char *shown,
    size_t length, int64_t now_us, size_t *number);

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
