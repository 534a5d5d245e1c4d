/* sim_journal.c: requests and their answers -> a list to look at */
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"
#include "sim_journal.h"

enum { ENTRIES_MAX = 400000, TOGETHER_MAX = 128 };

static const size_t bytes_max = (size_t)256 << 20;

/* text holds method, target, then name and value of each header, each ended
 * by a NUL, then the body's bytes. */
struct entry {
	int status;
	enum route route;
	unsigned connection;
	int64_t at_us;
	size_t headers;
	size_t body_bytes;
	char text[];
};

/* epoch grows when the journal is emptied, so that a mark from before finds
 * nothing. */
struct journal {
	pthread_mutex_t lock;
	unsigned epoch;
	size_t count;
	size_t bytes;
	struct entry *entries[ENTRIES_MAX];
};

/* Passed through libmicrohttpd's walk over the headers: first with end NULL,
 * to add up the room they need, then to copy them. */
struct walk {
	size_t bytes;
	size_t headers;
	char *end;
};

static json_t *entry_json(const struct entry *entry, size_t n);

struct journal *journal_new(void)
{
	struct journal *journal = calloc(1, sizeof *journal);

	if (journal)
		pthread_mutex_init(&journal->lock, NULL);
	return journal;
}

void journal_free(struct journal *journal)
{
	if (!journal)
		return;
	journal_clear(journal);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

static int64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static char *copy_lower(char *end, const char *text)
{
	do
		*end++ = (char)tolower((unsigned char)*text);
	while (*text++);
	return end;
}

static enum MHD_Result walk_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct walk *walk = cls;

	(void)kind;
	if (!value)
		value = "";
	walk->headers++;
	walk->bytes += strlen(name) + strlen(value) + 2;
	if (walk->end) {
		walk->end = copy_lower(walk->end, name);
		walk->end = stpcpy(walk->end, value) + 1;
	}
	return MHD_YES;
}

static void walk_headers(struct request *request, struct walk *walk)
{
	MHD_get_connection_values(
	    request->connection, MHD_HEADER_KIND, walk_header, walk);
}

static struct entry *write_entry(struct request *request, size_t *bytes)
{
	struct walk size = {0}, copy = {0};
	struct entry *entry;

	/* One block for all of it: the journal must not slow the benchmark. */
	walk_headers(request, &size);
	*bytes = sizeof *entry + strlen(request->method) +
		 strlen(request->target) + 2 + size.bytes + request->body_bytes;
	entry = malloc(*bytes); /* bounded by the connection's own limits */
	if (!entry)
		return NULL;
	copy.end = stpcpy(entry->text, request->method) + 1;
	copy.end = stpcpy(copy.end, request->target) + 1;
	walk_headers(request, &copy);
	if (request->body)
		memcpy(copy.end, request->body, request->body_bytes);
	entry->status = 0;
	entry->route = request->route;
	entry->at_us = wall_us();
	entry->headers = copy.headers;
	entry->body_bytes = request->body_bytes;
	return entry;
}

void journal_add(
    struct journal *journal, struct request *request, unsigned connection)
{
	size_t bytes;
	struct entry *entry = write_entry(request, &bytes);

	if (!entry)
		return;
	entry->connection = connection;
	/* The copying is done; the lock is held for a pointer. */
	pthread_mutex_lock(&journal->lock);
	if (journal->count < ENTRIES_MAX &&
	    journal->bytes + bytes < bytes_max) {
		journal->entries[journal->count++] = entry;
		journal->bytes += bytes;
		request->mark.epoch = journal->epoch;
		request->mark.n = journal->count;
		entry = NULL;
	}
	pthread_mutex_unlock(&journal->lock);
	free(entry);
}

void journal_answered(
    struct journal *journal, const struct request *request, int status)
{
	size_t n = request->mark.n;

	if (n == 0)
		return;
	pthread_mutex_lock(&journal->lock);
	if (request->mark.epoch == journal->epoch)
		journal->entries[n - 1]->status = status;
	pthread_mutex_unlock(&journal->lock);
}

void journal_clear(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	for (size_t i = 0; i < journal->count; i++)
		free(journal->entries[i]);
	journal->count = 0;
	journal->bytes = 0;
	journal->epoch++;
	pthread_mutex_unlock(&journal->lock);
}

/* The values of a header that came twice are joined, RFC 9110 5.3. */
static void add_header(json_t *headers, const char *name, const char *value)
{
	json_t *old = json_object_get(headers, name);
	json_t *text = reply_text(value, strlen(value));

	if (old && text) {
		json_t *both = json_sprintf(
		    "%s, %s", json_string_value(old), json_string_value(text));

		json_decref(text);
		text = both;
	}
	json_object_set_new(headers, name, text);
}

static json_t *entry_json(const struct entry *entry, size_t n)
{
	const char *method = entry->text;
	const char *target = method + strlen(method) + 1;
	const char *at = target + strlen(target) + 1;
	json_t *headers = json_object();

	for (size_t i = 0; i < entry->headers; i++) {
		const char *value = at + strlen(at) + 1;

		add_header(headers, at, value);
		at = value + strlen(value) + 1;
	}
	return json_pack("{s:I,s:I,s:s,s:o,s:o,s:o,s:o,s:i,s:I}", "n",
	    (json_int_t)n, "at_us", (json_int_t)entry->at_us, "route",
	    route_name(entry->route), "method",
	    reply_text(method, strlen(method)), "path",
	    reply_text(target, strlen(target)), "headers", headers, "body",
	    reply_text(at, entry->body_bytes), "status", entry->status,
	    "connection", (json_int_t)entry->connection);
}

/* Prints the next few entries after number from, a few at a time so that
 * requests can come in between. Returns how many it came to; 0 is the end,
 * also when the journal was emptied meanwhile. */
static size_t print_some(
    struct journal *journal, size_t from, unsigned *epoch, FILE *out)
{
	size_t done = 0;

	pthread_mutex_lock(&journal->lock);
	if (from == 0)
		*epoch = journal->epoch;
	while (*epoch == journal->epoch && from + done < journal->count &&
	       done < TOGETHER_MAX) {
		size_t i = from + done;
		json_t *value = entry_json(journal->entries[i], i + 1);

		fputs(i == 0 ? "\n" : ",\n", out);
		json_dumpf(value, out, JSON_COMPACT);
		json_decref(value);
		done++;
	}
	pthread_mutex_unlock(&journal->lock);
	return done;
}

char *journal_text(struct journal *journal, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	size_t from = 0, done;
	unsigned epoch = 0;

	if (!out)
		return NULL;
	fputc('[', out);
	do {
		done = print_some(journal, from, &epoch, out);
		from += done;
	} while (done > 0);
	fputs("]\n", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
