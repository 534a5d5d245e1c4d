#ifndef STORY_H
#define STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "record.h"
#include "status.h"
#include "text.h"

/*
 * What happened to one event, told from its row in table decision, from the
 * queue, and from the other decisions of its interaction; never from a log.
 * The command line prints it, the page /report/event/ID shows it.
 *
 * Every text is as it was received, so that it may hold anything a stranger
 * sent: who shows it escapes it. A text that is not known is NULL. All texts
 * and lists live as long as the story. Times with a name in _us are
 * microseconds: of the wall clock since 1970 (received_us, start_us,
 * ended_us ...), or how long something took.
 */

/* What cost time, or failed, within a step: one entry of column `waits`. */
struct story_wait {
	enum step step;
	const char *what;  /* "token", "retry_after", "429": see waits.h */
	const char *words; /* the same in words; never NULL */
	int64_t duration_us;
};

/* A step that the event went through, in the order of the path. */
struct story_step {
	enum step step;
	const char *name;    /* step_name(step) */
	int64_t start_us;    /* receipt, and all steps before */
	int64_t duration_us; /* of which waits tell */
	int attempts;        /* requests sent; -1: the step sends none */
	int http;            /* the last answer of the upstream; 0: none */
	const char *what;    /* what came of it, in words; never NULL */
};

/* How one attempt of a queued event ended. */
struct story_attempt {
	int attempt; /* 0: before it came to the queue */
	int64_t ended_us;
	const char *status; /* "rate_limited" */
	int http;           /* CXone's answer; 0: none */
	const char *error;  /* in words */
	const char *waits;  /* as waits.h has it */
};

/* How another decision stands to the one that is told. */
enum story_relation {
	STORY_REPLACED,  /* it gave way to this one */
	STORY_REPLACING, /* this one gave way to it */
	STORY_DUPLICATE, /* the event came again, and was answered alike */
	STORY_FIRST,     /* this one is its duplicate */
	STORY_OTHER,     /* another event of the interaction */
	STORY_RELATION_COUNT
};

/* The word for a relation ("replaced"). */
const char *story_relation_name(enum story_relation relation);

/* Another decision of the interaction. */
struct story_decision {
	int64_t id;
	enum story_relation relation;
	int64_t received_us;
	const char *outcome;
	const char *status;
	int http;
	int64_t total_us;
};

/* An event of the interaction that still is in the queue. */
struct story_queued {
	int64_t id;        /* its number in the queue */
	const char *state; /* "waiting", "running" or "parked" */
	int64_t accepted_us;
	int64_t due_us;
	int attempts;
	bool superseded; /* a newer event came: it will only be recorded */
};

/* Lists are cut at so many, the oldest left out. */
#define STORY_WAITS_MAX     64
#define STORY_ATTEMPTS_MAX  100
#define STORY_DECISIONS_MAX 100
#define STORY_QUEUED_MAX    20

/*
 * An event that has no decision yet, since it waits in the queue for its
 * first one, has id 0: known are received_us, interaction_id, request_id,
 * trace_id, attempts and queued; there are no steps.
 */
struct story {
	int64_t id;          /* the decision's number */
	int64_t received_us; /* when the request was whole */
	const char *interaction_id;
	const char *event_type;
	const char *event_timestamp;
	const char *media_type;
	const char *request_id;
	const char *trace_id;
	const char *parent_span;

	const char *outcome; /* "routed" */
	const char *status;  /* the cause when not routed; "ok" */
	int http;            /* what the sender was answered */
	const char *error;   /* in words */
	int64_t total_us;    /* receipt to decision */

	const char *sku;
	const char *sku_rule;         /* "media-suffix", "channel-default" or
					 "pointer": by SKU_POINTER */
	const char *inventory_word;   /* as received, or what stood in */
	const char *inventory_status; /* the map's word for it */
	const char *inventory_result; /* "ok", or why another stood in */
	const char *route_why;        /* a sentence: why this route */
	const char *skills;           /* ids as a JSON list */
	const char *queues;
	const char *map_digest;
	int inventory_attempts;
	int inventory_http;
	int cxone_attempts;
	int cxone_http;
	int token_refreshes;
	int queue_attempts; /* 0: it never was in the queue */
	int64_t replaced_by;

	struct story_step steps[STEP_COUNT];
	size_t step_count;
	struct story_wait waits[STORY_WAITS_MAX];
	size_t wait_count;
	struct story_attempt attempts[STORY_ATTEMPTS_MAX]; /* oldest first */
	size_t attempt_count;
	struct story_decision decisions[STORY_DECISIONS_MAX]; /* newest first */
	size_t decision_count;
	struct story_queued queued[STORY_QUEUED_MAX];
	size_t queued_count;

	/* The module's own. */
	struct story_text *texts;
	bool no_memory;
};

/*
 * Tells the story of one event. id is the number of a decision, or an
 * interaction id: then its newest decision that is no duplicate or, when
 * there is none, its event in the queue. To be run inside a read transaction
 * (db_begin_read). OK: *story is given, free with story_free, or NULL when
 * there is no such event. Others: *story is NULL; what db_done gives, or
 * STATUS_MEMORY.
 */
enum status story_read(struct db *db, const char *id, struct story **story);
void story_free(struct story *story);

/* The whole story as one JSON object. text must take STORY_JSON_MAX. */
#define STORY_JSON_MAX (1 << 20)
void story_write_json(const struct story *story, struct text *text);

#endif
