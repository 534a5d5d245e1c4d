/* claim_row.c: an event's key -> was it seen, and how was it answered? */
#include "claim_row.h"

#include "clock.h"

/*
 * One in so many finishes forgets, up to 64 claims and 64 answers: four times
 * what is added meanwhile, and no transaction is long.
 */
#define FORGET_ONE_IN 16

/* The holder's answer, if there is one: then the event is finished. */
static enum status get_answer(
    struct db *db, struct claim_row *row, int64_t holder)
{
	struct db_row *use = db_use(db, SQL_claim_answer_get);

	db_bind_int(use, ":holder", holder);
	if (db_next(use)) {
		row->found = CLAIM_FINISHED;
		row->http = (int)db_int(use, 0);
		text_add(&row->answer, db_text(use, 1));
	}
	return db_done(use);
}

/* What nearly every event needs; the rest of the question costs thrice. */
static enum status insert(
    struct db *db, const struct claim_row *row, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_claim_insert);

	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":holder", row->holder);
	db_bind_int(use, ":lease_until_us", now_us + row->lease_us);
	db_bind_int(use, ":now_us", now_us);
	db_next(use);
	return db_done(use);
}

/* The claim is there: it is taken over when it is free, else looked at. */
static enum status take_or_look(
    struct db *db, struct claim_row *row, int64_t now_us, int64_t *holder)
{
	struct db_row *use = db_use(db, SQL_claim_take);

	db_bind_int(use, ":holder", row->holder);
	db_bind_int(use, ":lease_until_us", now_us + row->lease_us);
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":forget_us", now_us - row->window_us);
	db_bind_text(use, ":key", row->key);
	if (db_next(use))
		*holder = db_int(use, 0);
	return db_done(use);
}

enum status claim_row_take(struct db *db, struct claim_row *row)
{
	int64_t now_us = clock_wall_us();
	int64_t holder = row->holder;
	enum status status = insert(db, row, now_us);

	text_clear(&row->answer);
	row->http = 0;
	row->found = CLAIM_OURS;
	if (status != STATUS_OK || db_changed(db) > 0)
		return status;
	/* Ourselves as the holder: the claim was free and is taken over. */
	status = take_or_look(db, row, now_us, &holder);
	if (status != STATUS_OK || holder == row->holder)
		return status;
	row->found = CLAIM_IN_HAND;
	return get_answer(db, row, holder);
}

static enum status forget_claims(struct db *db, const struct claim_row *row)
{
	int64_t now_us = clock_wall_us();
	struct db_row *use = db_use(db, SQL_claim_forget);

	db_bind_int(use, ":forget_us", now_us - row->window_us);
	db_bind_int(use, ":now_us", now_us);
	db_next(use);
	return db_done(use);
}

/*
 * An answer has no index of its times, but its holder's number begins with
 * the microsecond that it was named in: below named_by is what was named
 * before the window, whatever its salt.
 */
static enum status forget_answers(struct db *db, const struct claim_row *row)
{
	int64_t forget_us = clock_wall_us() - row->window_us;
	struct db_row *use = db_use(db, SQL_claim_answer_forget);

	db_bind_int(use, ":named_by", (forget_us + 1) * CLAIM_SALTS);
	db_bind_int(use, ":forget_us", forget_us);
	db_next(use);
	return db_done(use);
}

/* By the microsecond it was named in: anybody's turn alike. */
static enum status forget_some(struct db *db, const struct claim_row *row)
{
	enum status status;

	if (row->holder / CLAIM_SALTS % FORGET_ONE_IN != 0)
		return STATUS_OK;
	status = forget_claims(db, row);
	return status == STATUS_OK ? forget_answers(db, row) : status;
}

/*
 * The claim itself is not touched: what stands under its holder's number is
 * its answer. When it was taken over, the answer is nobody's.
 */
enum status claim_row_finish(
    struct db *db, const struct claim_row *row, int http, const char *answer)
{
	struct db_row *use = db_use(db, SQL_claim_answer_put);
	enum status status;

	db_bind_int(use, ":holder", row->holder);
	db_bind_int(use, ":now_us", clock_wall_us());
	db_bind_int(use, ":http", http);
	db_bind_text(use, ":answer", answer);
	db_next(use);
	status = db_done(use);
	return status == STATUS_OK ? forget_some(db, row) : status;
}

enum status claim_row_check(struct db *db, const struct claim_row *row)
{
	struct db_row *use = db_use(db, SQL_claim_held);
	bool taken_over = false;
	enum status status;

	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":holder", row->holder);
	if (db_next(use))
		taken_over = db_int(use, 0) != 0;
	status = db_done(use);
	return status == STATUS_OK && taken_over ? STATUS_STALE : status;
}

enum status claim_row_release(struct db *db, const struct claim_row *row)
{
	struct db_row *use = db_use(db, SQL_claim_release);

	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":holder", row->holder);
	db_next(use);
	return db_done(use);
}
