/* page_now.c: queue, circuits, pause and token -> the page's last part */
#include <stdio.h>
#include <string.h>

#include "breaker.h"
#include "clock.h"
#include "html.h"
#include "moment.h"
#include "page_tables.h"
#include "page_words.h"

/* An operator's mode stands above the state, so it is what is shown. */
static void add_breaker(const struct page_facts *facts,
    enum http_upstream upstream, struct text *text)
{
	const struct page_breaker *breaker = &facts->state.breakers[upstream];
	bool automatic = breaker->mode == CIRCUIT_AUTO;
	const char *word = circuit_state_name(breaker->state);

	if (!automatic)
		word = circuit_mode_name(breaker->mode);
	html_add(text, "<dt>Circuit of %s</dt><dd><b>%s</b>",
	    breaker_upstreams[upstream], word);
	if (breaker->since_us > 0) {
		text_add(text, " since ");
		page_add_moment(text, breaker->since_us, facts->now_us);
	}
	if (automatic && breaker->state == CIRCUIT_OPEN) {
		text_add(text, ", a probe is due at ");
		page_add_moment(text, breaker->open_until_us, facts->now_us);
	}
	html_add(text,
	    "; %lld calls in the last 30 s, %lld of them failed, %lld slow",
	    (long long)breaker->calls, (long long)breaker->failed,
	    (long long)breaker->slow);
	if (breaker->reason[0] != '\0')
		html_add(
		    text, " <span class=\"soft\">(%s)</span>", breaker->reason);
	text_add(text, "</dd>");
}

static void add_pause(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<dt>Not before</dt><dd>");
	if (facts->state.pause_us > 0) {
		text_add(text, "CXone wants no updates before <b>");
		page_add_moment(
		    text, facts->now_us + facts->state.pause_us, facts->now_us);
		text_add(text, "</b>");
	} else {
		text_add(text, "CXone takes updates");
	}
	text_add(text, "</dd>");
}

static void add_token(const struct page_facts *facts, struct text *text)
{
	const struct page_token *token = &facts->state.token;

	text_add(text, "<dt>Access token</dt><dd>");
	if (token->held) {
		text_add(text, "fetched at ");
		page_add_moment(text, token->obtained_us, facts->now_us);
		text_add(text, ", valid until <b>");
		page_add_moment(text, token->expires_us, facts->now_us);
		text_add(text, "</b>");
	} else {
		text_add(text, "none; the first event fetches one");
	}
	if (token->failure[0] != '\0')
		html_add(text, "; <span class=\"bad\">the last try: %s</span>",
		    token->failure);
	text_add(text, "</dd>");
}

/* Parked events wait for a person: that is said here, as no verdict tells. */
static void add_queue(const struct page_facts *facts, struct text *text)
{
	const struct page_queue *queue = &facts->state.queue;

	html_add(text,
	    "<dt>Queue</dt><dd><b>%lld</b> waiting, %lld in hand, %lld parked "
	    "for an operator, ",
	    (long long)queue->waiting, (long long)queue->running,
	    (long long)queue->parked);
	page_add_bytes(text, queue->bytes);
	if (queue->oldest_us > 0) {
		text_add(text, "; the oldest has waited for ");
		page_add_span(text, queue->oldest_us);
	}
	text_add(text, "</dd>");
}

/* The rules of page_verdict.h, in the words of the page. */
static void add_meanings(struct text *text)
{
	text_add(text,
	    "<details id=\"d-words\"><summary>What the words mean</summary>"
	    "<dl class=\"facts\">"
	    "<dt>failing</dt><dd>Events are not routed: CXone's circuit is "
	    "open, there is no token, 10 % or more of the events of the last "
	    "5 minutes failed or came too late, or the queue's oldest has "
	    "waited for longer than QUEUE_MAX_AGE_S.</dd>"
	    "<dt>degraded</dt><dd>Events are routed, but not as well as they "
	    "could be: the inventory's circuit is open, one is being probed, "
	    "CXone asked for a pause, 1 % or more failed, 10 % or more of "
	    "those "
	    "routed went to the fallback, or the queue's oldest has waited "
	    "for a quarter of QUEUE_MAX_AGE_S.</dd>"
	    "<dt>healthy</dt><dd>None of these.</dd>"
	    "<dt>since</dt><dd>Of shares known to within 5 minutes, and for a "
	    "day.</dd>"
	    "<dt>fallback</dt><dd>Routed without knowing the stock: the "
	    "inventory did not answer in time.</dd>"
	    "<dt>skipped</dt><dd>The interaction was gone at CXone.</dd>"
	    "<dt>refused</dt><dd>The event could not be read.</dd>"
	    "<dt>median, 95 %, 99 %</dt><dd>So many of all took so long at "
	    "most.</dd></dl></details>");
}

/* With the period that is looked at. The values stand here decoded, and are
 * encoded anew: text_add_segment leaves no & = or + in them. */
static void add_link(const struct page_facts *facts, const char *path,
    const char *name, struct text *text)
{
	const char *const names[] = {"since", "from", "to"};
	const char *const values[] = {facts->since, facts->from, facts->to};
	const char *mark = strchr(path, '?') != NULL ? "&amp;" : "?";

	html_add(text, "<a href=\"%s", path);
	for (size_t i = 0; i < 3; i++) {
		if (values[i][0] == '\0')
			continue;
		/* path may bring a query of its own. */
		text_add(text, mark);
		text_add(text, names[i]);
		text_add(text, "=");
		text_add_segment(text, values[i]);
		mark = "&amp;";
	}
	html_add(text, "\">%s</a>", name);
}

static void add_moment_field(
    const char *label, const char *name, int64_t at_s, struct text *text)
{
	char value[MOMENT_BYTES];

	moment_write_as(at_s, MOMENT_UTC, "%Y-%m-%dT%H:%M", value);
	html_add(text,
	    "<label>%s<input type=\"datetime-local\" name=\"%s\" "
	    "value=\"%s\"></label>",
	    label, name, value);
}

/* The browser's own fields for a moment, which know no zone; UTC, as all of the
 * page. They show the period as it was widened, to the minute. */
static void add_period_form(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<details id=\"d-period\"><summary>Another period"
		       "</summary><form action=\"report\">");
	add_moment_field("From, UTC", "from", facts->period.from_s, text);
	add_moment_field("to, UTC", "to", facts->period.to_s, text);
	text_add(text, "<button>Show</button></form></details>");
}

void page_add_state(const struct page_facts *facts, struct text *text)
{
	text_add(text, "<section aria-labelledby=\"h-now\"><h2 id=\"h-now\">"
		       "How it stands now</h2><dl class=\"facts\">");
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++)
		add_breaker(facts, (enum http_upstream)i, text);
	add_pause(facts, text);
	add_token(facts, text);
	add_queue(facts, text);
	text_add(text, "</dl>");
	add_meanings(text);
	add_period_form(facts, text);
	text_add(text, "</section>\n<p class=\"plain soft\">The same as ");
	add_link(facts, "report.json", "JSON", text);
	text_add(text, ", CSV of ");
	add_link(facts, "report.csv", "the times", text);
	text_add(text, ", ");
	add_link(facts, "report.csv?table=slowest", "the slowest", text);
	text_add(text, " and ");
	add_link(facts, "report.csv?table=state", "the state", text);
	text_add(text, "</p>\n");
}
