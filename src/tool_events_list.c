/* tool_events_list.c: the decisions asked for -> printed as they are found */
#include "tool_events.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "tool_progress.h"

/* Rows in hand before they are printed: columns line up over so many. */
#define PART_ROWS 500

#define POLL_US (500 * CLOCK_MS)

/*
 * What is on its way to stdout. The table has the rows that were taken and are
 * not printed yet: at most PART_ROWS, since print_part empties it. status is
 * what memory or stdout came to; the first failure stays, and ends the walk.
 * What the database came to is returned beside it.
 */
struct printing {
	struct table *table;
	enum table_format format;
	int64_t left; /* rows that are still wanted */
	enum status status;
};

/* --- rows to a table, and that to stdout --- */

/* In text there is room for the first ones only. */
static int count_columns(const struct printing *printing, struct db_row *row)
{
	return printing->format == TABLE_TEXT ? EVENT_LIST_SHORT
					      : db_columns(row);
}

/* Their names stand above the rows also when there are none. */
static enum status add_columns(struct printing *printing, struct db *db)
{
	/* Taken in hand for its columns only: it is never stepped. */
	struct db_row *row = db_use(db, SQL_reports_events);
	enum status status = STATUS_OK;
	enum status done;

	for (int i = 0; status == STATUS_OK && i < count_columns(printing, row);
	     i++) {
		const char *name = db_column_name(row, i);

		status = table_column(printing->table, name,
		    event_list_is_number(name) ? TABLE_NUMBER : TABLE_WORD);
	}
	done = db_done(row);
	return done != STATUS_OK ? done : status;
}

static void print_part(struct printing *printing, bool last)
{
	enum status status =
	    table_print_part(printing->table, printing->format, last, stdout);

	if (printing->status == STATUS_OK)
		printing->status = status;
}

/* Milliseconds have three decimals, so that columns of them line up. */
static enum status add_cell(struct table *table, struct db_row *row, int column)
{
	const char *name = db_column_name(row, column);
	size_t length = strlen(name);
	char number[32];

	if (db_is_null(row, column))
		return table_cell(table, NULL);
	if (length <= 3 || strcmp(name + length - 3, "_ms") != 0)
		return table_cell(table, db_text(row, column));
	snprintf(number, sizeof number, "%.3f", db_real(row, column));
	return table_cell(table, number);
}

/* A part is printed while the walk goes on: memory holds no more of it. */
static bool take_row(void *arg, struct db_row *row)
{
	struct printing *printing = arg;
	int columns = count_columns(printing, row);

	if (printing->left <= 0)
		return false;
	for (int i = 0; printing->status == STATUS_OK && i < columns; i++)
		printing->status = add_cell(printing->table, row, i);
	printing->left--;
	if (table_rows(printing->table) >= PART_ROWS)
		print_part(printing, false);
	return printing->status == STATUS_OK && printing->left > 0;
}

/* --- what is there --- */

/* A bar would disturb rows on the same terminal, but few of them come only
 * when it is gone. */
static void begin_progress(struct db *db, const struct tool_events_words *words,
    struct tool_progress *progress)
{
	int64_t size = 0;

	if ((words->limit <= PART_ROWS || !isatty(STDOUT_FILENO)) &&
	    event_list_size(db, &words->filter, &size) != STATUS_OK)
		size = 0;
	tool_progress_begin(progress, "decisions", size);
}

static enum status list(struct db *db, const struct tool_events_words *words,
    struct printing *printing)
{
	struct tool_progress progress;
	struct event_list walk;
	enum status status = STATUS_OK;

	event_list_begin(&walk, &words->filter);
	begin_progress(db, words, &progress);
	while (status == STATUS_OK && printing->status == STATUS_OK &&
	       !walk.ended && printing->left > 0) {
		status = event_list_page(db, &walk, take_row, printing);
		if (!walk.ended)
			tool_progress_add(&progress, EVENT_LIST_PAGE);
	}
	tool_progress_end(&progress);
	if (status == STATUS_OK)
		print_part(printing, true);
	return status != STATUS_OK ? status : printing->status;
}

/* --- what comes --- */

/* Where a follower begins: before the first of those it shows at once. */
struct backlog {
	int64_t left;
	int64_t first_id;
};

static bool take_number(void *arg, struct db_row *row)
{
	struct backlog *backlog = arg;
	int64_t id = db_int(row, 0);

	if (backlog->left-- <= 0)
		return false;
	if (id < backlog->first_id)
		backlog->first_id = id;
	return backlog->left > 0;
}

static enum status find_start(
    struct db *db, const struct tool_events_words *words, int64_t *after)
{
	struct backlog backlog = {
	    .left = words->limit,
	    .first_id = INT64_MAX,
	};
	struct event_list walk;
	/*
	 * Before the walk: what comes while it goes on has a number beyond, and
	 * is left to print_newer, which shows it once.
	 */
	enum status status = event_list_newest(db, after);

	event_list_begin(&walk, &words->filter);
	while (status == STATUS_OK && !walk.ended && backlog.left > 0)
		status = event_list_page(db, &walk, take_number, &backlog);
	if (status == STATUS_OK && backlog.first_id <= *after)
		*after = backlog.first_id - 1;
	return status;
}

/* All that came since, in short statements. */
static enum status print_newer(struct db *db,
    const struct tool_events_words *words, int64_t *after,
    struct printing *printing)
{
	enum status status;
	int64_t before;

	do {
		before = *after;
		status = event_list_newer(
		    db, &words->filter, after, take_row, printing);
	} while (status == STATUS_OK && printing->status == STATUS_OK &&
		 *after != before);
	print_part(printing, false);
	return status != STATUS_OK ? status : printing->status;
}

/* Whoever read the rows has gone: a pipe tells before it is written to. */
static bool has_reader(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, 0) <= 0 || (out.revents & POLLERR) == 0;
}

/* False: a signal came, or the time is over. */
static bool rest(const sigset_t *signals, int64_t until_us)
{
	int64_t rest_us = until_us - clock_mono_us();
	struct timespec time;

	if (rest_us <= 0)
		return false;
	if (rest_us > POLL_US)
		rest_us = POLL_US;
	time.tv_sec = 0;
	time.tv_nsec = rest_us * 1000;
	return sigtimedwait(signals, NULL, &time) < 0;
}

static int64_t find_end_us(const struct tool_events_words *words)
{
	int64_t now_us = clock_mono_us();

	return words->for_us > INT64_MAX - now_us ? INT64_MAX
						  : now_us + words->for_us;
}

/* Asked for again and again: SQLite tells nobody of what others write. */
static enum status follow(struct db *db, const struct tool_events_words *words,
    struct printing *printing)
{
	int64_t until_us = find_end_us(words);
	int64_t after = 0;
	bool goes_on = true;
	sigset_t signals;
	enum status status;

	/* They end the rest between two looks, not a line half written. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* --limit says how many of those that are there are shown at first. */
	printing->left = INT64_MAX;
	status = find_start(db, words, &after);
	if (status == STATUS_OK)
		status = print_newer(db, words, &after, printing);
	while (status == STATUS_OK && goes_on && has_reader()) {
		/*
		 * Also at the end it is looked once more: what was decided
		 * until the signal or the time is shown.
		 */
		goes_on = rest(&signals, until_us);
		status = print_newer(db, words, &after, printing);
	}
	return status;
}

enum status tool_events_list(
    struct db *db, const struct tool_events_words *words)
{
	struct printing printing = {
	    .table = table_new(),
	    .format = words->format,
	    .left = words->limit,
	};
	enum status status = STATUS_MEMORY;

	if (printing.table != NULL)
		status = add_columns(&printing, db);
	if (status == STATUS_OK && words->follow)
		status = follow(db, words, &printing);
	else if (status == STATUS_OK)
		status = list(db, words, &printing);
	table_free(printing.table);
	return status;
}
