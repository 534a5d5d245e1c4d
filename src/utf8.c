/* utf8.c: bytes -> the next character: how long, and is it a control */
#include "utf8.h"

#include <string.h>

/* By the first byte; C0, C1 and F5 to FF begin nothing. */
static size_t length_of(unsigned char first)
{
	if (first == 0)
		return 0;
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Longer than need be, a surrogate, or beyond U+10FFFF: what the grammar of
 * RFC 3629 section 4 leaves out of the second bytes. */
static bool is_forbidden(const unsigned char *at)
{
	return (at[0] == 0xe0 && at[1] < 0xa0) ||
	       (at[0] == 0xed && at[1] > 0x9f) ||
	       (at[0] == 0xf0 && at[1] < 0x90) ||
	       (at[0] == 0xf4 && at[1] > 0x8f);
}

size_t utf8_bytes(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = length_of(at[0]);

	/* A NUL continues nothing: nothing behind it is looked at. */
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return length > 1 && is_forbidden(at) ? 0 : length;
}

size_t utf8_fitting(const char *text, size_t max)
{
	if (strnlen(text, max + 1) <= max)
		return strlen(text);
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

bool utf8_is_control(const char *at, size_t bytes)
{
	unsigned char first = (unsigned char)at[0];

	if (bytes == 2)
		return first == 0xc2 && (unsigned char)at[1] < 0xa0;
	return bytes == 1 && (first < 0x20 || first == 0x7f);
}
