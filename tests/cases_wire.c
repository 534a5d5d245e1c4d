/* cases_wire.c: a case's request -> CGI variables; header lines -> JSON */
#include "cases.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 64

/* Puts a string after the last one. */
static void add_param(char **params, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_param(char **params, const char *format, ...)
{
	va_list arguments;
	size_t i = 0;

	while (params[i] != NULL)
		i++;
	va_start(arguments, format);
	if (i + 1 == PARAMS_MAX || vasprintf(&params[i], format, arguments) < 0)
		abort();
	va_end(arguments);
}

/* RFC 3875 4.1.18: HTTP_ and the name in upper case with underscores. */
static void add_header_param(char **params, const char *name, const char *value)
{
	/* The one header whose variable has no HTTP_ (RFC 3875 4.1.3). */
	bool is_type = strcasecmp(name, "Content-Type") == 0;
	char variable[128];
	size_t i;

	for (i = 0; name[i] != '\0' && i < sizeof variable - 1; i++)
		variable[i] = name[i] == '-'
				  ? '_'
				  : (char)toupper((unsigned char)name[i]);
	variable[i] = '\0';
	add_param(params, "%s%s=%s", is_type ? "" : "HTTP_", variable, value);
}

char **wire_params(const json_t *request, size_t body_bytes)
{
	char **params = calloc(PARAMS_MAX, sizeof *params);
	const char *path = json_string_value(json_object_get(request, "path"));
	const char *query = strchr(path, '?');
	const char *name;
	json_t *value;

	if (params == NULL)
		abort();
	add_param(params, "GATEWAY_INTERFACE=CGI/1.1");
	add_param(params, "SERVER_PROTOCOL=HTTP/1.1");
	add_param(params, "REQUEST_METHOD=%s",
	    json_string_value(json_object_get(request, "method")));
	add_param(params, "REQUEST_URI=%s", path);
	add_param(params, "SCRIPT_NAME=%.*s",
	    query != NULL ? (int)(query - path) : (int)strlen(path), path);
	add_param(params, "QUERY_STRING=%s", query != NULL ? query + 1 : "");
	/* Servers give it for an empty body too, after a POST. */
	add_param(params, "CONTENT_LENGTH=%zu", body_bytes);
	json_object_foreach (json_object_get(request, "headers"), name, value) {
		add_header_param(params, name, json_string_value(value));
	}
	return params;
}

void wire_params_free(char **params)
{
	size_t i;

	for (i = 0; params[i] != NULL; i++)
		free(params[i]);
	free(params);
}

json_t *wire_headers(const char *lines)
{
	json_t *headers = json_object();

	while (*lines != '\0') {
		size_t length = strcspn(lines, "\r\n");
		const char *colon = memchr(lines, ':', length);
		char name[128];
		size_t i;

		/* The status line has no colon that matters: "HTTP/1.1 200". */
		if (colon != NULL && colon - lines < (long)sizeof name) {
			for (i = 0; lines + i < colon; i++)
				name[i] =
				    (char)tolower((unsigned char)lines[i]);
			name[i] = '\0';
			colon += 1 + strspn(colon + 1, " ");
			json_object_set_new(headers, name,
			    json_stringn(
				colon, length - (size_t)(colon - lines)));
		}
		lines += length;
		lines += strspn(lines, "\r\n");
	}
	return headers;
}

void reply_done(struct reply *reply)
{
	json_decref(reply->headers);
	free(reply->body);
	*reply = (struct reply){0};
}

char *wire_read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	long size = -1;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	rewind(file);
	if (size >= 0)
		bytes = calloc(1, (size_t)size + 1);
	if (bytes != NULL)
		*length = fread(bytes, 1, (size_t)size, file);
	fclose(file);
	return bytes;
}

bool wire_write_file(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");
	bool good;

	if (file == NULL)
		return false;
	good = fwrite(bytes, 1, length, file) == length;
	return fclose(file) == 0 && good;
}
