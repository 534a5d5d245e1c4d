/* tool_report.c: stockroute report -> totals and latency percentiles */
#include "tool.h"

#include <stdio.h>

#include "clock.h"
#include "db.h"
#include "report.h"
#include "table.h"
#include "tool_reader.h"

static const char usage[] =
    "usage: stockroute report [--since 24h] [--by step]"
    " [--format text]\n"
    "                         [--during WORD] [--from WORD] [--to WORD]"
    " [--utc]\n"
    "\n"
    "  --since   90s, 30m, 24h, 7d, today, yesterday, monday, 'this week',\n"
    "            'last week', 'last month', 2026-11-01, 2026-11-01T10:00\n"
    "            (with Z or +02:00 if need be), or all\n"
    "  --during  such a period alone, not up to now\n"
    "  --from, --to  from where one begins to where another begins\n"
    "  --utc     days and times of UTC, not of this machine or TZ\n"
    "  --by      step, hour, status, inventory, media or outcome\n"
    "  --format  " TABLE_FORMATS "\n"
    "\n"
    "By step each row is the time of one step; otherwise that of whole\n"
    "decisions. Times are ms, hours are UTC, percentiles are exact.\n";

/* The file has at most one row of totals, and always one. */
static enum status print_json(const struct tool_words *words,
    const struct table *summary, const struct table *rows)
{
	enum status status;

	printf("{\"by\": \"%s\",\n\"summary\": ", report_by_name(words->by));
	status = table_print_object(summary, 0, stdout);
	if (status != STATUS_OK)
		return status;
	printf(",\n\"rows\": ");
	status = table_print(rows, TABLE_JSON, stdout);
	printf("}\n");
	return status;
}

static void print_period(const struct tool_words *words)
{
	char from[MOMENT_BYTES];
	char to[MOMENT_BYTES];

	moment_write(
	    words->period.from_us / CLOCK_SECOND, words->said.zone, from);
	moment_write(words->period.to_us / CLOCK_SECOND, words->said.zone, to);
	printf("decisions received from %s to %s\n\n", from, to);
}

static enum status print_report(const struct tool_words *words,
    const struct table *summary, const struct table *rows)
{
	if (words->format == TABLE_JSON)
		return print_json(words, summary, rows);
	/* CSV is one table: the rows alone, without the totals. */
	if (words->format == TABLE_TEXT) {
		print_period(words);
		table_print(summary, TABLE_TEXT, stdout);
		printf("\nms by %s\n\n", report_by_name(words->by));
	}
	return table_print(rows, words->format, stdout);
}

/* Both questions see the same rows: one read transaction. */
static enum status report(struct db *db, const struct tool_words *words)
{
	struct table *summary = NULL;
	struct table *rows = NULL;
	enum status status = db_begin_read(db);

	if (status != STATUS_OK)
		return status;
	status = report_summary(db, &words->period, &summary);
	if (status == STATUS_OK)
		status = report_latency(db, words->by, &words->period, &rows);
	db_end_read(db);
	if (status == STATUS_OK)
		status = print_report(words, summary, rows);
	table_free(rows);
	table_free(summary);
	return status;
}

/* With a connection that only reads: it holds up no server. */
int tool_report(int argc, char **argv)
{
	struct tool_words words;
	enum status status;
	struct db *db;

	if (!tool_read_words(
		argc, argv, 1, TOOL_PERIOD | TOOL_BY | TOOL_FORMAT, &words)) {
		fputs(usage, stderr);
		return 2;
	}
	db = tool_open_db(DB_READ);
	if (db == NULL)
		return 1;
	status = report(db, &words);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute report: %s\n", status_name(status));
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}
