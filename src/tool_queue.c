/* tool_queue.c: stockroute queue -> what waits, and what is done to it */
#include "tool_queue.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "report.h"
#include "tool.h"
#include "tool_reader.h"

#define NAME_WIDTH 14

static const char usage[] =
    "usage: stockroute queue list [CHOICE] [--state WORD] [--limit 20]\n"
    "                             [--format text]\n"
    "       stockroute queue show ID [--format text]\n"
    "       stockroute queue retry CHOICE [--yes]\n"
    "       stockroute queue drop CHOICE [--yes]\n"
    "       stockroute queue export [CHOICE] FILE|-\n"
    "       stockroute queue import FILE|- [--yes]\n"
    "       stockroute queue drain [--once|--follow]\n"
    "\n"
    "CHOICE is one or more of these; what fits all of them is meant:\n"
    "  ID ...            the numbers that the list shows\n"
    "  --parked          what was given up\n"
    "  --interaction ID  the events of one interaction\n"
    "  --status WORD     whose last attempt ended so: timeout, stale ...\n"
    "  --all             everything\n"
    "\n"
    "retry puts events back, due at once, their attempts counted from 0;\n"
    "drop takes them out and records them as dropped; export and import move\n"
    "them. Events in hand are never touched. Without --yes retry, drop and\n"
    "import only tell what they would do.\n"
    "drain works off what is due and ends (--once), or goes on until it is\n"
    "stopped (--follow); it can run beside the servers.\n";

static int queue_list(const struct queue_words *words)
{
	struct db *db = tool_open_db(DB_READ);
	struct table *items = NULL;
	enum status status;

	if (db == NULL)
		return 1;
	status = report_queue(db, &words->filter, words->limit, &items);
	if (status == STATUS_OK)
		status = table_print(items, words->format, stdout);
	table_free(items);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

static void print_item(const struct table *item)
{
	for (size_t i = 0; i < table_columns(item); i++) {
		const char *value = table_text(item, 0, i);

		printf("%-*s  ", NAME_WIDTH, table_name(item, i));
		table_print_safe(value != NULL ? value : "-", stdout);
		putchar('\n');
	}
}

/*
 * Text has two tables, JSON one object of both. Neither CSV nor NDJSON can have
 * two, and are refused before.
 */
static enum status print_whole(const struct table *item,
    const struct table *attempts, enum table_format format)
{
	enum status status;

	if (format == TABLE_TEXT) {
		print_item(item);
		putchar('\n');
		return table_print(attempts, TABLE_TEXT, stdout);
	}
	printf("{\"item\": ");
	status = table_print_object(item, 0, stdout);
	if (status != STATUS_OK)
		return status;
	printf(",\n\"attempts\": ");
	status = table_print(attempts, TABLE_JSON, stdout);
	printf("}\n");
	return status;
}

static enum status show(struct db *db, int64_t id, enum table_format format)
{
	/*
	 * Read in one view of the file: between two the item could end, and its
	 * attempts with it.
	 */
	struct table *item = NULL;
	struct table *attempts = NULL;
	enum status status = db_begin_read(db);

	if (status != STATUS_OK)
		return status;
	status = report_queue_item(db, id, &item);
	if (status == STATUS_OK)
		status = report_queue_attempts(db, id, &attempts);
	db_end_read(db);
	if (status == STATUS_OK && table_rows(item) == 0) {
		fprintf(stderr,
		    "stockroute queue: %lld is not in the queue; what became "
		    "of it tells `stockroute events`\n",
		    (long long)id);
		status = STATUS_FIELD_INVALID;
	} else if (status == STATUS_OK) {
		status = print_whole(item, attempts, format);
	}
	table_free(item);
	table_free(attempts);
	return status;
}

static int queue_show(const struct queue_words *words)
{
	struct db *db;
	enum status status;

	if (words->ids_count != 1 || words->format == TABLE_CSV ||
	    words->format == TABLE_NDJSON) {
		fputs(usage, stderr);
		return 2;
	}
	db = tool_open_db(DB_READ);
	if (db == NULL)
		return 1;
	status = show(db, words->first_id, words->format);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

/*
 * What a subcommand takes. retry and drop without any choice would mean
 * everything by a slip: that must be said, with --all.
 */
#define CHOICE (QUEUE_IDS | QUEUE_CHOICE | QUEUE_ALL)

static const struct {
	const char *name;
	int (*run)(const struct queue_words *words);
	unsigned words;
	bool needs_choice;
	bool needs_file;
} commands[] = {
    {"list", queue_list, CHOICE | QUEUE_STATE | QUEUE_LIMIT | QUEUE_FORMAT,
	false, false},
    {"show", queue_show, QUEUE_IDS | QUEUE_FORMAT, true, false},
    {"retry", queue_retry, CHOICE | QUEUE_YES, true, false},
    {"drop", queue_drop, CHOICE | QUEUE_YES, true, false},
    {"export", queue_export, CHOICE | QUEUE_FILE, false, true},
    {"import", queue_import, QUEUE_FILE | QUEUE_YES, false, true},
};

static int run(size_t command, int argc, char **argv)
{
	struct queue_words words;
	bool good =
	    queue_words_read(argc, argv, commands[command].words, &words);
	int code = 2;

	if (good && commands[command].needs_choice && !words.chosen) {
		fprintf(stderr, "stockroute queue: which events?\n");
		good = false;
	}
	if (good && commands[command].needs_file && words.file == NULL) {
		fprintf(stderr, "stockroute queue: which file?\n");
		good = false;
	}
	if (good)
		code = commands[command].run(&words);
	else
		fputs(usage, stderr);
	/* Also what was not understood has made texts until then. */
	queue_words_done(&words);
	return code;
}

int tool_queue(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "drain") == 0)
		return tool_drain(argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			return run(i, argc - 1, argv + 1);
	if (argc > 1)
		fprintf(
		    stderr, "stockroute queue: '%s' is no command\n", argv[1]);
	fputs(usage, stderr);
	return 2;
}
