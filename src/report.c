/* report.c: token, breakers and queue -> tables that answer an operator */
#include "report.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"

/*
 * Columns that hold numbers. By name, because a column's type in SQLite is
 * known by its values only, and NULL has none.
 */
static const char *const number_names[] = {
    "id",
    "http",
    "calls",
    "failed",
    "slow",
    "attempt",
    "attempts",
    "fence",
};

static bool is_number(const char *name)
{
	size_t count = sizeof number_names / sizeof *number_names;

	for (size_t i = 0; i < count; i++)
		if (strcmp(name, number_names[i]) == 0)
			return true;
	return false;
}

static enum status add_columns(struct table *table, struct db_row *row)
{
	enum status status = STATUS_OK;
	int count = db_columns(row);

	for (int i = 0; i < count && status == STATUS_OK; i++) {
		const char *name = db_column_name(row, i);

		status = table_column(
		    table, name, is_number(name) ? TABLE_NUMBER : TABLE_WORD);
	}
	return status;
}

/* Stops at the first that fails: half a table would be believed. */
static enum status add_rows(struct table *table, struct db_row *row)
{
	enum status status = STATUS_OK;
	int count = db_columns(row);

	while (status == STATUS_OK && db_next(row))
		for (int i = 0; i < count && status == STATUS_OK; i++)
			status = table_cell(
			    table, db_is_null(row, i) ? NULL : db_text(row, i));
	return status;
}

/* Ends the use of row, whose parameters are bound. */
static enum status give_table(struct db_row *row, struct table **given)
{
	struct table *table = table_new();
	enum status status = STATUS_MEMORY;
	enum status done;

	if (table != NULL)
		status = add_columns(table, row);
	if (status == STATUS_OK)
		status = add_rows(table, row);
	/* That no row came may mean that one could not be read: db_done tells.
	 */
	done = db_done(row);
	if (done != STATUS_OK)
		status = done;
	if (status == STATUS_OK)
		*given = table;
	else
		table_free(table);
	return status;
}

enum status report_tokens(struct db *db, struct table **table)
{
	return give_table(db_use(db, SQL_reports_token), table);
}

enum status report_breakers(struct db *db, struct table **table)
{
	return give_table(db_use(db, SQL_reports_breakers), table);
}

enum status report_pauses(struct db *db, struct table **table)
{
	struct db_row *row = db_use(db, SQL_reports_pauses);

	db_bind_int(row, ":now_us", clock_wall_us());
	return give_table(row, table);
}

enum status report_queue(struct db *db, const struct outbox_filter *filter,
    int limit, struct table **table)
{
	struct db_row *row = db_use(db, SQL_reports_queue);

	assert(limit >= 1 && limit <= REPORT_EVENTS_MAX);
	/* Leases are judged by the clock that they were taken by; the file's
	 * own default counts whole seconds. */
	db_bind_int(row, ":now_us", clock_wall_us());
	db_bind_text(row, ":ids", filter->ids);
	db_bind_text(row, ":state", filter->state);
	db_bind_text(row, ":interaction_id", filter->interaction_id);
	db_bind_text(row, ":status", filter->status);
	db_bind_int(row, ":limit", limit);
	return give_table(row, table);
}

enum status report_queue_item(struct db *db, int64_t id, struct table **table)
{
	struct db_row *row = db_use(db, SQL_reports_queue_item);

	db_bind_int(row, ":id", id);
	return give_table(row, table);
}

enum status report_queue_attempts(
    struct db *db, int64_t id, struct table **table)
{
	struct db_row *row = db_use(db, SQL_reports_queue_attempts);

	db_bind_int(row, ":id", id);
	return give_table(row, table);
}
