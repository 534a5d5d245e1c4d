#ifndef METRICS_H
#define METRICS_H

#include "config.h"
#include "db.h"
#include "metrics_write.h"
#include "page.h"
#include "status.h"

/*
 * GET /metrics: what a monitoring system scrapes. All of it comes from the
 * shared file, so that one scrape of any process answers for all of them,
 * and none of it names an event or a product. No decision is looked at but
 * those that are not yet in the sums, and the newest few.
 */

/*
 * Writes everything into text, within a read transaction. Of config are used
 * the ids of the keys, the database and what names the rows of the upstream.
 * On any other status than OK text is of no use.
 */
enum status metrics_write(struct db *db, const struct config *config,
    enum metrics_format format, struct text *text);

/* The page, in the format that the header Accept asks for. */
page_write metrics_page;

#endif
