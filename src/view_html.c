/* view_html.c: figures -> an HTML document that needs nothing else */
#include "clock.h"
#include "histogram.h"
#include "html.h"
#include "text.h"
#include "view.h"

#define DOCUMENT_MAX ((size_t)16 << 20) /* FIGURES_SLOTS_MAX rows of 3 kB */
#define CHART_WIDTH  720
#define CHART_HEIGHT 80
#define VALUE_BYTES  32

/* No script and no address: it can be kept and sent as it is. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>stockroute report</title>\n<style>\n"
    ":root { color-scheme: light dark; --bar: #2f6fab; --line: #8888 }\n"
    "body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto;\n"
    "  max-width: 64em; padding: 0 1em; overflow-x: auto }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th, td { text-align: right; padding: .2em .6em;\n"
    "  border-bottom: 1px solid var(--line);\n"
    "  font-variant-numeric: tabular-nums }\n"
    "th:first-child, td:first-child { text-align: left;\n"
    "  min-width: 8em; overflow-wrap: break-word }\n"
    "td { white-space: nowrap }\n"
    "td:first-child { white-space: normal }\n"
    "td.bar { width: 25%; min-width: 5em; text-align: left }\n"
    "td.bar i { display: block; height: .8em; background: var(--bar) }\n"
    ".worse { color: #c22; font-weight: bold }\n"
    ".better { color: #183; font-weight: bold }\n"
    "svg { width: 100%; height: auto; fill: var(--bar) }\n"
    "@media (prefers-color-scheme: dark) { :root { --bar: #6ab0f3 }\n"
    "  .worse { color: #f88 } .better { color: #7d9 } }\n"
    "</style>\n</head>\n<body>\n<h1>Decisions</h1>\n";

/* --- the head --- */

static void add_period(struct text *text, const char *word,
    const struct view *view, const struct figures *figures)
{
	char from[MOMENT_BYTES];
	char to[MOMENT_BYTES];

	moment_write(
	    figures->period.from_us / CLOCK_SECOND, view->ask.zone, from);
	moment_write(figures->period.to_us / CLOCK_SECOND, view->ask.zone, to);
	html_add(text,
	    "<p>%s <time>%s</time> to <time>%s</time>: %lld decisions", word,
	    from, to, (long long)figures->total.count);
	if (figures->total.count > 0)
		html_add(text,
		    ", p50 %.3f ms, p95 %.3f ms, p99 %.3f ms, max %.3f ms",
		    figures->total.us[FIGURES_P50] / 1e3,
		    figures->total.us[FIGURES_P95] / 1e3,
		    figures->total.us[FIGURES_P99] / 1e3,
		    figures->total.max_us / 1e3);
	html_add(text, "</p>\n");
}

static void add_aim(struct text *text, const char *word,
    const struct view *view, const struct figures *figures)
{
	struct figures_slo slo = figures_slo(figures, view->slo_target);

	html_add(text,
	    "<p class=\"%s\">%s %.3f %% within %.3f ms of %lld; aim %.3f %%, "
	    "burn rate %.2f</p>\n",
	    slo.burn > 1 ? "worse" : "better", word, slo.share * 100,
	    (double)view->ask.slo_us / 1e3, (long long)slo.counted,
	    view->slo_target, slo.burn);
}

static void add_head(struct text *text, const struct view *view)
{
	add_period(text, "From", view, &view->now);
	if (view->compares)
		add_period(text, "Versus", view, &view->was);
	if (view->ask.exact)
		html_add(text, "<p>Percentiles are exact.</p>\n");
	else
		html_add(text, "<p>Percentiles are within %.2f %%.</p>\n",
		    HISTOGRAM_ERROR * 100);
	if (view->ask.slo_us == 0)
		return;
	add_aim(text, "SLO:", view, &view->now);
	if (view->compares)
		add_aim(text, "SLO, versus:", view, &view->was);
}

/* --- tables --- */

/* Ends the row. The bar says nothing that does not stand in a cell beside it,
 * so that it needs no words for who cannot see it. */
static void add_bar(struct text *text, double value, double most)
{
	html_add(text,
	    "<td class=\"bar\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
	    most > 0 ? value / most * 100 : 0);
}

/* One that was only then is shown too: that it is gone may be the news. */
static void add_outcome(
    struct text *text, const struct view *view, const char *name)
{
	const struct figures_row *now = figures_find(&view->now.outcomes, name);
	double share = view_share(&view->now, name);

	if (now == NULL && figures_find(&view->was.outcomes, name) == NULL)
		return;
	html_add(text, "<tr><td>%s</td><td>%lld</td>", name,
	    now == NULL ? 0LL : (long long)now->count);
	if (view->compares)
		html_add(
		    text, "<td>%.1f %%</td>", view_share(&view->was, name));
	html_add(text, "<td>%.1f %%</td>", share);
	add_bar(text, share, 100);
}

static void add_outcomes(struct text *text, const struct view *view)
{
	html_add(text,
	    "<h2>How they ended</h2>\n<table>\n"
	    "<tr><th scope=\"col\">outcome</th><th scope=\"col\">count</th>");
	if (view->compares)
		html_add(text, "<th scope=\"col\">share was</th>");
	html_add(
	    text, "<th scope=\"col\">share</th><td class=\"bar\"></td></tr>\n");
	for (int i = 0; i < OUTCOME_COUNT; i++)
		add_outcome(text, view, outcome_name((enum outcome)i));
	html_add(text, "</table>\n");
}

/* Leaves the row open: what ends it depends on whether a period is compared. */
static void add_cells(struct text *text, const struct figures_row *row)
{
	html_add(text, "<tr><td>%s</td><td>%lld</td>", row->name,
	    (long long)row->count);
	for (int i = 0; i < FIGURES_PERCENTILES; i++)
		html_add(text, "<td>%.3f</td>", row->us[i] / 1e3);
	html_add(text, "<td>%.3f</td>", row->max_us / 1e3);
}

/* Ends the row. Without a percentile of then there is no change to tell. */
static void add_was(struct text *text, const struct figures_row *row,
    const struct figures_row *was)
{
	const char *verdict = view_verdict_name(view_verdict(row, was));
	double now_us = row->us[FIGURES_P95];
	double was_us = was == NULL ? 0 : was->us[FIGURES_P95];

	if (was == NULL || was_us == 0) {
		html_add(text, "<td>-</td><td>-</td><td>-</td></tr>\n");
		return;
	}
	html_add(text,
	    "<td>%lld</td><td>%.3f</td><td class=\"%s\">%.0f %% %s</td></tr>\n",
	    (long long)was->count, was_us / 1e3, verdict,
	    (now_us / was_us - 1) * 100, verdict);
}

static void add_titles(struct text *text, const struct view *view)
{
	html_add(text,
	    "<h2>Milliseconds by %s</h2>\n<table>\n"
	    "<tr><th scope=\"col\">%s</th><th scope=\"col\">count</th>",
	    figures_by_name(view->ask.by), figures_by_name(view->ask.by));
	for (int i = 0; i < FIGURES_PERCENTILES; i++)
		html_add(
		    text, "<th scope=\"col\">p%d</th>", figures_percents[i]);
	html_add(text, "<th scope=\"col\">max</th>");
	if (view->compares)
		html_add(text, "<th scope=\"col\">was</th>"
			       "<th scope=\"col\">p95 was</th>"
			       "<th scope=\"col\">change</th>");
	else
		html_add(text, "<td class=\"bar\">p95</td>");
	html_add(text, "</tr>\n");
}

static void add_groups(struct text *text, const struct view *view)
{
	const struct figures_rows *rows = &view->now.groups;
	double most = view_most_p95(rows);

	add_titles(text, view);
	for (size_t i = 0; i < rows->count; i++) {
		add_cells(text, &rows->rows[i]);
		/* For a bar there is no room beside what was. */
		if (view->compares)
			add_was(text, &rows->rows[i], view_was(view, i));
		else
			add_bar(text, rows->rows[i].us[FIGURES_P95], most);
	}
	html_add(text, "</table>\n");
}

/* --- in the course of time --- */

/* Both charts have the same slots, and stand one below the other. */
static double value_of(const struct figures_row *row, bool count)
{
	return count ? (double)row->count : row->us[FIGURES_P95] / 1e3;
}

static const char *value_words(
    double value, bool count, char words[VALUE_BYTES])
{
	/* Decisions are whole, times have microseconds. */
	snprintf(words, VALUE_BYTES, count ? "%.0f" : "%.3f ms", value);
	return words;
}

/* A column for each slot; what it says stands in its title. */
static void add_columns(
    struct text *text, const struct view *view, bool count, double most)
{
	const struct figures_rows *rows = &view->now.course;
	/* The viewBox's units, not pixels: the page makes them as wide as it
	 * is. Nine tenths are the column, one is the gap. */
	double width = (double)CHART_WIDTH / (double)rows->count;

	for (size_t i = 0; i < rows->count; i++) {
		double value = value_of(&rows->rows[i], count);
		double height = most > 0 ? value / most * CHART_HEIGHT : 0;
		char start[MOMENT_BYTES];
		char words[VALUE_BYTES];

		moment_write(rows->rows[i].start_s, view->ask.zone, start);
		html_add(text,
		    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		    "height=\"%.1f\"><title>%s: %s</title></rect>\n",
		    (double)i * width, CHART_HEIGHT - height, width * 0.9,
		    height, start, value_words(value, count, words));
	}
}

static void add_chart(
    struct text *text, const struct view *view, const char *name, bool count)
{
	const struct figures_rows *rows = &view->now.course;
	char words[VALUE_BYTES];
	double most = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (value_of(&rows->rows[i], count) > most)
			most = value_of(&rows->rows[i], count);
	html_add(text,
	    "<h2>%s</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-label=\"%s over time\">\n",
	    name, CHART_WIDTH, CHART_HEIGHT, name);
	add_columns(text, view, count, most);
	html_add(text, "</svg>\n<p>Most: %s in %lld minutes.</p>\n",
	    value_words(most, count, words), (long long)view->now.slot_s / 60);
}

enum status view_print_html(const struct view *view, FILE *out)
{
	struct text text;
	bool whole;

	text_init(&text, DOCUMENT_MAX);
	text_add(&text, head);
	add_head(&text, view);
	if (view->now.total.count > 0) {
		add_outcomes(&text, view);
		add_groups(&text, view);
	}
	if (view->now.total.count > 0 && view->now.course.count > 0) {
		add_chart(&text, view, "Decisions", true);
		add_chart(&text, view, "p95", false);
	}
	html_add(&text, "</body>\n</html>\n");
	/* One that is cut is written as well, for who wants to see as far as
	 * it goes; the status tells. */
	whole = !text_failed(&text);
	fputs(text_string(&text), out);
	text_done(&text);
	if (!whole)
		return STATUS_MEMORY;
	return fflush(out) == 0 && !ferror(out) ? STATUS_OK : STATUS_IO;
}
