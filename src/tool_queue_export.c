/* tool_queue_export.c: items that are meant -> a line of JSON for each */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "tool_lines.h"
#include "tool_queue.h"
#include "tool_reader.h"

struct exporting {
	FILE *out;
	struct text line;
};

static void add_text(struct text *line, const char *name, const char *value)
{
	text_add_format(line, ",\"%s\":", name);
	text_add_json(line, value);
}

static void add_int(struct text *line, const char *name, int64_t value)
{
	text_add_format(line, ",\"%s\":%lld", name, (long long)value);
}

static void add_attempt(struct text *line, const struct outbox_attempt *attempt)
{
	text_add_format(line, "{\"fence\":%lld", (long long)attempt->fence);
	add_int(line, "attempt", attempt->attempt);
	add_int(line, "ended_us", attempt->ended_us);
	add_text(line, "status", attempt->status);
	add_int(line, "http", attempt->http);
	add_text(line, "error", attempt->error);
	text_add(line, "}");
}

static const char *state_of(const struct outbox_copy *copy)
{
	if (copy->in_hand)
		return "running";
	return copy->parked ? "parked" : "waiting";
}

/* The holder is a text: it has more digits than many readers' numbers. */
static void write_copy(struct text *line, const struct outbox_copy *copy)
{
	const struct outbox_item *item = &copy->item;
	char parent[TRACE_PARENT_BYTES];
	char holder[24];

	snprintf(holder, sizeof holder, "%lld", (long long)item->claim_holder);
	text_clear(line);
	text_add(line, "{\"interaction_id\":");
	text_add_json(line, item->interaction_id);
	add_text(line, "state", state_of(copy));
	add_text(line, "claim_key", item->claim_key);
	add_text(line, "claim_holder", holder);
	add_int(line, "accepted_us", item->accepted_us);
	add_int(line, "due_us", copy->due_us);
	add_int(line, "attempts", item->attempts);
	add_int(line, "fence", item->fence);
	text_add_format(line, ",\"superseded\":%s,\"history\":[",
	    item->superseded ? "true" : "false");
	for (int i = 0; i < copy->history_count; i++) {
		text_add(line, i > 0 ? "," : "");
		add_attempt(line, &copy->history[i]);
	}
	text_add(line, "]");
	trace_write_parent(&item->trace, parent);
	add_text(line, "traceparent", parent);
	add_text(line, "tracestate", trace_state(&item->trace));
	add_text(line, "request_id", trace_request_id(&item->trace));
	add_text(line, "body", item->body);
	text_add(line, "}\n");
}

static enum status export_one(struct db *db, int64_t id, void *arg, bool *done)
{
	struct exporting *exporting = arg;
	struct text *line = &exporting->line;
	/*
	 * In hand or not: an export is to have all, and says of each how it
	 * was.
	 */
	struct outbox_copy copy = {0};
	enum status status = outbox_read(db, id, &copy, done);

	if (status != STATUS_OK || !*done)
		return status;
	write_copy(line, &copy);
	outbox_copy_done(&copy);
	if (text_failed(line))
		return STATUS_TOO_LARGE;
	if (fwrite(line->bytes, 1, line->length, exporting->out) !=
	    line->length)
		return STATUS_IO;
	return STATUS_OK;
}

/* What is dropped on the strength of it must be on the disk. */
static bool close_file(FILE *out)
{
	bool good = fflush(out) == 0;

	if (out == stdout)
		return good;
	/* A pipe cannot be synced (fsync(2)): its reader sees to that. */
	good = good && (fsync(fileno(out)) == 0 || errno == EINVAL);
	return fclose(out) == 0 && good;
}

/* For its owner only: events name customers. */
static FILE *open_file(const char *path)
{
	int fd;

	if (strcmp(path, "-") == 0)
		return stdout;
	/* A file that is there keeps its mode: who made it has chosen that. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static enum status run(
    struct db *db, const struct queue_words *words, FILE *out)
{
	struct exporting exporting = {.out = out};
	struct outbox_count count = {0};
	struct tool_progress progress;
	struct queue_walk walk = {
	    .db = db,
	    .filter = &words->filter,
	    .progress = &progress,
	    .visit = export_one,
	    .arg = &exporting,
	};
	enum status status = outbox_count(db, &words->filter, &count);

	if (status != STATUS_OK)
		return status;
	text_init(&exporting.line, TOOL_LINE_MAX);
	walk.upto = count.last_id;
	tool_progress_begin(&progress, "exported", count.items);
	status = queue_walk(&walk);
	tool_progress_end(&progress);
	text_done(&exporting.line);
	fprintf(stderr, "%lld %s exported.\n", (long long)walk.done,
	    walk.done == 1 ? "event" : "events");
	return status;
}

int queue_export(const struct queue_words *words)
{
	struct db *db = tool_open_db(DB_READ);
	enum status status;
	FILE *out;

	if (db == NULL)
		return 1;
	/* After the database: a file is emptied only when there is one. */
	out = open_file(words->file);
	if (out == NULL) {
		fprintf(stderr, "stockroute queue: cannot write %s: %s\n",
		    words->file, strerror(errno));
		db_close(db);
		return 1;
	}
	status = run(db, words, out);
	db_close(db);
	if (!close_file(out) && status == STATUS_OK)
		status = STATUS_IO;
	if (status != STATUS_OK)
		fprintf(stderr,
		    "stockroute queue: the export is not whole: %s\n",
		    status_name(status));
	return status == STATUS_OK ? 0 : 1;
}
