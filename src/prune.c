/* prune.c: what is older than it is to be kept -> deleted, a few at a time */
#include "prune.h"

#include <stdbool.h>

#include "clock.h"
#include "rollup.h"

#define HOUR_S INT64_C(3600)
#define DAY_S  INT64_C(86400)
/* Times of a level whose sums go at one time: some 600 rows. */
#define CHUNK 20

/* 0 for what is kept for ever, or would be from before 1970. */
static int64_t limit_s(int64_t now_us, int64_t days, int64_t whole_s)
{
	int64_t second = now_us / CLOCK_SECOND - days * DAY_S;

	if (days == 0 || second < 0)
		return 0;
	return second - second % whole_s;
}

/* 0, for ever, is the earliest of all. */
static int64_t earlier(int64_t left, int64_t right)
{
	return left < right ? left : right;
}

/* Where there are minutes a reader takes their whole hours and days, which
 * are fewer rows: so these must not go before them. */
void prune_limits_at(
    const struct config *config, int64_t now_us, struct prune_limits *limits)
{
	int64_t minutes_s =
	    limit_s(now_us, config->retention_minutes_days, HOUR_S);
	int64_t hours_s = limit_s(now_us, config->retention_hours_days, DAY_S);
	int64_t days_s = limit_s(now_us, config->retention_days_days, DAY_S);

	hours_s = earlier(hours_s, minutes_s - minutes_s % DAY_S);
	*limits = (struct prune_limits){
	    .decisions_us =
		limit_s(now_us, config->retention_decisions_days, 1) *
		CLOCK_SECOND,
	    .minutes_s = minutes_s,
	    .hours_s = hours_s,
	    .days_s = earlier(days_s, hours_s),
	    .newest_s = now_us / CLOCK_SECOND / DAY_S * DAY_S + DAY_S,
	};
}

static enum status prune_decisions(
    struct db *db, int64_t before_us, struct prune_count *count)
{
	struct db_row *row = db_use(db, SQL_prune_decisions);
	enum status status;

	db_bind_int(row, ":before_us", before_us);
	db_bind_int(row, ":limit", PRUNE_ROWS);
	db_next(row);
	status = db_done(row);
	if (status == STATUS_OK)
		count->decisions += db_changed(db);
	return status;
}

static enum status prune_sums(
    struct db *db, int64_t level, int64_t before_s, struct prune_count *count)
{
	enum status status = STATUS_OK;

	for (int by = 0; by < ROLLUP_BY_COUNT && status == STATUS_OK; by++) {
		struct db_row *row = db_use(db, SQL_prune_sums);

		db_bind_int(row, ":level", level);
		db_bind_text(row, ":kind", rollup_by_name(by));
		db_bind_int(row, ":before_s", before_s);
		db_bind_int(row, ":chunk_s", level * CHUNK);
		db_next(row);
		status = db_done(row);
		if (status == STATUS_OK)
			count->sums += db_changed(db);
	}
	return status;
}

static enum status move_horizon(
    struct db *db, const struct prune_limits *limits)
{
	struct db_row *row = db_use(db, SQL_prune_horizon);

	db_bind_int(row, ":minutes_s", limits->minutes_s);
	db_bind_int(row, ":hours_s", limits->hours_s);
	db_bind_int(row, ":days_s", limits->days_s);
	db_bind_int(row, ":newest_s", limits->newest_s);
	db_next(row);
	return db_done(row);
}

/* First the horizon: a reader must not look for sums that are half gone. */
enum status prune_some(
    struct db *db, const struct prune_limits *limits, struct prune_count *count)
{
	struct prune_count some = {0};
	enum status status = move_horizon(db, limits);

	if (status == STATUS_OK)
		status = prune_decisions(db, limits->decisions_us, &some);
	if (status == STATUS_OK)
		status = prune_sums(db, 60, limits->minutes_s, &some);
	if (status == STATUS_OK)
		status = prune_sums(db, HOUR_S, limits->hours_s, &some);
	if (status == STATUS_OK)
		status = prune_sums(db, DAY_S, limits->days_s, &some);
	if (status != STATUS_OK)
		return status;
	count->decisions += some.decisions;
	count->sums += some.sums;
	return STATUS_OK;
}

enum status prune_left(
    struct db *db, const struct prune_limits *limits, int64_t *decisions)
{
	struct db_row *row = db_use(db, SQL_prune_left);
	int64_t left = 0;
	enum status status;

	db_bind_int(row, ":before_us", limits->decisions_us);
	if (db_next(row))
		left = db_int(row, 0);
	status = db_done(row);
	if (status == STATUS_OK)
		*decisions = left;
	return status;
}

/* Unix time of the last turn, 0 if there was none, and of the next one if the
 * clock was not trusted then. */
struct turns {
	int64_t last_us;
	int64_t held_until_us;
};

/* A last turn that is still to come was a clock's that was ahead: it counts
 * for nothing, and neither does what was held because of it. */
static enum prune_turn take_turn(
    struct turns *turns, int64_t now_us, int64_t every_us)
{
	int64_t ago_us = now_us - turns->last_us;
	bool known = turns->last_us > 0 && ago_us >= 0;
	enum prune_turn turn = PRUNE_DUE;

	if (known && (ago_us < every_us || now_us < turns->held_until_us))
		return PRUNE_NOT_YET;
	if (known && ago_us > PRUNE_GAP_US)
		turn = PRUNE_HELD;
	turns->last_us = now_us;
	turns->held_until_us = turn == PRUNE_HELD ? now_us + PRUNE_HOLD_US : 0;
	return turn;
}

static enum status read_turns(struct db *db, struct turns *turns)
{
	struct db_row *row = db_use(db, SQL_prune_turns);

	if (db_next(row)) {
		turns->last_us = db_int(row, 0);
		turns->held_until_us = db_int(row, 1);
	}
	return db_done(row);
}

static enum status save_turns(struct db *db, const struct turns *turns)
{
	struct db_row *row = db_use(db, SQL_prune_turned);

	db_bind_int(row, ":pruned_us", turns->last_us);
	db_bind_int(row, ":held_until_us", turns->held_until_us);
	db_next(row);
	return db_done(row);
}

enum status prune_turn(struct db *db, int64_t now_us, int64_t every_us,
    enum prune_turn *turn, int64_t *ago_us)
{
	struct turns turns = {0};
	enum status status = read_turns(db, &turns);
	int64_t last_us = turns.last_us;
	enum prune_turn taken;

	if (status != STATUS_OK)
		return status;
	taken = take_turn(&turns, now_us, every_us);
	if (taken != PRUNE_NOT_YET)
		status = save_turns(db, &turns);
	if (status != STATUS_OK)
		return status;
	*turn = taken;
	if (taken == PRUNE_HELD)
		*ago_us = now_us - last_us;
	return STATUS_OK;
}

enum status prune_trust(struct db *db, int64_t now_us)
{
	return save_turns(db, &(struct turns){.last_us = now_us});
}
