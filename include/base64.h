#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Base 64 (RFC 4648 section 4), with its padding. Both borrow all until
 * return.
 */
#define BASE64_TEXT_BYTES(bytes) (((bytes) + 2) / 3 * 4 + 1)

/*
 * Decodes length characters into at most max bytes. False, and nothing is
 * given: another character, space included, padding that is missing or in
 * the wrong place, or more than max bytes.
 */
bool base64_decode(const char *text, size_t length, unsigned char *bytes,
    size_t max, size_t *bytes_length);

/*
 * Writes length bytes as text with a NUL. text has room for
 * BASE64_TEXT_BYTES(length). Gives its length without the NUL.
 */
size_t base64_encode(const unsigned char *bytes, size_t length, char *text);

#endif
