/* sim_route.c: request target -> route and its part */
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sim_control.h"
#include "sim_interaction.h"
#include "sim_inventory.h"
#include "sim_token.h"

static void play_other(struct request *request);

/* A path that ends in a slash is followed by exactly one segment. */
static const struct {
	const char *name;
	const char *path;
	const char *method; /* NULL: the part looks itself */
	void (*play)(struct request *request);
} routes[ROUTE_COUNT] = {
    [ROUTE_TOKEN] = {"token", "/oauth/token", "POST", token_play},
    [ROUTE_INTERACTION] = {"interaction", "/api/v2/routing/interactions/",
	"PATCH", interaction_play},
    [ROUTE_INVENTORY] = {"inventory", "/inventory/", "GET", inventory_play},
    [ROUTE_OTHER] = {"other", "", NULL, play_other},
    [ROUTE_CONTROL] = {"control", "/control/", NULL, control_play},
};

const char *route_name(enum route route)
{
	return routes[route].name;
}

/* Decodes the one segment at text into request->segment. */
static bool find_segment(
    struct request *request, const char *text, size_t length)
{
	char *segment = request->segment;

	if (length == 0 || memchr(text, '/', length))
		return false;
	memcpy(segment, text, length);
	segment[length] = '\0';
	length = MHD_http_unescape(segment);
	return strlen(segment) == length;
}

static bool path_fits(struct request *request, const char *path)
{
	const char *target = request->target;
	size_t length = strcspn(target, "?");
	size_t prefix = strlen(path);

	if (length < prefix || memcmp(target, path, prefix) != 0)
		return false;
	if (path[prefix - 1] != '/')
		return length == prefix;
	return find_segment(request, target + prefix, length - prefix);
}

void route_find(struct request *request)
{
	/* The busiest first; other is what fits none. */
	static const enum route order[] = {
	    ROUTE_INVENTORY, ROUTE_INTERACTION, ROUTE_TOKEN, ROUTE_CONTROL};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		if (path_fits(request, routes[order[i]].path)) {
			request->route = order[i];
			return;
		}
	}
	request->route = ROUTE_OTHER;
}

static void play_other(struct request *request)
{
	reply_error(&request->reply, 404, "no such path");
}

void route_play(struct request *request)
{
	const char *method = routes[request->route].method;

	if (request->too_large) {
		reply_error(&request->reply, 413, "body too large");
	} else if (method && strcmp(request->method, method) != 0) {
		reply_error(&request->reply, 405, "method not allowed");
		request->reply.extra_name = MHD_HTTP_HEADER_ALLOW;
		request->reply.extra_value = method;
	} else {
		routes[request->route].play(request);
	}
}
