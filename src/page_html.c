/* page_html.c: what was read for the report -> the page that people look at */
#include "page_write.h"

#include <stdio.h>
#include <string.h>

#include "breaker.h"
#include "clock.h"
#include "html.h"
#include "moment.h"
#include "page_chart.h"
#include "page_style.h"
#include "page_tables.h"
#include "page_words.h"
#include "period.h"

#define TITLE_BYTES 80

static const struct page_frame frame_of_report = {
    .report = "report", .refreshes = true};

/* What a state looks like to who sees no colours. */
static const struct {
	const char *mark;
	const char *word;
	const char *class;
} looks[] = {
    [PAGE_HEALTHY] = {"\xe2\x97\x8f", "Healthy", "healthy"},
    [PAGE_DEGRADED] = {"\xe2\x96\xb2", "Degraded", "degraded"},
    [PAGE_FAILING] = {"\xe2\x9c\x96", "Failing", "failing"},
};

/* ---- Above: where am I, what else is there -------------------------- */

static const struct {
	const char *since;
	const char *name;
} periods[] = {
    {"15m", "15 min"},
    {"1h", "1 hour"},
    {"6h", "6 hours"},
    {"24h", "24 hours"},
    {"7d", "7 days"},
    {"30d", "30 days"},
    {"90d", "90 days"},
};

/* What was asked for is marked for the eye and for screen readers alike. */
static void add_periods(const struct page_facts *facts, struct text *text)
{
	bool usual = facts->since[0] == '\0' && facts->from[0] == '\0' &&
		     facts->to[0] == '\0';

	text_add(text, "<nav aria-label=\"Period\"><ul>");
	for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
		bool here =
		    strcmp(periods[i].since, facts->since) == 0 ||
		    (usual && strcmp(periods[i].since, PERIOD_DEFAULT) == 0);

		html_add(text, "<li><a href=\"?since=%s\"", periods[i].since);
		text_add(text, here ? " aria-current=\"page\">" : ">");
		html_add(text, "%s</a></li>", periods[i].name);
	}
	text_add(text, "</ul></nav>\n");
}

static void add_header(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<header><h1><a href=\"report\">stockroute</a></h1>\n");
	add_periods(facts, text);
	page_add_search(&frame_of_report, "", text);
	text_add(text, "</header>\n");
}

/* ---- Is it healthy, and since when ---------------------------------- */

/* Both, the moment and how long ago: one is for the log, one for the mind. 0 is
 * longer ago than anybody looks back, PAGE_SINCE_UNKNOWN below it. */
static void add_since(int64_t since_us, int64_t now_us, struct text *text)
{
	if (since_us <= 0) {
		text_add(text, since_us == 0 ? "for at least a day"
					     : "since when is not known");
		return;
	}
	text_add(text, "since ");
	page_add_moment(text, since_us, now_us);
	text_add(text, " UTC, for ");
	page_add_span(text, now_us - since_us);
}

static void add_reasons(const struct page_facts *facts, struct text *text)
{
	const struct page_verdict *verdict = &facts->verdict;

	text_add(text, "<ul>");
	for (size_t i = 0; i < verdict->reason_count; i++) {
		const struct page_reason *reason = &verdict->reasons[i];

		html_add(text, "<li>%s <span class=\"soft\">", reason->text);
		add_since(reason->since_us, facts->now_us, text);
		text_add(text, "</span></li>");
	}
	text_add(text, "</ul>");
}

/* A house that is healthy because nothing comes in is not to look busy. */
static void add_last(const struct page_facts *facts, struct text *text)
{
	if (facts->last_us == 0) {
		text_add(text, "No event has come yet.");
		return;
	}
	if (facts->verdict.recent > 0) {
		page_add_count(text, facts->verdict.recent);
		text_add(text, " events in the last 5 minutes");
	} else {
		text_add(text, "No events in the last 5 minutes");
	}
	text_add(text, "; the last came ");
	page_add_span(text, facts->now_us - facts->last_us);
	text_add(text, " ago.");
}

static void add_verdict(const struct page_facts *facts, struct text *text)
{
	const struct page_verdict *verdict = &facts->verdict;

	html_add(text,
	    "<section class=\"lead %s\" aria-labelledby=\"verdict\">"
	    "<h2 id=\"verdict\"><b><span aria-hidden=\"true\">%s</span> %s</b> "
	    "<small>",
	    looks[verdict->health].class, looks[verdict->health].mark,
	    looks[verdict->health].word);
	if (verdict->health == PAGE_HEALTHY && verdict->since_us == 0)
		text_add(text, "nothing amiss in the last 24 hours");
	else
		add_since(verdict->since_us, facts->now_us, text);
	text_add(text, "</small></h2>");
	if (verdict->reason_count > 0)
		add_reasons(facts, text);
	text_add(text, "<p class=\"soft\">");
	add_last(facts, text);
	text_add(text, " As of ");
	page_add_moment(text, facts->now_us, facts->now_us);
	text_add(text, " UTC.</p></section>\n");
}

/* ---- In one number each --------------------------------------------- */

static void begin_tile(const char *name, struct text *text)
{
	html_add(text, "<div><dt>%s</dt><dd class=\"big\">", name);
}

static void add_rate_tile(const struct page_facts *facts, struct text *text)
{
	begin_tile("Events", text);
	page_add_count(text, facts->all.times.count);
	text_add_format(
	    text, "</dd><dd>%.1f a minute</dd></div>", page_per_minute(facts));
}

/* A dash where nothing was: a time of 0 would be an answer. */
static void add_time_tile(const struct page_facts *facts, struct text *text)
{
	const struct histogram *times = &facts->all.times;

	begin_tile("Time to decide, median", text);
	if (times->count == 0) {
		text_add(text, "\xe2\x80\x93</dd></div>");
		return;
	}
	page_add_time(text, histogram_percentile_us(times, 50));
	text_add(text, "</dd><dd>95 % within ");
	page_add_time(text, histogram_percentile_us(times, 95));
	text_add(text, "</dd><dd>99 % within ");
	page_add_time(text, histogram_percentile_us(times, 99));
	text_add(text, "</dd></div>");
}

/* How many of how many. */
struct share {
	const char *name;
	int64_t part;
	int64_t of;
	const char *what; /* they are */
};

static void add_share_tile(const struct share *share, struct text *text)
{
	double percent;

	begin_tile(share->name, text);
	if (share->of > 0) {
		percent = 100.0 * (double)share->part / (double)share->of;
		text_add_format(text, "%.*f %%", percent < 10 ? 2 : 1, percent);
	} else {
		text_add(text, "\xe2\x80\x93");
	}
	text_add(text, "</dd><dd>");
	page_add_count(text, share->part);
	text_add(text, " of ");
	page_add_count(text, share->of);
	html_add(text, " %s</dd></div>", share->what);
}

static void add_share_tiles(const struct rollup_sum *all, struct text *text)
{
	int64_t fallback = all->outcomes[OUTCOME_FALLBACK];

	add_share_tile(
	    &(struct share){
		.name = "Went to the fallback",
		.part = fallback,
		.of = fallback + all->outcomes[OUTCOME_ROUTED],
		.what = "routed",
	    },
	    text);
	add_share_tile(
	    &(struct share){
		.name = "Failed or too late",
		.part = all->outcomes[OUTCOME_FAILED] +
			all->outcomes[OUTCOME_EXPIRED],
		.of = all->times.count,
		.what = "events",
	    },
	    text);
}

/* Of now, whatever period is looked at; so is the token's. */
static void add_queue_tile(const struct page_facts *facts, struct text *text)
{
	const struct page_queue *queue = &facts->state.queue;

	begin_tile("Queue, now", text);
	page_add_count(text, queue->waiting + queue->running);
	text_add(text, "</dd><dd>");
	if (queue->oldest_us > 0) {
		text_add(text, "the oldest waits for ");
		page_add_span(text, queue->oldest_us);
	} else {
		text_add(text, "nothing waits");
	}
	text_add(text, "</dd><dd>");
	page_add_count(text, queue->parked);
	text_add(text, " parked</dd></div>");
}

static void add_token_tile(const struct page_facts *facts, struct text *text)
{
	const struct page_token *token = &facts->state.token;
	int64_t left_us = token->expires_us - facts->now_us;

	begin_tile("Access token, now", text);
	if (!token->held)
		text_add(text, "none yet");
	else if (left_us > 0)
		text_add(text, "valid");
	else
		text_add(text, "expired");
	text_add(text, "</dd><dd>");
	if (token->held && left_us > 0) {
		text_add(text, "for another ");
		page_add_span(text, left_us);
	}
	text_add(text, "</dd><dd>");
	if (token->obtained_us > 0) {
		text_add(text, "fetched ");
		page_add_span(text, facts->now_us - token->obtained_us);
		text_add(text, " ago");
	}
	text_add(text, "</dd></div>");
}

static void add_tiles(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<dl class=\"plain tiles\">");
	add_rate_tile(facts, text);
	add_time_tile(facts, text);
	add_share_tiles(&facts->all, text);
	add_queue_tile(facts, text);
	add_token_tile(facts, text);
	text_add(text, "</dl>\n");
}

/* ---- The document --------------------------------------------------- */

/* The period as it was widened; the state above it is that of now. */
static void add_period(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<p class=\"plain soft\">");
	if (facts->problem.length > 0)
		html_add(text,
		    "<b class=\"bad\">%s</b> These are the last 24 "
		    "hours: ",
		    text_string(&facts->problem));
	page_add_moment(
	    text, facts->period.from_s * CLOCK_SECOND, facts->now_us);
	text_add(text, " to ");
	page_add_moment(text, facts->period.to_s * CLOCK_SECOND, facts->now_us);
	text_add(text, " UTC, a bar or point for each ");
	page_add_span(text, facts->slot_s * CLOCK_SECOND);
	text_add(text, "</p>\n");
}

static void add_charts(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<div class=\"plain pair\"><section "
		       "aria-labelledby=\"h-events\"><h2 id=\"h-events\">"
		       "What came of the events</h2>");
	page_add_outcome_key(facts, text);
	page_chart_outcomes(facts, text);
	page_add_outcome_table(facts, text);
	text_add(text, "</section>\n<section aria-labelledby=\"h-times\">"
		       "<h2 id=\"h-times\">How long they took</h2>");
	page_add_time_key(facts, text);
	page_chart_times(facts, text);
	page_add_time_table(facts, text);
	text_add(text, "</section></div>\n");
}

/* The verdict stands in the window's title, so that a tab shows it. */
void page_html_write(const struct page_facts *facts, struct text *text)
{
	struct page_frame frame = frame_of_report;
	char title[TITLE_BYTES];

	snprintf(title, sizeof title, "%s \xe2\x80\x93 stockroute",
	    looks[facts->verdict.health].word);
	frame.title = title;
	page_begin(&frame, text);
	add_header(facts, text);
	text_add(text, "<main id=\"main\">\n");
	add_verdict(facts, text);
	add_period(facts, text);
	add_tiles(facts, text);
	add_charts(facts, text);
	page_add_steps(facts, text);
	page_add_slowest(facts, text);
	page_add_state(facts, text);
	text_add(text, "</main>\n");
	page_end(&frame, text);
}
