#ifndef PAGE_TABLES_H
#define PAGE_TABLES_H

#include "page_facts.h"
#include "text.h"

/*
 * The tables of the report's page, and what explains its charts. The tables
 * beside a chart hold the values that it draws, for who cannot see it.
 */
void page_add_outcome_key(const struct page_facts *facts, struct text *text);
void page_add_outcome_table(const struct page_facts *facts, struct text *text);
void page_add_time_key(const struct page_facts *facts, struct text *text);
void page_add_time_table(const struct page_facts *facts, struct text *text);

/* Where the time goes, step by step; and the mix of the stock. */
void page_add_steps(const struct page_facts *facts, struct text *text);

/* With links to their stories. */
void page_add_slowest(const struct page_facts *facts, struct text *text);

/* Circuits, pause, token and queue; what the words mean; other forms. */
void page_add_state(const struct page_facts *facts, struct text *text);

#endif
