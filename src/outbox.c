/* outbox.c: acknowledged events -> taken once, until they are done */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum status outbox_supersede(
    struct db *db, const char *interaction_id, int64_t before_us)
{
	struct db_row *use = db_use(db, SQL_outbox_supersede);

	db_bind_text(use, ":interaction_id", interaction_id);
	db_bind_int(use, ":before_us", before_us);
	db_next(use);
	return db_done(use);
}

void outbox_bind_trace(struct db_row *use, const struct trace *trace,
    char parent[TRACE_PARENT_BYTES])
{
	if (trace->id[0] == '\0')
		return;
	trace_write_parent(trace, parent);
	db_bind_text(use, ":traceparent", parent);
	db_bind_text(use, ":tracestate", trace_state(trace));
	db_bind_text(use, ":request_id", trace_request_id(trace));
}

enum status outbox_put(struct db *db, struct outbox_item *item, int64_t due_us)
{
	char parent[TRACE_PARENT_BYTES];
	struct db_row *use;
	enum status status;

	status = outbox_supersede(db, item->interaction_id, item->accepted_us);
	if (status != STATUS_OK)
		return status;
	use = db_use(db, SQL_outbox_put);
	db_bind_text(use, ":interaction_id", item->interaction_id);
	db_bind_text(use, ":claim_key", item->claim_key);
	db_bind_int(use, ":claim_holder", item->claim_holder);
	db_bind_text(use, ":body", item->body);
	db_bind_int(use, ":accepted_us", item->accepted_us);
	db_bind_int(use, ":due_us", due_us);
	db_bind_int(use, ":attempts", item->attempts);
	outbox_bind_trace(use, &item->trace, parent);
	if (db_next(use))
		item->id = db_int(use, 0);
	return db_done(use);
}

/* Of all items, unless :id is bound. */
static enum status note_lapses(struct db_row *use, int64_t now_us)
{
	db_bind_text(use, ":status", status_name(STATUS_STALE));
	db_bind_text(use, ":error", "its worker did not end it in time");
	db_bind_int(use, ":now_us", now_us);
	db_next(use);
	return db_done(use);
}

enum status outbox_note_lapse(struct db *db, int64_t id, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_outbox_lapse_note);

	db_bind_int(use, ":id", id);
	return note_lapses(use, now_us);
}

/*
 * Items whose worker died or hung wait again. Their fence stays: the next
 * lease has a larger one, and the worker, should it wake, none that fits.
 * And a clock that was put back must not hold anything up for as long. The
 * lapses are noted first: once they wait again nothing tells them apart.
 */
static enum status take_back(
    struct db *db, const struct outbox_take *take, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_outbox_lapse_note);
	enum status status = note_lapses(use, now_us);

	if (status != STATUS_OK)
		return status;
	use = db_use(db, SQL_outbox_lapse);
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":longest_us", now_us + take->lease_us);
	db_next(use);
	status = db_done(use);
	if (status != STATUS_OK)
		return status;
	use = db_use(db, SQL_outbox_future);
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":backoff_us", take->backoff_us);
	db_bind_int(use, ":longest_us", take->longest_us);
	db_next(use);
	return db_done(use);
}

/* After take_back: else dead workers would use up the limit. */
static enum status count_running(struct db *db, int *count)
{
	struct db_row *use = db_use(db, SQL_outbox_running);

	*count = 0;
	if (db_next(use))
		*count = (int)db_int(use, 0);
	return db_done(use);
}

void outbox_read_trace(struct db_row *use, int column, struct trace *trace)
{
	const struct trace_headers kept = {
	    .parent = db_text(use, column),
	    .state = db_text(use, column + 1),
	    .request_id = db_text(use, column + 2),
	};

	trace_restore(trace, &kept);
}

/* False: memory. The texts are no longer than what outbox_put was given. */
static bool read_item(struct db_row *use, struct outbox_item *item)
{
	const char *body = db_text(use, 5);

	*item = (struct outbox_item){
	    .id = db_int(use, 0),
	    .fence = db_int(use, 1),
	    .claim_holder = db_int(use, 4),
	    .accepted_us = db_int(use, 6),
	    .attempts = (int)db_int(use, 7),
	    .superseded = db_int(use, 8) != 0,
	    .recorded = db_int(use, 12) != 0,
	};
	strncpy(item->interaction_id, db_text(use, 2), EVENT_ID_MAX);
	strncpy(item->claim_key, db_text(use, 3), CLAIM_KEY_BYTES - 1);
	outbox_read_trace(use, 9, &item->trace);
	item->body_bytes = strlen(body);
	item->body = malloc(item->body_bytes + 1);
	if (!item->body)
		return false;
	memcpy(item->body, body, item->body_bytes + 1);
	return true;
}

/* Bodies of an earlier run of the transaction that was undone, too. */
void outbox_take_drop(struct outbox_take *take)
{
	while (take->count > 0) {
		take->count--;
		free(take->items[take->count].body);
	}
}

static enum status take_due(
    struct db *db, struct outbox_take *take, int64_t now_us, int limit)
{
	struct db_row *use = db_use(db, SQL_outbox_take);
	enum status status;
	bool whole = true;

	db_bind_int(use, ":lease_until_us", now_us + take->lease_us);
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":limit", limit);
	while (whole && db_next(use)) {
		whole = read_item(use, &take->items[take->count]);
		take->count += whole;
	}
	status = db_done(use);
	if (status == STATUS_OK && !whole)
		status = STATUS_MEMORY;
	if (status != STATUS_OK)
		outbox_take_drop(take);
	return status;
}

enum status outbox_take(struct db *db, struct outbox_take *take)
{
	int64_t now_us = clock_wall_us();
	enum status status;
	int running;
	int room;

	/* A transaction's body may run again: nothing is kept of before. */
	outbox_take_drop(take);
	take->full = false;
	status = take_back(db, take, now_us);
	if (status == STATUS_OK)
		status = count_running(db, &running);
	if (status != STATUS_OK)
		return status;
	room = take->running_max - running;
	take->full = room <= 0;
	if (room > take->limit)
		room = take->limit;
	if (room <= 0)
		return STATUS_OK;
	return take_due(db, take, now_us, room);
}

static const char *or_null(const char *text)
{
	return text != NULL && text[0] == '\0' ? NULL : text;
}

static enum status note_attempt(
    struct db *db, const struct outbox_item *item, const struct outbox_end *end)
{
	struct db_row *use = db_use(db, SQL_attempt_insert);

	db_bind_int(use, ":outbox_id", item->id);
	db_bind_int(use, ":fence", item->fence);
	db_bind_int(use, ":attempt", item->attempts);
	db_bind_int(use, ":ended_us", clock_wall_us());
	db_bind_text(use, ":status", status_name(end->status));
	if (end->http == 0)
		db_bind_null(use, ":http");
	else
		db_bind_int(use, ":http", end->http);
	db_bind_text(use, ":error", end->error);
	db_bind_text(use, ":waits", or_null(end->waits));
	db_next(use);
	return db_done(use);
}

/* It was no lease: the first one has the fence 1. */
enum status outbox_note(
    struct db *db, const struct outbox_item *item, const struct outbox_end *end)
{
	return note_attempt(db, item, end);
}

/* Runs a statement on the item we hold; STATUS_STALE when we do not. */
static enum status finish_held(
    struct db *db, struct db_row *use, const struct outbox_item *item)
{
	enum status status;

	db_bind_int(use, ":id", item->id);
	db_bind_int(use, ":fence", item->fence);
	db_next(use);
	status = db_done(use);
	if (status == STATUS_OK && db_changed(db) == 0)
		return STATUS_STALE;
	return status;
}

enum status outbox_done(struct db *db, const struct outbox_item *item)
{
	return finish_held(db, db_use(db, SQL_outbox_done), item);
}

enum status outbox_keep_history(struct db *db, int64_t item_id)
{
	int64_t decision_id = db_inserted_id(db);
	struct db_row *use = db_use(db, SQL_decision_history);

	db_bind_int(use, ":outbox_id", item_id);
	db_bind_int(use, ":limit", OUTBOX_KEPT_ATTEMPTS);
	db_bind_int(use, ":id", decision_id);
	db_next(use);
	return db_done(use);
}

enum status outbox_forget(struct db *db, int64_t item_id)
{
	struct db_row *use = db_use(db, SQL_attempt_forget);

	db_bind_int(use, ":outbox_id", item_id);
	db_next(use);
	return db_done(use);
}

enum status outbox_again(struct db *db, const struct outbox_item *item,
    const struct outbox_end *end, int64_t due_us, bool counted)
{
	struct db_row *use = db_use(db, SQL_outbox_again);
	enum status status;

	db_bind_int(use, ":due_us", due_us);
	db_bind_int(use, ":given_back", counted ? 0 : 1);
	status = finish_held(db, use, item);
	if (status == STATUS_OK && counted)
		status = note_attempt(db, item, end);
	return status;
}

enum status outbox_park(
    struct db *db, const struct outbox_item *item, const struct outbox_end *end)
{
	enum status status = finish_held(db, db_use(db, SQL_outbox_park), item);

	if (status == STATUS_OK)
		status = note_attempt(db, item, end);
	return status;
}
