/* tool_breaker.c: stockroute breaker -> the circuits, or one put by hand */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "breaker.h"
#include "breaker_row.h"
#include "db.h"
#include "report.h"
#include "table.h"
#include "tool_reader.h"

static const char usage[] =
    "usage: stockroute breaker [list] [--format text]\n"
    "       stockroute breaker open|close|auto UPSTREAM\n"
    "\n"
    "  open      no request is sent to UPSTREAM\n"
    "  close     every request is sent, however many fail\n"
    "  auto      as it goes: open while half of the requests fail\n"
    "  --format  " TABLE_FORMATS "\n"
    "\n"
    "UPSTREAM is cxone or inventory. What is set stays over restarts; running\n"
    "processes know it within a second.\n";

/* What an operator does, not what comes of it: open, not forced_open. */
static const struct {
	const char *word;
	enum circuit_mode mode;
} words[] = {
    {"open", CIRCUIT_FORCED_OPEN},
    {"close", CIRCUIT_FORCED_CLOSED},
    {"auto", CIRCUIT_AUTO},
};

/* NULL: there is no such upstream. */
static const char *find_upstream(const char *word)
{
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++)
		if (strcmp(word, breaker_upstreams[i]) == 0)
			return breaker_upstreams[i];
	return NULL;
}

/* False: the word is none of the three. */
static bool find_mode(const char *word, enum circuit_mode *mode)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(word, words[i].word) == 0) {
			*mode = words[i].mode;
			return true;
		}
	}
	return false;
}

static int list(enum table_format format)
{
	struct db *db = tool_open_db(DB_READ);
	struct table *circuits = NULL;
	enum status status;

	if (db == NULL)
		return 1;
	status = report_breakers(db, &circuits);
	if (status == STATUS_OK)
		status = table_print(circuits, format, stdout);
	table_free(circuits);
	db_close(db);
	return status == STATUS_OK ? 0 : 1;
}

/* Durable: what an operator was told to be set is not lost with the power. */
static enum status commit_mode(
    struct db *db, const char *upstream, enum circuit_mode mode, bool *changed)
{
	enum status status = db_begin(db, true);

	if (status != STATUS_OK)
		return status;
	status = breaker_row_force(db, upstream, mode, changed);
	if (status == STATUS_OK)
		return db_commit(db);
	db_rollback(db);
	return status;
}

static int force(const char *upstream, enum circuit_mode mode)
{
	struct db *db = tool_open_db(DB_SERVE);
	bool changed = false;
	enum status status;

	if (db == NULL)
		return 1;
	status = commit_mode(db, upstream, mode, &changed);
	db_close(db);
	if (status != STATUS_OK) {
		fprintf(stderr, "stockroute breaker: not set: %s\n",
		    status_name(status));
		return 1;
	}
	printf("breaker of %s: %s%s\n", upstream, circuit_mode_name(mode),
	    changed ? "" : " already, nothing changed");
	return 0;
}

int tool_breaker(int argc, char **argv)
{
	bool says_list = argc > 1 && strcmp(argv[1], "list") == 0;
	struct tool_words given;
	enum circuit_mode mode;
	const char *upstream;

	/*
	 * By three words, of which the second is a mode; a --format also makes
	 * three.
	 */
	if (argc == 3 && find_mode(argv[1], &mode)) {
		upstream = find_upstream(argv[2]);
		if (upstream != NULL)
			return force(upstream, mode);
		fprintf(stderr, "stockroute breaker: '%s' is no upstream\n",
		    argv[2]);
	} else if (tool_read_words(
		       argc, argv, says_list ? 2 : 1, TOOL_FORMAT, &given)) {
		return list(given.format);
	}
	fputs(usage, stderr);
	return 2;
}
