#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "status.h"
#include "trace.h"
#include "waits.h"

/* How an event ended, in one word: the column `outcome`. */
enum outcome {
	OUTCOME_ROUTED,     /* by the product's stock */
	OUTCOME_FALLBACK,   /* routed, stock unknown or too late */
	OUTCOME_SKIPPED,    /* the interaction was gone at CXone */
	OUTCOME_REFUSED,    /* the event was not acceptable */
	OUTCOME_FAILED,     /* not routed */
	OUTCOME_DUPLICATE,  /* answered as the first one was */
	OUTCOME_SUPERSEDED, /* waited, and a newer event came */
	OUTCOME_EXPIRED,    /* waited longer than EVENT_MAX_AGE_S */
	OUTCOME_DROPPED,    /* taken out of the queue by an operator */
	OUTCOME_COUNT
};

const char *outcome_name(enum outcome outcome);

/* The outcome with this name; OUTCOME_COUNT: there is none. */
enum outcome outcome_named(const char *name);

/*
 * The steps of a decision whose time is kept. Their names are the words in
 * the answer's timing_ms, the columns NAME_us and the rows of the report.
 */
enum step {
	STEP_QUEUE,   /* from acceptance to this attempt; queued events only */
	STEP_GATEWAY, /* from accept to the whole request */
	STEP_WEBHOOK,
	STEP_EVENT,
	STEP_CLAIM, /* also waiting for another's answer */
	STEP_SKU,
	STEP_INVENTORY,
	STEP_ROUTING,
	STEP_CXONE,  /* token, PATCH, and waits between attempts */
	STEP_RECORD, /* until the row is being written: the wait for the
			   store; the commit itself cannot be in its row */
	STEP_COUNT
};

const char *step_name(enum step step);

/* The step with this name; STEP_COUNT: there is none. */
enum step step_named(const char *name);

#define RECORD_ID_BYTES     129 /* interactionId: 128 bytes and the NUL */
#define RECORD_WORD_BYTES   65  /* mediaType, status words */
#define RECORD_TYPE_BYTES   129 /* event_type, timestamp */
#define RECORD_SKU_BYTES    257
#define RECORD_ERROR_BYTES  256
#define RECORD_DIGEST_BYTES 65 /* SHA-256 in hexadecimal */

/*
 * What is kept of one event: one row of table decision. Empty strings and
 * steps of -1 are stored as NULL: not known, not reached. The strings that
 * are pointers are borrowed from the routing map, NULL when no route was
 * chosen; so is the trace, NULL when there is none.
 */
struct record {
	int64_t received_us; /* wall time of the whole request */
	const struct trace *trace;
	char interaction_id[RECORD_ID_BYTES];
	char event_type[RECORD_TYPE_BYTES];
	char event_timestamp[RECORD_TYPE_BYTES]; /* as received */
	char media_type[RECORD_WORD_BYTES];
	char sku[RECORD_SKU_BYTES];
	const char *sku_rule; /* what made it; static, NULL before */
	char inventory_word[RECORD_WORD_BYTES]; /* as received */
	const char *inventory_status;           /* key of the map */
	enum status inventory_result;           /* OK, or why it fell back
						   or was stale */
	const char *skills;                     /* ids as a JSON list */
	const char *queues;
	const char *map_digest;
	enum outcome outcome;
	enum status status;     /* the cause when not routed; OK else */
	int http;               /* what the sender was answered */
	int inventory_http;     /* 0: no answer came */
	int cxone_http;         /* the last answer to PATCH */
	int inventory_attempts; /* 0: kept, waited for another's, or refused */
	bool inventory_stale;   /* the word is old; only in the answer, since
				   word and result tell it in the row */
	int cxone_attempts;     /* PATCH requests sent */
	int token_refreshes;    /* because CXone answered 401 */
	int queue_attempts;     /* from the queue, this one counted */
	char error[RECORD_ERROR_BYTES];
	struct waits waits; /* what it waited for, and what failed */
	int64_t step_us[STEP_COUNT];
	int64_t total_us; /* receipt to decision, latency_ms */

	int64_t write_from_us; /* monotonic; gives STEP_RECORD */
};

/* Makes an empty record: strings empty, steps -1, all counts 0. */
void record_init(struct record *record);

/*
 * Inserts the record as one row; to be run inside a transaction of the
 * store, perhaps again after it was undone.
 */
enum status record_insert(struct db *db, struct record *record);

/*
 * To be run after record_insert, in its transaction, for an event that may
 * have a decision from when it was parked: that one stays as history and is
 * marked as replaced by the new one, so that each event has one current row.
 */
enum status record_replace(struct db *db, const struct record *record);

/*
 * Adds the whole record to a line of the log, under the names of its
 * columns: the row can be entered by hand. What an operator looks for comes
 * first.
 */
struct log_entry;
void record_describe(const struct record *record, struct log_entry *entry);

#endif
