#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "status.h"

#define JSON_PROBLEM_BYTES 160
#define JSON_TOKEN_BYTES   1024 /* one name in a JSON Pointer, with its NUL */

/*
 * Parses a whole JSON text (RFC 8259) from outside. Refused: bytes that are
 * not UTF-8, NUL (also as \u0000), duplicate member names, anything after
 * the value, and arrays or objects nested deeper than depth_max.
 * STATUS_OK: *value is given, the caller frees it with json_decref.
 * STATUS_MALFORMED: problem tells what and where, in words for the sender;
 * *value is untouched. STATUS_MEMORY likewise.
 */
enum status json_parse(const char *bytes, size_t length, size_t depth_max,
    json_t **value, char problem[JSON_PROBLEM_BYTES]);

/*
 * The same for a text with secrets in it: jansson's own copies are wiped
 * before they are freed. Free the value with json_free_secret, which wipes
 * what nobody else holds; NULL is allowed. One thread at a time uses jansson
 * meanwhile. problem may quote the text: it is not to be shown as it is.
 */
enum status json_parse_secret(const char *bytes, size_t length,
    size_t depth_max, json_t **value, char problem[JSON_PROBLEM_BYTES]);
void json_free_secret(json_t *value);

/*
 * The value a JSON Pointer (RFC 6901) names, or NULL when there is none.
 * "" is the whole document. Borrowed from root. A pointer that is not valid
 * names nothing.
 */
const json_t *json_at(const json_t *root, const char *pointer);

/* True for the syntax of RFC 6901 section 3, names under JSON_TOKEN_BYTES. */
bool json_pointer_is_valid(const char *pointer);

#endif
