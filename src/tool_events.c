/* tool_events.c: stockroute events -> decisions, or the story of one */
#include "tool_events.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"
#include "tool_reader.h"

static const char usage[] =
    "usage: stockroute events [OPTION ...]\n"
    "       stockroute events show ID [--format text] [--color auto]\n"
    "       stockroute events replay FILE|- [--rate N] [--dry-run]\n"
    "\n"
    "  --since, --during, --from, --to  when they were received: 24h,\n"
    "                yesterday, 2026-11-01T10:00 ...; --utc: in UTC\n"
    "  --outcome     routed, fallback, failed ...\n"
    "  --status      why it was not routed: rate_limited, timeout ...\n"
    "  --media       voice, chat ...\n"
    "  --sku         the whole of it\n"
    "  --route       a word of the map, or the id of a skill or queue\n"
    "  --interaction its id\n"
    "  --slower      300ms, 2s: those that took longer\n"
    "  --limit       so many, or all; text shows 20, other formats all\n"
    "  --format      text, csv, json or ndjson; text has fewer columns\n"
    "  -f, --follow  go on with those that come; --for 10s: so long\n"
    "\n"
    "ID is the number that the list shows, or an interaction id: then its\n"
    "newest decision is told, or its event in the queue. Times are UTC.\n";

static int show(int argc, char **argv)
{
	enum table_format format;
	enum terminal_color color;
	struct terminal terminal;
	struct db *db;
	bool shown;

	if (argc < 2 ||
	    !tool_events_read_show(argc, argv, 2, &format, &color)) {
		fputs(usage, stderr);
		return 2;
	}
	db = tool_open_db(DB_READ);
	if (db == NULL)
		return 1;
	terminal = config_terminal(STDOUT_FILENO, color);
	shown = tool_events_show(db, argv[1], format, &terminal);
	db_close(db);
	return shown ? 0 : 1;
}

static int list(int argc, char **argv)
{
	struct tool_events_words words;
	enum status status;
	struct db *db;

	if (!tool_events_read(argc, argv, 1, &words)) {
		fputs(usage, stderr);
		return 2;
	}
	db = tool_open_db(DB_READ);
	if (db == NULL)
		return 1;
	status = tool_events_list(db, &words);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute events: %s\n", status_name(status));
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

int tool_events(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return tool_replay(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "show") == 0)
		return show(argc - 1, argv + 1);
	return list(argc, argv);
}
