/* sim_fault.c: fault lists -> the fault of each request */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim_fault.h"

enum { ENTRIES_MAX = 1000, DELAY_MS_MAX = 3600000 };

/* fault stands first, so that a borrowed fault leads back to its entry. left
 * is what remains of times; endless when times was 0. source owns every text
 * the fault points to. */
struct entry {
	struct fault fault;
	int refs;
	int left;
	bool endless;
	json_t *source;
};

struct list {
	struct entry **entries;
	size_t count;
	size_t first; /* those before it are used up */
};

struct faults {
	pthread_mutex_t lock;
	struct list lists[ROUTE_WITH_FAULTS];
};

static bool read_list(
    struct list *list, enum route route, json_t *array, char *why);
static struct entry *read_entry(json_t *source, enum route route, char *why);
static const char *check_entry(const struct entry *entry, enum route route);

static const char *const kinds[FAULT_COUNT] = {
    [FAULT_NONE] = "",
    [FAULT_HANG] = "hang",
    [FAULT_RESET] = "reset",
    [FAULT_CLOSE] = "close",
    [FAULT_TRUNCATE] = "truncate",
    [FAULT_DRIP] = "drip",
    [FAULT_GARBAGE] = "garbage",
    [FAULT_HUGE] = "huge",
    [FAULT_CLOSE_AFTER] = "close_after",
};

struct faults *faults_new(void)
{
	struct faults *faults = calloc(1, sizeof *faults);

	if (faults)
		pthread_mutex_init(&faults->lock, NULL);
	return faults;
}

/* Under the lock, except for an entry that no list has yet. */
static void drop_entry(struct entry *entry)
{
	if (--entry->refs > 0)
		return;
	json_decref(entry->source);
	free(entry);
}

static void drop_list(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		drop_entry(list->entries[i]);
	free(list->entries);
	*list = (struct list){0};
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	for (int i = 0; i < ROUTE_WITH_FAULTS; i++)
		drop_list(&faults->lists[i]);
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

static int find_route(const char *name)
{
	int route = 0;

	while (route < ROUTE_WITH_FAULTS &&
	       strcmp(name, route_name((enum route)route)) != 0)
		route++;
	return route;
}

static bool read_lists(struct list *lists, json_t *object, char *why)
{
	const char *name;
	json_t *array;

	if (object && !json_is_object(object)) {
		snprintf(why, FAULT_WHY_BYTES, "faults: not an object");
		return false;
	}
	json_object_foreach (object, name, array) {
		int route = find_route(name);

		if (route == ROUTE_WITH_FAULTS) {
			snprintf(
			    why, FAULT_WHY_BYTES, "%.64s: no such route", name);
			return false;
		}
		if (!read_list(&lists[route], (enum route)route, array, why))
			return false;
	}
	return true;
}

bool faults_set(struct faults *faults, json_t *object, char *why)
{
	struct list lists[ROUTE_WITH_FAULTS] = {0}, old[ROUTE_WITH_FAULTS];
	bool good = read_lists(lists, object, why);

	pthread_mutex_lock(&faults->lock);
	if (good) {
		memcpy(old, faults->lists, sizeof old);
		memcpy(faults->lists, lists, sizeof old);
		memcpy(lists, old, sizeof old);
	}
	for (int i = 0; i < ROUTE_WITH_FAULTS; i++)
		drop_list(&lists[i]);
	pthread_mutex_unlock(&faults->lock);
	return good;
}

static bool read_list(
    struct list *list, enum route route, json_t *array, char *why)
{
	const char *name = route_name(route);
	size_t size = json_array_size(array);

	if (!json_is_array(array) || size > ENTRIES_MAX) {
		snprintf(why, FAULT_WHY_BYTES, "%s: not a list of at most %d",
		    name, ENTRIES_MAX);
		return false;
	}
	list->entries = calloc(size + 1, sizeof list->entries[0]);
	if (!list->entries) {
		snprintf(why, FAULT_WHY_BYTES, "out of memory");
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		char what[FAULT_WHY_BYTES / 2] = "out of memory";
		struct entry *entry =
		    read_entry(json_array_get(array, i), route, what);

		if (!entry) {
			snprintf(
			    why, FAULT_WHY_BYTES, "%s[%zu]: %s", name, i, what);
			return false;
		}
		list->entries[list->count++] = entry;
	}
	return true;
}

static enum fault_kind find_kind(const char *word)
{
	int kind = 0;

	while (kind < FAULT_COUNT && strcmp(word, kinds[kind]) != 0)
		kind++;
	return (enum fault_kind)kind;
}

/* JSON_STRICT makes every key that is not in the table an error. */
static struct entry *read_entry(json_t *source, enum route route, char *why)
{
	struct entry *entry = calloc(1, sizeof *entry);
	const char *kind = "", *wrong;
	struct fault *fault;
	json_error_t error;
	int times = 1;

	if (!entry)
		return NULL;
	fault = &entry->fault;
	fault->date_s = FAULT_NO_DATE;
	entry->refs = 1;
	entry->source = json_incref(source);
	if (json_unpack_ex(source, &error, JSON_STRICT,
		"{s?i,s?s,s?i,s?i,s?o,s?o,s?i,s?o,s?s,s?s}", "times", &times,
		"match", &fault->match, "delay_ms", &fault->delay_ms, "status",
		&fault->status, "body", &fault->body, "headers",
		&fault->headers, "retry_after_date_s", &fault->date_s, "set",
		&fault->set, "scope", &fault->scope, "fault", &kind)) {
		snprintf(why, FAULT_WHY_BYTES / 2, "%.100s", error.text);
		drop_entry(entry);
		return NULL;
	}
	fault->kind = find_kind(kind);
	entry->left = times;
	entry->endless = times == 0;
	wrong = check_entry(entry, route);
	if (wrong) {
		snprintf(why, FAULT_WHY_BYTES / 2, "%s", wrong);
		drop_entry(entry);
		return NULL;
	}
	return entry;
}

/* The length and framing of an answer are the faults' business. */
static bool headers_are_good(json_t *headers)
{
	const char *name, *text;
	json_t *value;

	if (!json_is_object(headers))
		return false;
	json_object_foreach (headers, name, value) {
		text = json_string_value(value);
		if (!text || !*name || strpbrk(name, " :\t\r\n") ||
		    strpbrk(text, "\r\n") ||
		    strcasecmp(name, "Content-Length") == 0 ||
		    strcasecmp(name, "Transfer-Encoding") == 0)
			return false;
	}
	return true;
}

static const char *check_entry(const struct entry *entry, enum route route)
{
	const struct fault *fault = &entry->fault;
	bool for_token = fault->set || fault->scope;

	if (entry->left < 0)
		return "times: below 0";
	if (fault->kind == FAULT_COUNT)
		return "fault: no such fault";
	if (fault->status && (fault->status < 200 || fault->status > 599))
		return "status: not in 200 to 599";
	if (fault->delay_ms < 0 || fault->delay_ms > DELAY_MS_MAX)
		return "delay_ms: not in 0 to 3600000";
	if (fault->date_s < FAULT_NO_DATE)
		return "retry_after_date_s: below 0";
	if (fault->headers && !headers_are_good(fault->headers))
		return "headers: not names and values that can be sent";
	if (fault->set && !json_is_object(fault->set))
		return "set: not an object";
	if (for_token && route != ROUTE_TOKEN)
		return "set, scope: for token only";
	return NULL;
}

static struct entry *first_fit(struct list *list, const char *path)
{
	for (size_t i = list->first; i < list->count; i++) {
		struct entry *entry = list->entries[i];
		const char *match = entry->fault.match;

		if (!entry->endless && entry->left == 0) {
			/* Those used up at the front are not walked again. */
			if (i == list->first)
				list->first++;
			continue;
		}
		if (!match || strstr(path, match))
			return entry;
	}
	return NULL;
}

const struct fault *faults_take(
    struct faults *faults, enum route route, const char *path)
{
	struct entry *entry;

	if ((int)route >= ROUTE_WITH_FAULTS)
		return NULL;
	pthread_mutex_lock(&faults->lock);
	entry = first_fit(&faults->lists[route], path);
	if (entry) {
		entry->refs++;
		entry->left -= entry->endless ? 0 : 1;
	}
	pthread_mutex_unlock(&faults->lock);
	return entry ? &entry->fault : NULL;
}

void faults_release(struct faults *faults, const struct fault *fault)
{
	if (!fault)
		return;
	pthread_mutex_lock(&faults->lock);
	/* fault is the entry's first member, and const only to players. */
	drop_entry((struct entry *)fault);
	pthread_mutex_unlock(&faults->lock);
}
