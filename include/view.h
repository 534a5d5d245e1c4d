#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "config_terminal.h"
#include "db.h"
#include "figures.h"
#include "status.h"
#include "table.h"

/*
 * A report as it is shown: the figures of a period, perhaps beside those of
 * another, as text for a terminal, as a table (CSV, NDJSON), as JSON and as
 * an HTML document. All show the same figures.
 */
struct view {
	struct figures_ask ask; /* filled by who asks */
	double slo_target;      /* percent; when ask.slo_us is not 0 */
	bool compares;          /* with the period `versus` */
	struct period versus;

	struct figures now;
	struct figures was; /* of versus, when compares */
};

/*
 * Fills now and was, in one read transaction of its own. As figures_read;
 * freed with view_done in every case.
 */
enum status view_read(struct db *db, int64_t now_us, struct view *view);
void view_done(struct view *view);

/* The row of was that group i of now is compared with: the same name, or
 * the hour or day as far from where the period was asked to begin. NULL when
 * there is none. */
const struct figures_row *view_was(const struct view *view, size_t i);

/* How many of all ended like this, in percent. */
double view_share(const struct figures *figures, const char *outcome);

/* The greatest p95, which is a whole bar. */
double view_most_p95(const struct figures_rows *rows);

/*
 * How a group did, judged by its p95: 1 worse, -1 better, by more than a
 * tenth, which sums are exact enough to tell; 0 when it is neither, or when
 * either has fewer than VIEW_JUDGED_MIN decisions, or was is NULL.
 */
#define VIEW_JUDGED_MIN 20
int view_verdict(const struct figures_row *now, const struct figures_row *was);

/* "worse", "better", "" */
const char *view_verdict_name(int verdict);

/*
 * Gives the groups as a table, its first column named after the grouping;
 * with "was" columns when two periods are compared. Freed with table_free.
 */
enum status view_table(const struct view *view, struct table **table);

/* The same of other rows: the total, the outcomes, the course. */
enum status view_rows_table(const struct figures_rows *rows, const char *name,
    enum moment_zone zone, struct table **table);

/* Prints all of it; text has room for a course of TERMINAL_COLUMNS_MAX slots.
 * STATUS_IO: out did not take it; STATUS_MEMORY. */
enum status view_print_text(
    const struct view *view, const struct terminal *terminal, FILE *out);
enum status view_print_json(const struct view *view, FILE *out);
enum status view_print_html(const struct view *view, FILE *out);

#endif
