#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stddef.h>

#include "status.h"

#define JSON_PROBLEM_BYTES 160

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
 * The value a JSON Pointer (RFC 6901) names, or NULL when there is none.
 * "" is the whole document. Borrowed from root.
 */
const json_t *json_at(const json_t *root, const char *pointer);

#endif
