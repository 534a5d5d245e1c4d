#ifndef PAGE_CHART_H
#define PAGE_CHART_H

#include "page_facts.h"
#include "record.h"
#include "text.h"

/*
 * Charts of the report over its slots, as SVG that needs no script: each has
 * a title and a description for who cannot see it, each slot tells its values
 * to who points at it. They are as wide as there is room; texts keep their
 * size. The same values stand in a table beside, which is the page's.
 */

/* Events of each slot, stacked by what came of them. */
void page_chart_outcomes(const struct page_facts *facts, struct text *text);

/* Median, 95th and 99th percentile of whole decisions. */
void page_chart_times(const struct page_facts *facts, struct text *text);

/* Median and 95th percentile of one step, small. */
void page_chart_step(
    const struct page_facts *facts, enum step step, struct text *text);

/* A horizontal bar of so many percent; for who sees, as the number stands
 * beside it. */
void page_chart_bar(double percent, struct text *text);

/* The sum of the slot with this number; NULL: it has none. part: a step's
 * name in facts->steps, "total" in facts->total. */
const struct rollup_sum *page_slot(const struct page_facts *facts,
    const struct rollup *rollup, size_t slot, const char *part);

/* When a slot begins, in UTC, as short as the period allows: 21:30, or
 * 22 Nov, or 22 Nov 21:30. */
void page_add_slot(
    const struct page_facts *facts, size_t slot, struct text *text);

#endif
