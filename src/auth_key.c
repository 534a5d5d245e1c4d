/* auth_key.c: the senders' secrets in the settings -> keys ready for use */
#include "auth_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <string.h>

#include "base64.h"

#define MAC_PREFIX     "whsec_"
#define PUBLIC_PREFIX  "whpk_"
#define PRIVATE_PREFIX "whsk_"

/* Standard Webhooks 1.0: 192 to 512 bits; and RFC 8032 5.1.5. */
#define MAC_BYTES_MIN 24
#define MAC_BYTES_MAX 64
#define PUBLIC_BYTES  32

/* The id of WEBHOOK_SECRET; those of WEBHOOK_SECRETS have their own. */
static const char webhook_secret_id[] = "WEBHOOK_SECRET";

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/*
 * The bytes of a secret behind its prefix of Standard Webhooks. The prefix has
 * been looked at: there is a "_".
 */
static bool decode(
    const char *secret, unsigned char bytes[MAC_BYTES_MAX], size_t *length)
{
	const char *text = strchr(secret, '_') + 1;

	return base64_decode(text, strlen(text), bytes, MAC_BYTES_MAX, length);
}

static const char *standard_wrong(const char *secret)
{
	unsigned char bytes[MAC_BYTES_MAX] = {0};
	bool is_public = begins_with(secret, PUBLIC_PREFIX);
	size_t length = 0;
	bool decoded;

	if (begins_with(secret, PRIVATE_PREFIX))
		return "is the sender's private key: give its public key, "
		       "whpk_...";
	if (!is_public && !begins_with(secret, MAC_PREFIX))
		return "is no key of Standard Webhooks: give whsec_... or "
		       "whpk_..., or set WEBHOOK_SCHEME to how it signs";
	decoded = decode(secret, bytes, &length);
	OPENSSL_cleanse(bytes, sizeof bytes);
	if (!decoded)
		return "is not base 64 of at most 64 bytes behind its prefix: "
		       "copy it as the sender shows it";
	if (is_public && length != PUBLIC_BYTES)
		return "is not 32 bytes, as an Ed25519 key is: copy it as the "
		       "sender shows it";
	if (!is_public && length < MAC_BYTES_MIN)
		return "is less than 24 bytes: have the sender make a longer "
		       "one";
	return NULL;
}

static bool is_standard(const struct config *config)
{
	return config->webhook_auth == WEBHOOK_AUTH_HMAC &&
	       config->webhook_scheme == WEBHOOK_SCHEME_STANDARD;
}

const char *auth_key_wrong(const struct config *config, const char *secret)
{
	if (is_standard(config))
		return standard_wrong(secret);
	if (config->webhook_auth == WEBHOOK_AUTH_BASIC && !strchr(secret, ':'))
		return "has no colon: give user:password";
	return NULL;
}

bool auth_digest(
    const char *bytes, size_t length, unsigned char digest[AUTH_DIGEST_BYTES])
{
	return EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) == 1;
}

/*
 * What is shown with Basic is base 64 of user:password (RFC 7617). Only a
 * digest is kept: digests are of one length, whatever a stranger shows.
 */
static bool make_shown(
    struct auth_key *key, const struct config *config, const char *secret)
{
	char shown[BASE64_TEXT_BYTES(CONFIG_SECRET_BYTES)];
	size_t length = strlen(secret);
	bool made;

	if (config->webhook_auth != WEBHOOK_AUTH_BASIC)
		return auth_digest(secret, length, key->digest);
	length = base64_encode((const unsigned char *)secret, length, shown);
	made = auth_digest(shown, length, key->digest);
	OPENSSL_cleanse(shown, sizeof shown);
	return made;
}

static const char *hash_name(const struct config *config)
{
	static const char *const names[] = {
	    [WEBHOOK_HASH_SHA256] = "SHA256",
	    [WEBHOOK_HASH_SHA512] = "SHA512",
	    [WEBHOOK_HASH_SHA1] = "SHA1",
	};

	/* All presets sign with SHA-256; the setting is custom's alone. */
	if (config->webhook_scheme != WEBHOOK_SCHEME_CUSTOM)
		return names[WEBHOOK_HASH_SHA256];
	return names[config->webhook_hash];
}

static bool make_mac(struct auth_key *key, const struct config *config,
    const unsigned char *bytes, size_t length)
{
	/* OpenSSL only reads the name, but has no const for it. */
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(
		OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)hash_name(config), 0),
	    OSSL_PARAM_END,
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	if (hmac)
		key->mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac); /* the context holds it */
	return key->mac && EVP_MAC_init(key->mac, bytes, length, params) == 1;
}

static bool make_standard(
    struct auth_key *key, const struct config *config, const char *secret)
{
	unsigned char bytes[MAC_BYTES_MAX];
	size_t length;
	bool made = false;

	/* The configuration has refused a wrong one; decode relies on it. */
	if (standard_wrong(secret) || !decode(secret, bytes, &length))
		return false;
	if (begins_with(secret, PUBLIC_PREFIX)) {
		key->public_key = EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, bytes, length);
		made = key->public_key;
	} else {
		made = make_mac(key, config, bytes, length);
	}
	OPENSSL_cleanse(bytes, sizeof bytes);
	return made;
}

/* Counted before it is made: what a failure leaves is freed with the rest. */
static bool make_key(struct auth_keys *keys, const struct config *config,
    const char *id, const char *secret)
{
	struct auth_key *key = &keys->items[keys->count++];

	key->id = id;
	key->not_after_us = INT64_MAX;
	if (config->webhook_auth != WEBHOOK_AUTH_HMAC)
		return make_shown(key, config, secret);
	if (is_standard(config))
		return make_standard(key, config, secret);
	return make_mac(
	    key, config, (const unsigned char *)secret, strlen(secret));
}

/* The key that was made last is valid in its secret's time. */
static void set_time(
    struct auth_keys *keys, const struct webhook_secret *secret)
{
	struct auth_key *key = &keys->items[keys->count - 1];

	key->not_before_us = secret->not_before_us;
	key->not_after_us = secret->not_after_us;
}

/* In the order in which auth_keys_init makes them. */
const char *auth_key_id(const struct config *config, size_t number)
{
	const struct webhook_secrets *secrets = &config->webhook_secrets;
	size_t before = config->webhook_secret[0] != '\0';

	if (config->webhook_auth == WEBHOOK_AUTH_NONE ||
	    number >= before + secrets->count)
		return NULL;
	if (number < before)
		return webhook_secret_id;
	return secrets->items[number - before].id;
}

bool auth_keys_init(struct auth_keys *keys, const struct config *config)
{
	const struct webhook_secrets *secrets = &config->webhook_secrets;
	bool made = true;
	size_t i;

	if (config->webhook_auth == WEBHOOK_AUTH_NONE)
		return true;
	if (config->webhook_secret[0] != '\0')
		made = make_key(
		    keys, config, webhook_secret_id, config->webhook_secret);
	for (i = 0; made && i < secrets->count; i++) {
		const struct webhook_secret *secret = &secrets->items[i];

		made = make_key(keys, config, secret->id, secret->text);
		set_time(keys, secret);
	}
	return made;
}

bool auth_keys_init_admin(struct auth_keys *keys, const struct config *config)
{
	const struct webhook_secrets *tokens = &config->admin_tokens;
	bool made = true;

	for (size_t i = 0; made && i < tokens->count; i++) {
		const struct webhook_secret *token = &tokens->items[i];
		struct auth_key *key = &keys->items[keys->count++];

		key->id = token->id;
		made =
		    auth_digest(token->text, strlen(token->text), key->digest);
		set_time(keys, token);
	}
	return made;
}

void auth_keys_done(struct auth_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->count; i++) {
		EVP_MAC_CTX_free(keys->items[i].mac);
		EVP_PKEY_free(keys->items[i].public_key);
	}
	OPENSSL_cleanse(keys, sizeof *keys);
}

bool auth_key_is_valid(const struct auth_key *key, int64_t now_us)
{
	return now_us >= key->not_before_us && now_us < key->not_after_us;
}
