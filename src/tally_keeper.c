/* tally_keeper.c: this process's counts -> added to what all have counted */
#include "tally_keeper.h"

#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "tally_words.h"

#define CHANGES_MAX (TALLY_NAME_COUNT * TALLY_WHO_MAX * TALLY_WHAT_MAX)

struct change {
	enum tally_name name;
	int who;
	int what;
	int64_t times;
};

/*
 * kept is what of the tally stands in the table. While busy the changes are
 * the store's; they count as kept when they are committed.
 */
struct tally_keeper {
	const struct config *config;
	struct loop *loop;
	struct store *store;
	struct tally *tally;
	struct loop_timer timer;
	bool stopping;
	bool busy;
	struct store_job job;
	struct change changes[CHANGES_MAX];
	int count;
	int64_t kept[TALLY_NAME_COUNT][TALLY_WHO_MAX][TALLY_WHAT_MAX];
};

/* All that have changed; true when one is more than the store's own. */
static bool find_changes(struct tally_keeper *keeper)
{
	bool due = false;

	keeper->count = 0;
	for (int i = 0; i < CHANGES_MAX; i++) {
		struct change change = {
		    .name =
			(enum tally_name)(i / (TALLY_WHO_MAX * TALLY_WHAT_MAX)),
		    .who = i / TALLY_WHAT_MAX % TALLY_WHO_MAX,
		    .what = i % TALLY_WHAT_MAX,
		};

		change.times =
		    tally_get(
			keeper->tally, change.name, change.who, change.what) -
		    keeper->kept[change.name][change.who][change.what];
		if (change.times == 0)
			continue;
		keeper->changes[keeper->count++] = change;
		due = due || change.name < TALLY_STORE_FIRST;
	}
	return due;
}

static enum status add_change(struct db *db, const struct tally_keeper *keeper,
    const struct change *change)
{
	char label[TALLY_LABEL_BYTES];
	struct db_row *row;

	/* What has no words is nobody's count. */
	if (!tally_label(
		keeper->config, change->name, change->who, change->what, label))
		return STATUS_OK;
	row = db_use(db, SQL_tally_add);
	db_bind_text(row, ":name", tally_word(change->name));
	db_bind_text(row, ":label", label);
	db_bind_int(row, ":times", change->times);
	db_next(row);
	return db_done(row);
}

static enum status add_body(struct db *db, void *arg)
{
	struct tally_keeper *keeper = arg;
	enum status status = STATUS_OK;

	for (int i = 0; status == STATUS_OK && i < keeper->count; i++)
		status = add_change(db, keeper, &keeper->changes[i]);
	return status;
}

/* What was not committed is still a change, and is found again. */
static void added(void *arg, enum status status)
{
	struct tally_keeper *keeper = arg;

	keeper->busy = false;
	for (int i = 0; status == STATUS_OK && i < keeper->count; i++) {
		const struct change *change = &keeper->changes[i];

		keeper->kept[change->name][change->who][change->what] +=
		    change->times;
	}
	if (status != STATUS_OK && keeper->stopping)
		log_line(LOG_WARN, NULL,
		    "the counts of the last seconds are lost: %s",
		    status_name(status));
}

static void submit(struct tally_keeper *keeper)
{
	keeper->busy = true;
	keeper->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = add_body,
	    .done = added,
	    .arg = keeper,
	};
	store_submit(keeper->store, &keeper->job);
}

/* Without a timer left the counts wait for the end of the process. */
static void keep_due(void *arg)
{
	struct tally_keeper *keeper = arg;

	loop_timer_set(
	    keeper->loop, &keeper->timer, clock_mono_us() + TALLY_KEEP_US);
	if (!keeper->busy && find_changes(keeper))
		submit(keeper);
}

void tally_keeper_stop(struct tally_keeper *keeper)
{
	loop_timer_stop(keeper->loop, &keeper->timer);
	keeper->stopping = true;
	find_changes(keeper);
	if (keeper->count > 0)
		submit(keeper);
}

struct tally_keeper *tally_keeper_new(const struct config *config,
    struct loop *loop, struct store *store, struct tally *tally)
{
	struct tally_keeper *keeper = calloc(1, sizeof *keeper);

	if (!keeper)
		return NULL;
	keeper->config = config;
	keeper->loop = loop;
	keeper->store = store;
	keeper->tally = tally;
	loop_timer_init(&keeper->timer, keep_due, keeper);
	loop_timer_set(loop, &keeper->timer, clock_mono_us() + TALLY_KEEP_US);
	return keeper;
}

void tally_keeper_free(struct tally_keeper *keeper)
{
	if (!keeper)
		return;
	loop_timer_stop(keeper->loop, &keeper->timer);
	free(keeper);
}
