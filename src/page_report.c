/* page_report.c: the kept decisions -> the operator's report */
#include "page_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "report.h"
#include "table.h"
#include "version.h"

/* Adds a table as a JSON list, and frees it. */
static enum status add_table(struct text *text, struct table *table)
{
	char *bytes = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&bytes, &length);
	enum status status = STATUS_MEMORY;

	if (out != NULL) {
		status = table_print(table, TABLE_JSON, out);
		fclose(out);
	}
	if (status == STATUS_OK)
		text_add_bytes(text, bytes, length);
	free(bytes);
	table_free(table);
	return status;
}

enum status page_report_json(
    struct db *db, const struct page_ask *ask, struct page *page)
{
	struct table *table = NULL;
	enum status status;

	(void)ask;
	page->type = "application/json";
	text_add(&page->text, "{\"version\":");
	text_add_json(&page->text, STOCKROUTE_VERSION);
	text_add(&page->text, ",\"breakers\":");
	status = report_breakers(db, &table);
	if (status == STATUS_OK)
		status = add_table(&page->text, table);
	if (status == STATUS_OK)
		status = report_tokens(db, &table);
	if (status != STATUS_OK)
		return status;
	text_add(&page->text, ",\"tokens\":");
	status = add_table(&page->text, table);
	text_add(&page->text, "}\n");
	return status;
}
