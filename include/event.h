#ifndef EVENT_H
#define EVENT_H

#include <jansson.h>
#include <stddef.h>

#include "status.h"

#define EVENT_ID_MAX        128 /* bytes */
#define EVENT_MEDIA_MAX     64
#define EVENT_TEXT_MAX      128 /* event_type, timestamp */
#define EVENT_DEPTH_MAX     32
#define EVENT_PROBLEM_BYTES 240

/*
 * One event as CXone posts it. Only interaction_id and media_type are
 * always there; event_type, timestamp and event_id are "" when the
 * sender gave none.
 */
struct event {
	char interaction_id[EVENT_ID_MAX + 1];
	char media_type[EVENT_MEDIA_MAX + 1];
	char event_type[EVENT_TEXT_MAX + 1];
	char timestamp[EVENT_TEXT_MAX + 1];
	char event_id[EVENT_TEXT_MAX + 1]; /* /eventId */
	const char *signed_id; /* set by whoever verified it, of at most 128
		bytes: the id in the signed headers; or NULL */
	json_t *json; /* the whole event, for sku_find; event_done frees.
		NULL before event_read, and when it was no JSON */
};

/* What was wrong with an event, for its sender. */
struct event_problem {
	const char *field; /* JSON Pointer, "" for the whole body */
	char text[EVENT_PROBLEM_BYTES];
};

/*
 * Reads an event from a request's body. Fields that were read before a
 * problem was found stay in *event, so that the refusal can be recorded.
 * Event must be zeroed. Call event_done in every case.
 * STATUS_MALFORMED: not JSON, or JSON that json_parse refuses.
 * STATUS_FIELD_INVALID: a field is missing, of the wrong type, too long or
 * holds control characters, or the interaction's id is "." or "..": as a
 * segment of a path these mean another place, encoded or not (RFC 3986
 * section 5.2.4). problem says which, what and what is expected.
 * STATUS_MEMORY: nothing is wrong with the event; problem is untouched.
 */
enum status event_read(const char *body, size_t length, struct event *event,
    struct event_problem *problem);

/* Frees what event_read made. */
void event_done(struct event *event);

#endif
