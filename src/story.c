/* story.c: an event's number or interaction -> all that is known of it */
#include "story.h"

#include <stdlib.h>
#include <string.h>

#include "story_inside.h"
#include "waits.h"

/* All texts of a story, in a list, to be freed with it: a row's are borrowed
 * for as long as it is in hand, and other statements follow. */
struct story_text {
	struct story_text *next;
	char bytes[];
};

/* Where a column of reports_event.sql goes. By its name: the file is run in the
 * sqlite3 shell as well, and its columns are in the order that reads best. */
struct field {
	const char *column;
	size_t offset;
};

static const struct field texts[] = {
    {"interaction_id", offsetof(struct story, interaction_id)},
    {"event_type", offsetof(struct story, event_type)},
    {"event_timestamp", offsetof(struct story, event_timestamp)},
    {"media_type", offsetof(struct story, media_type)},
    {"request_id", offsetof(struct story, request_id)},
    {"trace_id", offsetof(struct story, trace_id)},
    {"parent_span", offsetof(struct story, parent_span)},
    {"outcome", offsetof(struct story, outcome)},
    {"status", offsetof(struct story, status)},
    {"error", offsetof(struct story, error)},
    {"sku", offsetof(struct story, sku)},
    {"sku_rule", offsetof(struct story, sku_rule)},
    {"inventory_word", offsetof(struct story, inventory_word)},
    {"inventory_status", offsetof(struct story, inventory_status)},
    {"inventory_result", offsetof(struct story, inventory_result)},
    {"skills", offsetof(struct story, skills)},
    {"queues", offsetof(struct story, queues)},
    {"map_digest", offsetof(struct story, map_digest)},
};

static const struct field counts[] = {
    {"http", offsetof(struct story, http)},
    {"inventory_attempts", offsetof(struct story, inventory_attempts)},
    {"inventory_http", offsetof(struct story, inventory_http)},
    {"cxone_attempts", offsetof(struct story, cxone_attempts)},
    {"cxone_http", offsetof(struct story, cxone_http)},
    {"token_refreshes", offsetof(struct story, token_refreshes)},
    {"queue_attempts", offsetof(struct story, queue_attempts)},
};

static const struct field times[] = {
    {"id", offsetof(struct story, id)},
    {"received_us", offsetof(struct story, received_us)},
    {"total_us", offsetof(struct story, total_us)},
    {"replaced_by", offsetof(struct story, replaced_by)},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Also the words of reports_event_others.sql. */
static const char *const relations[STORY_RELATION_COUNT] = {
    [STORY_REPLACED] = "replaced",
    [STORY_REPLACING] = "replacing",
    [STORY_DUPLICATE] = "duplicate",
    [STORY_FIRST] = "first",
    [STORY_OTHER] = "other",
};

const char *story_relation_name(enum story_relation relation)
{
	return relations[relation];
}

const char *story_keep(struct story *story, const char *text)
{
	struct story_text *kept;
	size_t bytes;

	if (text == NULL)
		return NULL;
	bytes = strlen(text) + 1;
	kept = malloc(sizeof *kept + bytes);
	if (kept == NULL) {
		story->no_memory = true;
		return NULL;
	}
	memcpy(kept->bytes, text, bytes);
	kept->next = story->texts;
	story->texts = kept;
	return kept->bytes;
}

static const char *keep_column(
    struct story *story, struct db_row *row, int column)
{
	if (db_is_null(row, column))
		return NULL;
	return story_keep(story, db_text(row, column));
}

/* NULL when fields do not have the column. */
static void *find_place(const struct field *fields, size_t count,
    const char *column, struct story *story)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].column, column) == 0)
			return (char *)story + fields[i].offset;
	return NULL;
}

/* A column that was NULL leaves its 0. */
static void take_column(struct story *story, struct db_row *row, int column)
{
	const char *name = db_column_name(row, column);
	const char **text = find_place(texts, COUNT(texts), name, story);
	int *count = find_place(counts, COUNT(counts), name, story);
	int64_t *us = find_place(times, COUNT(times), name, story);

	if (text != NULL)
		*text = keep_column(story, row, column);
	else if (count != NULL)
		*count = (int)db_int(row, column);
	else if (us != NULL)
		*us = db_int(row, column);
}

/* False: it is no step's. name is a column's and goes on after these bytes. */
static bool find_step(const char *name, size_t bytes, enum step *step)
{
	for (int i = 0; i < STEP_COUNT; i++) {
		const char *known = step_name((enum step)i);

		if (strncmp(known, name, bytes) == 0 && known[bytes] == '\0') {
			*step = (enum step)i;
			return true;
		}
	}
	return false;
}

/* NAME_us, in the order of the path; NULL: not reached. */
static void take_step(struct story *story, struct db_row *row, int column)
{
	const char *name = db_column_name(row, column);
	size_t bytes = strlen(name);
	struct story_step *step = &story->steps[story->step_count];

	/* After the last step this is no place any more, and none is written
	 * to: each step has one column. received_us and total_us are none's. */
	if (bytes <= 3 || strcmp(name + bytes - 3, "_us") != 0 ||
	    !find_step(name, bytes - 3, &step->step) || db_is_null(row, column))
		return;
	step->name = step_name(step->step);
	step->duration_us = db_int(row, column);
	step->attempts = -1;
	story->step_count++;
}

/* A step that a later version knows is left out, not shown as another. */
static void take_waits(struct story *story, const char *text)
{
	struct waits_entry entry;

	while (
	    story->wait_count < STORY_WAITS_MAX && waits_next(&text, &entry)) {
		struct story_wait *wait = &story->waits[story->wait_count];

		if (!find_step(entry.step, strlen(entry.step), &wait->step))
			continue;
		wait->what = story_keep(story, entry.what);
		wait->duration_us = entry.duration_us;
		story->wait_count++;
	}
}

static void take_row(struct story *story, struct db_row *row)
{
	int columns = db_columns(row);

	for (int i = 0; i < columns; i++) {
		take_column(story, row, i);
		take_step(story, row, i);
		if (strcmp(db_column_name(row, i), "waits") == 0)
			take_waits(story, db_text(row, i));
	}
}

/* The request was whole, which is when it counts as received, after the
 * gateway's step; all others follow one another. */
static void find_starts(struct story *story)
{
	int64_t at_us = story->received_us;

	for (size_t i = 0; i < story->step_count; i++) {
		struct story_step *step = &story->steps[i];

		step->start_us = at_us;
		if (step->step == STEP_GATEWAY)
			step->start_us -= step->duration_us;
		else
			at_us += step->duration_us;
	}
}

/* Only these two steps ask an upstream; the token counts as CXone's. */
static void find_requests(struct story *story)
{
	for (size_t i = 0; i < story->step_count; i++) {
		struct story_step *step = &story->steps[i];

		if (step->step == STEP_INVENTORY) {
			step->attempts = story->inventory_attempts;
			step->http = story->inventory_http;
		} else if (step->step == STEP_CXONE) {
			step->attempts = story->cxone_attempts;
			step->http = story->cxone_http;
		}
	}
}

static enum status read_decision(
    struct db *db, const char *id, struct story *story)
{
	struct db_row *row = db_use(db, SQL_reports_event);

	db_bind_text(row, ":id", id);
	if (db_next(row))
		take_row(story, row);
	/* Without a row there are no steps, and both do nothing. */
	find_starts(story);
	find_requests(story);
	return db_done(row);
}

/* A word that is none of ours would be our own slip: then it is another. */
static enum story_relation find_relation(const char *word)
{
	int relation = 0;

	while (relation < STORY_OTHER && strcmp(word, relations[relation]) != 0)
		relation++;
	return (enum story_relation)relation;
}

static enum status read_decisions(struct db *db, struct story *story)
{
	struct db_row *row = db_use(db, SQL_reports_event_others);

	/* Without a later decision replaced_by is 0, the number of none. */
	db_bind_int(row, ":id", story->id);
	db_bind_int(row, ":replaced_by", story->replaced_by);
	db_bind_text(row, ":event_type", story->event_type);
	db_bind_text(row, ":event_timestamp", story->event_timestamp);
	db_bind_text(row, ":outcome", story->outcome);
	db_bind_text(row, ":interaction_id", story->interaction_id);
	db_bind_int(row, ":limit", STORY_DECISIONS_MAX);
	while (story->decision_count < STORY_DECISIONS_MAX && db_next(row))
		story->decisions[story->decision_count++] =
		    (struct story_decision){
			.id = db_int(row, 0),
			.relation = find_relation(db_text(row, 1)),
			.received_us = db_int(row, 2),
			.outcome = story_keep(story, db_text(row, 3)),
			.status = story_keep(story, db_text(row, 4)),
			.http = (int)db_int(row, 5),
			.total_us = db_int(row, 6),
		    };
	return db_done(row);
}

/* What is to be told of the newest event in the queue when there is no
 * decision at all. */
static void take_queued(struct story *story, struct db_row *row)
{
	if (story->id != 0 || story->received_us != 0)
		return;
	story->received_us = db_int(row, 2);
	story->queue_attempts = (int)db_int(row, 4);
	story->request_id = keep_column(story, row, 6);
	story->trace_id = keep_column(story, row, 7);
}

static enum status read_queued(
    struct db *db, const char *interaction_id, struct story *story)
{
	struct db_row *row = db_use(db, SQL_reports_event_queued);

	db_bind_text(row, ":interaction_id", interaction_id);
	db_bind_int(row, ":limit", STORY_QUEUED_MAX);
	while (story->queued_count < STORY_QUEUED_MAX && db_next(row)) {
		take_queued(story, row);
		story->queued[story->queued_count++] = (struct story_queued){
		    .id = db_int(row, 0),
		    .state = story_keep(story, db_text(row, 1)),
		    .accepted_us = db_int(row, 2),
		    .due_us = db_int(row, 3),
		    .attempts = (int)db_int(row, 4),
		    .superseded = db_int(row, 5) != 0,
		};
	}
	return db_done(row);
}

/* The event itself, when it still is in the queue; 0: it is not. An item and
 * its decisions have the same time of receipt, by which they are known to be
 * one event (decision_replace.sql). */
static int64_t own_item(const struct story *story)
{
	for (size_t i = 0; i < story->queued_count; i++)
		if (story->queued[i].accepted_us == story->received_us)
			return story->queued[i].id;
	return 0;
}

/* They were read newest first, so that a limit cuts the oldest. */
static void turn_attempts(struct story *story)
{
	for (size_t i = 0; i < story->attempt_count / 2; i++) {
		size_t other = story->attempt_count - 1 - i;
		struct story_attempt kept = story->attempts[i];

		story->attempts[i] = story->attempts[other];
		story->attempts[other] = kept;
	}
}

static enum status read_attempts(struct db *db, struct story *story)
{
	struct db_row *row = db_use(db, SQL_reports_event_attempts);
	int64_t item = own_item(story);

	/* Unbound it is NULL, and what the decision keeps is read instead. */
	db_bind_int(row, ":id", story->id);
	if (item != 0)
		db_bind_int(row, ":outbox_id", item);
	db_bind_int(row, ":limit", STORY_ATTEMPTS_MAX);
	while (story->attempt_count < STORY_ATTEMPTS_MAX && db_next(row))
		story->attempts[story->attempt_count++] =
		    (struct story_attempt){
			.attempt = (int)db_int(row, 0),
			.ended_us = db_int(row, 1),
			.status = story_keep(story, db_text(row, 2)),
			.http = (int)db_int(row, 3),
			.error = keep_column(story, row, 4),
			.waits = keep_column(story, row, 5),
		    };
	turn_attempts(story);
	return db_done(row);
}

/*
 * Without a decision id can only be an interaction: the queue is asked for
 * it. The words come last, as they are made of all the rest.
 */
static enum status read_all(struct db *db, const char *id, struct story *story)
{
	enum status status = read_decision(db, id, story);
	bool decided = story->id != 0;

	if (!decided)
		story->interaction_id = story_keep(story, id);
	/* An event that was refused may have named no interaction. */
	if (status == STATUS_OK && story->interaction_id != NULL)
		status = read_queued(db, story->interaction_id, story);
	if (status == STATUS_OK && decided && story->interaction_id != NULL)
		status = read_decisions(db, story);
	if (status == STATUS_OK)
		status = read_attempts(db, story);
	story_find_words(story);
	if (status == STATUS_OK && story->no_memory)
		status = STATUS_MEMORY;
	return status;
}

enum status story_read(struct db *db, const char *id, struct story **story)
{
	struct story *made = calloc(1, sizeof *made);
	enum status status;

	*story = NULL;
	if (made == NULL)
		return STATUS_MEMORY;
	status = read_all(db, id, made);
	if (status == STATUS_OK && (made->id != 0 || made->queued_count > 0))
		*story = made;
	else
		story_free(made);
	return status;
}

void story_free(struct story *story)
{
	if (story == NULL)
		return;
	while (story->texts != NULL) {
		struct story_text *text = story->texts;

		story->texts = text->next;
		free(text);
	}
	free(story);
}
