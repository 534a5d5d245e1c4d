/* auth_secret.c: the secret that a request shows -> is it one of ours */
#include "auth_secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

const char *auth_after_scheme(const char *authorization, const char *scheme)
{
	size_t length = strlen(scheme);

	if (strncasecmp(authorization, scheme, length) != 0 ||
	    authorization[length] != ' ')
		return NULL;
	authorization += length;
	return authorization + strspn(authorization, " ");
}

static const char *shown_secret(enum webhook_auth auth, const char *value)
{
	switch (auth) {
	case WEBHOOK_AUTH_BEARER:
		return auth_after_scheme(value, "Bearer");
	case WEBHOOK_AUTH_BASIC:
		return auth_after_scheme(value, "Basic");
	default:
		return value;
	}
}

/*
 * Digests are compared, not the texts: equal lengths for the constant-time
 * comparison, whatever was sent. All keys are looked at, so that the time
 * does not tell which one it was; of several the first valid one counts.
 */
enum auth_reason auth_find_key(const struct auth_keys *keys, const char *shown,
    size_t length, int64_t now_us, size_t *number)
{
	enum auth_reason reason = AUTH_SECRET_WRONG;
	unsigned char digest[AUTH_DIGEST_BYTES];
	size_t i;

	if (!auth_digest(shown, length, digest))
		return AUTH_SECRET_WRONG;
	for (i = 0; i < keys->count; i++) {
		const struct auth_key *key = &keys->items[i];

		if (CRYPTO_memcmp(digest, key->digest, AUTH_DIGEST_BYTES) != 0)
			continue;
		if (reason == AUTH_OK)
			continue;
		reason = auth_key_is_valid(key, now_us) ? AUTH_OK
							: AUTH_KEY_NOT_VALID;
		*number = i;
	}
	return reason;
}

static enum auth_reason check_shown(const struct auth_secret *secret,
    const char *value, int64_t now_us, size_t *number)
{
	const char *shown;

	if (!value)
		return AUTH_HEADER_MISSING;
	shown = shown_secret(secret->auth, value);
	if (!shown)
		return AUTH_SCHEME_WRONG;
	return auth_find_key(
	    secret->keys, shown, strlen(shown), now_us, number);
}

void auth_secret_check(const struct auth_secret *secret,
    const struct gateway_request *request, int64_t now_us,
    struct auth_verdict *verdict)
{
	const char *value = gateway_param(request, secret->param);

	*verdict =
	    (struct auth_verdict){.header = secret->param, .key = AUTH_NO_KEY};
	verdict->reason = check_shown(secret, value, now_us, &verdict->key);
}
