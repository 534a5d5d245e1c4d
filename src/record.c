/* record.c: what became of one event -> its row, or its line in the log */
#include "record.h"

#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "log.h"

/* Words of the database: they may be added to, never changed. */
static const char *const outcomes[OUTCOME_COUNT] = {
    [OUTCOME_ROUTED] = "routed",
    [OUTCOME_FALLBACK] = "fallback",
    [OUTCOME_SKIPPED] = "skipped",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_DUPLICATE] = "duplicate",
    [OUTCOME_SUPERSEDED] = "superseded",
    [OUTCOME_EXPIRED] = "expired",
    [OUTCOME_DROPPED] = "dropped",
};

/* The parameter, less its colon, is the column and the word in the log. */
static const struct {
	const char *name;
	const char *parameter;
} steps[STEP_COUNT] = {
    [STEP_QUEUE] = {"queue", ":queue_us"},
    [STEP_GATEWAY] = {"gateway", ":gateway_us"},
    [STEP_WEBHOOK] = {"webhook", ":webhook_us"},
    [STEP_EVENT] = {"event", ":event_us"},
    [STEP_CLAIM] = {"claim", ":claim_us"},
    [STEP_SKU] = {"sku", ":sku_us"},
    [STEP_INVENTORY] = {"inventory", ":inventory_us"},
    [STEP_ROUTING] = {"routing", ":routing_us"},
    [STEP_CXONE] = {"cxone", ":cxone_us"},
    [STEP_RECORD] = {"record", ":record_us"},
};

const char *outcome_name(enum outcome outcome)
{
	return outcomes[outcome];
}

enum outcome outcome_named(const char *name)
{
	enum outcome outcome = 0;

	while (outcome < OUTCOME_COUNT && strcmp(name, outcomes[outcome]) != 0)
		outcome++;
	return outcome;
}

const char *step_name(enum step step)
{
	return steps[step].name;
}

enum step step_named(const char *name)
{
	enum step step = 0;

	while (step < STEP_COUNT && strcmp(name, steps[step].name) != 0)
		step++;
	return step;
}

void record_init(struct record *record)
{
	*record = (struct record){0};
	for (size_t i = 0; i < STEP_COUNT; i++)
		record->step_us[i] = -1;
}

/* An empty text is one that is not known. */
static void bind_word(struct db_row *row, const char *name, const char *word)
{
	db_bind_text(row, name, word != NULL && word[0] == '\0' ? NULL : word);
}

/* 0 stands for an answer that never came. */
static void bind_http(struct db_row *row, const char *name, int code)
{
	if (code == 0)
		db_bind_null(row, name);
	else
		db_bind_int(row, name, code);
}

static void bind_event(struct db_row *row, const struct record *record)
{
	db_bind_int(row, ":received_us", record->received_us);
	bind_word(row, ":interaction_id", record->interaction_id);
	bind_word(row, ":event_type", record->event_type);
	bind_word(row, ":event_timestamp", record->event_timestamp);
	bind_word(row, ":media_type", record->media_type);
	bind_word(row, ":sku", record->sku);
	bind_word(row, ":sku_rule", record->sku_rule);
}

/* What is not bound is NULL: db_done has cleared the last row's. */
static void bind_trace(struct db_row *row, const struct trace *trace)
{
	if (trace == NULL)
		return;
	bind_word(row, ":trace_id", trace->id);
	bind_word(row, ":parent_span", trace->parent);
	bind_word(row, ":request_id", trace_request_id(trace));
}

/* Whether the inventory's step was reached shows in its word. */
static void bind_decision(struct db_row *row, const struct record *record)
{
	const char *result = status_name(record->inventory_result);

	if (record->inventory_word[0] == '\0')
		result = NULL;
	bind_word(row, ":inventory_word", record->inventory_word);
	bind_word(row, ":inventory_status", record->inventory_status);
	db_bind_text(row, ":inventory_result", result);
	bind_word(row, ":skills", record->skills);
	bind_word(row, ":queues", record->queues);
	bind_word(row, ":map_digest", record->map_digest);
}

static void bind_result(struct db_row *row, const struct record *record)
{
	db_bind_text(row, ":outcome", outcome_name(record->outcome));
	db_bind_text(row, ":status", status_name(record->status));
	db_bind_int(row, ":http", record->http);
	bind_http(row, ":inventory_http", record->inventory_http);
	db_bind_int(row, ":inventory_attempts", record->inventory_attempts);
	bind_http(row, ":cxone_http", record->cxone_http);
	db_bind_int(row, ":cxone_attempts", record->cxone_attempts);
	db_bind_int(row, ":token_refreshes", record->token_refreshes);
	db_bind_int(row, ":queue_attempts", record->queue_attempts);
	bind_word(row, ":error", record->error);
	bind_word(row, ":waits", record->waits.text);
}

/* A step that was not reached has no time, which is not a time of 0. */
static void bind_times(struct db_row *row, const struct record *record)
{
	for (size_t i = 0; i < STEP_COUNT; i++) {
		if (record->step_us[i] < 0)
			db_bind_null(row, steps[i].parameter);
		else
			db_bind_int(
			    row, steps[i].parameter, record->step_us[i]);
	}
	db_bind_int(row, ":total_us", record->total_us);
}

/*
 * Runs on the store's thread when that gets to it, perhaps again: its own
 * step ends here, so that the row can hold it. It is the one field that is
 * written here; the loop looks at the record again when the job is done.
 */
enum status record_insert(struct db *db, struct record *record)
{
	struct db_row *row = db_use(db, SQL_decision_insert);

	record->step_us[STEP_RECORD] = clock_mono_us() - record->write_from_us;
	bind_event(row, record);
	bind_decision(row, record);
	bind_result(row, record);
	bind_times(row, record);
	bind_trace(row, record->trace);
	db_next(row);
	return db_done(row);
}

/*
 * The id is the new decision's still: what settle runs between the two, the
 * event's history, updates and deletes, but inserts nothing.
 */
enum status record_replace(struct db *db, const struct record *record)
{
	int64_t id = db_inserted_id(db);
	struct db_row *row = db_use(db, SQL_decision_replace);

	db_bind_int(row, ":id", id);
	db_bind_text(row, ":interaction_id", record->interaction_id);
	db_bind_int(row, ":received_us", record->received_us);
	db_next(row);
	return db_done(row);
}

static void describe_trace(const struct trace *trace, struct log_entry *entry)
{
	if (trace == NULL)
		return;
	log_add(entry, "trace_id", trace->id);
	log_add(entry, "request_id", trace_request_id(trace));
	log_add(entry, "parent_span", trace->parent);
}

static void describe_decision(
    const struct record *record, struct log_entry *entry)
{
	log_add(entry, "outcome", outcome_name(record->outcome));
	log_add(entry, "status", status_name(record->status));
	log_add_int(entry, "http", record->http);
	log_add(entry, "media_type", record->media_type);
	log_add(entry, "sku", record->sku);
	log_add(entry, "sku_rule", record->sku_rule);
	log_add(entry, "inventory_status", record->inventory_status);
	log_add(entry, "skills", record->skills);
	log_add(entry, "queues", record->queues);
	log_add(entry, "error", record->error);
	log_add(entry, "waits", record->waits.text);
}

static void describe_times(const struct record *record, struct log_entry *entry)
{
	log_add_int(entry, "total_us", record->total_us);
	for (size_t i = 0; i < STEP_COUNT; i++)
		if (record->step_us[i] >= 0)
			log_add_int(
			    entry, steps[i].parameter + 1, record->step_us[i]);
}

static void describe_http(struct log_entry *entry, const char *name, int code)
{
	if (code != 0)
		log_add_int(entry, name, code);
}

/* As in the row: where no inventory was asked there is nothing of it. */
static void describe_upstreams(
    const struct record *record, struct log_entry *entry)
{
	if (record->inventory_word[0] != '\0') {
		log_add(entry, "inventory_word", record->inventory_word);
		log_add(entry, "inventory_result",
		    status_name(record->inventory_result));
	}
	describe_http(entry, "inventory_http", record->inventory_http);
	log_add_int(entry, "inventory_attempts", record->inventory_attempts);
	describe_http(entry, "cxone_http", record->cxone_http);
	log_add_int(entry, "cxone_attempts", record->cxone_attempts);
	log_add_int(entry, "token_refreshes", record->token_refreshes);
	log_add_int(entry, "queue_attempts", record->queue_attempts);
}

void record_describe(const struct record *record, struct log_entry *entry)
{
	log_add(entry, "interaction_id", record->interaction_id);
	describe_trace(record->trace, entry);
	describe_decision(record, entry);
	describe_times(record, entry);
	describe_upstreams(record, entry);
	log_add(entry, "map_digest", record->map_digest);
	log_add_int(entry, "received_us", record->received_us);
	log_add(entry, "event_type", record->event_type);
	log_add(entry, "event_timestamp", record->event_timestamp);
}
