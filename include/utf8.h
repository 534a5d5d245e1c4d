#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many bytes the character has that text begins with (RFC 3629): 1 to 4.
 * 0: there is none, as text is "", or its bytes are no UTF-8. Reads no
 * further than the NUL.
 */
size_t utf8_bytes(const char *text);

/*
 * How many bytes, at most max, text can be cut to between two characters: all
 * of it when it is no longer than that. What is no UTF-8 is cut anywhere.
 */
size_t utf8_fitting(const char *text, size_t max);

/* Is the character at `at`, of so many bytes, a control: C0, DEL or C1? */
bool utf8_is_control(const char *at, size_t bytes);

#endif
