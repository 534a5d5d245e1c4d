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

/* Is the character at `at`, of so many bytes, a control: C0, DEL or C1? */
bool utf8_is_control(const char *at, size_t bytes);

#endif
