#ifndef SIM_REPLY_H
#define SIM_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* An answer not yet handed to libmicrohttpd. body is on the heap, and NULL
 * when memory ran out or there is none; extra_name is NULL when the answer
 * needs no header of its own. */
struct reply {
	int status;
	char *body;
	size_t body_bytes;
	const char *extra_name;
	const char *extra_value;
};

/* Answers status with the value as compact JSON; takes value, which may be
 * NULL (memory ran out: the answer is an empty 500). */
void reply_json(struct reply *reply, int status, json_t *value);

/* Answers status with the printf'ed text, which must be JSON already. */
void reply_format(struct reply *reply, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answers status with {"error":text}; borrows text. */
void reply_error(struct reply *reply, int status, const char *text);

/* The bytes as a JSON string; those that are not UTF-8 become U+FFFD. Gives
 * a new reference, NULL when memory ran out. */
json_t *reply_text(const char *bytes, size_t length);

/* Whether text can stand between JSON quotes as it is. */
bool reply_is_plain(const char *text);

#endif
