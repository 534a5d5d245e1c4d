/* page_tables.c: what was read for the report -> its tables, in HTML */
#include "page_tables.h"

#include <string.h>

#include "clock.h"
#include "html.h"
#include "page_chart.h"
#include "page_words.h"

/* ---- What the charts draw ------------------------------------------- */

static void add_swatch(
    const char *class, const char *name, int64_t count, struct text *text)
{
	html_add(text,
	    "<li><svg width=\"11\" height=\"11\" aria-hidden=\"true\">"
	    "<rect class=\"%s\" width=\"11\" height=\"11\" rx=\"2\"/></svg>"
	    "%s <b>",
	    class, name);
	page_add_count(text, count);
	text_add(text, "</b></li>");
}

/* The rest share one colour, and are told apart here. */
void page_add_outcome_key(const struct page_facts *facts, struct text *text)
{
	const int64_t *outcomes = facts->all.outcomes;

	text_add(text, "<ul class=\"key\">");
	add_swatch("routed", "routed", outcomes[OUTCOME_ROUTED], text);
	add_swatch("fallback", "fallback", outcomes[OUTCOME_FALLBACK], text);
	add_swatch("failed", "failed", outcomes[OUTCOME_FAILED], text);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i] > 0 && i != OUTCOME_ROUTED &&
		    i != OUTCOME_FALLBACK && i != OUTCOME_FAILED)
			add_swatch("other", outcome_name((enum outcome)i),
			    outcomes[i], text);
	text_add(text, "</ul>");
}

static void add_stroke(const char *class, const char *name,
    const struct histogram *times, double percent, struct text *text)
{
	html_add(text,
	    "<li><svg width=\"22\" height=\"10\" aria-hidden=\"true\">"
	    "<path class=\"line %s\" d=\"M0 5h22\"/></svg>%s <b>",
	    class, name);
	if (times->count > 0)
		page_add_time(text, histogram_percentile_us(times, percent));
	text_add(text, "</b></li>");
}

void page_add_time_key(const struct page_facts *facts, struct text *text)
{
	const struct histogram *times = &facts->all.times;

	text_add(text, "<ul class=\"key\">");
	add_stroke("p50", "median", times, 50, text);
	add_stroke("p95", "95 %", times, 95, text);
	add_stroke("p99", "99 %", times, 99, text);
	text_add(text, "</ul>");
}

/* ---- The same as tables --------------------------------------------- */

/*
 * Closed at first: eyes have the chart. A table that is wider than the page
 * scrolls in its own box, which the keyboard must reach (WCAG 2.1.1). By its id
 * page.js finds which ones were open, when it takes the page anew.
 */
static void begin_table(
    const char *id, const char *summary, const char *head, struct text *text)
{
	html_add(text,
	    "<details id=\"%s\"><summary>%s</summary><div class=\"scroll\" "
	    "tabindex=\"0\" role=\"group\" aria-label=\"%s\"><table>"
	    "<thead><tr><th scope=\"col\">UTC</th>",
	    id, summary, summary);
	text_add(text, head);
	text_add(text, "</tr></thead><tbody>");
}

static void end_table(struct text *text)
{
	text_add(text, "</tbody></table></div></details>");
}

static void add_row_head(
    const struct page_facts *facts, size_t slot, struct text *text)
{
	text_add(text, "<tr><th scope=\"row\">");
	page_add_slot(facts, slot, text);
	text_add(text, "</th>");
}

static void add_number_cell(int64_t number, struct text *text)
{
	text_add(text, "<td class=\"n\">");
	page_add_count(text, number);
	text_add(text, "</td>");
}

/* NULL: there was none. */
static void add_ms_cell(
    const struct histogram *times, double percent, struct text *text)
{
	text_add(text, "<td class=\"n\">");
	if (times != NULL && times->count > 0)
		page_add_ms(text, histogram_percentile_us(times, percent));
	text_add(text, "</td>");
}

typedef void add_cells(const struct rollup_sum *sum, struct text *text);

/* A slot without events has no row. */
static void add_slot_rows(
    const struct page_facts *facts, add_cells *cells, struct text *text)
{
	for (size_t i = 0; i < page_slots(facts); i++) {
		const struct rollup_sum *sum =
		    page_slot(facts, &facts->total, i, "total");

		if (sum == NULL)
			continue;
		add_row_head(facts, i, text);
		cells(sum, text);
		text_add(text, "</tr>");
	}
}

static void add_outcome_cells(const struct rollup_sum *sum, struct text *text)
{
	add_number_cell(sum->times.count, text);
	add_number_cell(sum->outcomes[OUTCOME_ROUTED], text);
	add_number_cell(sum->outcomes[OUTCOME_FALLBACK], text);
	add_number_cell(sum->outcomes[OUTCOME_FAILED], text);
	add_number_cell(page_others(sum), text);
}

void page_add_outcome_table(const struct page_facts *facts, struct text *text)
{
	begin_table("t-events", "Events as a table",
	    "<th scope=\"col\" class=\"n\">events</th>"
	    "<th scope=\"col\" class=\"n\">routed</th>"
	    "<th scope=\"col\" class=\"n\">fallback</th>"
	    "<th scope=\"col\" class=\"n\">failed</th>"
	    "<th scope=\"col\" class=\"n\">other</th>",
	    text);
	add_slot_rows(facts, add_outcome_cells, text);
	end_table(text);
}

static void add_time_cells(const struct rollup_sum *sum, struct text *text)
{
	add_ms_cell(&sum->times, 50, text);
	add_ms_cell(&sum->times, 95, text);
	add_ms_cell(&sum->times, 99, text);
}

void page_add_time_table(const struct page_facts *facts, struct text *text)
{
	begin_table("t-times", "Times as a table, in ms",
	    "<th scope=\"col\" class=\"n\">median</th>"
	    "<th scope=\"col\" class=\"n\">95 %</th>"
	    "<th scope=\"col\" class=\"n\">99 %</th>",
	    text);
	add_slot_rows(facts, add_time_cells, text);
	end_table(text);
}

/* ---- Steps ---------------------------------------------------------- */

/* What a step is about, for who does not know the names. */
static const char *const meanings[STEP_COUNT] = {
    [STEP_QUEUE] = "waited in the queue",
    [STEP_GATEWAY] = "the request came in",
    [STEP_WEBHOOK] = "may its sender post",
    [STEP_EVENT] = "the event was read",
    [STEP_CLAIM] = "had it been seen before",
    [STEP_SKU] = "which product",
    [STEP_INVENTORY] = "is it in stock",
    [STEP_ROUTING] = "which skills or queues",
    [STEP_CXONE] = "CXone was told",
    [STEP_RECORD] = "waited to be recorded",
};

static void add_share(double percent, struct text *text)
{
	text_add(text, "<td class=\"w\"><div class=\"share\">");
	page_chart_bar(percent, text);
	text_add_format(
	    text, "<span class=\"n\">%.1f %%</span></div></td>", percent);
}

/* Not the sum of whole decisions: time between steps is nobody's. At least 1,
 * as shares are divided by it. */
static int64_t all_steps_us(const struct page_facts *facts)
{
	int64_t sum_us = 0;

	for (int i = 0; i < STEP_COUNT; i++)
		sum_us += facts->step_times[i].sum_us;
	return sum_us > 0 ? sum_us : 1;
}

static void add_step(
    const struct page_facts *facts, enum step step, struct text *text)
{
	const struct histogram *times = &facts->step_times[step];

	html_add(text,
	    "<tr><th scope=\"row\">%s <span class=\"soft wide\">%s</span>"
	    "</th>",
	    step_name(step), meanings[step]);
	add_share(
	    100.0 * (double)times->sum_us / (double)all_steps_us(facts), text);
	add_ms_cell(times, 50, text);
	add_ms_cell(times, 95, text);
	text_add(text, "<td class=\"n wide\">");
	page_add_ms(text, histogram_percentile_us(times, 99));
	text_add(text, "</td><td class=\"n wide\">");
	page_add_ms(text, (double)times->max_us);
	text_add(text, "</td><td class=\"n wide\">");
	page_add_count(text, times->count);
	text_add(text, "</td><td class=\"w\">");
	page_chart_step(facts, step, text);
	text_add(text, "</td></tr>");
}

/* Only of steps that were: without a queue there is no such column. */
static void add_step_heads(const struct page_facts *facts, struct text *text)
{
	for (int i = 0; i < STEP_COUNT; i++)
		if (facts->step_times[i].count > 0)
			html_add(text,
			    "<th scope=\"col\" class=\"n\">%s median</th>"
			    "<th scope=\"col\" class=\"n\">95 %%</th>",
			    step_name((enum step)i));
}

/* A step may be missing in a slot that has others: its cells stay empty. */
static void add_step_row(
    const struct page_facts *facts, size_t slot, struct text *text)
{
	add_row_head(facts, slot, text);
	for (int i = 0; i < STEP_COUNT; i++) {
		const struct rollup_sum *sum = page_slot(
		    facts, &facts->steps, slot, step_name((enum step)i));

		if (facts->step_times[i].count == 0)
			continue;
		add_ms_cell(sum != NULL ? &sum->times : NULL, 50, text);
		add_ms_cell(sum != NULL ? &sum->times : NULL, 95, text);
	}
	text_add(text, "</tr>");
}

static void add_step_times(const struct page_facts *facts, struct text *text)
{
	struct text heads;

	/* Ten steps take less than 1 KB: nothing is cut. */
	text_init(&heads, 8192);
	add_step_heads(facts, &heads);
	begin_table("t-steps", "Steps over time as a table, in ms",
	    text_string(&heads), text);
	text_done(&heads);
	for (size_t i = 0; i < page_slots(facts); i++)
		if (page_slot(facts, &facts->total, i, "total") != NULL)
			add_step_row(facts, i, text);
	end_table(text);
}

/* The map names these, but a name may be anything the operator likes. */
static void add_stock_row(
    const struct rollup_sum *sum, int64_t all, struct text *text)
{
	html_add(text, "<tr><th scope=\"row\"><bdi class=\"id\">%s</bdi></th>",
	    sum->part);
	add_share(100.0 * (double)sum->times.count / (double)all, text);
	add_number_cell(sum->times.count, text);
	add_ms_cell(&sum->times, 50, text);
	add_ms_cell(&sum->times, 95, text);
	text_add(text, "</tr>");
}

static void add_stock(const struct page_facts *facts, struct text *text)
{
	int64_t all = 0;

	for (size_t i = 0; i < facts->inventory.count; i++)
		all += facts->inventory.sums[i].times.count;
	if (all == 0)
		return;
	text_add(text,
	    "<section aria-labelledby=\"h-stock\"><h2 id=\"h-stock\">What the "
	    "inventory said</h2><div class=\"scroll\" tabindex=\"0\" "
	    "role=\"group\" aria-labelledby=\"h-stock\"><table><caption>Times "
	    "are of whole decisions, in ms. timeout: the fallback; -: not "
	    "asked</caption><thead><tr><th scope=\"col\">status</th>"
	    "<th scope=\"col\">share</th>"
	    "<th scope=\"col\" class=\"n\">events</th>"
	    "<th scope=\"col\" class=\"n\">median</th>"
	    "<th scope=\"col\" class=\"n\">95 %</th></tr></thead><tbody>");
	for (size_t i = 0; i < facts->inventory.count; i++)
		add_stock_row(&facts->inventory.sums[i], all, text);
	text_add(text, "</tbody></table></div></section>\n");
}

void page_add_steps(const struct page_facts *facts, struct text *text)
{
	html_add(text,
	    "<section aria-labelledby=\"h-steps\"><h2 id=\"h-steps\">Where the "
	    "time goes</h2><div class=\"scroll\" tabindex=\"0\" "
	    "role=\"group\" aria-labelledby=\"h-steps\"><table><caption>In "
	    "ms; percentiles are within %.2f %%</caption>",
	    HISTOGRAM_ERROR * 100);
	text_add(text, "<thead><tr>"
		       "<th scope=\"col\">step</th>"
		       "<th scope=\"col\">share of all time</th>"
		       "<th scope=\"col\" class=\"n\">median</th>"
		       "<th scope=\"col\" class=\"n\">95 %</th>"
		       "<th scope=\"col\" class=\"n wide\">99 %</th>"
		       "<th scope=\"col\" class=\"n wide\">longest</th>"
		       "<th scope=\"col\" class=\"n wide\">events</th>"
		       "<th scope=\"col\">over time</th></tr></thead><tbody>");
	for (int i = 0; i < STEP_COUNT; i++)
		if (facts->step_times[i].count > 0)
			add_step(facts, (enum step)i, text);
	if (facts->steps.count == 0)
		text_add(text, "<tr><td colspan=\"8\">No event in this "
			       "period.</td></tr>");
	text_add(text, "</tbody></table></div>");
	add_step_times(facts, text);
	text_add(text, "</section>\n");
	add_stock(facts, text);
}

/* ---- The slowest ---------------------------------------------------- */

/* By number, since a path with any byte in it passes no web server. */
static void add_slow(
    const struct page_slow *slow, int64_t now_us, struct text *text)
{
	bool well = strcmp(slow->status, status_name(STATUS_OK)) == 0;

	html_add(text, "<tr><td><a href=\"report/event/%lld\">",
	    (long long)slow->id);
	page_add_moment(text, slow->received_us, now_us);
	html_add(text, "</a></td><td><bdi class=\"id\">%s</bdi></td>",
	    slow->interaction_id);
	html_add(text,
	    "<td class=\"wide\"><bdi>%s</bdi></td>"
	    "<td class=\"wide\"><bdi class=\"id\">%s</bdi></td>"
	    "<td class=\"wide\"><bdi>%s</bdi></td><td>%s%s%s</td>"
	    "<td class=\"n\">",
	    slow->media_type, slow->sku, slow->inventory_status, slow->outcome,
	    well ? "" : ", ", well ? "" : slow->status);
	page_add_ms(text, (double)slow->total_us);
	text_add(text, "</td></tr>");
}

void page_add_slowest(const struct page_facts *facts, struct text *text)
{
	text_add(text,
	    "<section aria-labelledby=\"h-slow\"><h2 id=\"h-slow\">The slowest "
	    "decisions</h2><div class=\"scroll\" tabindex=\"0\" "
	    "role=\"group\" aria-labelledby=\"h-slow\"><table>");
	html_add(text,
	    "<caption>Of the newest %d of the period, in ms</caption>",
	    PAGE_NEWEST);
	text_add(text,
	    "<thead><tr><th scope=\"col\">received</th>"
	    "<th scope=\"col\">interaction</th>"
	    "<th scope=\"col\" class=\"wide\">media</th>"
	    "<th scope=\"col\" class=\"wide\">product</th>"
	    "<th scope=\"col\" class=\"wide\">stock</th>"
	    "<th scope=\"col\">outcome</th>"
	    "<th scope=\"col\" class=\"n\">total</th></tr></thead><tbody>");
	for (size_t i = 0; i < facts->slow_count; i++)
		add_slow(&facts->slow[i], facts->now_us, text);
	if (facts->slow_count == 0)
		text_add(text, "<tr><td colspan=\"7\">No event in this "
			       "period.</td></tr>");
	text_add(text, "</tbody></table></div></section>\n");
}
