/* page_report.c: a question for the report -> what was kept, in its form */
#include "page_report.h"

#include <string.h>

#include "page_facts.h"
#include "page_write.h"

#define WHICH_BYTES 16

/* What was asked wrong is told on the page, which shows the usual period. */
enum status page_report_html(
    struct db *db, const struct page_ask *ask, struct page *page)
{
	struct page_facts *facts;
	enum status status = page_facts_read(db, ask, &facts);

	if (status != STATUS_OK)
		return status;
	page->type = "text/html; charset=utf-8";
	page_html_write(facts, &page->text);
	page_facts_free(facts);
	return STATUS_OK;
}

/* Who asks a program's question wrong is to know it. */
static int http_of(const struct page_facts *facts)
{
	return facts->problem.length > 0 ? 400 : 200;
}

enum status page_report_json(
    struct db *db, const struct page_ask *ask, struct page *page)
{
	struct page_facts *facts;
	enum status status = page_facts_read(db, ask, &facts);

	if (status != STATUS_OK)
		return status;
	page->type = "application/json";
	page->http = http_of(facts);
	page_json_write(facts, &page->text);
	page_facts_free(facts);
	return STATUS_OK;
}

enum status page_report_csv(
    struct db *db, const struct page_ask *ask, struct page *page)
{
	struct page_facts *facts;
	char which[WHICH_BYTES];
	enum status status = page_facts_read(db, ask, &facts);

	if (status != STATUS_OK)
		return status;
	/* A name that cannot be read is "", and no table's. */
	if (!page_query_names(ask->query, "table"))
		strcpy(which, "times");
	else
		page_query(ask->query, "table", which, sizeof which);
	page->type = "text/csv; charset=utf-8";
	page->http = http_of(facts);
	if (!page_csv_write(facts, which, &page->text))
		status = STATUS_PATH_UNKNOWN;
	page_facts_free(facts);
	return status;
}
