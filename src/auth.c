/* auth.c: a request's credentials -> may it post events */
#include "auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "log.h"

#define DIGEST_BYTES 32

/*
 * Digests are compared, not the texts: equal lengths for the constant-time
 * comparison, whatever was sent.
 */
static bool same_secret(const char *given, const char *expected)
{
	unsigned char a[DIGEST_BYTES];
	unsigned char b[DIGEST_BYTES];
	bool same;

	if (!EVP_Digest(given, strlen(given), a, NULL, EVP_sha256(), NULL) ||
	    !EVP_Digest(
		expected, strlen(expected), b, NULL, EVP_sha256(), NULL))
		return false;
	same = CRYPTO_memcmp(a, b, sizeof a) == 0;
	OPENSSL_cleanse(b, sizeof b);
	return same;
}

/* RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110). */
static const char *bearer_token(const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (!authorization)
		return NULL;
	if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
		return NULL;
	authorization += sizeof scheme - 1;
	return authorization + strspn(authorization, " ");
}

static enum status check_bearer(
    const struct config *config, const char *authorization)
{
	const char *given = bearer_token(authorization);

	if (!authorization) {
		log_line(LOG_WARN, NULL,
		    "webhook refused: no Authorization "
		    "header came (Apache needs CGIPassAuth On)");
		return STATUS_UNAUTHENTICATED;
	}
	if (!given) {
		log_line(LOG_WARN, NULL,
		    "webhook refused: Authorization is not a Bearer token");
		return STATUS_UNAUTHENTICATED;
	}
	/* A secret that is not set is nobody's. */
	if (given[0] == '\0' || !same_secret(given, config->webhook_secret)) {
		log_line(LOG_WARN, NULL,
		    "webhook refused: the Bearer token is not WEBHOOK_SECRET");
		return STATUS_UNAUTHENTICATED;
	}
	return STATUS_OK;
}

enum status auth_check(const struct config *config, const char *authorization)
{
	switch (config->webhook_auth) {
	case WEBHOOK_AUTH_NONE:
		return STATUS_OK;
	case WEBHOOK_AUTH_BEARER:
		return check_bearer(config, authorization);
	}
	return STATUS_UNAUTHENTICATED;
}
