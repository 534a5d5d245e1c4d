/* routing_check.c: section `routing` of a file -> what is wrong with it */
#include "routing_check.h"

#include <string.h>

#include "problem.h"
#include "routing.h"

/* A check in progress: where the section stands and what was found. */
struct check {
	const char *file;
	const char *status; /* the member in hand, or NULL */
	struct text *problems;
	bool failed;
};

static const char *const list_names[] = {"skills", "queues"};

/* Begins a problem with its place; the caller ends it with end_problem. */
static void begin_problem(struct check *check, const char *member)
{
	check->failed = true;
	text_add_format(check->problems, "%s: /routing", check->file);
	if (check->status != NULL)
		problem_add_token(check->problems, check->status);
	if (member != NULL)
		problem_add_token(check->problems, member);
	text_add(check->problems, ": ");
}

static void end_problem(struct check *check, const char *words)
{
	text_add(check->problems, words);
	text_add(check->problems, "\n");
}

static void report(struct check *check, const char *member, const char *words)
{
	begin_problem(check, member);
	end_problem(check, words);
}

/* A word or an id: 1 to max bytes, none of them a control character. */
static bool is_name(const char *string, size_t max)
{
	size_t length = strlen(string);
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)string[i];

		if (byte < 0x20 || byte == 0x7f)
			return false;
	}
	return length >= 1 && length <= max;
}

/* Quadratic, over sixteen ids at most. What is no string equals nothing. */
static bool stands_before(const json_t *list, size_t index, const char *id)
{
	size_t i;

	for (i = 0; i < index; i++) {
		const char *other = json_string_value(json_array_get(list, i));

		if (other != NULL && strcmp(other, id) == 0)
			return true;
	}
	return false;
}

static void check_id(
    struct check *check, const char *name, const json_t *list, size_t index)
{
	const char *id = json_string_value(json_array_get(list, index));
	const char *wrong = NULL;

	if (id == NULL)
		wrong = "is not a string: put the id in quotes";
	else if (!is_name(id, ROUTING_ID_MAX))
		wrong = "must be 1 to 128 bytes without control characters: "
			"give an id as CXone shows it";
	else if (stands_before(list, index, id))
		wrong = "stands in this list already: remove one of the two";
	if (wrong == NULL)
		return;
	begin_problem(check, name);
	text_add_format(check->problems, "number %zu ", index + 1);
	end_problem(check, wrong);
}

/* An absent list is an empty one. */
static void check_list(
    struct check *check, const char *name, const json_t *list)
{
	size_t i;

	if (list == NULL)
		return;
	if (!json_is_array(list)) {
		report(check, name, "is not a list: give ids as [\"id\"]");
		return;
	}
	if (json_array_size(list) > ROUTING_IDS_MAX) {
		report(check, name, "has more than 16 ids: give fewer");
		return;
	}
	for (i = 0; i < json_array_size(list); i++)
		check_id(check, name, list, i);
}

static void report_unknown_member(struct check *check, const char *name)
{
	const char *nearest = problem_nearest(name, list_names, 2);

	begin_problem(check, name);
	text_add(check->problems, "is no known member");
	if (nearest != NULL)
		text_add_format(
		    check->problems, ", perhaps \"%s\" is meant", nearest);
	end_problem(check, ": known are skills and queues");
}

static bool is_list_name(const char *name)
{
	return strcmp(name, list_names[0]) == 0 ||
	       strcmp(name, list_names[1]) == 0;
}

/*
 * Goes on after each problem: the operator shall see all of them at once. Of
 * a value that is no object jansson gives NULL for both lists.
 */
static void check_status(
    struct check *check, const char *word, const json_t *value)
{
	const json_t *skills = json_object_get(value, "skills");
	const json_t *queues = json_object_get(value, "queues");
	const char *name;
	json_t *member;

	check->status = word;
	if (!is_name(word, ROUTING_WORD_MAX))
		report(check, NULL,
		    "must be 1 to 64 bytes without control characters: give "
		    "the word as the inventory sends it");
	if (!json_is_object(value)) {
		report(check, NULL,
		    "is not an object: give {\"skills\": [\"id\"]}");
		return;
	}
	/* jansson's loop macro wants an object that is not const. */
	json_object_foreach ((json_t *)value, name, member) {
		if (!is_list_name(name))
			report_unknown_member(check, name);
	}
	/* NULL has no size: an absent list counts as empty. */
	check_list(check, "skills", skills);
	check_list(check, "queues", queues);
	if (json_array_size(skills) + json_array_size(queues) == 0)
		report(
		    check, NULL, "has no id: give at least one skill or queue");
}

/* A fallback that is missing would be noticed only when it is needed. */
static void check_fallback(
    struct check *check, const json_t *section, const char *word)
{
	if (json_object_get(section, word) != NULL)
		return;
	check->status = word;
	report(check, NULL,
	    "is missing: it is the route when the inventory gives no usable "
	    "answer");
}

static void check_section(struct check *check, const json_t *section)
{
	const char *word;
	json_t *value;

	if (!json_is_object(section)) {
		report(check, NULL,
		    "is not an object: give {\"in_stock\": {\"skills\": "
		    "[\"id\"]}, ...}");
		return;
	}
	if (json_object_size(section) > ROUTING_STATUSES_MAX) {
		report(check, NULL,
		    "has more than 64 status words: remove those that the "
		    "inventory never sends");
		return;
	}
	json_object_foreach ((json_t *)section, word, value)
		check_status(check, word, value);
	check_fallback(check, section, routing_unknown);
	check_fallback(check, section, routing_timeout);
}

bool routing_check(
    const json_t *section, const char *file, struct text *problems)
{
	struct check check = {.file = file, .problems = problems};

	check_section(&check, section);
	return !check.failed;
}
