/* config_report.c: what is wrong with a setting -> one line that helps */
#include "config_report.h"

#include <string.h>

#include "problem.h"

/* Memory running out is told, even when a value is wrong too. */
static void fail(struct loading *loading)
{
	if (loading->status != STATUS_MEMORY)
		loading->status = STATUS_CONFIG_INVALID;
}

/* A member written with escapes is not found: then there is no line. */
static void add_file_place(struct loading *loading, const char *member)
{
	int line = config_file_line(&loading->file, member);

	text_add_format(loading->problems, "%s: ", loading->config->file);
	problem_add_token(loading->problems, member);
	if (line != 0)
		text_add_format(loading->problems, ", line %d", line);
}

/* Where it was set: the same name may be set in three places. */
static void add_place(struct loading *loading, const struct config_key *key)
{
	char member[CONFIG_MEMBER_BYTES];

	switch (loading->config->origin[key - config_keys]) {
	case CONFIG_FROM_ENVIRONMENT:
		text_add(loading->problems, "environment");
		break;
	case CONFIG_FROM_PARAMETER:
		text_add(loading->problems, "SetEnv of the web server");
		break;
	case CONFIG_FROM_SECRET_FILE:
		text_add_format(loading->problems, "%s_FILE", key->name);
		break;
	case CONFIG_FROM_CREDENTIAL:
		text_add(loading->problems, "credential");
		break;
	case CONFIG_FROM_FILE:
		config_member(key, member);
		add_file_place(loading, member);
		break;
	default:
		text_add(loading->problems, "default");
	}
}

/*
 * The caller ends the line. A key that is marked wrong is left out by the
 * checks of several settings: its field is not what was meant.
 */
static struct text *begin(struct loading *loading, const struct config_key *key)
{
	fail(loading);
	loading->wrong[key - config_keys] = true;
	text_add_format(loading->problems, "%s (", key->name);
	add_place(loading, key);
	text_add(loading->problems, "): ");
	return loading->problems;
}

/* A URL with one of these may hold a password or a key to an API. */
static bool may_be_shown(const struct config_key *key, const char *value)
{
	return !config_is_secret(key) && *value != '\0' &&
	       strpbrk(value, "@?") == NULL;
}

void report_value(struct loading *loading, const struct config_key *key,
    const char *value, const char *wrong)
{
	struct text *problems = begin(loading, key);

	if (may_be_shown(key, value)) {
		problem_add_quoted(problems, value);
		text_add(problems, " ");
	}
	text_add_format(problems, "%s: ", wrong);
	config_add_wanted(problems, key);
	text_add(problems, "\n");
}

/* The value itself is left out: it may be a secret without quotes. */
static const char *type_words(const json_t *value)
{
	static const char *const words[] = {
	    [JSON_OBJECT] = "is an object",
	    [JSON_ARRAY] = "is a list",
	    [JSON_STRING] = "is a string",
	    [JSON_INTEGER] = "is a number",
	    [JSON_REAL] = "is a number with a fraction or an exponent",
	    [JSON_TRUE] = "is true",
	    [JSON_FALSE] = "is false",
	    [JSON_NULL] = "is null",
	};

	return words[json_typeof(value)];
}

void report_type(
    struct loading *loading, const struct config_key *key, const json_t *value)
{
	struct text *problems = begin(loading, key);

	text_add_format(problems, "%s: ", type_words(value));
	config_add_wanted(problems, key);
	text_add_format(problems, ", %s quotes\n",
	    config_is_number(key) ? "without" : "in");
}

void report_path(struct loading *loading, const struct config_key *key,
    const char *path, const char *wrong)
{
	struct text *problems = begin(loading, key);

	problem_add_quoted(problems, path);
	text_add_format(problems, " %s\n", wrong);
}

void report_unset(struct loading *loading, const struct config_key *key)
{
	struct text *problems = loading->problems;
	char member[CONFIG_MEMBER_BYTES];

	fail(loading);
	loading->wrong[key - config_keys] = true;
	/* The value may stand in the file that could not be used. */
	if (loading->file_unusable)
		return;
	config_member(key, member);
	text_add_format(problems, "%s (not set): ", key->name);
	config_add_wanted(problems, key);
	text_add_format(problems, "; set %s in the environment", key->name);
	if (config_is_secret(key))
		text_add_format(problems,
		    ", or %s_FILE to the path of a file that holds it",
		    key->name);
	text_add_format(problems, ", or \"%s\" in %s\n", member,
	    loading->file.root != NULL
		? loading->config->file
		: "the JSON file that STOCKROUTE_CONFIG names");
}

void report_clash(
    struct loading *loading, const struct config_key *key, const char *wrong)
{
	text_add_format(begin(loading, key), "%s\n", wrong);
}

/* The nearest key as a member, or false when none is near. */
static bool suggest(const char *member, char nearest[CONFIG_MEMBER_BYTES])
{
	const char *names[KEY_COUNT] = {"routing"};
	const char *name;
	size_t i;

	/* KEY_CONFIG, number 0, is no member: its seat is free. */
	for (i = KEY_CONFIG + 1; i < KEY_COUNT; i++)
		names[i] = config_keys[i].name;
	name = problem_nearest(member, names, KEY_COUNT);
	if (name == NULL)
		return false;
	config_member(&(struct config_key){.name = name}, nearest);
	return true;
}

void report_unknown(struct loading *loading, const char *member)
{
	char nearest[CONFIG_MEMBER_BYTES];
	struct text *problems = loading->problems;

	fail(loading);
	add_file_place(loading, member);
	text_add(problems, ": is no known key");
	if (suggest(member, nearest))
		text_add_format(problems, ", perhaps \"%s\" is meant", nearest);
	text_add(problems,
	    ": correct or remove it; `stockroute config --markdown` lists "
	    "all keys\n");
}
