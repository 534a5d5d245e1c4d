/* seal.c: a secret and its place -> bytes that only the key opens, and back */
#include "seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

#define VERSION     1
#define ID_BYTES    4
#define NONCE_BYTES 12 /* what GCM is made for: section 5.2.1.1 */
#define TAG_BYTES   16
#define HEAD_BYTES  (1 + ID_BYTES)
#define HEX_LENGTH  (2 * SEAL_KEY_BYTES)

_Static_assert(HEAD_BYTES + NONCE_BYTES + TAG_BYTES == SEAL_MORE_BYTES,
    "the header tells by how much a text grows");

/*
 * Whole once seal_key_new has given it; before that, and so in seal_key_free,
 * cipher and work may be NULL. work has no state between two calls: each
 * begins it anew.
 */
struct seal_key {
	unsigned char bytes[SEAL_KEY_BYTES];
	unsigned char head[HEAD_BYTES]; /* how all begins that it seals */
	EVP_CIPHER *cipher;             /* fetched once: that is a search */
	EVP_CIPHER_CTX *work;
};

/* ---- Keys ---------------------------------------------------------------- */

static bool make_head(struct seal_key *key)
{
	static const unsigned char purpose[] = "stockroute key id";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (!HMAC(EVP_sha256(), key->bytes, SEAL_KEY_BYTES, purpose,
		sizeof purpose - 1, digest, &length))
		return false;
	key->head[0] = VERSION;
	memcpy(key->head + 1, digest, ID_BYTES);
	OPENSSL_cleanse(digest, sizeof digest);
	return true;
}

struct seal_key *seal_key_new(const unsigned char bytes[SEAL_KEY_BYTES])
{
	struct seal_key *key = calloc(1, sizeof *key);

	if (!key)
		return NULL;
	memcpy(key->bytes, bytes, SEAL_KEY_BYTES);
	key->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	key->work = EVP_CIPHER_CTX_new();
	if (!key->cipher || !key->work || !make_head(key)) {
		seal_key_free(key);
		return NULL;
	}
	return key;
}

void seal_key_free(struct seal_key *key)
{
	if (!key)
		return;
	EVP_CIPHER_CTX_free(key->work);
	EVP_CIPHER_free(key->cipher);
	OPENSSL_cleanse(key, sizeof *key);
	free(key);
}

/* Two signs of padding would end it a byte early. */
static bool read_base64(const char *text, unsigned char bytes[SEAL_KEY_BYTES])
{
	unsigned char decoded[SEAL_KEY_BYTES];
	size_t length = 0;
	bool whole;

	whole = base64_decode(
		    text, strlen(text), decoded, sizeof decoded, &length) &&
		length == sizeof decoded;
	if (whole)
		memcpy(bytes, decoded, sizeof decoded);
	OPENSSL_cleanse(decoded, sizeof decoded);
	return whole;
}

bool seal_key_read(const char *text, unsigned char bytes[SEAL_KEY_BYTES])
{
	/* Looked at first: OpenSSL would keep an error for others to find. */
	if (strlen(text) == HEX_LENGTH &&
	    strspn(text, "0123456789abcdefABCDEF") == HEX_LENGTH)
		return OPENSSL_hexstr2buf_ex(
			   bytes, SEAL_KEY_BYTES, NULL, text, '\0') == 1;
	return read_base64(text, bytes);
}

bool seal_is_by(
    const struct seal_key *key, const unsigned char *sealed, size_t length)
{
	return length >= SEAL_MORE_BYTES &&
	       memcmp(sealed, key->head, HEAD_BYTES) == 0;
}

/* ---- Sealing ------------------------------------------------------------- */

/* Its NUL ends each part, so that no two places read alike. */
static bool add_part(EVP_CIPHER_CTX *work, const char *part)
{
	int length;

	return EVP_CipherUpdate(work, NULL, &length,
		   (const unsigned char *)part, (int)strlen(part) + 1) == 1;
}

/* Key, nonce, and what is authenticated besides the text. */
static bool begin(struct seal_key *key, const struct seal_place *place,
    const unsigned char *nonce, int shut)
{
	int length;

	return EVP_CipherInit_ex2(key->work, key->cipher, key->bytes, nonce,
		   shut, NULL) == 1 &&
	       EVP_CipherUpdate(
		   key->work, NULL, &length, key->head, HEAD_BYTES) == 1 &&
	       add_part(key->work, place->table) &&
	       add_part(key->work, place->column) &&
	       add_part(key->work, place->row[0]) &&
	       add_part(key->work, place->row[1]);
}

enum status seal_shut(struct seal_key *key, const struct seal_place *place,
    const char *text, size_t length, unsigned char *sealed)
{
	unsigned char *nonce = sealed + HEAD_BYTES;
	unsigned char *bytes = nonce + NONCE_BYTES;
	int done;

	memcpy(sealed, key->head, HEAD_BYTES);
	if (RAND_bytes(nonce, NONCE_BYTES) != 1 || !begin(key, place, nonce, 1))
		return STATUS_IO;
	/* GCM gives as many bytes as it takes: the end adds none. */
	if (EVP_EncryptUpdate(key->work, bytes, &done,
		(const unsigned char *)text, (int)length) != 1 ||
	    EVP_EncryptFinal_ex(key->work, bytes + done, &done) != 1 ||
	    EVP_CIPHER_CTX_ctrl(key->work, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
		bytes + length) != 1)
		return STATUS_IO;
	return STATUS_OK;
}

enum status seal_open(struct seal_key *key, const struct seal_place *place,
    const unsigned char *sealed, size_t length, char *text)
{
	const unsigned char *nonce = sealed + HEAD_BYTES;
	const unsigned char *bytes = nonce + NONCE_BYTES;
	unsigned char tag[TAG_BYTES];
	int done = 0;

	/* No key is to blame for what is too short to name one. */
	if (length < SEAL_MORE_BYTES)
		return STATUS_SEAL_BROKEN;
	if (!seal_is_by(key, sealed, length))
		return STATUS_KEY_UNKNOWN;
	length -= SEAL_MORE_BYTES;
	/* OpenSSL wants it where it may write; sealed is const. */
	memcpy(tag, bytes + length, TAG_BYTES);
	if (!begin(key, place, nonce, 0) ||
	    EVP_CIPHER_CTX_ctrl(
		key->work, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1 ||
	    EVP_DecryptUpdate(key->work, (unsigned char *)text, &done, bytes,
		(int)length) != 1) {
		OPENSSL_cleanse(text, length);
		return STATUS_IO;
	}
	/* Only now it is known whether any of it is true. */
	if (EVP_DecryptFinal_ex(
		key->work, (unsigned char *)text + done, &done) == 1)
		return STATUS_OK;
	OPENSSL_cleanse(text, length);
	return STATUS_SEAL_BROKEN;
}
