/* claim_row.c: an event's key -> was it seen, and how was it answered? */
#include "claim_row.h"

#include "clock.h"

enum status claim_row_take(struct db *db, struct claim_row *row)
{
	int64_t now_us = clock_wall_us();
	struct db_row *use = db_use(db, SQL_claim_take);

	db_bind_text(use, ":key", row->key);
	db_bind_int(use, ":holder", row->holder);
	db_bind_int(use, ":lease_until_us", now_us + row->lease_us);
	db_bind_int(use, ":now_us", now_us);
	db_bind_int(use, ":forget_us", now_us - row->window_us);
	text_clear(&row->answer);
	row->http = 0;
	if (db_next(use)) {
		row->found = CLAIM_IN_HAND;
		if (db_int(use, 0) != 0)
			row->found = CLAIM_OURS;
		else if (!db_is_null(use, 1))
			row->found = CLAIM_FINISHED;
		row->http = (int)db_int(use, 1);
		text_add(&row->answer, db_text(use, 2));
		/* Only at its end does an INSERT with RETURNING write. */
		db_next(use);
	}
	return db_done(use);
}

/*
 * Up to four for each new one: the table shrinks to the window's events
 * without ever being cleaned in one long transaction.
 */
static enum status forget_some(struct db *db, const struct claim_row *row)
{
	int64_t now_us = clock_wall_us();
	struct db_row *use = db_use(db, SQL_claim_forget);

	db_bind_int(use, ":forget_us", now_us - row->window_us);
	db_bind_int(use, ":now_us", now_us);
	db_next(use);
	return db_done(use);
}

enum status claim_row_finish(
    struct db *db, const struct claim_row *row, int http, const char *answer)
{
	struct db_row *use = db_use(db, SQL_claim_finish);
	enum status status;

	db_bind_int(use, ":http", http);
	db_bind_text(use, ":answer", answer);
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
