#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A text that grows up to a limit given when it is made. A text that would
 * pass its limit, or finds no memory, keeps what it has, is marked failed
 * and ignores what is added later: a caller checks text_failed() once, at
 * the end.
 */
struct text {
	char *bytes; /* NUL-terminated; NULL while empty */
	size_t length;
	size_t capacity;
	size_t max;
	bool failed;
};

/* Makes an empty text of at most max bytes. Allocates nothing yet. */
void text_init(struct text *text, size_t max);

/* Frees the bytes; the text is empty again with the same limit. */
void text_done(struct text *text);

/*
 * Makes room for bytes in all, so that a secret is not copied, and its old
 * place freed unwiped, when the text grows. A failure marks the text.
 */
void text_reserve(struct text *text, size_t bytes);

/* Empties the text but keeps its memory for the next use; a failure is
 * forgotten. */
void text_clear(struct text *text);

/* True when something did not fit: what is there is incomplete. */
bool text_failed(const struct text *text);

/* The text as a C string, "" when empty. Borrowed until the next change. */
const char *text_string(const struct text *text);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a decimal integer; several times cheaper than text_add_format. */
void text_add_int(struct text *text, int64_t value);

/* Adds microseconds as milliseconds, rounded to two decimals: 12.34. */
void text_add_ms(struct text *text, int64_t us);

/*
 * Adds a JSON string with its quotes (RFC 8259 section 7). string must be
 * valid UTF-8; control characters, quote and backslash are escaped. NULL
 * adds null.
 */
void text_add_json(struct text *text, const char *string);

/*
 * Adds a string as one URL path segment: every byte but the unreserved
 * ones of RFC 3986 section 2.3 becomes %XX. "." and "..", which a server takes
 * for steps in the path, stay what they are: refuse them before.
 */
void text_add_segment(struct text *text, const char *string);

#endif
