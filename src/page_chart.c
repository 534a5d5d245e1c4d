/* page_chart.c: the report's sums over time -> SVG for eyes and readers */
#include "page_chart.h"

#include <stdbool.h>
#include <stdio.h>

#include "clock.h"
#include "html.h"
#include "moment.h"
#include "page_words.h"

#define DAY_S       86400
#define TALL        150 /* units of a chart's height; one is a pixel */
#define SMALL       36
#define LABELS      22 /* below a chart, for the times */
#define HEADROOM    14 /* above the highest value, for its label */
#define UNIT        10 /* of a slot's width, where lines are drawn */
#define FORM_BYTES  16
#define TITLE_BYTES 64

/* What is drawn of each sum. */
static const struct {
	double percent;
	const char *class;
	const char *name;
} lines[] = {
    {99, "p99", "99 %"},
    {95, "p95", "95 %"},
    {50, "p50", "median"},
};
#define LINES (sizeof lines / sizeof *lines)

/*
 * One chart on its way. Across, all is in percent of the width, or in UNITs a
 * slot that are stretched to it, as nobody here knows how wide the page is;
 * down, a unit is a pixel. The chart of outcomes has no rollup, part and
 * first_line: it draws no lines.
 */
struct chart {
	const struct page_facts *facts;
	struct text *text;
	const struct rollup *rollup;
	const char *part;
	size_t first_line; /* of lines: the small one has no 99 % */
	int height;
	double top; /* the value at HEADROOM below the upper edge */
};

const struct rollup_sum *page_slot(const struct page_facts *facts,
    const struct rollup *rollup, size_t slot, const char *part)
{
	int64_t start_s = facts->period.from_s + (int64_t)slot * facts->slot_s;

	return rollup_find(rollup, start_s, part, OUTCOME_COUNT);
}

static void add_start(
    const struct page_facts *facts, int64_t at_s, struct text *text)
{
	int64_t span_s = facts->period.to_s - facts->period.from_s;
	const char *form = "%H:%M";
	char shown[MOMENT_BYTES];

	if (facts->slot_s >= DAY_S)
		form = "%-d %b";
	else if (span_s > DAY_S + facts->slot_s)
		form = "%-d %b %H:%M";
	moment_write_as(at_s, MOMENT_UTC, form, shown);
	text_add(text, shown);
}

void page_add_slot(
    const struct page_facts *facts, size_t slot, struct text *text)
{
	add_start(
	    facts, facts->period.from_s + (int64_t)slot * facts->slot_s, text);
}

/* ---- Frame ---------------------------------------------------------- */

/* The next round number that is not less: 1, 1.5, 2, 3 ... 8, 10, 15 ... */
static double round_up(double value)
{
	static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8};
	double unit = 1e-3;

	for (;;) {
		/* The last unit ends it for whatever was given. */
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
			if (value <= steps[i] * unit || unit >= 1e15)
				return steps[i] * unit;
		unit *= 10;
	}
}

/* SVG counts from the upper edge. */
static double y_of(const struct chart *chart, double value)
{
	double room = chart->height - HEADROOM;

	return chart->height - value / chart->top * room;
}

static void begin(const struct chart *chart, const char *id, const char *title,
    const char *description)
{
	/* The small ones stand in the rows of a table, and have none. */
	int labels = chart->height == TALL ? LABELS : 0;

	html_add(chart->text,
	    "<svg class=\"chart\" role=\"img\" width=\"100%%\" height=\"%d\" "
	    "aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">%s</title>"
	    "<desc id=\"%s-d\">%s</desc>",
	    chart->height + labels, id, id, id, title, id, description);
}

static void add_rule(const struct chart *chart, const char *class, double value)
{
	double y = y_of(chart, value);

	text_add_format(chart->text,
	    "<line class=\"%s\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", class,
	    y, y);
}

/* Below what is drawn. */
static void add_grid(const struct chart *chart)
{
	add_rule(chart, "grid", chart->top);
	add_rule(chart, "grid", chart->top / 2);
	add_rule(chart, "base", 0);
}

/* What a line across stands for, above its left end. */
static void add_value(const struct chart *chart, double value, bool is_time)
{
	text_add_format(chart->text, "<text class=\"axis\" y=\"%.1f\">",
	    y_of(chart, value) - 3);
	if (is_time)
		page_add_time(chart->text, value);
	else
		page_add_count(chart->text, (int64_t)value);
	text_add(chart->text, "</text>");
}

/* Above what is drawn, so that they can be read. */
static void add_labels(const struct chart *chart, bool is_time)
{
	static const struct {
		const char *x;
		const char *anchor;
	} places[] = {{"0", "start"}, {"50%", "middle"}, {"100%", "end"}};
	const struct page_facts *facts = chart->facts;
	int64_t span_s = (int64_t)page_slots(facts) * facts->slot_s;

	add_value(chart, chart->top, is_time);
	add_value(chart, chart->top / 2, is_time);
	for (int64_t i = 0; i < 3; i++) {
		html_add(chart->text,
		    "<text class=\"axis\" x=\"%s\" y=\"%d\" "
		    "text-anchor=\"%s\">",
		    places[i].x, chart->height + 16, places[i].anchor);
		add_start(
		    facts, facts->period.from_s + span_s * i / 2, chart->text);
		text_add(chart->text, "</text>");
	}
}

/* What who points at a slot is told, over its whole height, so that a short bar
 * is found as well as a tall one. */
static void begin_tip(const struct chart *chart, size_t slot)
{
	double width = 100.0 / (double)page_slots(chart->facts);

	text_add_format(chart->text,
	    "<rect class=\"tip\" x=\"%.3f%%\" width=\"%.3f%%\" "
	    "height=\"%d\"><title>",
	    (double)slot * width, width, chart->height);
	page_add_slot(chart->facts, slot, chart->text);
	text_add(chart->text, " UTC: ");
}

static void end_tip(const struct chart *chart)
{
	text_add(chart->text, "</title></rect>");
}

/* ---- Outcomes ------------------------------------------------------- */

/* From the bottom up. */
static const char *const stack[] = {"routed", "fallback", "failed", "other"};
#define STACK (sizeof stack / sizeof *stack)

static void count_stack(const struct rollup_sum *sum, int64_t counts[STACK])
{
	counts[0] = sum->outcomes[OUTCOME_ROUTED];
	counts[1] = sum->outcomes[OUTCOME_FALLBACK];
	counts[2] = sum->outcomes[OUTCOME_FAILED];
	counts[3] = page_others(sum);
}

static void add_stack(
    const struct chart *chart, size_t slot, const struct rollup_sum *sum)
{
	double width = 100.0 / (double)page_slots(chart->facts);
	int64_t counts[STACK];
	int64_t below = 0;

	count_stack(sum, counts);
	for (size_t i = 0; i < STACK; i++) {
		double high = y_of(chart, (double)(below + counts[i]));

		/* A bar leaves a tenth of its slot free at either side. */
		if (counts[i] == 0)
			continue;
		text_add_format(chart->text,
		    "<rect class=\"%s\" x=\"%.3f%%\" width=\"%.3f%%\" "
		    "y=\"%.1f\" height=\"%.1f\"/>",
		    stack[i], ((double)slot + 0.1) * width, 0.8 * width, high,
		    y_of(chart, (double)below) - high);
		below += counts[i];
	}
	begin_tip(chart, slot);
	text_add_format(chart->text, "%lld events", (long long)below);
	for (size_t i = 0; i < STACK; i++)
		if (counts[i] > 0)
			text_add_format(chart->text, ", %lld %s",
			    (long long)counts[i], stack[i]);
	end_tip(chart);
}

static int64_t most_events(const struct rollup *rollup)
{
	int64_t most = 0;

	for (size_t i = 0; i < rollup->count; i++)
		if (rollup->sums[i].times.count > most)
			most = rollup->sums[i].times.count;
	return most;
}

void page_chart_outcomes(const struct page_facts *facts, struct text *text)
{
	int64_t most = most_events(&facts->total);
	int64_t half = most / 2 + 1;
	struct chart chart = {.facts = facts, .text = text, .height = TALL};
	struct text words;

	/* Half of it is labelled, too: no half events. */
	chart.top = 2 * round_up((double)half);
	/* Room for seven numbers of 19 digits. */
	text_init(&words, 256);
	text_add_format(&words,
	    "%lld events, at most %lld in one of %zu bars: %lld routed, "
	    "%lld to the fallback, %lld failed, %lld other.",
	    (long long)facts->all.times.count, (long long)most,
	    page_slots(facts), (long long)facts->all.outcomes[OUTCOME_ROUTED],
	    (long long)facts->all.outcomes[OUTCOME_FALLBACK],
	    (long long)facts->all.outcomes[OUTCOME_FAILED],
	    (long long)page_others(&facts->all));
	begin(&chart, "c-outcomes", "Events and what came of them",
	    text_string(&words));
	add_grid(&chart);
	for (size_t i = 0; i < page_slots(facts); i++) {
		const struct rollup_sum *sum =
		    page_slot(facts, &facts->total, i, "total");

		if (sum != NULL)
			add_stack(&chart, i, sum);
	}
	add_labels(&chart, false);
	text_add(text, "</svg>");
	text_done(&words);
}

/* ---- Times ---------------------------------------------------------- */

static const struct rollup_sum *sum_at(const struct chart *chart, size_t slot)
{
	return page_slot(chart->facts, chart->rollup, slot, chart->part);
}

/*
 * One line, with a gap where nothing was. A slot between two gaps is a dash
 * as wide as itself, since a point could not be seen.
 */
static void add_line(const struct chart *chart, size_t line)
{
	const char *join = "";
	size_t count = page_slots(chart->facts);

	html_add(
	    chart->text, "<path class=\"line %s\" d=\"", lines[line].class);
	for (size_t i = 0; i < count; i++) {
		const struct rollup_sum *sum = sum_at(chart, i);
		bool next = i + 1 < count && sum_at(chart, i + 1) != NULL;
		double y;

		if (sum == NULL) {
			join = "";
			continue;
		}
		y = y_of(chart,
		    histogram_percentile_us(&sum->times, lines[line].percent));
		if (*join == '\0' && !next)
			text_add_format(
			    chart->text, "M%zu %.1fh%d", i * UNIT, y, UNIT);
		else
			text_add_format(chart->text, "%s%zu %.1f",
			    *join == '\0' ? "M" : join, i * UNIT + UNIT / 2, y);
		join = "L";
	}
	text_add(chart->text, "\"/>");
}

static void add_time_tip(
    const struct chart *chart, size_t slot, const struct histogram *times)
{
	begin_tip(chart, slot);
	for (size_t i = LINES; i-- > chart->first_line;) {
		html_add(chart->text, "%s ", lines[i].name);
		page_add_time(chart->text,
		    histogram_percentile_us(times, lines[i].percent));
		text_add(chart->text, i > chart->first_line ? ", " : "");
	}
	text_add_format(chart->text, " (%lld events)", (long long)times->count);
	end_tip(chart);
}

/* The lines in a picture of their own, which is stretched to the width; what
 * answers to the pointer lies above. */
static void add_lines(const struct chart *chart)
{
	size_t count = page_slots(chart->facts);

	text_add_format(chart->text,
	    "<svg viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" "
	    "width=\"100%%\" height=\"%d\">",
	    count * UNIT, chart->height, chart->height);
	for (size_t i = chart->first_line; i < LINES; i++)
		add_line(chart, i);
	text_add(chart->text, "</svg>");
	for (size_t i = 0; i < count; i++) {
		const struct rollup_sum *sum = sum_at(chart, i);

		if (sum != NULL)
			add_time_tip(chart, i, &sum->times);
	}
}

/* Of the first line that is drawn: no other percentile is over it. */
static double highest(const struct chart *chart)
{
	double percent = lines[chart->first_line].percent;
	double most = 0;

	for (size_t i = 0; i < page_slots(chart->facts); i++) {
		const struct rollup_sum *sum = sum_at(chart, i);
		double us = 0;

		if (sum != NULL)
			us = histogram_percentile_us(&sum->times, percent);
		if (us > most)
			most = us;
	}
	return most;
}

static void describe(
    const struct histogram *times, size_t first_line, struct text *words)
{
	text_add(words, "Over the period: ");
	for (size_t i = LINES; i-- > first_line;) {
		text_add_format(words, "%s ", lines[i].name);
		page_add_time(
		    words, histogram_percentile_us(times, lines[i].percent));
		text_add(words, i > first_line ? ", " : ".");
	}
}

void page_chart_times(const struct page_facts *facts, struct text *text)
{
	struct chart chart = {.facts = facts,
	    .text = text,
	    .rollup = &facts->total,
	    .part = "total",
	    .height = TALL};
	struct text words;

	chart.top = facts->all.times.count > 0 ? round_up(highest(&chart))
					       : (double)CLOCK_MS;
	text_init(&words, 256);
	describe(&facts->all.times, 0, &words);
	begin(&chart, "c-times", "Time from receipt to decision",
	    text_string(&words));
	add_grid(&chart);
	add_lines(&chart);
	add_labels(&chart, true);
	text_add(text, "</svg>");
	text_done(&words);
}

void page_chart_step(
    const struct page_facts *facts, enum step step, struct text *text)
{
	struct chart chart = {.facts = facts,
	    .text = text,
	    .rollup = &facts->steps,
	    .part = step_name(step),
	    .first_line = 1,
	    .height = SMALL};
	char title[TITLE_BYTES];
	char id[FORM_BYTES];
	struct text words;

	/* Not a round number, as nothing is written beside it; nor 0, as all
	 * heights are divided by it. */
	chart.top = highest(&chart);
	if (chart.top <= 0)
		chart.top = 1;
	text_init(&words, 256);
	describe(&facts->step_times[step], 1, &words);
	snprintf(title, sizeof title, "Time of step %s", step_name(step));
	snprintf(id, sizeof id, "c-step-%d", (int)step);
	begin(&chart, id, title, text_string(&words));
	add_lines(&chart);
	text_add(text, "</svg>");
	text_done(&words);
}

/* ---- Bars ----------------------------------------------------------- */

void page_chart_bar(double percent, struct text *text)
{
	text_add_format(text,
	    "<svg class=\"bar\" width=\"100%%\" height=\"8\" "
	    "aria-hidden=\"true\"><rect class=\"rail\" width=\"100%%\" "
	    "height=\"8\" rx=\"2\"/><rect class=\"fill\" width=\"%.2f%%\" "
	    "height=\"8\" rx=\"2\"/></svg>",
	    percent);
}
