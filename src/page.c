/* page.c: a query or a path -> the values that were asked for */
#include "page.h"

#include <string.h>

#include "utf8.h"

static int digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* %XX, or the byte itself. False: half an escape. */
static bool decode_byte(const char **at, const char *end, char *byte)
{
	int high;
	int low;

	*byte = *(*at)++;
	if (*byte != '%')
		return true;
	if (end - *at < 2)
		return false;
	high = digit((*at)[0]);
	low = digit((*at)[1]);
	*at += 2;
	*byte = (char)(high * 16 + low);
	return high >= 0 && low >= 0;
}

static bool is_text(const char *text)
{
	while (*text != '\0') {
		size_t bytes = utf8_bytes(text);

		if (bytes == 0 || utf8_is_control(text, bytes))
			return false;
		text += bytes;
	}
	return true;
}

/* plus_is_blank: as forms send it; in a path it is itself. */
static bool decode(const char *from, const char *end, bool plus_is_blank,
    char *value, size_t size)
{
	size_t length = 0;

	value[0] = '\0';
	while (from < end) {
		/* Asked before it is decoded: %2B is a plus. */
		bool plus = plus_is_blank && *from == '+';
		char byte;

		/* A NUL would end the value before its end. */
		if (!decode_byte(&from, end, &byte) || byte == '\0' ||
		    length + 1 == size) {
			value[0] = '\0';
			return false;
		}
		value[length++] = plus ? ' ' : byte;
		value[length] = '\0';
	}
	if (is_text(value))
		return true;
	value[0] = '\0';
	return false;
}

/* Where the value of the name begins, as it came; NULL: it is not there. Names
 * are not decoded: ours need no escape, and no browser gives them one. */
static const char *find(const char *query, const char *name)
{
	size_t length = strlen(name);

	while (*query != '\0') {
		const char *end = query + strcspn(query, "&");

		if (strncmp(query, name, length) == 0 && query[length] == '=')
			return query + length + 1;
		query = *end == '&' ? end + 1 : end;
	}
	return NULL;
}

bool page_query(const char *query, const char *name, char *value, size_t size)
{
	const char *from = find(query, name);

	if (from != NULL)
		return decode(
		    from, from + strcspn(from, "&"), true, value, size);
	value[0] = '\0';
	return false;
}

bool page_query_names(const char *query, const char *name)
{
	return find(query, name) != NULL;
}

bool page_segment(const char *below, char *value, size_t size)
{
	size_t length = strcspn(below, "?");

	if (*below != '/' || memchr(below + 1, '/', length - 1) != NULL) {
		value[0] = '\0';
		return false;
	}
	return decode(below + 1, below + length, false, value, size);
}
