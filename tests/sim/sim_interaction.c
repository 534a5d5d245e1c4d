/* sim_interaction.c: PATCH of an interaction -> updated, or what is wrong */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sim_interaction.h"
#include "sim_token.h"

enum { UNKNOWN_MAX = 10000 };

struct interactions {
	pthread_mutex_t lock;
	json_t *unknown; /* a set: the ids are its keys */
};

struct interactions *interactions_new(void)
{
	struct interactions *interactions = calloc(1, sizeof *interactions);

	if (!interactions)
		return NULL;
	interactions->unknown = json_object();
	pthread_mutex_init(&interactions->lock, NULL);
	return interactions;
}

void interactions_free(struct interactions *interactions)
{
	if (!interactions)
		return;
	json_decref(interactions->unknown);
	pthread_mutex_destroy(&interactions->lock);
	free(interactions);
}

bool interactions_forget(struct interactions *interactions, json_t *object)
{
	json_t *ids = NULL, *id, *unknown;
	size_t i;
	bool fits;

	if (json_unpack_ex(object, NULL, JSON_STRICT, "{s:o}", "unknown", &ids))
		return false;
	if (!json_is_array(ids))
		return false;
	json_array_foreach (ids, i, id) {
		if (!json_is_string(id))
			return false;
	}
	pthread_mutex_lock(&interactions->lock);
	unknown = interactions->unknown;
	fits = json_object_size(unknown) + json_array_size(ids) <= UNKNOWN_MAX;
	json_array_foreach (ids, i, id) {
		if (fits)
			json_object_set_new(
			    unknown, json_string_value(id), json_true());
	}
	pthread_mutex_unlock(&interactions->lock);
	return fits;
}

void interactions_reset(struct interactions *interactions)
{
	pthread_mutex_lock(&interactions->lock);
	json_object_clear(interactions->unknown);
	pthread_mutex_unlock(&interactions->lock);
}

static bool is_known(struct interactions *interactions, const char *id)
{
	bool known;

	if (strncmp(id, "gone-", 5) == 0)
		return false;
	pthread_mutex_lock(&interactions->lock);
	known = !json_object_get(interactions->unknown, id);
	pthread_mutex_unlock(&interactions->lock);
	return known;
}

/* Whether value is [{"id":string}...]. */
static bool is_id_list(json_t *value)
{
	json_t *item;
	size_t i;

	if (!json_is_array(value))
		return false;
	json_array_foreach (value, i, item) {
		if (json_object_size(item) != 1 ||
		    !json_is_string(json_object_get(item, "id")))
			return false;
	}
	return true;
}

static bool is_update(const struct request *request)
{
	json_t *skills, *queues, *value = NULL;
	bool good;

	if (request->body)
		value = json_loadb(request->body, request->body_bytes,
		    JSON_REJECT_DUPLICATES, NULL);
	good = value &&
	       !json_unpack_ex(value, NULL, JSON_STRICT, "{s:{s:o,s:o}}",
		   "routing", "skills", &skills, "queues", &queues) &&
	       is_id_list(skills) && is_id_list(queues);
	json_decref(value);
	return good;
}

/* Parameters after the type, such as a charset, are allowed. */
static bool is_json_type(const char *type)
{
	static const char json[] = "application/json";
	size_t length = sizeof json - 1;

	return type && strncasecmp(type, json, length) == 0 &&
	       strchr("; \t", type[length]);
}

static const char *request_header(struct request *request, const char *name)
{
	return MHD_lookup_connection_value(
	    request->connection, MHD_HEADER_KIND, name);
}

void interaction_play(struct request *request)
{
	struct sim *sim = request->sim;
	struct reply *reply = &request->reply;
	const char *id = request->segment;
	enum token_state state = tokens_check(sim->tokens,
	    request_header(request, MHD_HTTP_HEADER_AUTHORIZATION));

	/* As an API would look: who, what kind, what, and whether it is. */
	if (state == TOKEN_BAD) {
		reply_error(reply, 401, "invalid_token");
		reply->extra_name = MHD_HTTP_HEADER_WWW_AUTHENTICATE;
		reply->extra_value = "Bearer error=\"invalid_token\"";
	} else if (state == TOKEN_NO_SCOPE) {
		reply_error(reply, 403, "insufficient_scope");
	} else if (!is_json_type(
		       request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE))) {
		reply_error(reply, 415, "unsupported media type");
	} else if (!is_update(request)) {
		reply_error(reply, 400, "bad update");
	} else if (!is_known(sim->interactions, id)) {
		reply_error(reply, 404, "interaction not found");
	} else if (reply_is_plain(id)) {
		reply_format(
		    reply, 200, "{\"id\":\"%s\",\"status\":\"updated\"}", id);
	} else {
		reply_json(reply, 200,
		    json_pack("{s:o,s:s}", "id", reply_text(id, strlen(id)),
			"status", "updated"));
	}
}
