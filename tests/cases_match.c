/* cases_match.c: expected value, got value -> the differences in words */
#include "cases.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 400
#define PATH_BYTES  256

/* As one line, whatever it is. The caller frees it. */
static char *shown(const json_t *value)
{
	if (value == NULL)
		return strdup("nothing");
	return json_dumps(
	    value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

/* Adds "path: expected X, got Y"; either may be NULL, for nothing. */
static bool differ(const json_t *expected, const json_t *got, const char *path,
    struct text *why)
{
	char *want = shown(expected);
	char *have = shown(got);

	text_add_format(why, "    %s: expected %.*s, got %.*s\n", path,
	    SHOWN_BYTES, want, SHOWN_BYTES, have);
	free(want);
	free(have);
	return false;
}

/* What a pattern looks at: a string itself, anything else as JSON. */
static char *text_of(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static bool fits_pattern(const char *pattern, const json_t *got)
{
	char *text = text_of(got);
	regex_t regex;
	bool fits = false;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0) {
		fits = regexec(&regex, text, 0, NULL, 0) == 0;
		regfree(&regex);
	}
	free(text);
	return fits;
}

/* latency_ms is a text that holds a number. */
static bool fits_bound(const char *bound, const json_t *got)
{
	double limit = strtod(bound + 2, NULL);
	double number = json_is_string(got)
			    ? strtod(json_string_value(got), NULL)
			    : json_number_value(got);

	return bound[0] == '>' ? number >= limit : number <= limit;
}

static bool match_string(const json_t *expected, const json_t *got,
    const char *path, struct text *why)
{
	const char *want = json_string_value(expected);
	bool fits;

	if (want[0] == '~')
		fits = got != NULL && fits_pattern(want + 1, got);
	else if (strncmp(want, ">=", 2) == 0 || strncmp(want, "<=", 2) == 0)
		fits = got != NULL && fits_bound(want, got);
	else
		fits = json_equal(expected, got);
	return fits || differ(expected, got, path, why);
}

static bool match_members(const json_t *expected, const json_t *got,
    const char *path, struct text *why)
{
	bool fits = true;
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)expected, name, value) {
		char below[PATH_BYTES];

		snprintf(below, sizeof below, "%s/%s", path, name);
		if (!case_match(value, json_object_get(got, name), below, why))
			fits = false;
	}
	return fits;
}

/* Lists must be as long as each other; what is too much is shown. */
static bool match_items(const json_t *expected, const json_t *got,
    const char *path, struct text *why)
{
	bool fits = true;
	size_t i;

	for (i = 0; i < json_array_size(expected) || i < json_array_size(got);
	     i++) {
		const json_t *value = json_array_get(expected, i);
		const json_t *item = json_array_get(got, i);
		char below[PATH_BYTES];

		snprintf(below, sizeof below, "%s/%zu", path, i);
		if (value == NULL)
			fits = differ(value, item, below, why);
		else if (!case_match(value, item, below, why))
			fits = false;
	}
	return fits;
}

/* A body that came as text is looked into when members are expected. */
static bool match_inside(const json_t *expected, const json_t *got,
    const char *path, struct text *why)
{
	json_t *parsed = NULL;
	bool fits;

	if (json_is_string(got))
		parsed = json_loads(json_string_value(got), 0, NULL);
	if (parsed != NULL)
		got = parsed;
	if (json_is_object(expected) && json_is_object(got))
		fits = match_members(expected, got, path, why);
	else if (json_is_array(expected) && json_is_array(got))
		fits = match_items(expected, got, path, why);
	else
		fits = differ(expected, got, path, why);
	json_decref(parsed);
	return fits;
}

bool case_match(const json_t *expected, const json_t *got, const char *path,
    struct text *why)
{
	/* Before all others: it is an object that wants no object. */
	if (json_is_true(json_object_get(expected, "absent")))
		return got == NULL || differ(expected, got, path, why);
	if (json_is_object(expected) || json_is_array(expected))
		return match_inside(expected, got, path, why);
	if (json_is_string(expected))
		return match_string(expected, got, path, why);
	/* 1 and 1.0 are one number, though not to json_equal. */
	if (json_is_number(expected) && json_is_number(got)) {
		if (json_number_value(expected) == json_number_value(got))
			return true;
	} else if (json_equal(expected, got)) {
		return true;
	}
	return differ(expected, got, path, why);
}
