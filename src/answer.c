/* answer.c: a decision, or a refusal -> the JSON its sender gets */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "webhook.h"

#define HEADERS_BYTES 256 /* the longest below, and an X-Request-Id */

/* The words and HTTP status for each way a request can be refused. */
struct refusal {
	enum status status;
	int http;
	const char *error;
};

/* The last stands for all that are not listed: 503 asks to come again. */
static const struct refusal refusals[] = {
    {STATUS_PATH_UNKNOWN, 404,
	"No such path; events are posted to /webhook/routing-events"},
    {STATUS_METHOD_NOT_ALLOWED, 405,
	"Method not allowed; events are posted with POST"},
    {STATUS_TOO_LARGE, 413, "The body is larger than BODY_MAX_BYTES allows"},
    {STATUS_UNAUTHENTICATED, 401, "Not authenticated"},
    {STATUS_MALFORMED, 400, "The body broke off before its end"},
    {STATUS_FIELD_INVALID, 400, "A field is not as expected"},
    {STATUS_CONFIG_INVALID, 503,
	"stockroute is not configured; its log says what to set"},
    {STATUS_OVERLOADED, 503, "Too much is waiting; send it again later"},
    {STATUS_IN_FLIGHT, 503, "The same event is just being decided"},
    {STATUS_STOPPING, 503, "Stopping"},
    {STATUS_MEMORY, 503, "Out of memory"},
    {STATUS_STORE_BUSY, 503, "The event could not be stored"},
    {STATUS_STORE_FULL, 503, "The event could not be stored"},
    {STATUS_STORE_UNAVAILABLE, 503, "The event could not be stored"},
    {STATUS_STORE_CORRUPT, 503, "The event could not be stored"},
};

/*
 * RFC 9110 sections 10.2.1 and 10.2.3. 5 s is what a process that
 * was told to stop takes at most: by then another serves.
 */
static const struct {
	int http;
	const char *lines;
} headers[] = {
    {405, "Allow: POST\r\n"},
    {503, "Retry-After: 5\r\n"},
};

static const char *headers_for(int http)
{
	size_t i;

	for (i = 0; i < sizeof headers / sizeof *headers; i++)
		if (headers[i].http == http)
			return headers[i].lines;
	return "";
}

/* 503 where it is we who cannot, for the moment: sent again, it may go. */
int answer_http(const struct record *record)
{
	if (record->outcome == OUTCOME_REFUSED)
		return 400;
	if (record->outcome != OUTCOME_FAILED)
		return 200;
	if (record->status == STATUS_STOPPING ||
	    record->status == STATUS_IN_FLIGHT)
		return 503;
	return 500;
}

static void send_with(struct gateway_request *request, int http,
    const char *lines, const struct text *text)
{
	static const char too_long[] =
	    "{\"error\":\"The answer did not fit\",\"code\":\"memory\"}";
	struct gateway_answer answer = {
	    .http = http,
	    .headers = lines,
	    .type = "application/json",
	    .body = text_string(text),
	    .body_bytes = text->length,
	};

	/* Half an answer is none; the status says what became of the event. */
	if (text_failed(text)) {
		answer.body = too_long;
		answer.body_bytes = sizeof too_long - 1;
	}
	gateway_reply(request, &answer);
}

static void send_traced(struct gateway_request *request, int http,
    const char *lines, const struct trace *trace, const struct text *text)
{
	char all[HEADERS_BYTES];

	if (!trace) {
		send_with(request, http, lines, text);
		return;
	}
	snprintf(all, sizeof all, "%s%s\r\n", lines, trace->request_line);
	send_with(request, http, all, text);
}

void answer_send(struct gateway_request *request, int http,
    const struct trace *trace, const struct text *text)
{
	send_traced(request, http, headers_for(http), trace, text);
}

void answer_send_challenge(struct gateway_request *request,
    const char *challenge, const struct trace *trace, const struct text *text)
{
	send_traced(request, 401, challenge, trace, text);
}

void answer_send_later(struct gateway_request *request, int http,
    int64_t retry_after_s, const struct trace *trace, const struct text *text)
{
	char line[48];

	snprintf(line, sizeof line, "Retry-After: %lld\r\n",
	    (long long)retry_after_s);
	send_traced(request, http, line, trace, text);
}

/* Behind a first member: with its comma. name needs no escapes: it is ours. */
static void add_member(struct text *text, const char *name, const char *value)
{
	text_add(text, ",\"");
	text_add(text, name);
	text_add(text, "\":");
	text_add_json(text, value);
}

/* A string with two decimals: senders compare it as text. */
static void add_latency(struct text *text, const struct record *record)
{
	text_add(text, ",\"latency_ms\":\"");
	text_add_ms(text, record->total_us);
	text_add(text, "\"");
}

/* Once a route was chosen: skills and queues are JSON already (routing.h). */
static void add_decision(struct text *text, const struct record *record)
{
	text_add(text, ",\"decision\":{\"sku\":");
	text_add_json(text, record->sku);
	add_member(text, "inventory_status", record->inventory_status);
	text_add(text, ",\"skills\":");
	text_add(text, record->skills);
	text_add(text, ",\"queues\":");
	text_add(text, record->queues);
	if (record->outcome == OUTCOME_FALLBACK)
		text_add(text, ",\"fallback\":true");
	if (record->inventory_stale)
		text_add(text, ",\"stale\":true");
	text_add(text, "}");
}

/* Steps that were not reached are left out, as they took no time of 0. */
static void add_timing(struct text *text, const struct record *record)
{
	const char *comma = "";
	int step;

	text_add(text, ",\"timing_ms\":{");
	for (step = 0; step < STEP_COUNT; step++) {
		if (record->step_us[step] < 0)
			continue;
		text_add(text, comma);
		text_add(text, "\"");
		text_add(text, step_name((enum step)step));
		text_add(text, "\":");
		text_add_ms(text, record->step_us[step]);
		comma = ",";
	}
	text_add(text, "}");
}

/* detail is in words of ours: see cxone_update.problem. */
static void add_failure(struct text *text, const struct record *record)
{
	text_add(text, "{\"error\":\"Routing decision failed\"");
	add_member(text, "code", status_name(record->status));
	add_member(text, "detail", record->error);
}

/* CXone was not told, and will not be; nobody is at fault. */
static bool is_skipped(enum outcome outcome)
{
	return outcome == OUTCOME_SKIPPED || outcome == OUTCOME_SUPERSEDED ||
	       outcome == OUTCOME_EXPIRED;
}

void answer_decision(
    const struct record *record, bool recorded, struct text *text)
{
	text_clear(text);
	if (record->outcome == OUTCOME_FAILED) {
		add_failure(text, record);
	} else if (is_skipped(record->outcome)) {
		text_add(text, "{\"status\":\"skipped\"");
		add_member(text, "reason", status_name(record->status));
	} else {
		text_add(text, "{\"status\":\"processed\"");
	}
	add_latency(text, record);
	add_member(text, "interaction_id", record->interaction_id);
	if (record->skills && record->outcome != OUTCOME_FAILED)
		add_decision(text, record);
	if (!recorded)
		text_add(text, ",\"recorded\":false");
	add_timing(text, record);
	text_add(text, "}");
}

void answer_queued(
    const struct record *record, enum status reason, struct text *text)
{
	text_clear(text);
	text_add(text, "{\"status\":\"queued\"");
	if (reason != STATUS_OK)
		add_member(text, "reason", status_name(reason));
	add_latency(text, record);
	add_member(text, "interaction_id", record->interaction_id);
	text_add(text, "}");
}

/*
 * Both are JSON objects; the mark goes before the first's members. A first
 * answer is lost when memory ran out, or when it was forgotten before its
 * claim (claim_row.h).
 */
void answer_duplicate(const struct text *first, struct text *text)
{
	text_clear(text);
	if (text_failed(first) || first->length == 0) {
		text_add(text, "{\"duplicate\":true}");
		return;
	}
	text_add(text, "{\"duplicate\":true,");
	text_add(text, text_string(first) + 1);
}

int answer_refusal(
    enum status status, const struct event_problem *problem, struct text *text)
{
	const struct refusal *refusal = refusals;
	size_t last = sizeof refusals / sizeof *refusals - 1;

	while (refusal->status != status && refusal < refusals + last)
		refusal++;
	text_clear(text);
	text_add(text, "{\"error\":");
	text_add_json(text, problem ? problem->text : refusal->error);
	add_member(text, "code", status_name(status));
	if (problem)
		add_member(text, "field", problem->field);
	text_add(text, "}");
	return refusal->http;
}
