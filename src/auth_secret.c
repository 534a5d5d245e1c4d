/* auth_secret.c: the secret that a request shows -> is it one of ours */
#include "auth_secret.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

/* The scheme's case does not matter (RFC 9110 11.1). NULL: another one. */
static const char *after_scheme(const char *authorization, const char *scheme)
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
		return after_scheme(value, "Bearer");
	case WEBHOOK_AUTH_BASIC:
		return after_scheme(value, "Basic");
	default:
		return value;
	}
}

/*
 * Digests are compared, not the texts: equal lengths for the constant-time
 * comparison, whatever was sent. All keys are looked at, so that the time
 * does not tell which one it was; of several the first valid one counts.
 */
static enum auth_reason find_key(const struct auth_keys *keys,
    const unsigned char digest[AUTH_DIGEST_BYTES], int64_t now_us,
    size_t *number)
{
	enum auth_reason reason = AUTH_SECRET_WRONG;
	size_t i;

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
	unsigned char digest[AUTH_DIGEST_BYTES];
	const char *shown;

	if (!value)
		return AUTH_HEADER_MISSING;
	shown = shown_secret(secret->auth, value);
	if (!shown)
		return AUTH_SCHEME_WRONG;
	if (!auth_digest(shown, strlen(shown), digest))
		return AUTH_SECRET_WRONG;
	return find_key(secret->keys, digest, now_us, number);
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
