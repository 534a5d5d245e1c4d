/* tool_queue_import.c: lines of JSON, each checked -> items in the queue */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "json.h"
#include "tool_lines.h"
#include "tool_queue.h"
#include "tool_reader.h"

#define DEPTH_MAX  4
#define FAULTS_MAX 20 /* that are printed */
#define COUNT_MAX  1000000
#define MOMENT_MAX INT64_C(253402300800000000) /* the year 10000 */
#define FENCE_MAX  INT64_C(1000000000000)
#define DIGITS_MAX 19

/* One line being read: the first fault ends it. */
struct reading {
	const json_t *object;
	const char *within; /* the place of object: "" or "/history" */
	char fault[JSON_PROBLEM_BYTES + EVENT_PROBLEM_BYTES];
	bool bad;
};

static void blame(
    struct reading *reading, const char *field, const char *expected)
{
	if (reading->bad)
		return;
	reading->bad = true;
	snprintf(reading->fault, sizeof reading->fault, "%s/%s: %s",
	    reading->within, field, expected);
}

/* "" when it is not there or not as expected, which is then told. */
static const char *text_field(
    struct reading *reading, const char *field, size_t bytes)
{
	const char *value =
	    json_string_value(json_object_get(reading->object, field));

	if (value != NULL && strlen(value) < bytes)
		return value;
	blame(reading, field, "must be a text, and no longer than ours are");
	return "";
}

/* json_integer_value gives 0 for what is no integer: a 0 alone says nothing. */
static int64_t int_field(
    struct reading *reading, const char *field, int64_t max)
{
	const json_t *value = json_object_get(reading->object, field);
	int64_t number = json_integer_value(value);

	if (json_is_integer(value) && number >= 0 && number <= max)
		return number;
	blame(reading, field, "must be a whole number, and not beyond bounds");
	return 0;
}

static bool bool_field(struct reading *reading, const char *field)
{
	const json_t *value = json_object_get(reading->object, field);

	if (!json_is_boolean(value))
		blame(reading, field, "must be true or false");
	return json_is_true(value);
}

static int64_t holder_field(struct reading *reading)
{
	const char *digits =
	    text_field(reading, "claim_holder", DIGITS_MAX + 1);

	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		blame(reading, "claim_holder", "must be a number in quotes");
	/* What is beyond int64_t becomes the greatest there is. */
	return strtoll(digits, NULL, 10);
}

/* What another process had in hand waits here. */
static bool parked_field(struct reading *reading)
{
	const char *state = text_field(reading, "state", OUTBOX_WORD_BYTES);

	if (strcmp(state, "parked") == 0)
		return true;
	if (strcmp(state, "waiting") != 0 && strcmp(state, "running") != 0)
		blame(reading, "state", "must be waiting, running or parked");
	return false;
}

static void read_attempt(
    const json_t *object, struct reading *whole, struct outbox_attempt *attempt)
{
	struct reading reading = {.object = object, .within = "/history"};

	attempt->fence = int_field(&reading, "fence", FENCE_MAX);
	attempt->attempt = (int)int_field(&reading, "attempt", COUNT_MAX);
	attempt->ended_us = int_field(&reading, "ended_us", MOMENT_MAX);
	attempt->http = (int)int_field(&reading, "http", 999);
	/* It fits: text_field gives nothing longer than it was asked for. */
	strcpy(attempt->status,
	    text_field(&reading, "status", sizeof attempt->status));
	strcpy(attempt->error,
	    text_field(&reading, "error", sizeof attempt->error));
	if (reading.bad && !whole->bad) {
		whole->bad = true;
		memcpy(whole->fault, reading.fault, sizeof whole->fault);
	}
}

/* Each lease once, and in their order: they are the table's key. */
static void check_fences(
    struct reading *reading, const struct outbox_copy *copy)
{
	int64_t before = -1; /* 0: from before it was put */

	for (int i = 0; i < copy->history_count; i++) {
		if (copy->history[i].fence <= before)
			blame(reading, "history",
			    "the fences must grow from attempt to attempt");
		before = copy->history[i].fence;
	}
	if (copy->item.fence < before)
		blame(
		    reading, "fence", "must not be below those of the history");
}

static void read_history(struct reading *reading, struct outbox_copy *copy)
{
	const json_t *list = json_object_get(reading->object, "history");
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count > OUTBOX_HISTORY_MAX) {
		blame(reading, "history", "must be a list of attempts");
		return;
	}
	/* One more, because for none calloc may give NULL. */
	copy->history = calloc(count + 1, sizeof *copy->history);
	if (copy->history == NULL) {
		blame(reading, "history", "out of memory");
		return;
	}
	for (size_t i = 0; i < count; i++)
		read_attempt(
		    json_array_get(list, i), reading, &copy->history[i]);
	copy->history_count = (int)count;
	check_fences(reading, copy);
}

/* Without them, or with wrong ones, the event begins a trace. */
static void read_trace(const struct reading *reading, struct trace *trace)
{
	const json_t *object = reading->object;
	const struct trace_headers kept = {
	    .parent = json_string_value(json_object_get(object, "traceparent")),
	    .state = json_string_value(json_object_get(object, "tracestate")),
	    .request_id =
		json_string_value(json_object_get(object, "request_id")),
	};

	trace_restore(trace, &kept);
}

/* As the webhook checks it; and it must be this interaction's. */
static void read_body(struct reading *reading, struct outbox_item *item)
{
	struct event event = {0};
	struct event_problem problem;

	item->body = strdup(text_field(reading, "body", TOOL_LINE_MAX));
	if (reading->bad)
		return;
	if (item->body == NULL) {
		blame(reading, "body", "out of memory");
		return;
	}
	item->body_bytes = strlen(item->body);
	if (event_read(item->body, item->body_bytes, &event, &problem) !=
	    STATUS_OK)
		blame(reading, "body", problem.text);
	else if (strcmp(event.interaction_id, item->interaction_id) != 0)
		blame(reading, "body", "is another interaction's event");
	event_done(&event);
}

static void read_copy(struct reading *reading, struct outbox_copy *copy)
{
	struct outbox_item *item = &copy->item;

	strcpy(item->interaction_id,
	    text_field(reading, "interaction_id", sizeof item->interaction_id));
	strcpy(item->claim_key,
	    text_field(reading, "claim_key", sizeof item->claim_key));
	item->claim_holder = holder_field(reading);
	item->accepted_us = int_field(reading, "accepted_us", MOMENT_MAX);
	copy->due_us = int_field(reading, "due_us", MOMENT_MAX);
	copy->parked = parked_field(reading);
	item->attempts = (int)int_field(reading, "attempts", COUNT_MAX);
	item->fence = int_field(reading, "fence", FENCE_MAX);
	item->superseded = bool_field(reading, "superseded");
	read_trace(reading, &item->trace);
	/* After the fence, which must not be below those of the history. */
	read_history(reading, copy);
	/*
	 * The last: it compares with the interaction, and a line that is wrong
	 * already need not be parsed twice.
	 */
	read_body(reading, item);
}

/* Reads the line in hand. Call outbox_copy_done in every case. */
static bool read_line(const struct tool_lines *lines, struct outbox_copy *copy,
    struct reading *reading)
{
	char problem[JSON_PROBLEM_BYTES] = "longer than 8 MiB";
	json_t *json = NULL;
	enum status status = STATUS_TOO_LARGE;

	/* First of all, so that outbox_copy_done may follow any return. */
	*copy = (struct outbox_copy){0};
	*reading = (struct reading){.within = ""};
	if (!lines->too_long)
		status = json_parse(
		    lines->line, lines->length, DEPTH_MAX, &json, problem);
	reading->object = json;
	if (status != STATUS_OK)
		blame(reading, "", problem);
	else
		read_copy(reading, copy);
	json_decref(json);
	return !reading->bad;
}

/* All lines are looked at before the first is imported. */
static int64_t count_faults(struct tool_lines *lines)
{
	struct outbox_copy copy;
	struct reading reading;
	int64_t faults = 0;

	while (tool_lines_next(lines)) {
		bool good = read_line(lines, &copy, &reading);

		outbox_copy_done(&copy);
		if (good)
			continue;
		if (++faults > FAULTS_MAX)
			continue;
		fprintf(stderr, "line %lld: ", (long long)lines->number);
		table_print_safe(reading.fault, stderr);
		fputc('\n', stderr);
	}
	if (faults > FAULTS_MAX)
		fprintf(stderr, "... and %lld more lines\n",
		    (long long)(faults - FAULTS_MAX));
	tool_lines_rewind(lines);
	return faults;
}

/* Twice over the lines when they are imported: the first time to find out
 * what would come, so that what has no room is not begun. */
struct importing {
	struct db *db;
	struct config *config;
	bool writes; /* else it only looks */
	struct tool_progress progress;
	int64_t added;
	int64_t known;
	struct outbox_size more; /* that looking found */
};

static enum status import_one(
    struct importing *importing, const struct outbox_copy *copy, bool *is_new)
{
	enum status status;
	bool there = false;

	if (importing->writes)
		return outbox_import(importing->db, copy, is_new);
	status = outbox_has(importing->db, &copy->item, &there);
	*is_new = !there;
	/*
	 * Twice in the file, an event counts twice, as it is not there yet:
	 * room may seem to lack that would do, but not the other way round.
	 */
	if (!there) {
		importing->more.rows += copy->parked ? 0 : 1;
		importing->more.bytes += (int64_t)copy->item.body_bytes;
	}
	return status;
}

/* The file may have changed since it was checked. */
static enum status import_page(struct importing *importing,
    struct tool_lines *lines, int *read, int *added)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && *read < OUTBOX_PAGE_MAX &&
	       tool_lines_next(lines)) {
		struct outbox_copy copy;
		struct reading reading;
		bool is_new = false;

		status = STATUS_MALFORMED;
		if (read_line(lines, &copy, &reading))
			status = import_one(importing, &copy, &is_new);
		outbox_copy_done(&copy);
		++*read;
		*added += is_new;
	}
	return status;
}

/* Others put events meanwhile: within the transaction it is looked again. */
static enum status write_page(struct importing *importing,
    struct tool_lines *lines, int *read, int *added)
{
	static const struct outbox_size no_more;
	struct db *db = importing->db;
	enum status status = db_begin(db, true);

	if (status != STATUS_OK)
		return status;
	status = import_page(importing, lines, read, added);
	if (status == STATUS_OK && *added > 0)
		status = queue_room(db, importing->config, &no_more);
	if (status == STATUS_OK)
		return db_commit(db);
	db_rollback(db);
	return status;
}

static enum status look_at_page(struct importing *importing,
    struct tool_lines *lines, int *read, int *added)
{
	enum status status = db_begin_read(importing->db);

	if (status != STATUS_OK)
		return status;
	status = import_page(importing, lines, read, added);
	db_end_read(importing->db);
	return status;
}

static enum status take_pages(
    struct importing *importing, struct tool_lines *lines)
{
	enum status status;
	int read;

	importing->added = 0;
	importing->known = 0;
	tool_progress_begin(&importing->progress,
	    importing->writes ? "imported" : "looked up", lines->total);
	do {
		int added = 0;

		read = 0;
		status = importing->writes
			     ? write_page(importing, lines, &read, &added)
			     : look_at_page(importing, lines, &read, &added);
		/* Else it counts as nothing: what it wrote was undone. */
		if (status == STATUS_OK) {
			importing->added += added;
			importing->known += read - added;
		}
		tool_progress_add(&importing->progress, read);
	} while (status == STATUS_OK && read == OUTBOX_PAGE_MAX);
	tool_progress_end(&importing->progress);
	return status;
}

static void print_sum(const struct importing *importing)
{
	printf("%lld %s %s; %lld %s in the queue already and %s left alone.\n",
	    (long long)importing->added,
	    importing->added == 1 ? "event" : "events",
	    importing->writes ? "imported" : "would be imported",
	    (long long)importing->known, importing->known == 1 ? "is" : "are",
	    importing->known == 1 ? "is" : "are");
	if (!importing->writes)
		printf("Nothing was changed; --yes does it.\n");
}

/* What would come, and whether there is room for it. */
static enum status look(struct importing *importing, struct tool_lines *lines)
{
	enum status status = take_pages(importing, lines);

	if (status == STATUS_OK)
		status = db_begin_read(importing->db);
	if (status != STATUS_OK)
		return status;
	status = queue_room(importing->db, importing->config, &importing->more);
	db_end_read(importing->db);
	return status;
}

static enum status import(struct importing *importing, struct tool_lines *lines)
{
	enum status status;

	tool_lines_rewind(lines);
	importing->writes = true;
	status = take_pages(importing, lines);
	if (status != STATUS_OK)
		fprintf(stderr,
		    "stockroute queue: the import is not whole: %s; what was "
		    "imported is left alone when it is repeated\n",
		    status_name(status));
	return status;
}

static enum status run(struct tool_lines *lines, bool yes)
{
	struct importing importing = {0};
	enum status status;

	/* Who only looks may do so with a file he cannot write. */
	importing.db =
	    tool_open_capped(yes ? DB_SERVE : DB_READ, &importing.config);
	if (importing.db == NULL)
		return STATUS_STORE_UNAVAILABLE;
	status = look(&importing, lines);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute queue: nothing was imported: %s\n",
		    status_name(status));
	else if (yes)
		status = import(&importing, lines);
	if (status == STATUS_OK || importing.writes)
		print_sum(&importing);
	db_close(importing.db);
	config_free(importing.config);
	return status;
}

int queue_import(const struct queue_words *words)
{
	struct tool_lines lines;
	int64_t faults;
	int code = 1;

	if (!tool_lines_open(&lines, words->file, "queue"))
		goto out;
	/*
	 * Before the database: a wrong file is told of also where there is
	 * none.
	 */
	faults = count_faults(&lines);
	if (faults > 0) {
		fprintf(stderr,
		    "stockroute queue: nothing was imported: %lld of %lld "
		    "lines %s not as expected\n",
		    (long long)faults, (long long)lines.total,
		    faults == 1 ? "is" : "are");
		goto out;
	}
	code = run(&lines, words->yes) == STATUS_OK ? 0 : 1;
out:
	tool_lines_close(&lines);
	return code;
}
