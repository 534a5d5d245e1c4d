/* event.c: the body of a request -> the event in it */
#include "event.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

/* A text field of the event and what is expected of it. */
struct field {
	const char *pointer;
	const char *expected;
	size_t offset; /* in struct event */
	size_t max;    /* bytes */
	bool required;
	bool segment; /* becomes one of a URL's path */
};

/* In this order: of several that are wrong the first is told. */
static const struct field fields[] = {
    {"/data/interactionId",
	"a non-empty string of at most 128 bytes without control characters",
	offsetof(struct event, interaction_id), EVENT_ID_MAX, true, true},
    {"/data/mediaType",
	"a non-empty string of at most 64 bytes without control characters",
	offsetof(struct event, media_type), EVENT_MEDIA_MAX, true, false},
    {"/event_type", "a string of at most 128 bytes without control characters",
	offsetof(struct event, event_type), EVENT_TEXT_MAX, false, false},
    {"/timestamp", "a string of at most 128 bytes without control characters",
	offsetof(struct event, timestamp), EVENT_TEXT_MAX, false, false},
};

/* Not with the value: it may be long, and is known to the sender. */
static enum status refuse(
    struct event_problem *problem, const struct field *field, const char *was)
{
	problem->field = field->pointer;
	snprintf(problem->text, sizeof problem->text, "%s: %s; expected %s",
	    field->pointer, was, field->expected);
	return STATUS_FIELD_INVALID;
}

static const char *type_found(const json_t *value)
{
	static const char *const words[] = {
	    [JSON_OBJECT] = "is an object",
	    [JSON_ARRAY] = "is a list",
	    [JSON_STRING] = "is a string",
	    [JSON_INTEGER] = "is a number",
	    [JSON_REAL] = "is a number",
	    [JSON_TRUE] = "is true",
	    [JSON_FALSE] = "is false",
	    [JSON_NULL] = "is null",
	};

	return words[json_typeof(value)];
}

static bool has_control(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

/* The two texts that no URL can carry as a path segment (RFC 3986 5.2.4). */
static bool is_dots(const char *text)
{
	return strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
}

static enum status read_field(const struct field *field, struct event *event,
    struct event_problem *problem)
{
	const json_t *value = json_at(event->json, field->pointer);
	size_t length;

	if (!value && field->required)
		return refuse(problem, field, "is missing");
	/* The event was zeroed: an optional field is "" then. */
	if (!value)
		return STATUS_OK;
	if (!json_is_string(value))
		return refuse(problem, field, type_found(value));
	length = json_string_length(value);
	if (length == 0 && field->required)
		return refuse(problem, field, "is empty");
	if (length > field->max)
		return refuse(problem, field, "is too long");
	if (has_control(json_string_value(value), length))
		return refuse(problem, field, "has a control character");
	if (field->segment && is_dots(json_string_value(value)))
		return refuse(problem, field, "is . or ..");
	/* With its NUL, the only one: json_parse refuses \u0000. */
	memcpy((char *)event + field->offset, json_string_value(value),
	    length + 1);
	return STATUS_OK;
}

/* Says where the way to the fields ends, rather than "missing" for each. */
static enum status check_shape(
    const struct event *event, struct event_problem *problem)
{
	const json_t *data;

	if (!json_is_object(event->json)) {
		problem->field = "";
		snprintf(problem->text, sizeof problem->text,
		    "the body %s; expected an object with a member data",
		    type_found(event->json));
		return STATUS_FIELD_INVALID;
	}
	data = json_object_get(event->json, "data");
	if (json_is_object(data))
		return STATUS_OK;
	problem->field = "/data";
	snprintf(problem->text, sizeof problem->text,
	    "/data: %s; expected an "
	    "object with interactionId and mediaType",
	    data ? type_found(data) : "is missing");
	return STATUS_FIELD_INVALID;
}

/* Only for knowing duplicates: one that cannot be used refuses nothing. */
static void read_event_id(struct event *event)
{
	const json_t *value = json_object_get(event->json, "eventId");

	if (json_is_string(value) &&
	    json_string_length(value) < sizeof event->event_id)
		strcpy(event->event_id, json_string_value(value));
}

enum status event_read(const char *body, size_t length, struct event *event,
    struct event_problem *problem)
{
	char why[JSON_PROBLEM_BYTES] = "";
	enum status status;
	size_t i;

	status = json_parse(body, length, EVENT_DEPTH_MAX, &event->json, why);
	if (status == STATUS_MALFORMED) {
		problem->field = "";
		snprintf(problem->text, sizeof problem->text,
		    "the body is not acceptable JSON: %s", why);
	}
	if (status != STATUS_OK)
		return status;
	status = check_shape(event, problem);
	/* Those before the first wrong one are kept: see event.h. */
	for (i = 0; i < sizeof fields / sizeof *fields; i++)
		if (status == STATUS_OK)
			status = read_field(&fields[i], event, problem);
	if (status == STATUS_OK)
		read_event_id(event);
	return status;
}

void event_done(struct event *event)
{
	json_decref(event->json);
	event->json = NULL;
}
