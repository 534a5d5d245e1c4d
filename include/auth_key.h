#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

/*
 * One secret of the senders, made ready once, at the start.
 *
 * Which fields are used depends on WEBHOOK_AUTH. bearer, basic and header:
 * digest. hmac: mac, or public_key for a whpk_ of Standard Webhooks; the
 * other one is NULL.
 */
#define AUTH_DIGEST_BYTES 32
#define AUTH_KEYS_MAX     (WEBHOOK_SECRETS_MAX + 1) /* and WEBHOOK_SECRET */

struct auth_key {
	const char *id;        /* borrowed from the configuration */
	int64_t not_before_us; /* wall time; valid from then on, */
	int64_t not_after_us;  /* and until then */
	unsigned char digest[AUTH_DIGEST_BYTES]; /* SHA-256 of what is shown */
	EVP_MAC_CTX *mac;                        /* has the key */
	EVP_PKEY *public_key;                    /* Ed25519 */
};

struct auth_keys {
	struct auth_key items[AUTH_KEYS_MAX];
	size_t count;
};

/*
 * NULL when secret can be a key with these settings, else what is wrong in
 * words that follow it, with the remedy and without the secret. Borrows
 * both until return.
 */
const char *auth_key_wrong(const struct config *config, const char *secret);

/*
 * Makes the keys of all secrets, WEBHOOK_SECRET first; none for
 * WEBHOOK_AUTH=none. Borrows config for the life of keys, which must be
 * zeroed. False: memory ran out, or a secret is wrong, which the
 * configuration has refused; call auth_keys_done in every case.
 */
bool auth_keys_init(struct auth_keys *keys, const struct config *config);

/* The same of ADMIN_TOKEN: digests, whatever WEBHOOK_AUTH says. */
bool auth_keys_init_admin(struct auth_keys *keys, const struct config *config);

/* The id of the key that auth_keys_init gives that number; NULL: there is
 * none. Borrowed from config, or static. */
const char *auth_key_id(const struct config *config, size_t number);

/* Wipes and frees. */
void auth_keys_done(struct auth_keys *keys);

/* Is now within the key's time? The moment of not_after is not any more. */
bool auth_key_is_valid(const struct auth_key *key, int64_t now_us);

/* SHA-256. False: OpenSSL has no memory. */
bool auth_digest(
    const char *bytes, size_t length, unsigned char digest[AUTH_DIGEST_BYTES]);

#endif
