/* claim_row.c: an event's key -> was it seen, and how was it answered? */
#include "claim_row.h"

#include "clock.h"

/*
 * One in so many finishes forgets, and looks at 64 claims and 64 answers:
 * enough to keep three quarters of the table within the window, and no
 * transaction is long.
 */
#define FORGET_ONE_IN 16

static enum status get_answer(
    struct db *db, struct claim_row *row, int64_t answer_id)
{
	struct db_row *use = db_use(db, SQL_claim_answer_get);

	db_bind_int(use, ":id", answer_id);
	if (db_next(use))
		text_add(&row->answer, db_text(use, 0));
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
    struct db *db, struct claim_row *row, int64_t now_us, int64_t *answer_id)
{
	struct db_row *use = db_use(db, SQL_claim_take);

	db_bind_int(use, ":holder", row->holder);
	db_bind_int(use, ":lease_until_us", now_us + row->lease_us);
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":forget_us", now_us - row->window_us);
	db_bind_text(use, ":key", row->key);
	row->found = CLAIM_IN_HAND;
	if (db_next(use)) {
		if (db_int(use, 0) != 0)
			row->found = CLAIM_OURS;
		else if (!db_is_null(use, 1))
			row->found = CLAIM_FINISHED;
		row->http = (int)db_int(use, 1);
		*answer_id = db_int(use, 2);
		/* Only at its end does an UPDATE with RETURNING write. */
		db_next(use);
	}
	return db_done(use);
}

enum status claim_row_take(struct db *db, struct claim_row *row)
{
	int64_t now_us = clock_wall_us();
	int64_t answer_id = 0;
	enum status status = insert(db, row, now_us);

	text_clear(&row->answer);
	row->http = 0;
	row->found = CLAIM_OURS;
	if (status != STATUS_OK || db_changed(db) > 0)
		return status;
	status = take_or_look(db, row, now_us, &answer_id);
	if (status == STATUS_OK && row->found == CLAIM_FINISHED)
		status = get_answer(db, row, answer_id);
	return status;
}

static enum status forget_claims(struct db *db, const struct claim_row *row)
{
	int64_t now_us = clock_wall_us();
	struct db_row *use = db_use(db, SQL_claim_forget);

	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":forget_us", now_us - row->window_us);
	db_bind_int(use, ":now_us", now_us);
	db_next(use);
	return db_done(use);
}

static enum status forget_answers(struct db *db, const struct claim_row *row)
{
	struct db_row *use = db_use(db, SQL_claim_answer_forget);

	db_bind_int(use, ":forget_us", clock_wall_us() - row->window_us);
	db_next(use);
	return db_done(use);
}

/* Holders count up, so this one in sixteen is anybody's turn alike. */
static enum status forget_some(struct db *db, const struct claim_row *row)
{
	enum status status;

	if (row->holder % FORGET_ONE_IN != 0)
		return STATUS_OK;
	status = forget_claims(db, row);
	return status == STATUS_OK ? forget_answers(db, row) : status;
}

static enum status put_answer(struct db *db, const char *answer)
{
	struct db_row *use = db_use(db, SQL_claim_answer_put);

	db_bind_int(use, ":now_us", clock_wall_us());
	db_bind_text(use, ":answer", answer);
	db_next(use);
	return db_done(use);
}

/* An answer whose claim was taken over is nobody's; it is forgotten too. */
enum status claim_row_finish(
    struct db *db, const struct claim_row *row, int http, const char *answer)
{
	struct db_row *use;
	enum status status = put_answer(db, answer);

	if (status != STATUS_OK)
		return status;
	use = db_use(db, SQL_claim_finish);
	db_bind_int(use, ":http", http);
	db_bind_int(use, ":answer_id", db_inserted_id(db));
	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":holder", row->holder);
	db_next(use);
	status = db_done(use);
	return status == STATUS_OK ? forget_some(db, row) : status;
}

enum status claim_row_release(struct db *db, const struct claim_row *row)
{
	struct db_row *use = db_use(db, SQL_claim_release);

	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":holder", row->holder);
	db_next(use);
	return db_done(use);
}
