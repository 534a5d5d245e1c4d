/* text.c: pieces of text -> one text that grows up to its limit */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 256
#define INT_BYTES   20 /* the digits of UINT64_MAX */

static const char hex_digits[] = "0123456789abcdef";

/* Doubling keeps the number of copies logarithmic. */
static bool grow(struct text *text, size_t needed)
{
	size_t capacity = text->capacity != 0 ? text->capacity : FIRST_BYTES;
	char *bytes;

	while (capacity < needed)
		capacity *= 2;
	bytes = realloc(text->bytes, capacity);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

/* Makes room for more bytes and the NUL. length never passes max. */
static bool make_room(struct text *text, size_t more)
{
	/* A piece that still fits must not stand behind one that did not. */
	if (text->failed || more > text->max - text->length) {
		text->failed = true;
		return false;
	}
	if (text->length + more < text->capacity)
		return true;
	return grow(text, text->length + more + 1);
}

void text_init(struct text *text, size_t max)
{
	*text = (struct text){.max = max};
}

void text_reserve(struct text *text, size_t bytes)
{
	/* As for a piece that long: until then no addition moves the text. */
	if (bytes > text->length)
		make_room(text, bytes - text->length);
}

void text_done(struct text *text)
{
	free(text->bytes);
	text_init(text, text->max);
}

/* A failure is cleared too: there is room again. */
void text_clear(struct text *text)
{
	text->length = 0;
	text->failed = false;
	if (text->bytes != NULL)
		text->bytes[0] = '\0';
}

bool text_failed(const struct text *text)
{
	return text->failed;
}

const char *text_string(const struct text *text)
{
	return text->bytes != NULL ? text->bytes : "";
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	/* Nothing takes no memory: a text that is empty stays NULL. */
	if (length == 0 || !make_room(text, length))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void text_add_format(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	/* Measured first: what does not fit must not be written in part. */
	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		text->failed = true;
	if (length <= 0 || !make_room(text, (size_t)length))
		return;
	va_start(arguments, format);
	vsnprintf(
	    text->bytes + text->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

/* Writes the digits so that they end before end; returns their start. */
static char *digits_before(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	return end;
}

/* Unsigned arithmetic, because INT64_MIN has no positive twin. */
static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

void text_add_int(struct text *text, int64_t value)
{
	char digits[1 + INT_BYTES];
	char *end = digits + sizeof digits;
	char *start = digits_before(end, magnitude(value));

	if (value < 0)
		*--start = '-';
	text_add_bytes(text, start, (size_t)(end - start));
}

void text_add_ms(struct text *text, int64_t us)
{
	/* Rounded to the nearest: cut off, short steps would all be 0.00. */
	uint64_t hundredths = (magnitude(us) + 5) / 10;
	char digits[2 + INT_BYTES];
	char *end = digits + sizeof digits;
	char *start = end;

	*--start = (char)('0' + hundredths % 10);
	*--start = (char)('0' + hundredths / 10 % 10);
	*--start = '.';
	start = digits_before(start, hundredths / 100);
	if (us < 0 && hundredths != 0)
		*--start = '-';
	text_add_bytes(text, start, (size_t)(end - start));
}

/* The rest of the control characters is rare enough for six bytes. */
static void add_json_escape(struct text *text, unsigned char byte)
{
	char escape[] = "\\u0000";

	switch (byte) {
	case '"':
		text_add_bytes(text, "\\\"", 2);
		return;
	case '\\':
		text_add_bytes(text, "\\\\", 2);
		return;
	case '\n':
		text_add_bytes(text, "\\n", 2);
		return;
	case '\t':
		text_add_bytes(text, "\\t", 2);
		return;
	default:
		escape[4] = hex_digits[byte >> 4];
		escape[5] = hex_digits[byte & 15];
		text_add_bytes(text, escape, 6);
	}
}

/* Bytes of UTF-8 beyond ASCII need no escape, as the text is UTF-8. */
static bool is_plain_in_json(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

void text_add_json(struct text *text, const char *string)
{
	if (string == NULL) {
		text_add_bytes(text, "null", 4);
		return;
	}
	text_add_bytes(text, "\"", 1);
	while (*string != '\0') {
		size_t run = 0;

		/* Nearly every string is one such run: one copy. */
		while (is_plain_in_json((unsigned char)string[run]))
			run++;
		text_add_bytes(text, string, run);
		string += run;
		if (*string != '\0')
			add_json_escape(text, (unsigned char)*string++);
	}
	text_add_bytes(text, "\"", 1);
}

/* Not isalnum(): that would ask the locale. */
static bool is_unreserved(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
	       byte == '_' || byte == '~';
}

/* Upper case, as RFC 3986 section 2.1 asks for. */
static void add_percent(struct text *text, unsigned char byte)
{
	static const char upper[] = "0123456789ABCDEF";
	char escape[3] = {'%', upper[byte >> 4], upper[byte & 15]};

	text_add_bytes(text, escape, sizeof escape);
}

void text_add_segment(struct text *text, const char *string)
{
	while (*string != '\0') {
		size_t run = 0;

		while (is_unreserved((unsigned char)string[run]))
			run++;
		text_add_bytes(text, string, run);
		string += run;
		if (*string != '\0')
			add_percent(text, (unsigned char)*string++);
	}
}
