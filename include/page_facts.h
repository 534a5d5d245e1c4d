#ifndef PAGE_FACTS_H
#define PAGE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "db.h"
#include "page.h"
#include "page_state.h"
#include "page_verdict.h"
#include "record.h"
#include "rollup.h"
#include "status.h"

/*
 * All that /report shows, read once and written as HTML, JSON or CSV. The
 * sums come from the rollups, so that any period costs about the same.
 */

/* A decision that took long. */
struct page_slow {
	int64_t id;
	int64_t received_us;
	int64_t total_us;
	char interaction_id[RECORD_ID_BYTES];
	char media_type[RECORD_WORD_BYTES];
	char sku[RECORD_SKU_BYTES];
	char inventory_status[RECORD_WORD_BYTES];
	char outcome[RECORD_WORD_BYTES];
	char status[RECORD_WORD_BYTES];
};

/* Of so many decisions of the period, the newest, the slowest are sought. */
#define PAGE_NEWEST   5000
#define PAGE_SLOW_MAX 10

#define PAGE_WORDS_BYTES 64
#define PAGE_SLOTS_MAX   60

struct page_facts {
	int64_t now_us;
	char since[PAGE_WORDS_BYTES]; /* what was asked for; "" each when it */
	char from[PAGE_WORDS_BYTES];  /* was not, since also beside these */
	char to[PAGE_WORDS_BYTES];
	struct text problem; /* of what was asked for, then the period is that
				of PERIOD_DEFAULT */
	struct rollup_period period;
	int64_t slot_s; /* a sum for each so many seconds of it, at most two
			   more than PAGE_SLOTS_MAX: those at its ends may
			   lie in it in part only */

	struct rollup total;     /* by slot */
	struct rollup steps;     /* by slot and step */
	struct rollup inventory; /* by the inventory's status */
	struct rollup_sum all;   /* of the whole period */
	struct histogram step_times[STEP_COUNT];

	int64_t last_us; /* the newest decision of all; 0: there is none */
	struct page_state state;
	struct page_verdict verdict;
	struct page_slow slow[PAGE_SLOW_MAX]; /* the slowest first */
	size_t slow_count;
};

/*
 * Reads all of it, for the period that the query names (since, or from and
 * to; period.h, in UTC). Within a read transaction. STATUS_OK: *facts is
 * given, free with page_facts_free.
 */
enum status page_facts_read(
    struct db *db, const struct page_ask *ask, struct page_facts **facts);

/* NULL is allowed. */
void page_facts_free(struct page_facts *facts);

/* How many slots the period has; 0: it is yet to come. */
size_t page_slots(const struct page_facts *facts);

/* Events a minute, in the part of the period that has passed; 0: none has. */
double page_per_minute(const struct page_facts *facts);

/* Of those routed at all, in percent; -1 when none was. */
double page_fallback_percent(const struct rollup_sum *sum);

/* What came of all events but these and the fallback: refused, expired ... */
int64_t page_others(const struct rollup_sum *sum);

#endif
