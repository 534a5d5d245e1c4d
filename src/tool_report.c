/* tool_report.c: stockroute report -> counts, outcomes and percentiles */
#include "tool.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "tool_reader.h"
#include "view.h"

/* What stands beside a line of the course. */
#define COURSE_MARGIN 26

static const char usage[] =
    "usage: stockroute report [--since 24h] [--by step] [--format text]\n"
    "                         [--versus WORD] [--slo 300ms:99] [--exact]\n"
    "\n"
    "  --since   90s, 30m, 24h, 7d, today, yesterday, monday, 'this week',\n"
    "            'last week', 'last month', 2026-11-01, 2026-11-01T10:00\n"
    "            (with Z or +02:00 if need be) or all: from there up to now\n"
    "  --during  such a period alone, not up to now\n"
    "  --from, --to  from where one begins to where another begins\n"
    "  --utc     days and times of UTC, not of this machine or TZ\n"
    "  --by      " FIGURES_BY "\n"
    "  --versus  a period to compare with, or previous: as long, just before\n"
    "  --slo     how many took so long at most, and with which share as the\n"
    "            aim how fast the budget of misses is used up\n"
    "  --exact   look at each decision; else percentiles are within 4.33 %\n"
    "  --format  " TABLE_FORMATS ", or html\n"
    "  --color   auto, always or never\n"
    "\n"
    "By step each row is the time of one step; otherwise that of whole\n"
    "decisions.\n";

static struct view make_view(
    const struct tool_words *words, const struct terminal *terminal)
{
	return (struct view){
	    .ask =
		{
		    .period = words->period,
		    .zone = words->said.zone,
		    .by = words->by,
		    .exact = words->exact,
		    .slo_us = words->slo_us,
		    .slots_max = terminal->columns - COURSE_MARGIN,
		},
	    .slo_target = words->slo_target,
	    .compares = words->versus != NULL,
	    .versus = words->versus_period,
	};
}

/* CSV and NDJSON are one table: the groups, without the totals. */
static enum status print_table(
    const struct view *view, enum table_format format)
{
	struct table *table = NULL;
	enum status status = view_table(view, &table);

	if (status == STATUS_OK)
		status = table_print(table, format, stdout);
	table_free(table);
	return status;
}

static enum status print_view(const struct view *view,
    const struct tool_words *words, const struct terminal *terminal)
{
	if (words->html)
		return view_print_html(view, stdout);
	if (words->format == TABLE_TEXT)
		return view_print_text(view, terminal, stdout);
	if (words->format == TABLE_JSON)
		return view_print_json(view, stdout);
	return print_table(view, words->format);
}

static enum status report(struct db *db, const struct tool_words *words)
{
	/*
	 * Before anything is read: how fine the course is to be follows from
	 * the width.
	 */
	struct terminal terminal = config_terminal(STDOUT_FILENO, words->color);
	struct view view = make_view(words, &terminal);
	enum status status = view_read(db, clock_wall_us(), &view);

	if (status == STATUS_OK)
		status = print_view(&view, words, &terminal);
	/* Also after a failure: of two periods one may have been read. */
	view_done(&view);
	if (status == STATUS_TOO_LARGE)
		fprintf(stderr, "stockroute report: there are too many groups; "
				"take a shorter period or --by day\n");
	else if (status != STATUS_OK)
		fprintf(stderr, "stockroute report: %s\n", status_name(status));
	return status;
}

/* With a connection that only reads: it holds up no server. */
int tool_report(int argc, char **argv)
{
	struct tool_words words;
	enum status status;
	struct db *db;

	if (!tool_read_words(argc, argv, 1,
		TOOL_SINCE | TOOL_PERIOD | TOOL_REPORT, &words)) {
		fputs(usage, stderr);
		return 2;
	}
	db = tool_open_db(DB_READ);
	if (db == NULL)
		return 1;
	status = report(db, &words);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}
