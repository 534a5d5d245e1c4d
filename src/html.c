/* html.c: markup of ours and strings of strangers -> HTML that is only ours */
#include "html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define NUMBER_BYTES 64
#define FORM_BYTES   16
#define REPLACEMENT  "\xef\xbf\xbd" /* U+FFFD */

static const char *escape_of(char byte)
{
	switch (byte) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* A line's end and a tab are layout to HTML. */
static bool is_control(const char *at, size_t bytes)
{
	return utf8_is_control(at, bytes) && *at != '\n' && *at != '\t';
}

/* Adds one character, or what stands in for it; gives its bytes. */
static size_t add_character(struct text *text, const char *at)
{
	size_t bytes = utf8_bytes(at);
	const char *escape = bytes == 1 ? escape_of(*at) : NULL;

	if (bytes == 0 || is_control(at, bytes))
		escape = REPLACEMENT;
	if (escape != NULL)
		text_add(text, escape);
	else
		text_add_bytes(text, at, bytes);
	/* Of what is no UTF-8 each byte is replaced: one at least is passed. */
	return bytes > 0 ? bytes : 1;
}

void html_add_text(struct text *text, const char *string)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    " .,:;_-/()%+*=#";

	while (string != NULL && *string != '\0') {
		/* Nearly every string is one such run: one copy. */
		size_t run = strspn(string, plain);

		text_add_bytes(text, string, run);
		string += run;
		if (*string != '\0')
			string += add_character(text, string);
	}
}

static void add_real(struct text *text, const char *form, double value)
{
	char number[NUMBER_BYTES];

	snprintf(number, sizeof number, form, value);
	text_add(text, number);
}

/* Whole numbers are written as they are: no width, no leading zeros. The list
 * goes by its address, since who passes it on itself cannot go on with it
 * (C11 7.16). */
static int64_t next_whole(const char *form, va_list *arguments)
{
	if (strstr(form, "ll") != NULL)
		return va_arg(*arguments, long long);
	if (strchr(form, 'z') != NULL)
		return (int64_t)va_arg(*arguments, size_t);
	return va_arg(*arguments, int);
}

/* at stands behind a percent sign; gives where the conversion ends. That it
 * does is relied on, since no format is from outside. */
static const char *add_conversion(
    struct text *text, const char *at, va_list *arguments)
{
	size_t length = strcspn(at, "%sduf") + 1;
	char form[FORM_BYTES];

	if (at[length - 1] == '%') {
		text_add(text, "%");
	} else if (at[length - 1] == 's') {
		html_add_text(text, va_arg(*arguments, const char *));
	} else {
		snprintf(form, sizeof form, "%%%.*s", (int)length, at);
		if (at[length - 1] == 'f')
			add_real(text, form, va_arg(*arguments, double));
		else
			text_add_int(text, next_whole(form, arguments));
	}
	return at + length;
}

void html_add(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	while (*format != '\0') {
		size_t run = strcspn(format, "%");

		text_add_bytes(text, format, run);
		format += run;
		if (*format == '%')
			format = add_conversion(text, format + 1, &arguments);
	}
	va_end(arguments);
}
