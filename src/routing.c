/* routing.c: inventory status word -> skills, queues and the PATCH body */
#include "routing.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "json.h"
#include "routing_check.h"

#define HASH_BYTES   32 /* SHA-256 */
#define DIGEST_BYTES (2 * HASH_BYTES + 1)

/*
 * Sixteen ids of 128 bytes, each escaped at worst as \u00XX, with its quotes
 * and a comma. In the update each stands in {"id":}, 7 bytes more; in the
 * canonical text 512 are for the word, escaped as well, and what is around.
 */
#define LIST_MAX      (ROUTING_IDS_MAX * (6 * ROUTING_ID_MAX + 3) + 2)
#define UPDATE_MAX    (2 * (LIST_MAX + 7 * ROUTING_IDS_MAX) + 64)
#define CANONICAL_MAX (ROUTING_STATUSES_MAX * (2 * LIST_MAX + 512))

/* What one line of the map owns; route points into it. */
struct line {
	struct route route;
	struct text word;
	struct text skills;
	struct text queues;
	struct text update;
};

struct routing {
	size_t count;
	struct line lines[ROUTING_STATUSES_MAX]; /* sorted by word */
	const struct route *unknown;             /* one of lines; never NULL */
	const struct route *timeout;
	char digest[DIGEST_BYTES];
};

const char routing_unknown[] = "unknown";
const char routing_timeout[] = "timeout";

/* Of the words that inventories for CXone send; the ids are placeholders. */
static const char built_in[] =
    "{\"in_stock\":{\"skills\":[\"skill-premium-support-id\"]},"
    "\"low_stock\":{\"skills\":[\"skill-expedited-support-id\"]},"
    "\"out_of_stock\":{\"queues\":[\"queue-general-support-id\"]},"
    "\"unknown\":{\"queues\":[\"queue-general-support-id\"]},"
    "\"timeout\":{\"queues\":[\"queue-general-support-id\"]}}";

/* NULL is an absent list: the text is the same as of an empty one. */
static void add_list(struct text *text, const json_t *list)
{
	size_t i;

	text_add(text, "[");
	for (i = 0; i < json_array_size(list); i++) {
		text_add(text, i > 0 ? "," : "");
		text_add_json(text, json_string_value(json_array_get(list, i)));
	}
	text_add(text, "]");
}

/* CXone wants each id as an object. */
static void add_id_objects(struct text *text, const json_t *list)
{
	size_t i;

	text_add(text, "[");
	for (i = 0; i < json_array_size(list); i++) {
		text_add(text, i > 0 ? ",{\"id\":" : "{\"id\":");
		text_add_json(text, json_string_value(json_array_get(list, i)));
		text_add(text, "}");
	}
	text_add(text, "]");
}

/* The PATCH's body is made here, once, not for each event. */
static void fill_line(struct line *line, const char *word, const json_t *value)
{
	const json_t *skills = json_object_get(value, "skills");
	const json_t *queues = json_object_get(value, "queues");

	text_init(&line->word, ROUTING_WORD_MAX);
	text_add(&line->word, word);
	text_init(&line->skills, LIST_MAX);
	add_list(&line->skills, skills);
	text_init(&line->queues, LIST_MAX);
	add_list(&line->queues, queues);
	text_init(&line->update, UPDATE_MAX);
	text_add(&line->update, "{\"routing\":{\"skills\":");
	add_id_objects(&line->update, skills);
	text_add(&line->update, ",\"queues\":");
	add_id_objects(&line->update, queues);
	text_add(&line->update, "}}");
	/* The texts do not change any more, so their strings stay. */
	line->route.word = text_string(&line->word);
	line->route.skills = text_string(&line->skills);
	line->route.queues = text_string(&line->queues);
	line->route.update = text_string(&line->update);
}

static bool line_is_whole(const struct line *line)
{
	return !text_failed(&line->word) && !text_failed(&line->skills) &&
	       !text_failed(&line->queues) && !text_failed(&line->update);
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *left = a;
	const struct line *right = b;

	return strcmp(left->route.word, right->route.word);
}

static int compare_word(const void *word, const void *line)
{
	return strcmp(word, ((const struct line *)line)->route.word);
}

/* NULL when the map does not have the word. */
static const struct route *find(const struct routing *routing, const char *word)
{
	const struct line *line = bsearch(word, routing->lines, routing->count,
	    sizeof routing->lines[0], compare_word);

	return line != NULL ? &line->route : NULL;
}

/*
 * The names of members are in order too, so whoever has the map's file can
 * make the digest with other means.
 */
static void add_canonical(struct text *text, const struct routing *routing)
{
	size_t i;

	text_add(text, "{");
	for (i = 0; i < routing->count; i++) {
		const struct route *route = &routing->lines[i].route;

		text_add(text, i > 0 ? "," : "");
		text_add_json(text, route->word);
		text_add(text, ":{\"queues\":");
		text_add(text, route->queues);
		text_add(text, ",\"skills\":");
		text_add(text, route->skills);
		text_add(text, "}");
	}
	text_add(text, "}");
}

static enum status make_digest(struct routing *routing)
{
	unsigned char hash[HASH_BYTES];
	enum status status = STATUS_MEMORY;
	struct text canonical;

	text_init(&canonical, CANONICAL_MAX);
	add_canonical(&canonical, routing);
	if (text_failed(&canonical) ||
	    EVP_Digest(text_string(&canonical), canonical.length, hash, NULL,
		EVP_sha256(), NULL) != 1)
		goto out;
	hex_write(hash, HASH_BYTES, routing->digest);
	status = STATUS_OK;
out:
	text_done(&canonical);
	return status;
}

static enum status fill(struct routing *routing, const json_t *section)
{
	const char *word;
	json_t *value;

	json_object_foreach ((json_t *)section, word, value) {
		struct line *line = &routing->lines[routing->count++];

		fill_line(line, word, value);
		if (!line_is_whole(line))
			return STATUS_MEMORY;
	}
	/* Sorting moves the texts' structs, not their bytes. */
	qsort(routing->lines, routing->count, sizeof routing->lines[0],
	    compare_lines);
	/* They are there: routing_check insists, and built_in has both. */
	routing->unknown = find(routing, routing_unknown);
	routing->timeout = find(routing, routing_timeout);
	return make_digest(routing);
}

static enum status make(const json_t *section, struct routing **routing)
{
	struct routing *made = calloc(1, sizeof *made);
	enum status status;

	if (made == NULL)
		return STATUS_MEMORY;
	status = fill(made, section);
	if (status != STATUS_OK) {
		routing_free(made);
		return status;
	}
	*routing = made;
	return STATUS_OK;
}

/* The same way as a file's: its digest is made of the same text. */
static enum status make_built_in(struct routing **routing)
{
	char problem[JSON_PROBLEM_BYTES];
	json_t *section = NULL;
	enum status status;

	status =
	    json_parse(built_in, sizeof built_in - 1, 3, &section, problem);
	if (status != STATUS_OK)
		return status;
	status = make(section, routing);
	json_decref(section);
	return status;
}

enum status routing_load(const json_t *section, const char *file,
    struct text *problems, struct routing **routing)
{
	if (section == NULL)
		return make_built_in(routing);
	if (!routing_check(section, file, problems))
		return STATUS_CONFIG_INVALID;
	return make(section, routing);
}

void routing_free(struct routing *routing)
{
	size_t i;

	if (routing == NULL)
		return;
	for (i = 0; i < routing->count; i++) {
		text_done(&routing->lines[i].word);
		text_done(&routing->lines[i].skills);
		text_done(&routing->lines[i].queues);
		text_done(&routing->lines[i].update);
	}
	free(routing);
}

const struct route *routing_choose(
    const struct routing *routing, const char *word)
{
	const struct route *route = find(routing, word);

	return route != NULL ? route : routing->unknown;
}

bool routing_is_fallback(
    const struct routing *routing, const struct route *route)
{
	return route == routing->unknown || route == routing->timeout;
}

const char *routing_digest(const struct routing *routing)
{
	return routing->digest;
}

void routing_print(const struct routing *routing, FILE *out)
{
	size_t i;

	for (i = 0; i < routing->count; i++) {
		const struct route *route = &routing->lines[i].route;

		fprintf(out, "%-20s skills %s queues %s\n", route->word,
		    route->skills, route->queues);
	}
	fprintf(out, "%-20s %s\n", "digest", routing->digest);
}
