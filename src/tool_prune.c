/* tool_prune.c: stockroute prune -> old decisions and sums are deleted */
#include "tool.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "db.h"
#include "prune.h"
#include "rollup_fold.h"
#include "tool_progress.h"
#include "tool_reader.h"

#define PAUSE_US 2000 /* between two transactions: events go first */

static const char usage[] =
    "usage: stockroute prune [--dry-run | --anyway]\n"
    "\n"
    "Adds up the decisions that are in no sum yet, then deletes what is\n"
    "older than RETENTION_DECISIONS_DAYS, _MINUTES_DAYS, _HOURS_DAYS and\n"
    "_DAYS_DAYS say. Long-running processes do so by themselves, once in\n"
    "an hour; this is for cron where there is none. When the last time is\n"
    "more than two days ago the clock may be ahead: then nothing is deleted\n"
    "for a day.\n"
    "\n"
    "  --dry-run  tells what would be deleted, and changes nothing\n"
    "  --anyway   deletes at once: the clock is right\n";

static const char held[] =
    "stockroute prune: by this clock the last time was more than two days\n"
    "ago, and it may be ahead: nothing is deleted for a day. If the clock is\n"
    "right, stockroute prune --anyway deletes at once.\n";

/*
 * One call of the command. folded and left are those of the newest look, count
 * is the sum of all transactions. turn stays PRUNE_DUE unless the database says
 * otherwise: --anyway does not ask it, --dry-run neither.
 */
struct prune {
	struct db *db;
	struct prune_limits limits;
	struct prune_count count; /* so far */
	int64_t folded;
	int64_t left;
	enum prune_turn turn;
	bool anyway;
	struct tool_progress progress;
};

typedef enum status step(struct prune *prune);

static enum status fold(struct prune *prune)
{
	return rollup_fold(prune->db, ROLLUP_FOLD_ROWS, &prune->folded);
}

static enum status prune_step(struct prune *prune)
{
	return prune_some(prune->db, &prune->limits, &prune->count);
}

/* Each step is a transaction of its own, and then others have their turn. */
static enum status commit(struct prune *prune, step *run)
{
	enum status status = db_begin(prune->db, false);

	if (status != STATUS_OK)
		return status;
	status = run(prune);
	if (status == STATUS_OK)
		status = db_commit(prune->db);
	else
		db_rollback(prune->db);
	usleep(PAUSE_US);
	return status;
}

static enum status fold_all(struct prune *prune)
{
	enum status status;

	do {
		status = commit(prune, fold);
	} while (status == STATUS_OK && prune->folded == ROLLUP_FOLD_ROWS);
	return status;
}

static enum status prune_all(struct prune *prune)
{
	struct prune_count before;
	enum status status;

	/* Of the decisions alone: how many sums will go nobody knows before. */
	tool_progress_begin(&prune->progress, "pruning", prune->left);
	do {
		before = prune->count;
		status = commit(prune, prune_step);
		tool_progress_add(&prune->progress,
		    prune->count.decisions - before.decisions);
	} while (status == STATUS_OK &&
		 (prune->count.decisions != before.decisions ||
		     prune->count.sums != before.sums));
	tool_progress_end(&prune->progress);
	return status;
}

static enum status take_turn(struct prune *prune)
{
	int64_t now_us = clock_wall_us();
	int64_t ago_us;

	if (prune->anyway)
		return prune_trust(prune->db, now_us);
	/*
	 * An interval of 0 is always over: a cron job runs when it is called,
	 * however short a while ago a process did the same.
	 */
	return prune_turn(prune->db, now_us, 0, &prune->turn, &ago_us);
}

/* First all is added up: a decision that is in no sum stays. */
static enum status work(struct prune *prune)
{
	enum status status = fold_all(prune);

	if (status == STATUS_OK)
		status = commit(prune, take_turn);
	if (status != STATUS_OK || prune->turn != PRUNE_DUE)
		return status;
	status = prune_left(prune->db, &prune->limits, &prune->left);
	if (status == STATUS_OK)
		status = prune_all(prune);
	if (status == STATUS_OK)
		printf("pruned: %lld decisions, %lld sums\n",
		    (long long)prune->count.decisions,
		    (long long)prune->count.sums);
	return status;
}

static enum status tell(struct prune *prune)
{
	enum status status =
	    prune_left(prune->db, &prune->limits, &prune->left);

	if (status == STATUS_OK)
		printf("would be deleted: %lld decisions and what is old of "
		       "their sums\n",
		    (long long)prune->left);
	return status;
}

int tool_prune(int argc, char **argv)
{
	bool dry = argc == 2 && strcmp(argv[1], "--dry-run") == 0;
	struct prune prune = {
	    .turn = PRUNE_DUE,
	    .anyway = argc == 2 && strcmp(argv[1], "--anyway") == 0,
	};
	struct config *config = NULL;
	enum status status;

	if (argc != 1 && !dry && !prune.anyway) {
		fputs(usage, stderr);
		return 2;
	}
	/* Who only looks may do so with a file he cannot write. */
	prune.db = tool_open_capped(dry ? DB_READ : DB_SERVE, &config);
	if (prune.db == NULL)
		return 1;
	prune_limits_at(config, clock_wall_us(), &prune.limits);
	/* The limits are of this moment for the whole run, so that it ends. */
	status = dry ? tell(&prune) : work(&prune);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute prune: %s\n", status_name(status));
	else if (prune.turn != PRUNE_DUE)
		fputs(held, stderr);
	config_free(config);
	db_close(prune.db);
	return status == STATUS_OK && prune.turn == PRUNE_DUE ? 0 : 1;
}
