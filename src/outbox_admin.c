/* outbox_admin.c: an operator's word -> items found, put back, dropped */
#include "outbox_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "utf8.h"

/* Bytes of the last attempt's error in that of a drop: with the words before
 * them, and the longest status, they fit into RECORD_ERROR_BYTES. */
#define LAST_ERROR_MAX 140

/* A RUNNING item counts as waiting from the moment its lease runs out, which
 * nobody writes into its row: so each question brings the time. */
static void bind_filter(struct db_row *use, const struct outbox_filter *filter)
{
	db_bind_text(use, ":ids", filter->ids);
	db_bind_text(use, ":state", filter->state);
	db_bind_text(use, ":interaction_id", filter->interaction_id);
	db_bind_text(use, ":status", filter->status);
	db_bind_int(use, ":now_us", clock_wall_us());
}

enum status outbox_count(struct db *db, const struct outbox_filter *filter,
    struct outbox_count *count)
{
	struct db_row *use = db_use(db, SQL_queue_count);
	struct outbox_count found = {0};
	enum status status;

	bind_filter(use, filter);
	if (db_next(use))
		found = (struct outbox_count){
		    .items = db_int(use, 0),
		    .in_hand = db_int(use, 1),
		    .last_id = db_int(use, 2),
		    .oldest_us = db_int(use, 3),
		};
	status = db_done(use);
	if (status == STATUS_OK)
		*count = found;
	return status;
}

enum status outbox_size(struct db *db, struct outbox_size *size)
{
	/* Of table outbox_size, which triggers keep (schema_8_size.sql): it
	 * costs the same however long the queue is. */
	struct db_row *use = db_use(db, SQL_queue_size);
	struct outbox_size found = {0};
	enum status status;

	if (db_next(use))
		found = (struct outbox_size){
		    .rows = db_int(use, 0),
		    .bytes = db_int(use, 1),
		};
	status = db_done(use);
	if (status == STATUS_OK)
		*size = found;
	return status;
}

enum status outbox_find(
    struct db *db, const struct outbox_filter *filter, struct outbox_page *page)
{
	struct db_row *use = db_use(db, SQL_queue_find);

	db_bind_int(use, ":after", page->after);
	db_bind_int(use, ":upto", page->upto);
	bind_filter(use, filter);
	/* By number, and after the last one: what others put or drop between
	 * two pages moves nobody to another page. */
	db_bind_int(use, ":limit", OUTBOX_PAGE_MAX);
	page->count = 0;
	while (page->count < OUTBOX_PAGE_MAX && db_next(use))
		page->ids[page->count++] = db_int(use, 0);
	return db_done(use);
}

/* One row of an item's history. The fence is its place in it: of an item no two
 * may have the same. */
static enum status note(
    struct db *db, int64_t id, const struct outbox_attempt *attempt)
{
	struct db_row *use = db_use(db, SQL_queue_note);

	db_bind_int(use, ":outbox_id", id);
	db_bind_int(use, ":fence", attempt->fence);
	db_bind_int(use, ":attempt", attempt->attempt);
	db_bind_int(use, ":ended_us", attempt->ended_us);
	db_bind_text(use, ":status", attempt->status);
	if (attempt->http == 0)
		db_bind_null(use, ":http");
	else
		db_bind_int(use, ":http", attempt->http);
	db_bind_text(use, ":error", attempt->error);
	db_next(use);
	return db_done(use);
}

/* A newer event must not be undone by an older one that is done after it. */
static enum status mark_overtaken(struct db *db, int64_t id)
{
	struct db_row *use = db_use(db, SQL_queue_overtaken);

	db_bind_int(use, ":id", id);
	db_next(use);
	return db_done(use);
}

/* A lapse is noted first: once the item waits again nothing tells of it. The
 * one time makes both statements agree on whether the lease has run out. */
enum status outbox_retry(struct db *db, int64_t id, bool *done)
{
	struct outbox_attempt by_hand = {
	    .ended_us = clock_wall_us(), .error = "put back by an operator"};
	enum status status = outbox_note_lapse(db, id, by_hand.ended_us);
	struct db_row *use;
	bool changed;

	if (status != STATUS_OK)
		return status;
	/* It is no attempt: its number is 0. Its fence, which the statement
	 * makes greater, puts it behind all that were. */
	strcpy(by_hand.status, status_name(STATUS_QUEUED));
	use = db_use(db, SQL_queue_retry);
	db_bind_int(use, ":now_us", by_hand.ended_us);
	db_bind_int(use, ":id", id);
	changed = db_next(use);
	if (changed)
		by_hand.fence = db_int(use, 0);
	status = db_done(use);
	if (status == STATUS_OK && changed)
		status = mark_overtaken(db, id);
	if (status == STATUS_OK && changed)
		status = note(db, id, &by_hand);
	if (status == STATUS_OK)
		*done = changed;
	return status;
}

/* Texts that are too long came from no attempt of ours, and are cut. */
static void read_attempt(struct db_row *use, struct outbox_attempt *attempt)
{
	attempt->fence = db_int(use, 0);
	attempt->attempt = (int)db_int(use, 1);
	attempt->ended_us = db_int(use, 2);
	snprintf(
	    attempt->status, sizeof attempt->status, "%s", db_text(use, 3));
	attempt->http = (int)db_int(use, 4);
	snprintf(attempt->error, sizeof attempt->error, "%s", db_text(use, 5));
}

static enum status read_history(
    struct db *db, int64_t id, struct outbox_copy *copy)
{
	struct db_row *use = db_use(db, SQL_queue_history);
	enum status status;
	bool whole;

	/* For the most there can be, some 600 kB: mostly never touched. */
	copy->history = calloc(OUTBOX_HISTORY_MAX, sizeof *copy->history);
	whole = copy->history != NULL;
	db_bind_int(use, ":id", id);
	db_bind_int(use, ":limit", OUTBOX_HISTORY_MAX);
	/* Without memory no row is read; a use is ended all the same. */
	while (
	    whole && copy->history_count < OUTBOX_HISTORY_MAX && db_next(use)) {
		read_attempt(use, &copy->history[copy->history_count]);
		copy->history_count++;
	}
	status = db_done(use);
	return status == STATUS_OK && !whole ? STATUS_MEMORY : status;
}

/* False: memory. The texts fit, as outbox_put was given no longer ones. */
static bool read_item(struct db_row *use, int64_t id, struct outbox_copy *copy)
{
	struct outbox_item *item = &copy->item;

	item->id = id;
	snprintf(item->interaction_id, sizeof item->interaction_id, "%s",
	    db_text(use, 0));
	snprintf(
	    item->claim_key, sizeof item->claim_key, "%s", db_text(use, 1));
	item->claim_holder = db_int(use, 2);
	item->body = strdup(db_text(use, 3));
	item->accepted_us = db_int(use, 4);
	copy->due_us = db_int(use, 5);
	item->attempts = (int)db_int(use, 6);
	item->fence = db_int(use, 7);
	item->superseded = db_int(use, 8) != 0;
	copy->parked = db_int(use, 9) != 0;
	copy->in_hand = db_int(use, 10) != 0;
	outbox_read_trace(use, 11, &item->trace);
	if (item->body == NULL)
		return false;
	item->body_bytes = strlen(item->body);
	return true;
}

static enum status read_at(struct db *db, int64_t id, int64_t now_us,
    struct outbox_copy *copy, bool *found)
{
	struct db_row *use = db_use(db, SQL_queue_read);
	struct outbox_copy read = {0};
	bool there;
	bool whole = true;
	enum status status;

	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":id", id);
	there = db_next(use);
	if (there)
		whole = read_item(use, id, &read);
	status = db_done(use);
	if (status == STATUS_OK && !whole)
		status = STATUS_MEMORY;
	if (status == STATUS_OK && there)
		status = read_history(db, id, &read);
	if (status != STATUS_OK) {
		outbox_copy_done(&read);
		return status;
	}
	/* With the lists, which are the caller's from here on. */
	*found = there;
	if (there)
		*copy = read;
	return STATUS_OK;
}

enum status outbox_read(
    struct db *db, int64_t id, struct outbox_copy *copy, bool *found)
{
	return read_at(db, id, clock_wall_us(), copy, found);
}

void outbox_copy_done(struct outbox_copy *copy)
{
	free(copy->item.body);
	free(copy->history);
	copy->item.body = NULL;
	copy->history = NULL;
	copy->history_count = 0;
}

/* OK also when it deleted nothing: whoever calls has looked. */
static enum status delete_item(struct db *db, int64_t id, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_queue_drop);

	db_bind_int(use, ":id", id);
	db_bind_int(use, ":now_us", now_us);
	db_next(use);
	return db_done(use);
}

static void describe(const struct outbox_copy *copy, struct record *record)
{
	const struct outbox_attempt *last = NULL;
	const char *error = "";

	/* The history is told oldest first. */
	if (copy->history_count > 0)
		last = &copy->history[copy->history_count - 1];
	if (last)
		error = last->error;
	snprintf(record->error, sizeof record->error,
	    "dropped by an operator; last: %s%s%.*s",
	    last ? last->status : "not tried", error[0] != '\0' ? ", " : "",
	    (int)utf8_fitting(error, LAST_ERROR_MAX), error);
	record->cxone_http = last ? last->http : 0;
}

/* The sender was told 202 long ago; this row tells what became of it. */
static enum status record_drop(struct db *db, const struct outbox_copy *copy)
{
	const struct outbox_item *item = &copy->item;
	struct event event = {0};
	struct event_problem problem;
	struct record record;
	enum status status;

	record_init(&record);
	/* What cannot be read stays "": an item must be droppable whatever its
	 * body is. */
	event_read(item->body, item->body_bytes, &event, &problem);
	strcpy(record.interaction_id, item->interaction_id);
	strcpy(record.event_type, event.event_type);
	strcpy(record.event_timestamp, event.timestamp);
	strcpy(record.media_type, event.media_type);
	event_done(&event);
	record.received_us = item->accepted_us;
	record.trace = &item->trace;
	record.outcome = OUTCOME_DROPPED;
	record.status = STATUS_DROPPED;
	record.http = 202;
	record.queue_attempts = item->attempts;
	record.total_us = clock_wall_us() - item->accepted_us;
	/* The clock was put back: a time below 0 would be in some sums, as 0,
	 * and not in others. */
	if (record.total_us < 0)
		record.total_us = 0;
	record.step_us[STEP_QUEUE] = record.total_us;
	record.write_from_us = clock_mono_us();
	describe(copy, &record);
	/* All that follow mean the decision that was inserted last: nothing
	 * may be inserted in between. The history is deleted when it has been
	 * copied, since its rows have nobody but the item. */
	status = record_insert(db, &record);
	if (status == STATUS_OK)
		status = outbox_keep_history(db, item->id);
	if (status == STATUS_OK)
		status = outbox_forget(db, item->id);
	/* It was parked, perhaps, and then has a decision already. */
	return status == STATUS_OK ? record_replace(db, &record) : status;
}

/* One time for all three statements: whether a lease lasts must be the same
 * to each, though the clock may be put back in between. */
enum status outbox_drop(struct db *db, int64_t id, bool *done)
{
	struct outbox_copy copy = {0};
	int64_t now_us = clock_wall_us();
	bool found = false;
	enum status status = outbox_note_lapse(db, id, now_us);

	if (status == STATUS_OK)
		status = read_at(db, id, now_us, &copy, &found);
	if (status != STATUS_OK)
		return status;
	found = found && !copy.in_hand;
	if (found)
		status = delete_item(db, id, now_us);
	if (status == STATUS_OK && found)
		status = record_drop(db, &copy);
	outbox_copy_done(&copy);
	if (status == STATUS_OK)
		*done = found;
	return status;
}

enum status outbox_has(
    struct db *db, const struct outbox_item *item, bool *there)
{
	struct db_row *use = db_use(db, SQL_queue_has);
	enum status status;
	bool found;

	/* Without a claim "" is bound, not NULL: the statement asks for it. */
	db_bind_text(use, ":interaction_id", item->interaction_id);
	db_bind_text(use, ":claim_key", item->claim_key);
	db_bind_int(use, ":accepted_us", item->accepted_us);
	found = db_next(use);
	status = db_done(use);
	if (status == STATUS_OK)
		*there = found;
	return status;
}

enum status outbox_fate(struct db *db, const struct outbox_item *item,
    bool *open, enum outcome *outcome)
{
	struct db_row *use = db_use(db, SQL_queue_fate);
	enum outcome found = OUTCOME_COUNT;
	enum status status;
	bool there = false;

	db_bind_int(use, ":id", item->id);
	db_bind_text(use, ":interaction_id", item->interaction_id);
	db_bind_int(use, ":accepted_us", item->accepted_us);
	if (db_next(use)) {
		there = db_int(use, 0) != 0;
		/* NULL is read as "", which is the name of no outcome. */
		found = outcome_named(db_text(use, 1));
	}
	status = db_done(use);
	if (status == STATUS_OK) {
		*open = there;
		*outcome = found;
	}
	return status;
}

static enum status insert(
    struct db *db, const struct outbox_copy *copy, int64_t *id)
{
	struct db_row *use = db_use(db, SQL_queue_import);
	const struct outbox_item *item = &copy->item;
	char parent[TRACE_PARENT_BYTES];

	db_bind_text(use, ":interaction_id", item->interaction_id);
	db_bind_text(use, ":claim_key", item->claim_key);
	db_bind_int(use, ":claim_holder", item->claim_holder);
	db_bind_text(use, ":body", item->body);
	db_bind_int(use, ":accepted_us", item->accepted_us);
	db_bind_int(use, ":due_us", copy->due_us);
	db_bind_text(use, ":state", copy->parked ? "parked" : "waiting");
	db_bind_int(use, ":attempts", item->attempts);
	db_bind_int(use, ":fence", item->fence);
	db_bind_int(use, ":superseded", item->superseded);
	outbox_bind_trace(use, &item->trace, parent);
	if (db_next(use))
		*id = db_int(use, 0);
	return db_done(use);
}

/* As outbox_put does with a new event. One that is parked is asked whether it
 * was overtaken when it is put back. */
static enum status join(
    struct db *db, const struct outbox_item *item, int64_t id)
{
	enum status status =
	    outbox_supersede(db, item->interaction_id, item->accepted_us);

	return status == STATUS_OK ? mark_overtaken(db, id) : status;
}

enum status outbox_import(
    struct db *db, const struct outbox_copy *copy, bool *is_new)
{
	bool there = false;
	int64_t id = 0;
	enum status status = outbox_has(db, &copy->item, &there);
	int i;

	if (status == STATUS_OK && !there)
		status = insert(db, copy, &id);
	if (status == STATUS_OK && !there && !copy->parked)
		status = join(db, &copy->item, id);
	/* With their own fences, which the item's is not less than: its next
	 * lease gets one that is free. */
	for (i = 0; status == STATUS_OK && !there && i < copy->history_count;
	     i++)
		status = note(db, id, &copy->history[i]);
	if (status == STATUS_OK)
		*is_new = !there;
	return status;
}
