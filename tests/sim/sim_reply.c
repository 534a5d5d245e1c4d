/* sim_reply.c: status and value -> answer body */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_reply.h"

enum { REPLACEMENT_BYTES = 3, TEXT_MAX = 16 << 20 };

static void set_body(struct reply *reply, int status, char *body, size_t length)
{
	free(reply->body);
	reply->status = body ? status : 500;
	reply->body = body;
	reply->body_bytes = body ? length : 0;
}

void reply_json(struct reply *reply, int status, json_t *value)
{
	char *text = NULL;

	if (value)
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
	set_body(reply, status, text, text ? strlen(text) : 0);
}

void reply_format(struct reply *reply, int status, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		text = NULL;
	set_body(reply, status, text, text ? (size_t)length : 0);
}

void reply_error(struct reply *reply, int status, const char *text)
{
	reply_json(reply, status, json_pack("{s:s}", "error", text));
}

bool reply_is_plain(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			return false;
	}
	return true;
}

/* Every byte beyond ASCII is replaced, not only the wrong ones: such a text
 * is shown to people only. */
json_t *reply_text(const char *bytes, size_t length)
{
	json_t *value = json_stringn(bytes, length);
	char *copy, *end;

	if (value || length > TEXT_MAX)
		return value;
	copy = malloc(length * REPLACEMENT_BYTES);
	if (!copy)
		return NULL;
	end = copy;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] & 0x80)
			end = mempcpy(end, "\xef\xbf\xbd", REPLACEMENT_BYTES);
		else
			*end++ = bytes[i];
	}
	value = json_stringn(copy, (size_t)(end - copy));
	free(copy);
	return value;
}
