#ifndef ROUTING_H
#define ROUTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "status.h"
#include "text.h"

/*
 * The deterministic map from an inventory status word to CXone skills and
 * queues. It is data: section `routing` of the configuration file,
 *   {"in_stock": {"skills": ["id", ...], "queues": ["id", ...]}, ...}
 * checked when loaded and const from then on. `unknown` and `timeout` must
 * be there: they are the fallback. Other words are the inventory's own.
 */
struct routing;

#define ROUTING_STATUSES_MAX 64
#define ROUTING_WORD_MAX     64  /* bytes of a status word */
#define ROUTING_IDS_MAX      16  /* skills, and queues, of one status */
#define ROUTING_ID_MAX       128 /* bytes of one id */

extern const char routing_unknown[]; /* "unknown" */
extern const char routing_timeout[]; /* "timeout" */

/* One line of the map. Lives as long as its map. */
struct route {
	const char *word;   /* "in_stock" */
	const char *skills; /* ["id"] as JSON text */
	const char *queues;
	const char *update; /* the body of the PATCH */
};

/*
 * Makes the map from a section, or the built-in map when section is NULL.
 * Borrows all until return; section may be freed afterwards.
 * STATUS_CONFIG_INVALID: problems has a line for each thing wrong, with
 * its place ("FILE: /routing/in_stock/skils: ..."); file is only for that.
 * STATUS_MEMORY. The caller frees *routing with routing_free.
 */
enum status routing_load(const json_t *section, const char *file,
    struct text *problems, struct routing **routing);
void routing_free(struct routing *routing);

/*
 * The route for a word as the inventory sent it, compared byte by byte.
 * A word that the map does not have gives the route of `unknown`. Never
 * NULL.
 */
const struct route *routing_choose(
    const struct routing *routing, const char *word);

/* True for the routes of `unknown` and `timeout`. */
bool routing_is_fallback(
    const struct routing *routing, const struct route *route);

/*
 * SHA-256 of the map in canonical form (members sorted, no spaces), in
 * hexadecimal: equal digests mean equal decisions.
 */
const char *routing_digest(const struct routing *routing);

/* Prints the map, one status word a line, and its digest. */
void routing_print(const struct routing *routing, FILE *out);

#endif
