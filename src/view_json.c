/* view_json.c: figures -> a JSON document */
#include "clock.h"
#include "histogram.h"
#include "view.h"

static enum status print_rows(const struct figures_rows *rows, const char *name,
    enum moment_zone zone, FILE *out)
{
	struct table *table = NULL;
	enum status status = view_rows_table(rows, name, zone, &table);

	if (status == STATUS_OK)
		status = table_print(table, TABLE_JSON, out);
	table_free(table);
	return status;
}

static enum status print_total(
    const struct figures *figures, enum moment_zone zone, FILE *out)
{
	struct figures_row total = figures->total;
	struct figures_rows rows = {&total, 1, 1};
	struct table *table = NULL;
	enum status status = view_rows_table(&rows, "group", zone, &table);

	if (status == STATUS_OK)
		status = table_print_object(table, 0, out);
	table_free(table);
	return status;
}

/* %g writes a point in every locale, as setlocale is called nowhere. */
static void print_slo(
    const struct view *view, const struct figures *figures, FILE *out)
{
	struct figures_slo slo = figures_slo(figures, view->slo_target);

	if (view->ask.slo_us == 0)
		return;
	fprintf(out,
	    ",\n\"slo\": {\"ms\": %.3f, \"target_percent\": %g, "
	    "\"counted\": %lld, \"within_percent\": %.3f, \"burn\": %.2f}",
	    (double)view->ask.slo_us / 1e3, view->slo_target,
	    (long long)slo.counted, slo.share * 100, slo.burn);
}

/* What both periods have: when, the total, how they ended. */
static enum status print_figures(
    const struct view *view, const struct figures *figures, FILE *out)
{
	char from[MOMENT_BYTES];
	char to[MOMENT_BYTES];
	enum status status;

	moment_write(
	    figures->period.from_us / CLOCK_SECOND, view->ask.zone, from);
	moment_write(figures->period.to_us / CLOCK_SECOND, view->ask.zone, to);
	fprintf(
	    out, "\"from\": \"%s\",\n\"to\": \"%s\",\n\"total\": ", from, to);
	status = print_total(figures, view->ask.zone, out);
	if (status != STATUS_OK)
		return status;
	fprintf(out, ",\n\"outcomes\": ");
	/* Outcomes have no start: the zone does not matter. */
	status = print_rows(&figures->outcomes, "outcome", MOMENT_UTC, out);
	print_slo(view, figures, out);
	return status;
}

static enum status print_groups(const struct view *view, FILE *out)
{
	struct table *table = NULL;
	enum status status = view_table(view, &table);

	if (status == STATUS_OK)
		status = table_print(table, TABLE_JSON, out);
	table_free(table);
	return status;
}

/* After a failure names stand there without their values: no reader takes that
 * for a whole document. */
enum status view_print_json(const struct view *view, FILE *out)
{
	enum status status;

	fprintf(out, "{\"by\": \"%s\",\n\"source\": \"%s\",\n\"error\": %g,\n",
	    figures_by_name(view->ask.by),
	    view->ask.exact ? "decisions" : "sums",
	    view->ask.exact ? 0.0 : HISTOGRAM_ERROR);
	status = print_figures(view, &view->now, out);
	fprintf(out, ",\n\"rows\": ");
	if (status == STATUS_OK)
		status = print_groups(view, out);
	fprintf(out,
	    ",\n\"slot_s\": %lld,\n\"course\": ", (long long)view->now.slot_s);
	if (status == STATUS_OK)
		status =
		    print_rows(&view->now.course, "start", view->ask.zone, out);
	if (view->compares) {
		fprintf(out, ",\n\"versus\": {");
		if (status == STATUS_OK)
			status = print_figures(view, &view->was, out);
		fprintf(out, "}");
	}
	fprintf(out, "}\n");
	if (status != STATUS_OK)
		return status;
	/* What follows the last table was not flushed with it. */
	return fflush(out) == 0 && !ferror(out) ? STATUS_OK : STATUS_IO;
}
