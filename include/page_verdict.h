#ifndef PAGE_VERDICT_H
#define PAGE_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "page_state.h"
#include "rollup.h"

/*
 * Is it healthy, and since when? Judged by what is now, and by the shares of
 * the last PAGE_RECENT_S, whatever period is looked at.
 *
 * FAILING: events are not routed. CXone's circuit is open, there is no token
 *   and none is given, one in ten events or more failed or expired, or the
 *   queue's oldest has waited longer than QUEUE_MAX_AGE_S.
 * DEGRADED: events are routed, but not as well as they could be. The
 *   inventory's circuit is open, a circuit is being probed, CXone wants a
 *   pause, one in a hundred events or more failed or expired, one in ten or
 *   more of those routed fell back, or the queue's oldest has waited for a
 *   quarter of QUEUE_MAX_AGE_S.
 *
 * Circuits count only where BREAKER is on, and those that an operator forced
 * open count as open. Of a share of events, duplicates are no part.
 *
 * A few events say nothing about a share: fewer than PAGE_PART_MIN of them,
 * or of fewer than PAGE_RECENT_MIN, count only when they are all there were.
 */
enum page_health { PAGE_HEALTHY, PAGE_DEGRADED, PAGE_FAILING };

#define PAGE_RECENT_S      300
#define PAGE_RECENT_MIN    10
#define PAGE_PART_MIN      3
#define PAGE_LOOK_BACK_S   86400 /* nobody knows of a since before that */
#define PAGE_SINCE_UNKNOWN (-1)
#define PAGE_REASON_BYTES  200
#define PAGE_REASONS_MAX   8

/* The word ("degraded"). */
const char *page_health_name(enum page_health health);

struct page_reason {
	enum page_health health;      /* what it makes of the house */
	int64_t since_us;             /* as of the verdict */
	char text[PAGE_REASON_BYTES]; /* a sentence without its end */
};

struct page_verdict {
	enum page_health health;
	int64_t since_us; /* 0: longer than PAGE_LOOK_BACK_S; or
			     PAGE_SINCE_UNKNOWN; of shares it is where a slot
			     begins */
	struct page_reason reasons[PAGE_REASONS_MAX]; /* the worst first */
	size_t reason_count;
	int64_t recent; /* events in the last PAGE_RECENT_S */
};

/* What a verdict is made from. recent: by ROLLUP_TOTAL in slots of
 * PAGE_RECENT_S, the last of which holds now_us. */
struct page_evidence {
	const struct config *config;
	const struct page_state *state;
	const struct rollup *recent;
	int64_t now_us;
};

void page_judge(
    const struct page_evidence *evidence, struct page_verdict *verdict);

#endif
