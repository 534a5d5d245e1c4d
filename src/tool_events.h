#ifndef TOOL_EVENTS_H
#define TOOL_EVENTS_H

#include "db.h"
#include "table.h"

/*
 * tool_events_show.c: prints the story of one event, as text or, for any
 * other format, as JSON. True when there was one; else the reason was
 * printed.
 */
bool tool_events_show(struct db *db, const char *id, enum table_format format);

#endif
