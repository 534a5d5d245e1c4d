/* view_text.c: figures -> what a person reads in a terminal */
#include <assert.h>
#include <string.h>

#include "chart_text.h"
#include "clock.h"
#include "histogram.h"
#include "view.h"

/* Colours of ECMA-48 (SGR), chosen to be seen on dark and on light. */
#define PLAIN  "\033[0m"
#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"

#define NAME_MAX_WIDTH 24
#define NUMBER_WIDTH   9
#define BAR_MIN        6
#define BAR_MAX        40
#define CHART_BYTES    4096 /* TERMINAL_COLUMNS_MAX of three bytes each */
#define WORDS_BYTES    32

/* Where it goes, and how wide the columns are. Both widths are set before
 * anything is printed, by the groups; print_outcomes has a bar of its own. */
struct page {
	const struct view *view;
	const struct terminal *terminal;
	FILE *out;
	int name_width;
	int bar_width; /* 0: there is no room for bars */
};

static void color(const struct page *page, const char *code)
{
	if (page->terminal->color)
		fputs(code, page->out);
}

/* A colour for outcomes that should be few. */
static const char *outcome_color(const char *name)
{
	if (strcmp(name, "routed") == 0)
		return GREEN;
	if (strcmp(name, "fallback") == 0)
		return YELLOW;
	if (strcmp(name, "failed") == 0 || strcmp(name, "expired") == 0)
		return RED;
	return PLAIN;
}

/* The word says it too: not everybody sees red. */
static const char *verdict_color(int verdict)
{
	if (verdict == 0)
		return PLAIN;
	return verdict > 0 ? RED : GREEN;
}

static void print_bar(const struct page *page, double value, double most)
{
	struct text bar;

	text_init(&bar, CHART_BYTES);
	chart_bar(&bar, value, most, (size_t)page->bar_width,
	    page->terminal->unicode);
	/* No blanks at the end of a line. */
	while (bar.length > 0 && bar.bytes[bar.length - 1] == ' ')
		bar.bytes[--bar.length] = '\0';
	fputs(text_string(&bar), page->out);
	text_done(&bar);
}

/* Four figures are enough for the eye, whatever the size. */
static const char *ms_words(double us, char words[WORDS_BYTES])
{
	double ms = us / 1e3;
	double limit = 10;
	int decimals = 3;

	while (ms >= limit && decimals > 0) {
		limit *= 10;
		decimals--;
	}
	snprintf(words, WORDS_BYTES, "%.*f", decimals, ms);
	return words;
}

/* In the greatest unit that it has two of: 36 h tells more than 1.5 days. */
static const char *length_words(int64_t us, char words[WORDS_BYTES])
{
	static const struct {
		double us;
		const char *name;
	} units[] = {{86400e6, "days"}, {3600e6, "h"}, {60e6, "min"}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		double count = (double)us / units[i].us;

		if (count >= 2) {
			snprintf(words, WORDS_BYTES, "%.4g %s", count,
			    units[i].name);
			return words;
		}
	}
	snprintf(words, WORDS_BYTES, "%.4g s", (double)us / 1e6);
	return words;
}

/* A rate per second, or per what gives a number over 1. */
static const char *rate_words(
    double count, double seconds, char words[WORDS_BYTES])
{
	double rate = seconds > 0 ? count / seconds : 0;

	if (rate >= 1 || rate == 0)
		snprintf(words, WORDS_BYTES, "%.1f/s", rate);
	else if (rate * 60 >= 1)
		snprintf(words, WORDS_BYTES, "%.1f/min", rate * 60);
	else if (rate * 3600 >= 1)
		snprintf(words, WORDS_BYTES, "%.1f/h", rate * 3600);
	else
		snprintf(words, WORDS_BYTES, "%.1f/day", rate * 86400);
	return words;
}

/* What is counted, which may be more than was asked for, or nothing: 0. */
static double seconds_of(const struct period *period)
{
	return (double)(period->to_us - period->from_us) / 1e6;
}

/* --- the head --- */

static void print_period(
    const struct page *page, const char *word, const struct figures *figures)
{
	const struct period *period = &figures->period;
	enum moment_zone zone = page->view->ask.zone;
	char words[WORDS_BYTES];
	char from[MOMENT_BYTES];
	char to[MOMENT_BYTES];

	moment_write(period->from_us / CLOCK_SECOND, zone, from);
	moment_write(period->to_us / CLOCK_SECOND, zone, to);
	color(page, BOLD);
	fprintf(page->out, "%s", word);
	color(page, PLAIN);
	fprintf(page->out, " %s to %s, %s\n", from, to,
	    length_words(period->to_us - period->from_us, words));
}

static void print_head(const struct page *page)
{
	const struct figures *now = &page->view->now;
	char p50[WORDS_BYTES], p95[WORDS_BYTES], p99[WORDS_BYTES];
	char max[WORDS_BYTES], rate[WORDS_BYTES];

	print_period(page, "Decisions", now);
	if (page->view->compares)
		print_period(page, "versus   ", &page->view->was);
	if (page->view->ask.exact)
		fprintf(page->out, "percentiles are exact\n");
	else
		fprintf(page->out,
		    "percentiles are within %.2f %%; --exact counts each\n",
		    HISTOGRAM_ERROR * 100);
	fprintf(page->out, "\n%lld decisions, %s", (long long)now->total.count,
	    rate_words(
		(double)now->total.count, seconds_of(&now->period), rate));
	if (now->total.count > 0)
		fprintf(page->out, ": p50 %s, p95 %s, p99 %s, max %s ms",
		    ms_words(now->total.us[FIGURES_P50], p50),
		    ms_words(now->total.us[FIGURES_P95], p95),
		    ms_words(now->total.us[FIGURES_P99], p99),
		    ms_words(now->total.max_us, max));
	fputc('\n', page->out);
}

static void print_aim(
    const struct page *page, const char *word, const struct figures *figures)
{
	const struct view *view = page->view;
	struct figures_slo slo = figures_slo(figures, view->slo_target);
	char aim[WORDS_BYTES];

	color(page, slo.burn > 1 ? RED : GREEN);
	fprintf(page->out, "%s%.3f %% within %s ms", word, slo.share * 100,
	    ms_words((double)view->ask.slo_us, aim));
	color(page, PLAIN);
	fprintf(page->out, " of %lld; aim %g %%, burn rate %.2f\n",
	    (long long)slo.counted, view->slo_target, slo.burn);
}

static void print_aims(const struct page *page)
{
	if (page->view->ask.slo_us == 0)
		return;
	print_aim(page, "SLO: ", &page->view->now);
	if (page->view->compares)
		print_aim(page, "was: ", &page->view->was);
}

/* --- how they ended --- */

/* One that was only then is shown too: that it is gone may be the news. */
static void print_outcome(const struct page *page, enum outcome outcome)
{
	const struct view *view = page->view;
	const char *name = outcome_name(outcome);
	const struct figures_row *row = figures_find(&view->now.outcomes, name);
	const struct figures_row *was = figures_find(&view->was.outcomes, name);

	if (row == NULL && was == NULL)
		return;
	fprintf(page->out, "%-*s%*lld%7.1f %%", page->name_width, name,
	    NUMBER_WIDTH, row == NULL ? 0LL : (long long)row->count,
	    view_share(&view->now, name));
	if (view->compares)
		fprintf(page->out, "%*lld%7.1f %%", NUMBER_WIDTH,
		    was == NULL ? 0LL : (long long)was->count,
		    view_share(&view->was, name));
	fputs("  ", page->out);
	color(page, outcome_color(name));
	print_bar(page, view_share(&view->now, name), 100);
	color(page, PLAIN);
	fputc('\n', page->out);
}

static void print_outcomes(const struct page *page)
{
	struct page wide = *page;
	/* A share is nine places wide, "%7.1f %%". */
	int used = page->name_width +
		   (NUMBER_WIDTH + 9) * (page->view->compares ? 2 : 1) + 2;

	/* Outcomes have fewer columns than groups, and bars also when two
	 * periods are compared. */
	wide.bar_width = page->terminal->columns - used;
	if (wide.bar_width > BAR_MAX)
		wide.bar_width = BAR_MAX;
	if (wide.bar_width < 0)
		wide.bar_width = 0;
	color(page, BOLD);
	fprintf(page->out, "\n%-*s%*s%9s", page->name_width, "outcome",
	    NUMBER_WIDTH, "count", "share");
	if (page->view->compares)
		fprintf(page->out, "%*s%9s", NUMBER_WIDTH, "was", "share");
	color(page, PLAIN);
	fputc('\n', page->out);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		print_outcome(&wide, (enum outcome)i);
}

/* --- in the course of time --- */

static void print_line(const struct page *page, const char *word,
    const double *values, const char *most)
{
	struct text line;

	/* Without memory the line is empty, which is all that is lost. */
	text_init(&line, CHART_BYTES);
	chart_line(&line, values, page->view->now.course.count,
	    page->terminal->unicode);
	/* tool_report.c leaves places for the words on both sides of the line:
	 * COURSE_MARGIN. */
	fprintf(page->out, "%-6s|", word);
	color(page, CYAN);
	fputs(text_string(&line), page->out);
	color(page, PLAIN);
	fprintf(page->out, "|  most %s\n", most);
	text_done(&line);
}

static void print_course(const struct page *page)
{
	const struct figures *now = &page->view->now;
	double counts[TERMINAL_COLUMNS_MAX];
	double p95s[TERMINAL_COLUMNS_MAX];
	double most_count = 0;
	double most_us = 0;
	char words[WORDS_BYTES];
	char most[WORDS_BYTES + 4];

	assert(now->course.count <= TERMINAL_COLUMNS_MAX);
	if (now->course.count == 0 || now->total.count == 0)
		return;
	for (size_t i = 0; i < now->course.count; i++) {
		counts[i] = (double)now->course.rows[i].count;
		p95s[i] = now->course.rows[i].us[FIGURES_P95];
		most_count = counts[i] > most_count ? counts[i] : most_count;
		most_us = p95s[i] > most_us ? p95s[i] : most_us;
	}
	fputc('\n', page->out);
	print_line(page, "rate", counts,
	    rate_words(most_count, (double)now->slot_s, words));
	snprintf(most, sizeof most, "%s ms", ms_words(most_us, words));
	print_line(page, "p95", p95s, most);
	fprintf(page->out, "%*seach place is %s\n", 7, "",
	    length_words(now->slot_s * CLOCK_SECOND, words));
}

/* --- the groups --- */

/* In characters: the bytes that continue one take no place. */
static int width_of(const char *name)
{
	int width = 0;

	for (const char *at = name; *at != '\0'; at++)
		width += ((unsigned char)*at & 0xc0) != 0x80;
	return width;
}

/* A name too long for its column has a line of its own. */
static void print_name(const struct page *page, const char *name)
{
	int width = width_of(name);

	table_print_safe(name, page->out);
	/* NAME_MAX_WIDTH holds the column back: one long route would leave no
	 * room for bars beside all the others. */
	if (width > page->name_width) {
		fputc('\n', page->out);
		width = 0;
	}
	fprintf(page->out, "%*s", page->name_width - width, "");
}

static void print_ms(const struct page *page, double us)
{
	char words[WORDS_BYTES];

	fprintf(page->out, "%*s", NUMBER_WIDTH, ms_words(us, words));
}

static void print_group(const struct page *page, const struct figures_row *row)
{
	print_name(page, row->name);
	fprintf(page->out, "%*lld", NUMBER_WIDTH, (long long)row->count);
	for (int i = 0; i < FIGURES_PERCENTILES; i++)
		print_ms(page, row->us[i]);
	print_ms(page, row->max_us);
	if (page->bar_width > 0) {
		fputs("  ", page->out);
		color(page, CYAN);
		print_bar(page, row->us[FIGURES_P95],
		    view_most_p95(&page->view->now.groups));
		color(page, PLAIN);
	}
	fputc('\n', page->out);
}

static void print_compared(const struct page *page,
    const struct figures_row *now, const struct figures_row *was)
{
	int verdict = view_verdict(now, was);

	print_name(page, now->name);
	fprintf(page->out, "%*lld", NUMBER_WIDTH, (long long)now->count);
	if (was == NULL) {
		fprintf(page->out, "%*s", NUMBER_WIDTH, "-");
		print_ms(page, now->us[FIGURES_P50]);
		fprintf(page->out, "%*s", NUMBER_WIDTH, "-");
		print_ms(page, now->us[FIGURES_P95]);
		fprintf(page->out, "%*s\n", NUMBER_WIDTH, "-");
		return;
	}
	fprintf(page->out, "%*lld", NUMBER_WIDTH, (long long)was->count);
	print_ms(page, now->us[FIGURES_P50]);
	print_ms(page, was->us[FIGURES_P50]);
	print_ms(page, now->us[FIGURES_P95]);
	print_ms(page, was->us[FIGURES_P95]);
	color(page, verdict_color(verdict));
	if (was->us[FIGURES_P95] > 0)
		fprintf(page->out, "%+7.0f %%",
		    (now->us[FIGURES_P95] / was->us[FIGURES_P95] - 1) * 100);
	if (verdict != 0)
		fprintf(page->out, "  %s", view_verdict_name(verdict));
	color(page, PLAIN);
	fputc('\n', page->out);
}

static void print_titles(const struct page *page)
{
	/* In the order of the numbers in print_group and print_compared. */
	static const char *const single[] = {
	    "count", "p50 ms", "p90", "p95", "p99", "max", NULL};
	static const char *const compared[] = {
	    "count", "was", "p50 ms", "was", "p95", "was", "change", NULL};
	const char *const *titles = page->view->compares ? compared : single;

	color(page, BOLD);
	fprintf(page->out, "\n%-*s", page->name_width,
	    figures_by_name(page->view->ask.by));
	for (size_t i = 0; titles[i] != NULL; i++)
		fprintf(page->out, "%*s", NUMBER_WIDTH, titles[i]);
	if (!page->view->compares && page->bar_width > 0)
		fputs("  p95", page->out);
	color(page, PLAIN);
	fputc('\n', page->out);
}

/* A grouping without a decision has not even a title. */
static void print_groups(const struct page *page)
{
	const struct figures_rows *groups = &page->view->now.groups;

	if (groups->count == 0)
		return;
	print_titles(page);
	for (size_t i = 0; i < groups->count; i++) {
		if (page->view->compares)
			print_compared(
			    page, &groups->rows[i], view_was(page->view, i));
		else
			print_group(page, &groups->rows[i]);
	}
}

static void set_widths(struct page *page)
{
	const struct figures_rows *groups = &page->view->now.groups;
	/* The count, four percentiles and the largest; two blanks before the
	 * bar. Two periods have a column more, and no bar. */
	int numbers = 6 * NUMBER_WIDTH + 2;

	/* The longest name of an outcome. */
	page->name_width = width_of("superseded");
	for (size_t i = 0; i < groups->count; i++) {
		int width = width_of(groups->rows[i].name);

		if (width > page->name_width && width <= NAME_MAX_WIDTH)
			page->name_width = width;
	}
	page->bar_width = page->terminal->columns - page->name_width - numbers;
	if (page->bar_width > BAR_MAX)
		page->bar_width = BAR_MAX;
	if (page->bar_width < BAR_MIN)
		page->bar_width = 0;
}

enum status view_print_text(
    const struct view *view, const struct terminal *terminal, FILE *out)
{
	struct page page = {.view = view, .terminal = terminal, .out = out};

	/* What fprintf gives is not looked at: the stream keeps an error in
	 * mind, and a full disk may show with the last fflush only. */
	set_widths(&page);
	print_head(&page);
	print_aims(&page);
	if (view->now.total.count > 0)
		print_outcomes(&page);
	print_course(&page);
	print_groups(&page);
	return fflush(out) == 0 && !ferror(out) ? STATUS_OK : STATUS_IO;
}
