/* tool_queue_change.c: items that are meant -> put back, or dropped */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "report.h"
#include "tool_queue.h"
#include "tool_reader.h"

#define SHOWN_FIRST 10

/* What is done to each item, and how it is told. */
struct change {
	const char *would; /* "would be ..." */
	const char *was;
	const char *note; /* what else an operator should know */
	enum status (*apply)(struct db *db, int64_t id, bool *done);
};

static const struct change retry = {
    "put back, due at once",
    "put back",
    "What is older than EVENT_MAX_AGE_S is not routed any more: it will be\n"
    "recorded as expired.\n",
    outbox_retry,
};
static const struct change drop = {
    "dropped and recorded so",
    "dropped",
    "What shall be kept can be exported before.\n",
    outbox_drop,
};

static enum status walk_page(
    struct queue_walk *walk, const struct outbox_page *page, int *done)
{
	enum status status = STATUS_OK;

	*done = 0;
	for (int i = 0; i < page->count && status == STATUS_OK; i++) {
		bool it_did = false;

		status =
		    walk->visit(walk->db, page->ids[i], walk->arg, &it_did);
		*done += it_did;
	}
	return status;
}

/*
 * One page in one transaction, found and done: what was found to be free cannot
 * be taken in between. Durable, since an operator is told of it.
 */
static enum status take_page(
    struct queue_walk *walk, struct outbox_page *page, int *done)
{
	enum status status =
	    walk->writes ? db_begin(walk->db, true) : db_begin_read(walk->db);

	if (status != STATUS_OK)
		return status;
	status = outbox_find(walk->db, walk->filter, page);
	if (status == STATUS_OK)
		status = walk_page(walk, page, done);
	if (!walk->writes)
		db_end_read(walk->db);
	else if (status == STATUS_OK)
		status = db_commit(walk->db);
	else
		db_rollback(walk->db);
	return status;
}

enum status queue_walk(struct queue_walk *walk)
{
	struct outbox_page page = {.upto = walk->upto};
	int done = 0;

	do {
		enum status status = take_page(walk, &page, &done);

		if (status != STATUS_OK)
			return status;
		walk->done += done;
		walk->left += page.count - done;
		if (page.count > 0)
			/*
			 * By number, not by how many: what was dropped is not
			 * there to be passed over any more.
			 */
			page.after = page.ids[page.count - 1];
		tool_progress_add(walk->progress, page.count);
	} while (page.count == OUTBOX_PAGE_MAX);
	return STATUS_OK;
}

static enum status change_one(struct db *db, int64_t id, void *arg, bool *done)
{
	const struct change *change = arg;

	return change->apply(db, id, done);
}

static void print_left(int64_t left)
{
	if (left > 0)
		printf("%lld in hand %s left alone.\n", (long long)left,
		    left == 1 ? "was" : "were");
}

static enum status run(struct db *db, const struct queue_words *words,
    const struct change *change, const struct outbox_count *count)
{
	/* A copy, because a walk's arg is not const. */
	struct change chosen = *change;
	struct tool_progress progress;
	struct queue_walk walk = {
	    .db = db,
	    .filter = &words->filter,
	    .upto = count->last_id,
	    .writes = true,
	    .progress = &progress,
	    .visit = change_one,
	    .arg = &chosen,
	};
	enum status status;

	tool_progress_begin(&progress, change->was, count->items);
	status = queue_walk(&walk);
	/* Also after a failure: the pages before it are committed. */
	tool_progress_end(&progress);
	printf("%lld %s %s.\n", (long long)walk.done,
	    walk.done == 1 ? "event" : "events", change->was);
	print_left(walk.left);
	return status;
}

static void print_age(int64_t oldest_us)
{
	char stamp[CLOCK_STAMP_BYTES];

	clock_stamp(oldest_us, stamp);
	printf("The oldest was accepted %s, %lld s ago.\n", stamp,
	    (long long)((clock_wall_us() - oldest_us) / CLOCK_SECOND));
}

static enum status tell(struct db *db, const struct queue_words *words,
    const struct change *change, const struct outbox_count *count)
{
	int64_t free_items = count->items - count->in_hand;
	struct table *first = NULL;
	enum status status =
	    report_queue(db, &words->filter, SHOWN_FIRST, &first);

	if (status != STATUS_OK)
		return status;
	printf("%lld %s would be %s", (long long)free_items,
	    free_items == 1 ? "event" : "events", change->would);
	if (count->in_hand > 0)
		printf("; %lld in hand would be left alone",
		    (long long)count->in_hand);
	printf(".\n\n");
	status = table_print(first, TABLE_TEXT, stdout);
	if (count->items > SHOWN_FIRST)
		printf("... and %lld more\n",
		    (long long)(count->items - SHOWN_FIRST));
	putchar('\n');
	print_age(count->oldest_us);
	printf("%sNothing was changed; --yes does it.\n", change->note);
	table_free(first);
	return status;
}

static bool are_there(
    const struct queue_words *words, const struct outbox_count *count)
{
	if (count->items == 0) {
		fprintf(stderr, "stockroute queue: no such event is there\n");
		return false;
	}
	if (words->ids_count > count->items)
		fprintf(stderr,
		    "stockroute queue: only %lld of the %d numbers %s there\n",
		    (long long)count->items, words->ids_count,
		    count->items == 1 ? "is" : "are");
	return true;
}

static int change_items(
    const struct queue_words *words, const struct change *change)
{
	struct db *db = tool_open_db(words->yes ? DB_SERVE : DB_READ);
	struct outbox_count count = {0};
	enum status status;
	int code = 1;

	if (db == NULL)
		return 1;
	/*
	 * What is put from here on has a greater number than last_id, and was
	 * not meant.
	 */
	status = outbox_count(db, &words->filter, &count);
	if (status == STATUS_OK && are_there(words, &count)) {
		status = words->yes ? run(db, words, change, &count)
				    : tell(db, words, change, &count);
		code = status == STATUS_OK ? 0 : 1;
	}
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute queue: %s\n", status_name(status));
	db_close(db);
	return code;
}

int queue_retry(const struct queue_words *words)
{
	return change_items(words, &retry);
}

int queue_drop(const struct queue_words *words)
{
	return change_items(words, &drop);
}
