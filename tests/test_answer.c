/* test_answer.c: what senders are told is JSON, and says what it should */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"

#define TEXT_MAX 32768

/* What was answered last: given back by gateway_reply's stand-in. */
struct answered {
	int calls;
	int http;
	char headers[256];
	char type[64];
	json_t *json;
};

struct gateway_request {
	struct answered *answered;
};

void gateway_reply(
    struct gateway_request *request, const struct gateway_answer *answer)
{
	struct answered *answered = request->answered;
	json_error_t error;

	answered->calls++;
	answered->http = answer->http;
	snprintf(
	    answered->headers, sizeof answered->headers, "%s", answer->headers);
	snprintf(answered->type, sizeof answered->type, "%s", answer->type);
	answered->json = json_loadb(
	    answer->body, answer->body_bytes, JSON_REJECT_DUPLICATES, &error);
	if (answered->json == NULL)
		print_message("%s: %.*s\n", error.text, (int)answer->body_bytes,
		    answer->body);
	free(request);
}

static struct gateway_request *new_request(struct answered *answered)
{
	struct gateway_request *request = calloc(1, sizeof *request);

	assert_non_null(request);
	memset(answered, 0, sizeof *answered);
	request->answered = answered;
	return request;
}

static void decide(
    const struct record *record, bool recorded, struct answered *answered)
{
	struct gateway_request *request = new_request(answered);
	struct text text;

	text_init(&text, TEXT_MAX);
	/* What the text held before must not show. */
	text_add(&text, "left over");
	answer_decision(record, recorded, &text);
	answer_send(request, answer_http(record), NULL, &text);
	text_done(&text);
	assert_int_equal(answered->calls, 1);
	assert_string_equal(answered->type, "application/json");
	assert_non_null(answered->json);
}

static void refuse(enum status status, const struct event_problem *problem,
    struct answered *answered)
{
	struct gateway_request *request = new_request(answered);
	struct text text;

	text_init(&text, TEXT_MAX);
	answer_send(
	    request, answer_refusal(status, problem, &text), NULL, &text);
	text_done(&text);
	assert_int_equal(answered->calls, 1);
	assert_string_equal(answered->type, "application/json");
	assert_non_null(answered->json);
}

/* Takes answered's JSON. */
static void is_json(struct answered *answered, const char *expected)
{
	json_t *wanted = json_loads(expected, 0, NULL);

	assert_non_null(wanted);
	if (!json_equal(answered->json, wanted)) {
		char *got = json_dumps(answered->json, JSON_SORT_KEYS);

		print_message("%s\nis not\n%s\n", got, expected);
		free(got);
		fail();
	}
	json_decref(wanted);
	json_decref(answered->json);
	answered->json = NULL;
}

static void start_record(struct record *record)
{
	record_init(record);
	strcpy(record->interaction_id, "a1b2-567890");
	strcpy(record->media_type, "voice");
	strcpy(record->sku, "SKU-VOICE-567890");
	record->outcome = OUTCOME_ROUTED;
	record->inventory_status = "in_stock";
	record->skills = "[\"skill-premium-support-id\"]";
	record->queues = "[]";
	record->step_us[STEP_GATEWAY] = 120;
	record->step_us[STEP_EVENT] = 0;
	record->step_us[STEP_CXONE] = 12345678;
	record->total_us = 12340;
	record->http = 200;
}

static void a_routed_event_is_answered_with_its_decision(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	decide(&record, true, &answered);
	assert_int_equal(answered.http, 200);
	assert_string_equal(answered.headers, "");
	is_json(&answered,
	    "{\"status\":\"processed\",\"latency_ms\":\"12.34\","
	    "\"interaction_id\":\"a1b2-567890\",\"decision\":{"
	    "\"sku\":\"SKU-VOICE-567890\",\"inventory_status\":\"in_stock\","
	    "\"skills\":[\"skill-premium-support-id\"],\"queues\":[]},"
	    "\"timing_ms\":{\"gateway\":0.12,\"event\":0.0,"
	    "\"cxone\":12345.68}}");
}

static void a_fallback_says_so(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	record.outcome = OUTCOME_FALLBACK;
	record.inventory_status = "timeout";
	record.skills = "[]";
	record.queues = "[\"queue-general-support-id\"]";
	decide(&record, true, &answered);
	assert_true(json_is_true(json_object_get(
	    json_object_get(answered.json, "decision"), "fallback")));
	assert_string_equal(
	    json_string_value(json_object_get(answered.json, "status")),
	    "processed");
	json_decref(answered.json);
}

static void a_decision_by_an_old_answer_says_so(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	record.inventory_stale = true;
	decide(&record, true, &answered);
	assert_true(json_is_true(json_object_get(
	    json_object_get(answered.json, "decision"), "stale")));
	json_decref(answered.json);
}

static void an_interaction_that_is_gone_is_skipped(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	record.outcome = OUTCOME_SKIPPED;
	record.status = STATUS_INTERACTION_NOT_FOUND;
	memset(record.step_us, 0xff, sizeof record.step_us);
	decide(&record, true, &answered);
	assert_int_equal(answered.http, 200);
	is_json(&answered,
	    "{\"status\":\"skipped\",\"reason\":\"interaction_not_found\","
	    "\"latency_ms\":\"12.34\",\"interaction_id\":\"a1b2-567890\","
	    "\"decision\":{\"sku\":\"SKU-VOICE-567890\","
	    "\"inventory_status\":\"in_stock\","
	    "\"skills\":[\"skill-premium-support-id\"],\"queues\":[]},"
	    "\"timing_ms\":{}}");
}

/* Nobody is told but who sends the event again, by the claim's memory. */
static void what_waited_too_long_is_skipped_and_not_processed(void **state)
{
	static const struct {
		enum outcome outcome;
		enum status status;
		const char *reason;
	} cases[] = {
	    {OUTCOME_EXPIRED, STATUS_EXPIRED, "expired"},
	    {OUTCOME_SUPERSEDED, STATUS_SUPERSEDED, "superseded"},
	};
	struct answered answered;
	struct record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		start_record(&record);
		record.skills = NULL;
		record.outcome = cases[i].outcome;
		record.status = cases[i].status;
		decide(&record, true, &answered);
		assert_int_equal(answered.http, 200);
		assert_string_equal(
		    json_string_value(json_object_get(answered.json, "status")),
		    "skipped");
		assert_string_equal(
		    json_string_value(json_object_get(answered.json, "reason")),
		    cases[i].reason);
		json_decref(answered.json);
	}
}

static void a_failure_tells_its_code_and_no_decision(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	record.outcome = OUTCOME_FAILED;
	record.status = STATUS_SCOPE_MISSING;
	strcpy(record.error, "CXone answered 403");
	memset(record.step_us, 0xff, sizeof record.step_us);
	record.http = answer_http(&record);
	decide(&record, true, &answered);
	assert_int_equal(answered.http, 500);
	is_json(&answered,
	    "{\"error\":\"Routing decision failed\","
	    "\"code\":\"scope_missing\",\"detail\":\"CXone answered 403\","
	    "\"latency_ms\":\"12.34\",\"interaction_id\":\"a1b2-567890\","
	    "\"timing_ms\":{}}");
}

static void a_decision_that_could_not_be_kept_says_so(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	decide(&record, false, &answered);
	assert_true(json_is_false(json_object_get(answered.json, "recorded")));
	json_decref(answered.json);
}

static void a_stopping_process_asks_to_come_again(void **state)
{
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	record.outcome = OUTCOME_FAILED;
	record.status = STATUS_STOPPING;
	record.http = answer_http(&record);
	decide(&record, true, &answered);
	assert_int_equal(answered.http, 503);
	assert_string_equal(answered.headers, "Retry-After: 5\r\n");
	json_decref(answered.json);
}

static void every_outcome_has_its_http_status(void **state)
{
	static const struct {
		enum outcome outcome;
		enum status status;
		int http;
	} cases[] = {
	    {OUTCOME_ROUTED, STATUS_OK, 200},
	    {OUTCOME_FALLBACK, STATUS_OK, 200},
	    {OUTCOME_SKIPPED, STATUS_INTERACTION_NOT_FOUND, 200},
	    {OUTCOME_REFUSED, STATUS_MALFORMED, 400},
	    {OUTCOME_REFUSED, STATUS_FIELD_INVALID, 400},
	    {OUTCOME_FAILED, STATUS_TOKEN_REJECTED, 500},
	    {OUTCOME_FAILED, STATUS_RATE_LIMITED, 500},
	    {OUTCOME_FAILED, STATUS_DEADLINE, 500},
	    {OUTCOME_FAILED, STATUS_STOPPING, 503},
	};
	struct record record;
	size_t i;

	(void)state;
	record_init(&record);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		record.outcome = cases[i].outcome;
		record.status = cases[i].status;
		assert_int_equal(answer_http(&record), cases[i].http);
	}
}

struct refusal_case {
	enum status status;
	int http;
	const char *code;
	const char *headers;
};

static void each_refusal_of_the_door_has_its_status_and_headers(void **state)
{
	static const struct refusal_case cases[] = {
	    {STATUS_PATH_UNKNOWN, 404, "path_unknown", ""},
	    {STATUS_METHOD_NOT_ALLOWED, 405, "method_not_allowed",
		"Allow: POST\r\n"},
	    {STATUS_TOO_LARGE, 413, "too_large", ""},
	    {STATUS_UNAUTHENTICATED, 401, "unauthenticated", ""},
	    {STATUS_MALFORMED, 400, "malformed", ""},
	    {STATUS_CONFIG_INVALID, 503, "config_invalid",
		"Retry-After: 5\r\n"},
	    {STATUS_STOPPING, 503, "stopping", "Retry-After: 5\r\n"},
	    {STATUS_MEMORY, 503, "memory", "Retry-After: 5\r\n"},
	};
	struct answered answered;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		refuse(cases[i].status, NULL, &answered);
		assert_int_equal(answered.http, cases[i].http);
		assert_string_equal(answered.headers, cases[i].headers);
		assert_string_equal(
		    json_string_value(json_object_get(answered.json, "code")),
		    cases[i].code);
		assert_int_equal(json_object_size(answered.json), 2);
		json_decref(answered.json);
	}
}

static void a_stranger_is_told_nothing_more(void **state)
{
	struct answered answered;

	(void)state;
	refuse(STATUS_UNAUTHENTICATED, NULL, &answered);
	is_json(&answered, "{\"error\":\"Not authenticated\","
			   "\"code\":\"unauthenticated\"}");
}

static void a_refused_event_is_told_its_field(void **state)
{
	struct event_problem problem = {.field = "/data/mediaType"};
	struct answered answered;

	(void)state;
	strcpy(problem.text, "/data/mediaType: is a list; expected text");
	refuse(STATUS_FIELD_INVALID, &problem, &answered);
	assert_int_equal(answered.http, 400);
	is_json(&answered,
	    "{\"error\":\"/data/mediaType: is a list; expected text\","
	    "\"code\":\"field_invalid\",\"field\":\"/data/mediaType\"}");
	problem.field = "";
	refuse(STATUS_MALFORMED, &problem, &answered);
	assert_int_equal(answered.http, 400);
	assert_string_equal(
	    json_string_value(json_object_get(answered.json, "field")), "");
	json_decref(answered.json);
}

/* Everything a sender or an upstream can choose is answered as text. */
static void duplicate(
    const char *first_answer, size_t first_max, struct answered *answered)
{
	struct gateway_request *request = new_request(answered);
	struct text first;
	struct text text;

	text_init(&first, first_max);
	text_init(&text, TEXT_MAX);
	text_add(&first, first_answer);
	answer_duplicate(&first, &text);
	answer_send(request, 200, NULL, &text);
	text_done(&text);
	text_done(&first);
}

static void a_duplicate_gets_the_firsts_answer_with_a_mark(void **state)
{
	struct answered answered;

	(void)state;
	duplicate("{\"status\":\"processed\"}", TEXT_MAX, &answered);
	is_json(&answered, "{\"duplicate\":true,\"status\":\"processed\"}");
}

static void a_duplicate_whose_first_answer_is_lost_gets_the_mark(void **state)
{
	struct answered answered;

	(void)state;
	duplicate("", TEXT_MAX, &answered);
	is_json(&answered, "{\"duplicate\":true}");
	duplicate("{\"status\":\"processed\"}", 5, &answered);
	is_json(&answered, "{\"duplicate\":true}");
}

static void hostile_strings_stay_strings(void **state)
{
	static const char *const hostile[] = {
	    "\",\"status\":\"processed",
	    "\\",
	    "\\\"",
	    "</script>",
	    "a\r\nb\tc\x01\x1f\x7f",
	    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	    "{}[]:,",
	    "%s%n%d",
	};
	struct event_problem problem = {.field = NULL};
	struct answered answered;
	struct record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		start_record(&record);
		strcpy(record.interaction_id, hostile[i]);
		strcpy(record.sku, hostile[i]);
		strcpy(record.error, hostile[i]);
		decide(&record, true, &answered);
		assert_string_equal(json_string_value(json_object_get(
					answered.json, "interaction_id")),
		    hostile[i]);
		json_decref(answered.json);
		record.outcome = OUTCOME_FAILED;
		decide(&record, true, &answered);
		assert_string_equal(
		    json_string_value(json_object_get(answered.json, "detail")),
		    hostile[i]);
		json_decref(answered.json);
		problem.field = hostile[i];
		strcpy(problem.text, hostile[i]);
		refuse(STATUS_FIELD_INVALID, &problem, &answered);
		assert_string_equal(
		    json_string_value(json_object_get(answered.json, "error")),
		    hostile[i]);
		json_decref(answered.json);
	}
}

/* The longest ids, all of them escaped, next to the longest route. */
static void the_largest_decision_fits(void **state)
{
	char skills[2048] = "[\"";
	struct answered answered;
	struct record record;

	(void)state;
	start_record(&record);
	memset(record.interaction_id, 1, sizeof record.interaction_id - 1);
	memset(record.sku, '"', sizeof record.sku - 1);
	memset(skills + 2, 's', sizeof skills - 5);
	strcpy(skills + sizeof skills - 3, "\"]");
	record.skills = skills;
	record.queues = skills;
	record.total_us = INT64_C(120000000);
	decide(&record, false, &answered);
	assert_int_equal(answered.http, 200);
	assert_null(json_object_get(answered.json, "error"));
	json_decref(answered.json);
}

/* Beside the lines that the status asks for. */
static void every_answer_bears_the_id_of_its_request(void **state)
{
	const struct trace_headers headers = {.request_id = "req-1"};
	struct answered answered;
	struct trace trace;
	struct text text;

	(void)state;
	trace_read(&trace, &headers);
	text_init(&text, TEXT_MAX);
	text_add(&text, "{}");
	answer_send(new_request(&answered), 200, &trace, &text);
	assert_string_equal(answered.headers, "X-Request-Id: req-1\r\n");
	json_decref(answered.json);
	answer_send(new_request(&answered), 405, &trace, &text);
	assert_string_equal(
	    answered.headers, "Allow: POST\r\nX-Request-Id: req-1\r\n");
	json_decref(answered.json);
	answer_send_later(new_request(&answered), 503, 7, &trace, &text);
	assert_string_equal(
	    answered.headers, "Retry-After: 7\r\nX-Request-Id: req-1\r\n");
	json_decref(answered.json);
	text_done(&text);
}

static void an_answer_that_does_not_fit_is_still_json(void **state)
{
	struct answered answered;
	struct gateway_request *request = new_request(&answered);
	struct record record;
	struct text text;

	(void)state;
	start_record(&record);
	text_init(&text, 64);
	answer_decision(&record, true, &text);
	answer_send(request, 200, NULL, &text);
	text_done(&text);
	is_json(&answered,
	    "{\"error\":\"The answer did not fit\",\"code\":\"memory\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_routed_event_is_answered_with_its_decision),
	    cmocka_unit_test(a_fallback_says_so),
	    cmocka_unit_test(a_decision_by_an_old_answer_says_so),
	    cmocka_unit_test(an_interaction_that_is_gone_is_skipped),
	    cmocka_unit_test(what_waited_too_long_is_skipped_and_not_processed),
	    cmocka_unit_test(a_failure_tells_its_code_and_no_decision),
	    cmocka_unit_test(a_decision_that_could_not_be_kept_says_so),
	    cmocka_unit_test(a_stopping_process_asks_to_come_again),
	    cmocka_unit_test(every_outcome_has_its_http_status),
	    cmocka_unit_test(
		each_refusal_of_the_door_has_its_status_and_headers),
	    cmocka_unit_test(a_stranger_is_told_nothing_more),
	    cmocka_unit_test(a_refused_event_is_told_its_field),
	    cmocka_unit_test(a_duplicate_gets_the_firsts_answer_with_a_mark),
	    cmocka_unit_test(
		a_duplicate_whose_first_answer_is_lost_gets_the_mark),
	    cmocka_unit_test(hostile_strings_stay_strings),
	    cmocka_unit_test(the_largest_decision_fits),
	    cmocka_unit_test(every_answer_bears_the_id_of_its_request),
	    cmocka_unit_test(an_answer_that_does_not_fit_is_still_json),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
