#ifndef PAGE_WRITE_H
#define PAGE_WRITE_H

#include <stdbool.h>

#include "page_facts.h"
#include "text.h"

/*
 * What was read for the report, written for people, for programs and for
 * spreadsheets. All borrow facts until return.
 */

/* The whole document of /report. */
void page_html_write(const struct page_facts *facts, struct text *text);

/* One JSON object. Times are ms, moments RFC 3339 in UTC. */
void page_json_write(const struct page_facts *facts, struct text *text);

/*
 * CSV (RFC 4180). which: "times", a line for the total, each step and each
 * status of the inventory over the period, then for the total and each step
 * by slot; "slowest"; or "state", a line for each thing and its value. False:
 * it is none of these.
 */
bool page_csv_write(
    const struct page_facts *facts, const char *which, struct text *text);

#endif
