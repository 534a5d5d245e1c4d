#ifndef PAGE_WORDS_H
#define PAGE_WORDS_H

#include <stdint.h>

#include "text.h"

/* Numbers, times and moments as people read them on a page. */

/* 1234567 as 1,234,567. */
void page_add_count(struct text *text, int64_t count);

/* Milliseconds with three digits that count: 0.042, 4.21, 42.1, 2,003. */
void page_add_ms(struct text *text, double us);

/* The same with its unit: 42.1 ms, 2.00 s. */
void page_add_time(struct text *text, double us);

/* A long time, roughly: 45 s, 12 min, 3 h 5 min, 2 days. Below 0 it is 0 s. */
void page_add_span(struct text *text, int64_t us);

/* 1.5 KB, 3.2 MB. */
void page_add_bytes(struct text *text, int64_t bytes);

/* UTC, as a <time>: 21:30:05 of the day that now_us is in, else with the
 * day: 22 Nov, 21:30:05; half a year away with the year too. */
void page_add_moment(struct text *text, int64_t at_us, int64_t now_us);

#endif
