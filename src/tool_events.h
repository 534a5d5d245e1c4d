#ifndef TOOL_EVENTS_H
#define TOOL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "config_terminal.h"
#include "db.h"
#include "event_list.h"
#include "table.h"

/* What the words behind `stockroute events` say. */
struct tool_events_words {
	struct event_filter filter;
	enum table_format format;
	int64_t limit; /* INT64_MAX: all */
	bool follow;
	int64_t for_us; /* INT64_MAX: until it is stopped */
};

/*
 * tool_events_words.c: reads --outcome failed and the like from argv[first]
 * on; its texts are borrowed. False: what is wrong was printed.
 */
bool tool_events_read(
    int argc, char **argv, int first, struct tool_events_words *words);

/* The same for `events show`, which takes --format and --color. */
bool tool_events_read_show(int argc, char **argv, int first,
    enum table_format *format, enum terminal_color *color);

/*
 * tool_events_list.c: prints the decisions that the words mean; with follow
 * also those that come, until a signal, --for, or who reads them ends it; its
 * signals stay blocked then. Other statuses than OK: those of db_done, and of
 * table_print; what was printed is not whole.
 */
enum status tool_events_list(
    struct db *db, const struct tool_events_words *words);

/*
 * tool_events_show.c: prints the story of one event, as text or, for any
 * other format, as JSON. True when there was one; else the reason was
 * printed.
 */
bool tool_events_show(struct db *db, const char *id, enum table_format format,
    const struct terminal *terminal);

#endif
