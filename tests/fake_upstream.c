/* fake_upstream.c: upstream request -> the answer that upstream.json wants */
#include "fake_upstream.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "retry_after.h"

#define PATCH_PREFIX   "/api/v2/routing/interactions/"
#define STOCK_PREFIX   "/inventory/"
#define NEEDED_SCOPE   "routing:interaction:write"
#define TOKEN_LIFETIME 3600
#define DRIP_US        (100 * CLOCK_MS)

struct fake_upstream {
	json_t *script; /* its entries carry how often they were "used" */
	json_t *tokens; /* issued: token -> scope */
	json_t *journal;
	json_t *last_token;
};

/* The part a route plays when no fault is in its way. */
typedef void play_route(struct fake_upstream *upstream,
    const struct fake_request *request, const json_t *fault,
    struct fake_reply *reply);

static play_route play_token;
static play_route play_interaction;
static play_route play_inventory;

struct route_part {
	const char *name;
	const char *prefix; /* of the path */
	play_route *play;
};

static const struct route_part parts[] = {
    {"token", "/oauth/token", play_token},
    {"interaction", PATCH_PREFIX, play_interaction},
    {"inventory", STOCK_PREFIX, play_inventory},
};

/* How a fault looks to a client that waits for the answer. */
struct ending {
	const char *fault;
	enum status status;
	bool answers; /* a status line came */
};

static const struct ending endings[] = {
    {"hang", STATUS_TIMEOUT, false},
    {"reset", STATUS_TRANSPORT, false},
    {"close", STATUS_TRANSPORT, false},
    {"truncate", STATUS_TRANSPORT, true},
    {"huge", STATUS_ANSWER_TOO_LARGE, true},
};

struct fake_upstream *fake_upstream_new(const json_t *script)
{
	struct fake_upstream *upstream = calloc(1, sizeof *upstream);

	if (upstream == NULL)
		return NULL;
	upstream->script =
	    script != NULL ? json_deep_copy(script) : json_object();
	upstream->tokens = json_object();
	upstream->journal = json_array();
	return upstream;
}

void fake_upstream_free(struct fake_upstream *upstream)
{
	if (upstream == NULL)
		return;
	json_decref(upstream->last_token);
	json_decref(upstream->journal);
	json_decref(upstream->tokens);
	json_decref(upstream->script);
	free(upstream);
}

json_t *fake_upstream_journal(const struct fake_upstream *upstream)
{
	return upstream->journal;
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void answer(struct fake_reply *reply, long code, const char *body)
{
	free(reply->body);
	reply->code = code;
	reply->body = strdup(body);
}

/* Takes value. */
static void answer_json(struct fake_reply *reply, long code, json_t *value)
{
	free(reply->body);
	reply->code = code;
	reply->body = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
}

/* Lays fault's `set` over the token answer; null takes a member away. */
static void lay_over(
    struct fake_upstream *upstream, const json_t *fault, json_t *token)
{
	const char *name;
	json_t *value;

	json_object_foreach (json_object_get(fault, "set"), name, value) {
		if (json_is_null(value))
			json_object_del(token, name);
		else if (json_is_string(value) &&
			 strcmp(json_string_value(value), "@same") == 0)
			json_object_set(token, name, upstream->last_token);
		else
			json_object_set(token, name, value);
	}
}

static void issue_token(
    struct fake_upstream *upstream, const json_t *fault, json_t *token)
{
	const char *scope = member(fault, "scope");
	char name[32];

	snprintf(name, sizeof name, "token-%zu",
	    json_object_size(upstream->tokens) + 1);
	if (*scope == '\0')
		scope = NEEDED_SCOPE;
	json_object_set_new(token, "access_token", json_string(name));
	json_object_set_new(token, "token_type", json_string("Bearer"));
	json_object_set_new(token, "expires_in", json_integer(TOKEN_LIFETIME));
	json_object_set_new(token, "scope", json_string(scope));
	json_object_set_new(upstream->tokens, name, json_string(scope));
	lay_over(upstream, fault, token);
	json_decref(upstream->last_token);
	upstream->last_token =
	    json_incref(json_object_get(token, "access_token"));
}

static void play_token(struct fake_upstream *upstream,
    const struct fake_request *request, const json_t *fault,
    struct fake_reply *reply)
{
	const char *form = request->body != NULL ? request->body : "";
	json_t *token;

	if (strstr(form, "grant_type=client_credentials") == NULL) {
		answer(reply, 400, "{\"error\":\"unsupported_grant_type\"}");
		return;
	}
	if (strstr(form, "client_id=") == NULL ||
	    strstr(form, "client_secret=") == NULL) {
		answer(reply, 401, "{\"error\":\"invalid_client\"}");
		return;
	}
	token = json_object();
	issue_token(upstream, fault, token);
	answer_json(reply, 200, token);
}

/* True for [{"id":string}...]. */
static bool is_id_list(const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		if (json_object_size(item) != 1 ||
		    !json_is_string(json_object_get(item, "id")))
			return false;
	}
	return json_is_array(list);
}

static bool is_update(const struct fake_request *request)
{
	json_t *update = NULL;
	json_t *skills = NULL;
	json_t *queues = NULL;
	bool good;

	if (request->body != NULL)
		update =
		    json_loadb(request->body, request->body_bytes, 0, NULL);
	good = update != NULL &&
	       json_unpack(update, "{s:{s:o,s:o!}!}", "routing", "skills",
		   &skills, "queues", &queues) == 0 &&
	       is_id_list(skills) && is_id_list(queues);
	json_decref(update);
	return good;
}

static bool is_known(const struct fake_upstream *upstream, const char *id)
{
	size_t i;
	json_t *unknown;

	json_array_foreach (
	    json_object_get(upstream->script, "unknown"), i, unknown) {
		if (strcmp(json_string_value(unknown), id) == 0)
			return false;
	}
	return strncmp(id, "gone-", 5) != 0;
}

static void play_interaction(struct fake_upstream *upstream,
    const struct fake_request *request, const json_t *fault,
    struct fake_reply *reply)
{
	const char *bearer = member(request->headers, "authorization");
	const char *scope = "";
	char *id;

	(void)fault;
	if (strncmp(bearer, "Bearer ", 7) == 0)
		scope = member(upstream->tokens, bearer + 7);
	id = curl_easy_unescape(
	    NULL, request->path + strlen(PATCH_PREFIX), 0, NULL);
	if (strcmp(request->method, "PATCH") != 0)
		answer(reply, 405, "{}");
	else if (*scope == '\0')
		answer(reply, 401, "{\"error\":\"invalid_token\"}");
	else if (strstr(scope, NEEDED_SCOPE) == NULL)
		answer(reply, 403, "{\"error\":\"insufficient_scope\"}");
	else if (strcmp(member(request->headers, "content-type"),
		     "application/json") != 0)
		answer(reply, 415, "{}");
	else if (!is_update(request))
		answer(reply, 400, "{}");
	else if (!is_known(upstream, id))
		answer(reply, 404, "{\"error\":\"not_found\"}");
	else
		answer_json(reply, 200,
		    json_pack("{s:s,s:s}", "id", id, "status", "updated"));
	curl_free(id);
}

static void play_inventory(struct fake_upstream *upstream,
    const struct fake_request *request, const json_t *fault,
    struct fake_reply *reply)
{
	const json_t *stock = json_object_get(upstream->script, "stock");
	char *sku = curl_easy_unescape(
	    NULL, request->path + strlen(STOCK_PREFIX), 0, NULL);
	const char *word = "in_stock";

	(void)fault;
	if (stock != NULL) {
		word = member(stock, sku);
		if (*word == '\0')
			word = member(stock, "*");
	}
	if (*word == '\0')
		answer(reply, 404, "{\"error\":\"not_found\"}");
	else
		answer_json(reply, 200,
		    json_pack("{s:s,s:s}", "sku", sku, "status", word));
	curl_free(sku);
}

/* Uses up one entry of the route's list; NULL: play the normal part. */
static json_t *take_fault(
    struct fake_upstream *upstream, const char *route, const char *path)
{
	size_t i;
	json_t *entry;

	json_array_foreach (
	    json_object_get(upstream->script, route), i, entry) {
		const json_t *times = json_object_get(entry, "times");
		json_int_t limit = times ? json_integer_value(times) : 1;
		json_int_t used =
		    json_integer_value(json_object_get(entry, "used"));

		if (limit != 0 && used >= limit)
			continue;
		if (strstr(path, member(entry, "match")) == NULL)
			continue;
		json_object_set_new(entry, "used", json_integer(used + 1));
		return entry;
	}
	return NULL;
}

/* Retry-After as the real client reads it, from the fault's own keys. */
static void add_retry_after(const json_t *fault, struct fake_reply *reply)
{
	const json_t *date = json_object_get(fault, "retry_after_date_s");
	const json_t *headers = json_object_get(fault, "headers");
	const char *after =
	    json_string_value(json_object_get(headers, "Retry-After"));

	if (reply->code != 429 && reply->code != 503)
		return;
	if (date != NULL)
		reply->retry_after_us = json_integer_value(date) * CLOCK_SECOND;
	else if (after != NULL)
		reply->retry_after_us =
		    retry_after_us(after, NULL, clock_wall_us());
}

/* True when the normal part is not played: no token is issued, say. */
static bool replaces(const json_t *fault)
{
	const char *kind = member(fault, "fault");

	return json_object_get(fault, "status") != NULL ||
	       json_object_get(fault, "body") != NULL ||
	       (*kind != '\0' && strcmp(kind, "truncate") != 0 &&
		   strcmp(kind, "drip") != 0 &&
		   strcmp(kind, "close_after") != 0);
}

/* What the fault puts in place of the normal answer. */
static void bend(const json_t *fault, struct fake_reply *reply)
{
	const json_t *body = json_object_get(fault, "body");
	const json_t *status = json_object_get(fault, "status");
	const char *kind = member(fault, "fault");
	size_t i;

	if (json_is_integer(status))
		answer(reply, (long)json_integer_value(status), "{}");
	else if (reply->code == 404 && replaces(fault))
		answer(reply, 200, "{}");
	if (json_is_string(body))
		answer(reply, reply->code, json_string_value(body));
	else if (body != NULL)
		answer_json(reply, reply->code, json_deep_copy(body));
	if (strcmp(kind, "garbage") == 0)
		answer(reply, 200, "\x01garbage{{{");
	reply->drips = strcmp(kind, "drip") == 0;
	if (reply->drips && reply->body != NULL)
		reply->delay_us += (int64_t)strlen(reply->body) * DRIP_US;
	for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		if (strcmp(kind, endings[i].fault) != 0)
			continue;
		reply->status = endings[i].status;
		if (reply->status == STATUS_TIMEOUT)
			reply->delay_us = FAKE_NEVER;
		if (!endings[i].answers)
			reply->code = 0;
	}
	add_retry_after(fault, reply);
}

static void write_journal(struct fake_upstream *upstream, const char *route,
    const struct fake_request *request, long code)
{
	json_t *call = json_pack("{s:s,s:s,s:s,s:O,s:s%,s:i}", "route", route,
	    "method", request->method, "path", request->path, "headers",
	    request->headers, "body",
	    request->body != NULL ? request->body : "", request->body_bytes,
	    "status", (int)code);

	json_array_append_new(upstream->journal, call);
}

void fake_upstream_play(struct fake_upstream *upstream,
    const struct fake_request *request, struct fake_reply *reply)
{
	const struct route_part *part = NULL;
	json_t *fault = NULL;
	size_t i;

	*reply = (struct fake_reply){.code = 404, .retry_after_us = -1};
	for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const char *prefix = parts[i].prefix;

		if (strncmp(request->path, prefix, strlen(prefix)) == 0)
			part = &parts[i];
	}
	if (part != NULL)
		fault = take_fault(upstream, part->name, request->path);
	if (part != NULL && !replaces(fault))
		part->play(upstream, request, fault, reply);
	if (fault != NULL) {
		reply->delay_us = CLOCK_MS * json_integer_value(json_object_get(
						 fault, "delay_ms"));
		bend(fault, reply);
	}
	write_journal(
	    upstream, part != NULL ? part->name : "", request, reply->code);
}
