/* test_event.c: an event is read, or refused with the exact reason */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"

#define BODY_BYTES 4096
#define ID_RULE                                                                \
	"; expected a non-empty string of at most 128 bytes without control "  \
	"characters"
#define MEDIA_RULE                                                             \
	"; expected a non-empty string of at most 64 bytes without control "   \
	"characters"
#define TEXT_RULE                                                              \
	"; expected a string of at most 128 bytes without control characters"

static const char whole[] =
    "{\"event_type\":\"routing.interaction.created\","
    "\"timestamp\":\"2024-05-15T10:30:00Z\",\"data\":{"
    "\"interactionId\":\"a1b2c3d4-e5f6-7890-abcd-ef1234567890\","
    "\"mediaType\":\"voice\",\"channel\":\"phone\","
    "\"routing\":{\"skills\":[],\"queues\":[]}}}";

static enum status read_body(
    const char *body, struct event *event, struct event_problem *problem)
{
	memset(event, 0, sizeof *event);
	memset(problem, 0, sizeof *problem);
	return event_read(body, strlen(body), event, problem);
}

static void accepts(const char *body)
{
	struct event_problem problem;
	struct event event;

	if (read_body(body, &event, &problem) != STATUS_OK)
		fail_msg("%s: %s", body, problem.text);
	event_done(&event);
}

static void refuses(
    const char *body, enum status expected, const char *field, const char *text)
{
	struct event_problem problem;
	struct event event;
	enum status status = read_body(body, &event, &problem);

	if (status != expected)
		fail_msg("%s: %s", body, status_name(status));
	assert_non_null(problem.field);
	assert_string_equal(problem.field, field);
	assert_string_equal(problem.text, text);
	event_done(&event);
}

/* A body with one field's value laid in; format has one %s. */
static void refuses_value(
    const char *format, const char *value, const char *field, const char *text)
{
	char body[BODY_BYTES];

	snprintf(body, sizeof body, format, value);
	refuses(body, STATUS_FIELD_INVALID, field, text);
}

static void the_documented_event_is_read(void **state)
{
	struct event_problem problem;
	struct event event;

	(void)state;
	assert_int_equal(read_body(whole, &event, &problem), STATUS_OK);
	assert_string_equal(
	    event.interaction_id, "a1b2c3d4-e5f6-7890-abcd-ef1234567890");
	assert_string_equal(event.media_type, "voice");
	assert_string_equal(event.event_type, "routing.interaction.created");
	assert_string_equal(event.timestamp, "2024-05-15T10:30:00Z");
	assert_true(json_is_object(event.json));
	event_done(&event);
	assert_null(event.json);
	event_done(&event);
}

static void only_id_and_media_type_must_be_there(void **state)
{
	struct event_problem problem;
	struct event event;

	(void)state;
	assert_int_equal(read_body("{\"data\":{\"interactionId\":\"i\","
				   "\"mediaType\":\"m\"}}",
			     &event, &problem),
	    STATUS_OK);
	assert_string_equal(event.interaction_id, "i");
	assert_string_equal(event.media_type, "m");
	assert_string_equal(event.event_type, "");
	assert_string_equal(event.timestamp, "");
	event_done(&event);
}

static void an_id_may_be_any_utf_8_of_128_bytes(void **state)
{
	char body[BODY_BYTES];
	char id[EVENT_ID_MAX + 2] = "";
	int i;

	(void)state;
	for (i = 0; i < EVENT_ID_MAX / 2; i++)
		strcat(id, "\xc3\xa9");
	snprintf(body, sizeof body,
	    "{\"data\":{\"interactionId\":\"%s\",\"mediaType\":\"m\"}}", id);
	accepts(body);
	id[EVENT_ID_MAX - 1] = 'x';
	id[EVENT_ID_MAX - 2] = 'x';
	strcat(id, "y");
	refuses_value("{\"data\":{\"interactionId\":\"%s\","
		      "\"mediaType\":\"m\"}}",
	    id, "/data/interactionId",
	    "/data/interactionId: is too long" ID_RULE);
	accepts("{\"data\":{\"interactionId\":\"\\u00e9/../ %?\\\"\","
		"\"mediaType\":\"\\ud83d\\ude00\"}}");
}

static void each_wrong_id_is_told_exactly(void **state)
{
	static const struct {
		const char *value;
		const char *was;
	} cases[] = {
	    {"17", "is a number"},
	    {"1.5", "is a number"},
	    {"null", "is null"},
	    {"true", "is true"},
	    {"false", "is false"},
	    {"[\"x\"]", "is a list"},
	    {"{}", "is an object"},
	    {"\"\"", "is empty"},
	    {"\"a\\nb\"", "has a control character"},
	    {"\"a\\u001fb\"", "has a control character"},
	    {"\"a\\u007fb\"", "has a control character"},
	};
	char text[EVENT_PROBLEM_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "/data/interactionId: %s" ID_RULE,
		    cases[i].was);
		refuses_value("{\"data\":{\"mediaType\":\"voice\","
			      "\"interactionId\":%s}}",
		    cases[i].value, "/data/interactionId", text);
	}
	refuses("{\"data\":{\"mediaType\":\"voice\"}}", STATUS_FIELD_INVALID,
	    "/data/interactionId", "/data/interactionId: is missing" ID_RULE);
}

/* Such an id would leave the path that a PATCH goes to. */
static void an_id_of_dots_is_refused(void **state)
{
	struct event_problem problem;
	struct event event;

	(void)state;
	assert_int_equal(read_body("{\"data\":{\"interactionId\":\"..\","
				   "\"mediaType\":\"m\"}}",
			     &event, &problem),
	    STATUS_FIELD_INVALID);
	assert_non_null(strstr(problem.text, "is . or .."));
	event_done(&event);
	accepts("{\"data\":{\"interactionId\":\"...\",\"mediaType\":\".\"},"
		"\"event_type\":\".\",\"timestamp\":\"..\"}");
}

static void each_wrong_media_type_is_told_exactly(void **state)
{
	char longest[EVENT_MEDIA_MAX + 4] = "\"";
	char body[BODY_BYTES];
	static const char format[] =
	    "{\"data\":{\"interactionId\":\"i\",\"mediaType\":%s}}";

	(void)state;
	memset(longest + 1, 'm', EVENT_MEDIA_MAX);
	strcat(longest, "\"");
	snprintf(body, sizeof body, format, longest);
	accepts(body);
	strcpy(longest + EVENT_MEDIA_MAX + 1, "m\"");
	refuses_value(format, longest, "/data/mediaType",
	    "/data/mediaType: is too long" MEDIA_RULE);
	refuses_value(format, "[]", "/data/mediaType",
	    "/data/mediaType: is a list" MEDIA_RULE);
	refuses_value(format, "\"\"", "/data/mediaType",
	    "/data/mediaType: is empty" MEDIA_RULE);
	refuses_value(format, "\"\\t\"", "/data/mediaType",
	    "/data/mediaType: has a control character" MEDIA_RULE);
	refuses("{\"data\":{\"interactionId\":\"i\"}}", STATUS_FIELD_INVALID,
	    "/data/mediaType", "/data/mediaType: is missing" MEDIA_RULE);
}

static void the_optional_texts_are_checked_when_they_are_there(void **state)
{
	static const char type[] = "{\"data\":{\"interactionId\":\"i\","
				   "\"mediaType\":\"m\"},\"event_type\":%s}";
	static const char when[] = "{\"data\":{\"interactionId\":\"i\","
				   "\"mediaType\":\"m\"},\"timestamp\":%s}";
	char longest[EVENT_TEXT_MAX + 4] = "\"";

	(void)state;
	memset(longest + 1, 't', EVENT_TEXT_MAX + 1);
	strcat(longest, "\"");
	accepts("{\"data\":{\"interactionId\":\"i\",\"mediaType\":\"m\"},"
		"\"event_type\":\"\",\"timestamp\":\"\"}");
	refuses_value(
	    type, longest, "/event_type", "/event_type: is too long" TEXT_RULE);
	refuses_value(
	    type, "7", "/event_type", "/event_type: is a number" TEXT_RULE);
	refuses_value(when, "1715769000", "/timestamp",
	    "/timestamp: is a number" TEXT_RULE);
	refuses_value(when, "\"\\u0001\"", "/timestamp",
	    "/timestamp: has a control character" TEXT_RULE);
}

static void a_body_of_another_shape_is_told_where_it_ends(void **state)
{
	static const struct {
		const char *body;
		const char *field;
		const char *text;
	} cases[] = {
	    {"[]", "",
		"the body is a list; expected an object with a member data"},
	    {"\"x\"", "",
		"the body is a string; expected an object with a member data"},
	    {"null", "",
		"the body is null; expected an object with a member data"},
	    {"{}", "/data",
		"/data: is missing; expected an object with interactionId "
		"and mediaType"},
	    {"{\"data\":\"x\"}", "/data",
		"/data: is a string; expected an object with interactionId "
		"and mediaType"},
	    {"{\"data\":[{\"interactionId\":\"i\"}]}", "/data",
		"/data: is a list; expected an object with interactionId "
		"and mediaType"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		refuses(cases[i].body, STATUS_FIELD_INVALID, cases[i].field,
		    cases[i].text);
}

static void what_is_not_json_is_malformed(void **state)
{
	static const char *const bodies[] = {
	    "",
	    " ",
	    "{",
	    "{\"data\":{}} x",
	    "{\"a\":1,\"a\":2}",
	    "{'data':{}}",
	    "grant=1&x=2",
	    "{\"data\":{\"interactionId\":\"a\\u0000b\"}}",
	    "\xff\xfe{}",
	    "{\"data\":{\"interactionId\":\"\xc3\x28\"}}",
	    "{\"data\":{\"interactionId\":\"\xed\xa0\x80\"}}",
	};
	struct event_problem problem;
	struct event event;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		if (read_body(bodies[i], &event, &problem) != STATUS_MALFORMED)
			fail_msg("accepted: %s", bodies[i]);
		assert_string_equal(problem.field, "");
		assert_non_null(
		    strstr(problem.text, "the body is not acceptable JSON: "));
		assert_string_equal(event.interaction_id, "");
		event_done(&event);
	}
	refuses("", STATUS_MALFORMED, "",
	    "the body is not acceptable JSON: the text is empty");
}

static void a_nul_byte_ends_nothing(void **state)
{
	static const char body[] = "{\"data\":{\"interactionId\":\"a\0b\","
				   "\"mediaType\":\"m\"}}";
	struct event_problem problem = {0};
	struct event event = {0};

	(void)state;
	assert_int_equal(event_read(body, sizeof body - 1, &event, &problem),
	    STATUS_MALFORMED);
	event_done(&event);
}

/* The event itself and its data are two of the levels. */
static void nesting_stops_at_32_levels(void **state)
{
	char body[BODY_BYTES] = "{\"data\":{\"interactionId\":\"i\","
				"\"mediaType\":\"m\",\"x\":";
	size_t length = strlen(body);
	size_t depth = EVENT_DEPTH_MAX - 2;

	(void)state;
	memset(body + length, '[', depth);
	memset(body + length + depth, ']', depth);
	strcpy(body + length + 2 * depth, "}}");
	accepts(body);
	depth++;
	memset(body + length, '[', depth);
	memset(body + length + depth, ']', depth);
	strcpy(body + length + 2 * depth, "}}");
	refuses(body, STATUS_MALFORMED, "",
	    "the body is not acceptable JSON: line 1, column 80: "
	    "nested deeper than 32");
}

static void a_hundred_thousand_brackets_are_no_danger(void **state)
{
	enum { BRACKETS = 100000 };
	struct event_problem problem = {0};
	struct event event = {0};
	char *body = malloc(BRACKETS);

	(void)state;
	assert_non_null(body);
	memset(body, '[', BRACKETS);
	assert_int_equal(
	    event_read(body, BRACKETS, &event, &problem), STATUS_MALFORMED);
	event_done(&event);
	free(body);
}

static void fields_read_before_the_problem_are_kept(void **state)
{
	struct event_problem problem;
	struct event event;

	(void)state;
	assert_int_equal(read_body("{\"data\":{\"interactionId\":\"id-7\","
				   "\"mediaType\":\"chat\"},\"event_type\":5}",
			     &event, &problem),
	    STATUS_FIELD_INVALID);
	assert_string_equal(event.interaction_id, "id-7");
	assert_string_equal(event.media_type, "chat");
	assert_string_equal(event.event_type, "");
	event_done(&event);
}

/* An answer is made of it: it has to be a whole JSON string. */
static void a_problem_is_printable_whatever_was_sent(void **state)
{
	char body[BODY_BYTES];
	struct event_problem problem;
	struct event event;
	size_t cut, i;

	(void)state;
	for (cut = 1; cut < 120; cut++) {
		memset(body, 'a', cut);
		strcpy(body + cut, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \"\\");
		assert_int_equal(
		    read_body(body, &event, &problem), STATUS_MALFORMED);
		for (i = 0; problem.text[i] != '\0'; i++)
			assert_in_range(problem.text[i], ' ', '~');
		event_done(&event);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_documented_event_is_read),
	    cmocka_unit_test(only_id_and_media_type_must_be_there),
	    cmocka_unit_test(an_id_may_be_any_utf_8_of_128_bytes),
	    cmocka_unit_test(each_wrong_id_is_told_exactly),
	    cmocka_unit_test(an_id_of_dots_is_refused),
	    cmocka_unit_test(each_wrong_media_type_is_told_exactly),
	    cmocka_unit_test(
		the_optional_texts_are_checked_when_they_are_there),
	    cmocka_unit_test(a_body_of_another_shape_is_told_where_it_ends),
	    cmocka_unit_test(what_is_not_json_is_malformed),
	    cmocka_unit_test(a_nul_byte_ends_nothing),
	    cmocka_unit_test(nesting_stops_at_32_levels),
	    cmocka_unit_test(a_hundred_thousand_brackets_are_no_danger),
	    cmocka_unit_test(fields_read_before_the_problem_are_kept),
	    cmocka_unit_test(a_problem_is_printable_whatever_was_sent),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
