/* report.c: the kept decisions -> tables that answer an operator */
#include "report.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define NUMBER_BYTES 32

/*
 * Columns that hold numbers, besides the times. By name, because a column's
 * type in SQLite is known by its values only, and NULL has none.
 */
static const char *const number_names[] = {
    "id",
    "count",
    "events",
    "routed",
    "fallback",
    "skipped",
    "refused",
    "failed",
    "duplicate",
    "superseded",
    "expired",
    "dropped",
    "other",
    "fallback_percent",
    "http",
    "inventory_http",
    "inventory_attempts",
    "cxone_http",
    "cxone_attempts",
    "token_refreshes",
    "calls",
    "slow",
    "queue_attempts",
    "attempt",
    "attempts",
    "fence",
};

/* The unit stands in every name: nothing else ends like this. */
bool report_is_time(const char *column)
{
	size_t length = strlen(column);

	return length > 3 && strcmp(column + length - 3, "_ms") == 0;
}

/* A few dozen columns, once per table: a search in order will do. */
static bool is_number(const char *name)
{
	size_t count = sizeof number_names / sizeof *number_names;

	for (size_t i = 0; i < count; i++)
		if (strcmp(name, number_names[i]) == 0)
			return true;
	return report_is_time(name);
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

/* Milliseconds have three decimals, so that columns of them line up. */
static enum status add_cell(struct table *table, struct db_row *row, int column)
{
	char number[NUMBER_BYTES];

	if (db_is_null(row, column))
		return table_cell(table, NULL);
	if (!report_is_time(db_column_name(row, column)))
		return table_cell(table, db_text(row, column));
	snprintf(number, sizeof number, "%.3f", db_real(row, column));
	return table_cell(table, number);
}

/* Stops at the first that fails: half a table would be believed. */
static enum status add_rows(struct table *table, struct db_row *row)
{
	enum status status = STATUS_OK;
	int count = db_columns(row);

	while (status == STATUS_OK && db_next(row))
		for (int i = 0; i < count && status == STATUS_OK; i++)
			status = add_cell(table, row, i);
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
	done = db_done(row);
	if (done != STATUS_OK)
		status = done;
	if (status == STATUS_OK)
		*given = table;
	else
		table_free(table);
	return status;
}

static void bind_period(struct db_row *row, const struct period *period)
{
	db_bind_int(row, ":from_us", period->from_us);
	db_bind_int(row, ":to_us", period->to_us);
}

enum status report_summary(
    struct db *db, const struct period *period, struct table **table)
{
	struct db_row *row = db_use(db, SQL_reports_summary);

	bind_period(row, period);
	return give_table(row, table);
}

enum status report_tokens(struct db *db, struct table **table)
{
	return give_table(db_use(db, SQL_reports_token), table);
}

enum status report_breakers(struct db *db, struct table **table)
{
	return give_table(db_use(db, SQL_reports_breakers), table);
}

enum status report_queue(struct db *db, const struct outbox_filter *filter,
    int limit, struct table **table)
{
	struct db_row *row = db_use(db, SQL_reports_queue);

	assert(limit >= 1 && limit <= REPORT_EVENTS_MAX);
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
