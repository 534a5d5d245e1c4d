/* tool_events.c: stockroute events -> recent decisions, or one whole */
#include "tool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "report.h"
#include "table.h"
#include "tool_events.h"
#include "tool_reader.h"

static const char usage[] =
    "usage: stockroute events [--since 24h] [--limit 20] [--format text]\n"
    "       stockroute events show ID [--format text]\n"
    "       stockroute events replay FILE|- [--rate N] [--dry-run]\n"
    "\n"
    "  --since   90s, 30m, 24h, 7d, today, yesterday, 2026-11-01, all ...\n"
    "  --limit   1 to 10000\n"
    "  --format  " TABLE_FORMATS "; show has no csv\n"
    "\n"
    "ID is the number that the list shows, or an interaction id: then its\n"
    "newest decision is shown.\n";

static enum status list(struct db *db, const struct tool_words *words)
{
	struct table *events = NULL;
	enum status status;

	status =
	    report_events(db, words->period.from_us, words->limit, &events);
	if (status == STATUS_OK)
		status = table_print(events, words->format, stdout);
	table_free(events);
	return status;
}

/* *id stays NULL when a list is asked for. One event is no table for CSV. */
static bool read_words(
    int argc, char **argv, const char **id, struct tool_words *words)
{
	if (argc > 1 && strcmp(argv[1], "show") == 0) {
		if (argc < 3)
			return false;
		*id = argv[2];
		return tool_read_words(argc, argv, 3, TOOL_FORMAT, words) &&
		       words->format != TABLE_CSV;
	}
	return tool_read_words(
	    argc, argv, 1, TOOL_SINCE | TOOL_LIMIT | TOOL_FORMAT, words);
}

int tool_events(int argc, char **argv)
{
	const char *id = NULL;
	struct tool_words words;
	enum status status;
	struct db *db;

	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return tool_replay(argc - 1, argv + 1);
	if (!read_words(argc, argv, &id, &words)) {
		fputs(usage, stderr);
		return 2;
	}
	db = tool_open_db(DB_READ);
	if (db == NULL)
		return 1;
	if (id == NULL)
		status = list(db, &words);
	else
		status = tool_events_show(db, id, words.format)
			     ? STATUS_OK
			     : STATUS_FIELD_INVALID;
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}
