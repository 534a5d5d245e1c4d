/* view_table.c: figures -> the rows of a table */
#include "view.h"

#include <stdio.h>

#define NUMBER_BYTES 32

/* A table being filled; after a failure what follows does nothing. table is
 * NULL when there was no memory even for that: then the status says so. */
struct filling {
	struct table *table;
	enum status status;
};

static void add_column(
    struct filling *filling, const char *name, enum table_kind kind)
{
	if (filling->status == STATUS_OK)
		filling->status = table_column(filling->table, name, kind);
}

static void add_word(struct filling *filling, const char *word)
{
	if (filling->status == STATUS_OK)
		filling->status = table_cell(filling->table, word);
}

static void add_count(struct filling *filling, int64_t count)
{
	char number[NUMBER_BYTES];

	snprintf(number, sizeof number, "%lld", (long long)count);
	add_word(filling, number);
}

/* Milliseconds have three decimals, so that columns of them line up. */
static void add_ms(struct filling *filling, double us)
{
	char number[NUMBER_BYTES];

	snprintf(number, sizeof number, "%.3f", us / 1e3);
	add_word(filling, number);
}

static void add_columns(struct filling *filling, const char *name)
{
	char column[NUMBER_BYTES];

	/* The same columns whatever the grouping: who reads them by name needs
	 * no second program. */
	add_column(filling, name, TABLE_WORD);
	add_column(filling, "count", TABLE_NUMBER);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		add_column(
		    filling, outcome_name((enum outcome)i), TABLE_NUMBER);
	for (int i = 0; i < FIGURES_PERCENTILES; i++) {
		snprintf(column, sizeof column, "p%d_ms", figures_percents[i]);
		add_column(filling, column, TABLE_NUMBER);
	}
	add_column(filling, "max_ms", TABLE_NUMBER);
}

/* Of what did not happen there are no times. */
static void add_row(
    struct filling *filling, const char *name, const struct figures_row *row)
{
	add_word(filling, name);
	add_count(filling, row->count);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		add_count(filling, row->outcomes[i]);
	for (int i = 0; i <= FIGURES_PERCENTILES; i++) {
		double us = i < FIGURES_PERCENTILES ? row->us[i] : row->max_us;

		if (row->count > 0)
			add_ms(filling, us);
		else
			add_word(filling, NULL);
	}
}

static void add_was_columns(struct filling *filling)
{
	add_column(filling, "was_count", TABLE_NUMBER);
	add_column(filling, "was_p50_ms", TABLE_NUMBER);
	add_column(filling, "was_p95_ms", TABLE_NUMBER);
	add_column(filling, "p95_change_percent", TABLE_NUMBER);
	add_column(filling, "verdict", TABLE_WORD);
}

static void add_change(struct filling *filling, const struct figures_row *now,
    const struct figures_row *was)
{
	char number[NUMBER_BYTES];
	/* From nothing any change is endless: it has no number. */
	double was_us = was->us[FIGURES_P95];

	snprintf(number, sizeof number, "%.1f",
	    was_us > 0 ? (now->us[FIGURES_P95] / was_us - 1) * 100 : 0);
	add_word(filling, was_us > 0 ? number : NULL);
}

/* A group that was not there has no times: they are not 0. */
static void add_was(struct filling *filling, const struct figures_row *now,
    const struct figures_row *was)
{
	int verdict = view_verdict(now, was);

	if (was == NULL) {
		add_count(filling, 0);
		for (int i = 0; i < 3; i++)
			add_word(filling, NULL);
	} else {
		add_count(filling, was->count);
		add_ms(filling, was->us[FIGURES_P50]);
		add_ms(filling, was->us[FIGURES_P95]);
		add_change(filling, now, was);
	}
	add_word(filling, verdict == 0 ? NULL : view_verdict_name(verdict));
}

/* Half a table would be believed: it is given whole or not at all. */
static enum status give(struct filling *filling, struct table **table)
{
	if (filling->status == STATUS_OK)
		*table = filling->table;
	else
		table_free(filling->table);
	return filling->status;
}

static struct filling begin(void)
{
	struct table *table = table_new();

	return (struct filling){
	    .table = table,
	    .status = table == NULL ? STATUS_MEMORY : STATUS_OK,
	};
}

enum status view_table(const struct view *view, struct table **table)
{
	struct filling filling = begin();

	add_columns(&filling, figures_by_name(view->ask.by));
	if (view->compares)
		add_was_columns(&filling);
	for (size_t i = 0; i < view->now.groups.count; i++) {
		const struct figures_row *row = &view->now.groups.rows[i];

		add_row(&filling, row->name, row);
		if (view->compares)
			add_was(&filling, row, view_was(view, i));
	}
	return give(&filling, table);
}

enum status view_rows_table(const struct figures_rows *rows, const char *name,
    enum moment_zone zone, struct table **table)
{
	struct filling filling = begin();

	add_columns(&filling, name);
	for (size_t i = 0; i < rows->count; i++) {
		const struct figures_row *row = &rows->rows[i];
		char start[MOMENT_BYTES];

		moment_write(row->start_s, zone, start);
		/* Only slots have a start; in the course their name is "total"
		 * for all of them. */
		add_row(&filling, row->start_s == 0 ? row->name : start, row);
	}
	return give(&filling, table);
}
