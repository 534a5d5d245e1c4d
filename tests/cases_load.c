/* cases_load.c: a directory of tests/cases -> struct scenario */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENERATED_MAX (4 * 1024 * 1024)

/* Every expectation says all four, so that nothing slips through. */
static const char *const expected_members[] = {
    "http", "answer", "calls", "record"};

/* Reads path/name; NULL without a word in why when it is not there. */
static json_t *read_json(const char *path, const char *name, struct text *why)
{
	char file[CASE_PATH_BYTES];
	json_error_t error;
	size_t length;
	char *bytes;
	json_t *value;

	snprintf(file, sizeof file, "%s/%s", path, name);
	bytes = wire_read_file(file, &length);
	if (bytes == NULL)
		return NULL;
	value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
	free(bytes);
	if (value == NULL)
		text_add_format(
		    why, "    %s:%d: %s\n", file, error.line, error.text);
	return value;
}

/* POST /webhook/routing-events as JSON, unless request.json says else. */
static json_t *full_request(json_t *given)
{
	json_t *request = json_pack("{s:s,s:s,s:{s:s}}", "method", "POST",
	    "path", "/webhook/routing-events", "headers", "Content-Type",
	    "application/json");
	json_t *headers = json_object_get(request, "headers");
	const char *name;
	json_t *value;
	void *next;

	/* Headers are added to the usual ones, the rest replaces. */
	json_object_update(headers, json_object_get(given, "headers"));
	json_object_del(given, "headers");
	json_object_update(request, given);
	json_object_foreach_safe(headers, next, name, value)
	{
		if (json_is_null(value))
			json_object_del(headers, name);
	}
	json_decref(given);
	return request;
}

/* {"pad_to":70000}: an event of exactly so many bytes. */
static void generate_padded(struct case_event *event, size_t size)
{
	static const char start[] =
	    "{\"data\":{\"interactionId\":\"padded-123456\","
	    "\"mediaType\":\"voice\"},\"padding\":\"";
	static const char end[] = "\"}";

	/* Then there is no body, and the case fails where that shows. */
	if (size < sizeof start + sizeof end || size > GENERATED_MAX)
		return;
	event->body = calloc(1, size + 1);
	if (event->body == NULL)
		abort();
	event->body_bytes = size;
	memset(event->body, 'x', size);
	memcpy(event->body, start, sizeof start - 1);
	strcpy(event->body + size - strlen(end), end);
}

/* {"depth":40}: an event that nests so many arrays and objects. */
static void generate_deep(struct case_event *event, size_t depth)
{
	struct text text;
	size_t i;

	text_init(&text, GENERATED_MAX);
	text_add(&text, "{\"data\":{\"interactionId\":\"nested-123456\","
			"\"mediaType\":\"voice\"},\"deep\":");
	/* The event itself is the first level. */
	for (i = 1; i < depth; i++)
		text_add(&text, "[");
	for (i = 1; i < depth; i++)
		text_add(&text, "]");
	text_add(&text, "}");
	event->body_bytes = text.length;
	event->body = text.bytes;
}

static bool generate_event(
    struct case_event *event, const char *path, struct text *why)
{
	json_t *recipe = read_json(path, "event.gen", why);
	json_t *pad = json_object_get(recipe, "pad_to");
	json_t *depth = json_object_get(recipe, "depth");

	if (json_is_integer(pad))
		generate_padded(event, (size_t)json_integer_value(pad));
	else if (json_is_integer(depth))
		generate_deep(event, (size_t)json_integer_value(depth));
	json_decref(recipe);
	return event->body != NULL;
}

/* event-N.json, else event.json, else what event.gen makes, else none. */
static void load_body(
    struct case_event *event, const char *path, size_t number, struct text *why)
{
	char file[CASE_PATH_BYTES];

	snprintf(file, sizeof file, "%s/event-%zu.json", path, number);
	event->body = wire_read_file(file, &event->body_bytes);
	if (event->body != NULL)
		return;
	snprintf(file, sizeof file, "%s/event.json", path);
	event->body = wire_read_file(file, &event->body_bytes);
	if (event->body == NULL)
		generate_event(event, path, why);
}

/* request-N.json, else request.json, else the usual one. */
static void load_request(
    struct case_event *event, const char *path, size_t number, struct text *why)
{
	char name[32];
	json_t *given;

	snprintf(name, sizeof name, "request-%zu.json", number);
	given = read_json(path, name, why);
	if (given == NULL)
		given = read_json(path, "request.json", why);
	event->request = full_request(given);
}

/* True when there is an expectation number and it was read. */
static bool load_event(
    struct case_event *event, const char *path, size_t number, struct text *why)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof name, "expect-%zu.json", number);
	event->expect = read_json(path, name, why);
	if (event->expect == NULL && number == 1)
		event->expect = read_json(path, "expect.json", why);
	if (event->expect == NULL)
		return false;
	load_body(event, path, number, why);
	load_request(event, path, number, why);
	for (i = 0; i < sizeof expected_members / sizeof *expected_members;
	     i++) {
		if (json_object_get(event->expect, expected_members[i]) == NULL)
			text_add_format(why, "    %s/%s: \"%s\" is missing\n",
			    path, name, expected_members[i]);
	}
	return true;
}

bool scenario_load(
    struct scenario *scenario, const char *path, struct text *why)
{
	const char *slash = strrchr(path, '/');

	snprintf(scenario->name, sizeof scenario->name, "%s",
	    slash != NULL ? slash + 1 : path);
	scenario->config = read_json(path, "config.json", why);
	scenario->upstream = read_json(path, "upstream.json", why);
	if (scenario->upstream == NULL)
		scenario->upstream = json_object();
	while (scenario->events_count < CASE_EVENTS_MAX &&
	       load_event(&scenario->events[scenario->events_count], path,
		   scenario->events_count + 1, why))
		scenario->events_count++;
	if (scenario->events_count == 0)
		text_add_format(why, "    %s: no expect.json\n", path);
	return why->length == 0;
}

void scenario_done(struct scenario *scenario)
{
	size_t i;

	for (i = 0; i < CASE_EVENTS_MAX; i++) {
		free(scenario->events[i].body);
		json_decref(scenario->events[i].request);
		json_decref(scenario->events[i].expect);
	}
	json_decref(scenario->upstream);
	json_decref(scenario->config);
}
