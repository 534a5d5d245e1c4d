/* json.c: bytes from outside -> checked JSON value; JSON Pointer -> member */
#include "json.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a scan over JSON text stands; lines and columns count from 1. */
struct place {
	int line;
	int column;
};

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Columns count characters, as jansson's do. */
static void pass(struct place *place, char byte)
{
	if (byte == '\n') {
		place->line++;
		place->column = 0;
	} else if (!is_continuation(byte)) {
		place->column++;
	}
}

/*
 * True when no bracket opens deeper than depth_max; else *place is where.
 * jansson parses recursively, so this must be known before it begins.
 * Malformed text may give any result: jansson refuses it afterwards.
 */
static bool depth_fits(
    const char *bytes, size_t length, size_t depth_max, struct place *place)
{
	bool in_string = false;
	size_t depth = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		pass(place, bytes[i]);
		if (bytes[i] == '"') {
			in_string = !in_string;
		} else if (in_string) {
			/* An escaped quote must not end the string. */
			if (bytes[i] == '\\' && i + 1 < length)
				pass(place, bytes[++i]);
		} else if (bytes[i] == '[' || bytes[i] == '{') {
			depth++;
			if (depth > depth_max)
				return false;
		} else if ((bytes[i] == ']' || bytes[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

/* The words quote the sender's bytes, so they are made printable. */
static void make_printable(char *words)
{
	for (; *words != '\0'; words++) {
		if (*words < ' ' || *words > '~')
			*words = '?';
	}
}

static enum status refuse_syntax(
    const json_error_t *error, char problem[JSON_PROBLEM_BYTES])
{
	if (json_error_code(error) == json_error_out_of_memory) {
		snprintf(problem, JSON_PROBLEM_BYTES, "memory ran out");
		return STATUS_MEMORY;
	}
	snprintf(problem, JSON_PROBLEM_BYTES, "line %d, column %d: %.110s",
	    error->line, error->column, error->text);
	make_printable(problem);
	return STATUS_MALFORMED;
}

enum status json_parse(const char *bytes, size_t length, size_t depth_max,
    json_t **value, char problem[JSON_PROBLEM_BYTES])
{
	struct place place = {.line = 1, .column = 0};
	json_error_t error;
	json_t *parsed;

	if (length == 0) {
		snprintf(problem, JSON_PROBLEM_BYTES, "the text is empty");
		return STATUS_MALFORMED;
	}
	if (!depth_fits(bytes, length, depth_max, &place)) {
		snprintf(problem, JSON_PROBLEM_BYTES,
		    "line %d, column %d: nested deeper than %zu", place.line,
		    place.column, depth_max);
		return STATUS_MALFORMED;
	}
	/* Any value may stand at the top: what it must be is the caller's. */
	parsed = json_loadb(
	    bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (parsed == NULL)
		return refuse_syntax(&error, problem);
	*value = parsed;
	return STATUS_OK;
}

/* jansson does not tell how much it frees; the allocator knows. */
static void wipe_and_free(void *bytes)
{
	if (bytes != NULL)
		OPENSSL_cleanse(bytes, malloc_usable_size(bytes));
	free(bytes);
}

enum status json_parse_secret(const char *bytes, size_t length,
    size_t depth_max, json_t **value, char problem[JSON_PROBLEM_BYTES])
{
	enum status status;

	/*
	 * These are of the whole process, not of this call: put back at once,
	 * or every event would be wiped, too.
	 */
	json_set_alloc_funcs(malloc, wipe_and_free);
	status = json_parse(bytes, length, depth_max, value, problem);
	json_set_alloc_funcs(malloc, free);
	return status;
}

void json_free_secret(json_t *value)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
	json_decref(value);
	json_set_alloc_funcs(malloc, free);
}

/*
 * Copies one reference token with ~1 and ~0 unescaped. False when it does
 * not fit or has another escape: it can name nothing then.
 */
static bool unescape_token(
    const char *token, size_t length, char name[JSON_TOKEN_BYTES])
{
	size_t used = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		char byte = token[i];

		if (byte == '~') {
			i++;
			if (i == length || (token[i] != '0' && token[i] != '1'))
				return false;
			byte = token[i] == '0' ? '~' : '/';
		}
		if (used + 1 == JSON_TOKEN_BYTES)
			return false;
		name[used++] = byte;
	}
	name[used] = '\0';
	return true;
}

/* RFC 6901 section 4: digits without leading zeros, and nothing else. */
static const json_t *element_at(const json_t *array, const char *name)
{
	size_t size = json_array_size(array);
	size_t index = 0;

	if (name[0] == '\0' || (name[0] == '0' && name[1] != '\0'))
		return NULL;
	for (; *name != '\0'; name++) {
		if (*name < '0' || *name > '9')
			return NULL;
		index = index * 10 + (size_t)(*name - '0');
		if (index >= size)
			return NULL;
	}
	return json_array_get(array, index);
}

static const json_t *child_at(const json_t *value, const char *name)
{
	if (json_is_object(value))
		return json_object_get(value, name);
	if (json_is_array(value))
		return element_at(value, name);
	return NULL;
}

const json_t *json_at(const json_t *root, const char *pointer)
{
	char name[JSON_TOKEN_BYTES];
	const json_t *value = root;

	while (*pointer != '\0' && value != NULL) {
		size_t length;

		if (*pointer != '/')
			return NULL;
		pointer++;
		length = strcspn(pointer, "/");
		if (!unescape_token(pointer, length, name))
			return NULL;
		value = child_at(value, name);
		pointer += length;
	}
	return value;
}

bool json_pointer_is_valid(const char *pointer)
{
	char name[JSON_TOKEN_BYTES];

	while (*pointer != '\0') {
		size_t length;

		if (*pointer != '/')
			return false;
		pointer++;
		length = strcspn(pointer, "/");
		if (!unescape_token(pointer, length, name))
			return false;
		pointer += length;
	}
	return true;
}
