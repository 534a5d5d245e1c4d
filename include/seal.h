#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/*
 * What is secret and must outlive the process is sealed: encrypted and
 * bound to its place with AES-256-GCM (NIST SP 800-38D). A sealed text is
 *
 *   version 1 | id of the key 4 | nonce 12 | as many bytes as the text | tag 16
 *
 * bytes long. The version is 1; the id tells which key opens it and nothing
 * about the key (the first bytes of an HMAC-SHA-256 with it). Version, id
 * and place are authenticated, so that a sealed text moved to another row
 * does not open.
 *
 * The nonce is random (RBG-based construction, section 8.2.2): one key may
 * seal 2^32 times at most (section 8.3). A text every second would take 136
 * years; tokens come by the hour.
 */
#define SEAL_KEY_BYTES  32
#define SEAL_MORE_BYTES 33 /* by which a sealed text is longer */

/* Where a sealed text stands: all of it is needed to open it again. */
struct seal_place {
	const char *table;
	const char *column;
	const char *row[2]; /* its primary key; "" for a part not used */
};

/* A key made ready for use, for one thread at a time. */
struct seal_key;

/* Copies the bytes. NULL: memory, or OpenSSL has no AES-256-GCM. */
struct seal_key *seal_key_new(const unsigned char bytes[SEAL_KEY_BYTES]);

/* Wipes and frees. NULL is allowed. */
void seal_key_free(struct seal_key *key);

/*
 * Reads a key as operators write it: 64 hex digits, or its 44 characters of
 * base 64 (RFC 4648 section 4, "=" included). False, and nothing is given,
 * when text is neither.
 */
bool seal_key_read(const char *text, unsigned char bytes[SEAL_KEY_BYTES]);

/* Did this key seal it, as far as the id tells? */
bool seal_is_by(
    const struct seal_key *key, const unsigned char *sealed, size_t length);

/*
 * Seals length bytes of text into sealed, which has room for SEAL_MORE_BYTES
 * more. Borrows all until return. STATUS_IO: OpenSSL gave no random bytes,
 * or failed; sealed is worth nothing.
 */
enum status seal_shut(struct seal_key *key, const struct seal_place *place,
    const char *text, size_t length, unsigned char *sealed);

/*
 * Opens length sealed bytes into text, which has room for as many; the text
 * is SEAL_MORE_BYTES shorter and gets no NUL. STATUS_KEY_UNKNOWN: another
 * key, or a newer version, sealed it. STATUS_SEAL_BROKEN: bytes were
 * changed, or it stood elsewhere. STATUS_IO: OpenSSL failed. After a failure
 * text holds nothing of it.
 */
enum status seal_open(struct seal_key *key, const struct seal_place *place,
    const unsigned char *sealed, size_t length, char *text);

#endif
