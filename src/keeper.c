/* keeper.c: time passes -> decisions folded into sums, old rows pruned */
#include "keeper.h"

#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "prune.h"
#include "rollup_fold.h"

struct keeper {
	const struct config *config;
	struct loop *loop;
	struct store *store;
	struct loop_timer timer;
	struct store_job job;
	bool running; /* the job is the store's */
	bool stopped;
	bool pruning; /* this process is the one that does */
	/* Below: while it runs, the store's thread's. */
	int64_t folded;
	enum prune_turn turn;
	int64_t unpruned_us;       /* with PRUNE_HELD: for how long */
	struct prune_count pruned; /* by this step */
	int64_t decisions;         /* pruned by this run */
};

static void run(struct keeper *keeper, store_body *body, store_done *done)
{
	keeper->running = true;
	keeper->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = body,
	    .done = done,
	    .arg = keeper,
	};
	store_submit(keeper->store, &keeper->job);
}

static void rest(struct keeper *keeper, int64_t us)
{
	if (!keeper->stopped)
		loop_timer_set(
		    keeper->loop, &keeper->timer, clock_mono_us() + us);
}

/* Nothing is missing in a report, but each takes longer than the last. */
static void warn(const char *what, enum status status)
{
	log_line(LOG_WARN, NULL, "%s: %s, tried again later", what,
	    status_name(status));
}

/* --- pruning --- */

static enum status prune_body(struct db *db, void *arg)
{
	struct keeper *keeper = arg;
	struct prune_limits limits;

	keeper->pruned = (struct prune_count){0};
	prune_limits_at(keeper->config, clock_wall_us(), &limits);
	return prune_some(db, &limits, &keeper->pruned);
}

static void pruned(void *arg, enum status status)
{
	struct keeper *keeper = arg;

	keeper->running = false;
	if (status == STATUS_OK &&
	    keeper->pruned.decisions + keeper->pruned.sums > 0) {
		keeper->decisions += keeper->pruned.decisions;
		rest(keeper, KEEPER_STEP_US);
		return;
	}
	/* After a failure the next hour's run goes on. */
	if (status != STATUS_OK)
		warn("old decisions were not deleted", status);
	keeper->pruning = false;
	if (keeper->decisions > 0)
		log_line(LOG_INFO, NULL, "%lld old decisions were deleted",
		    (long long)keeper->decisions);
	keeper->decisions = 0;
	rest(keeper, KEEPER_FOLD_US);
}

/* --- folding --- */

static enum status fold_body(struct db *db, void *arg)
{
	struct keeper *keeper = arg;
	enum status status;

	keeper->turn = PRUNE_NOT_YET;
	status = rollup_fold(db, ROLLUP_FOLD_ROWS, &keeper->folded);
	if (status != STATUS_OK || keeper->folded == ROLLUP_FOLD_ROWS)
		return status;
	return prune_turn(db, clock_wall_us(), KEEPER_PRUNE_US, &keeper->turn,
	    &keeper->unpruned_us);
}

static void warn_held(int64_t unpruned_us)
{
	log_line(LOG_WARN, NULL,
	    "by this clock old decisions were last deleted %lld days ago: put "
	    "it right if it is ahead, nothing is deleted for a day",
	    (long long)(unpruned_us / CLOCK_SECOND / 86400));
}

static void folded(void *arg, enum status status)
{
	struct keeper *keeper = arg;

	keeper->running = false;
	if (status != STATUS_OK)
		warn("decisions were not added up", status);
	else if (keeper->turn == PRUNE_HELD)
		warn_held(keeper->unpruned_us);
	keeper->pruning = status == STATUS_OK && keeper->turn == PRUNE_DUE;
	if (keeper->pruning)
		rest(keeper, 0);
	else if (status == STATUS_OK && keeper->folded == ROLLUP_FOLD_ROWS)
		rest(keeper, KEEPER_STEP_US);
	else
		rest(keeper, KEEPER_FOLD_US);
}

static void due(void *arg)
{
	struct keeper *keeper = arg;

	if (keeper->running || keeper->stopped)
		return;
	if (keeper->pruning)
		run(keeper, prune_body, pruned);
	else
		run(keeper, fold_body, folded);
}

struct keeper *keeper_new(
    const struct config *config, struct loop *loop, struct store *store)
{
	struct keeper *keeper = calloc(1, sizeof *keeper);

	if (keeper == NULL)
		return NULL;
	keeper->config = config;
	keeper->loop = loop;
	keeper->store = store;
	loop_timer_init(&keeper->timer, due, keeper);
	return keeper;
}

void keeper_free(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	loop_timer_stop(keeper->loop, &keeper->timer);
	free(keeper);
}

void keeper_start(struct keeper *keeper)
{
	rest(keeper, KEEPER_STEP_US);
}

static enum status fold_once_body(struct db *db, void *arg)
{
	struct keeper *keeper = arg;

	return rollup_fold(db, ROLLUP_FOLD_ROWS, &keeper->folded);
}

static void folded_once(void *arg, enum status status)
{
	struct keeper *keeper = arg;

	keeper->running = false;
	if (status != STATUS_OK)
		warn("decisions were not added up", status);
}

/* The clock's microseconds throw the dice. Process numbers would not: each
 * such process takes as many as it has threads, and so may leave out the
 * right ones for ever. */
void keeper_fold_once(struct keeper *keeper)
{
	if (clock_wall_us() % KEEPER_ONE_IN == 0)
		run(keeper, fold_once_body, folded_once);
}

void keeper_stop(struct keeper *keeper)
{
	keeper->stopped = true;
	loop_timer_stop(keeper->loop, &keeper->timer);
}
