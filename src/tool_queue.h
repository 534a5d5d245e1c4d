#ifndef TOOL_QUEUE_H
#define TOOL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "db.h"
#include "outbox_admin.h"
#include "table.h"
#include "text.h"
#include "tool_progress.h"

/* What the files of `stockroute queue` share: tool_queue*.c. */

/* Which words a subcommand takes. */
enum queue_word {
	QUEUE_IDS = 1,
	QUEUE_STATE = 2,  /* --state WORD */
	QUEUE_CHOICE = 4, /* --parked, --interaction ID, --status WORD */
	QUEUE_ALL = 8,
	QUEUE_YES = 16,
	QUEUE_LIMIT = 32,
	QUEUE_FORMAT = 64,
	QUEUE_FILE = 128
};

struct queue_words {
	struct outbox_filter filter; /* filter.ids is those of ids, or NULL */
	struct text ids;
	int ids_count;
	int64_t first_id;
	bool chosen; /* a word of the filter was given, or --all */
	bool all;
	bool yes;
	int limit;
	enum table_format format;
	const char *file; /* NULL: none was given */
};

/*
 * Reads the words from argv[1] on; what is not given keeps its default. False:
 * what is wrong was printed. Call queue_words_done in every case.
 */
bool queue_words_read(
    int argc, char **argv, unsigned allowed, struct queue_words *words);
void queue_words_done(struct queue_words *words);

/* The subcommands; each returns the exit code. */
int queue_retry(const struct queue_words *words);
int queue_drop(const struct queue_words *words);
int queue_export(const struct queue_words *words);
int queue_import(const struct queue_words *words);

/*
 * Is there room for so much more: by QUEUE_MAX_ROWS, QUEUE_MAX_BYTES and
 * DISK_MIN_BYTES? To be asked within a transaction, which sees what it put
 * itself. STATUS_OVERLOADED: which cap, and what to do, was printed.
 */
enum status queue_room(
    struct db *db, const struct config *config, const struct outbox_size *more);

/*
 * Walks over the items that a filter means, up to number upto, in
 * transactions of OUTBOX_PAGE_MAX items, so that serving goes on between
 * them. visit is called within, and says in *done whether it did its work;
 * a status other than OK ends the walk and undoes its page. It is returned, as
 * is what the transactions come to; the pages before it stay done, and are
 * counted.
 */
struct queue_walk {
	struct db *db;
	const struct outbox_filter *filter;
	int64_t upto;
	bool writes;
	struct tool_progress *progress;
	enum status (*visit)(struct db *db, int64_t id, void *arg, bool *done);
	void *arg;

	int64_t done; /* the results, of the pages that were committed */
	int64_t left; /* visit did not do it: in hand, or gone meanwhile */
};
enum status queue_walk(struct queue_walk *walk);

#endif
