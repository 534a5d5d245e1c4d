#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "db.h"
#include "status.h"
#include "text.h"

/*
 * What the admin's pages are made of: what was asked, and the answer that a
 * page_write makes of it on the reader's thread. admin.c sees to the rest:
 * who may ask, and the headers that all answers bear.
 */

/* The question; all texts are as they came, "" when they did not. */
struct page_ask {
	const struct config *config;
	const char *below;  /* the rest of the path, from its slash on; may go
			       on with "?" and the query */
	const char *query;  /* QUERY_STRING */
	const char *accept; /* the header */
};

#define PAGE_MAX ((size_t)1 << 20)

/* The answer; 200 without further headers when nobody changes it. */
struct page {
	int http;
	const char *type;    /* Content-Type; static */
	const char *headers; /* further lines, each with CRLF; static */
	struct text text;    /* of at most PAGE_MAX */
};

/*
 * Makes the page from the file, in a read transaction. Borrows ask. On any
 * other status than OK the page is not shown: STATUS_PATH_UNKNOWN is answered
 * 404, all others 503.
 */
typedef enum status page_write(
    struct db *db, const struct page_ask *ask, struct page *page);

/*
 * Reads the value of a name from a query (application/x-www-form-urlencoded),
 * the first when there are several. False, value is "": it is not there, does
 * not fit, or is not UTF-8 or has a control character.
 */
bool page_query(const char *query, const char *name, char *value, size_t size);

/* Is the name there, whether or not page_query can read its value? */
bool page_query_names(const char *query, const char *name);

/* The same of the one path segment after the slash that below begins with;
 * another slash behind it is part of no value. */
bool page_segment(const char *below, char *value, size_t size);

#endif
