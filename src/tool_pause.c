/* tool_pause.c: stockroute pause -> what upstreams asked for, or its end */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "db.h"
#include "report.h"
#include "table.h"
#include "tool_reader.h"

static const char usage[] =
    "usage: stockroute pause [list] [--format text]\n"
    "       stockroute pause end\n"
    "\n"
    "  list      for how long an upstream that answered 429 is left alone,\n"
    "            and the budget that is left for retries\n"
    "  end       lets requests go to it at once\n"
    "  --format  " TABLE_FORMATS "\n"
    "\n"
    "Running processes know it within a second. Events in the queue keep the\n"
    "time of their next attempt: see stockroute queue retry.\n";

static int list(enum table_format format)
{
	struct db *db = tool_open_db(DB_READ);
	struct table *pauses = NULL;
	enum status status;

	if (db == NULL)
		return 1;
	status = report_pauses(db, &pauses);
	if (status == STATUS_OK)
		status = table_print(pauses, format, stdout);
	table_free(pauses);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

/* Durable: what an operator was told is not lost with the power. */
static enum status end_all(struct db *db, int64_t *ended)
{
	enum status status = db_begin(db, true);
	struct db_row *row;

	if (status != STATUS_OK)
		return status;
	row = db_use(db, SQL_pause_end);
	db_bind_int(row, ":now_us", clock_wall_us());
	db_next(row);
	status = db_done(row);
	if (status != STATUS_OK) {
		db_rollback(db);
		return status;
	}
	*ended = db_changed(db);
	return db_commit(db);
}

static int end(void)
{
	struct db *db = tool_open_db(DB_SERVE);
	int64_t ended = 0;
	enum status status;

	if (db == NULL)
		return 1;
	status = end_all(db, &ended);
	db_close(db);
	if (status != STATUS_OK) {
		fprintf(stderr, "stockroute pause: not ended: %s\n",
		    status_name(status));
		return 1;
	}
	printf("pauses ended: %lld\n", (long long)ended);
	return 0;
}

int tool_pause(int argc, char **argv)
{
	bool says_list = argc > 1 && strcmp(argv[1], "list") == 0;
	struct tool_words given;

	if (argc == 2 && strcmp(argv[1], "end") == 0)
		return end();
	if (tool_read_words(argc, argv, says_list ? 2 : 1, TOOL_FORMAT, &given))
		return list(given.format);
	fputs(usage, stderr);
	return 2;
}
