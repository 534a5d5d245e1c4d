/* tool_events.c: stockroute events -> recent decisions, or one whole */
#include "tool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "report.h"
#include "table.h"
#include "tool_reader.h"

#define NAME_WIDTH 20
#define TIME_WIDTH 10
#define BAR_WIDTH  40

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

/* How long a step took, of the whole; rounded, so that a half counts. */
static void print_bar(const char *ms, double whole_ms)
{
	int length = 0;

	if (whole_ms > 0)
		length = (int)(strtod(ms, NULL) / whole_ms * BAR_WIDTH + 0.5);
	if (length > BAR_WIDTH)
		length = BAR_WIDTH;
	printf("%*s", TIME_WIDTH, ms);
	if (length > 0)
		printf("  %.*s", length,
		    "########################################");
}

/* total_ms stands last: it is what the bars are a part of. */
static void print_event(const struct table *event)
{
	size_t count = table_columns(event);
	const char *total = table_text(event, 0, count - 1);

	for (size_t i = 0; i < count; i++) {
		const char *name = table_name(event, i);
		const char *value = table_text(event, 0, i);

		printf("%-*s  ", NAME_WIDTH, name);
		if (value == NULL)
			printf(
			    "%*s", report_is_time(name) ? TIME_WIDTH : 0, "-");
		else if (report_is_time(name))
			print_bar(value, strtod(total, NULL));
		else
			table_print_safe(value, stdout);
		putchar('\n');
	}
}

/* id may be what a stranger sent: it must not drive the terminal. */
static enum status show(struct db *db, const char *id, enum table_format format)
{
	struct table *event = NULL;
	enum status status = report_event(db, id, &event);

	if (status != STATUS_OK)
		return status;
	if (table_rows(event) == 0) {
		fprintf(stderr, "stockroute events: there is no event '");
		table_print_safe(id, stderr);
		fprintf(stderr, "'\n");
		status = STATUS_FIELD_INVALID;
	} else if (format != TABLE_TEXT) {
		status = table_print_object(event, 0, stdout);
		putchar('\n');
	} else {
		print_event(event);
	}
	table_free(event);
	return status;
}

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
		status = show(db, id, words.format);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}
