/* page_event.c: an id -> what happened to that event, as a page */
#include "page_event.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "html.h"
#include "moment.h"
#include "page_style.h"
#include "page_words.h"
#include "record.h"
#include "story.h"

#define TITLE_BYTES (RECORD_ID_BYTES + 32)

/* A page on its way; all is borrowed until it is written. */
struct telling {
	const struct story *story;
	const struct page_frame *frame;
	struct text *text;
};

/* ---- Pieces --------------------------------------------------------- */

/* With microseconds: an auditor compares it with other systems' logs. */
static void add_moment(struct text *text, int64_t at_us)
{
	char second[MOMENT_BYTES];

	moment_write_as(
	    at_us / CLOCK_SECOND, MOMENT_UTC, "%Y-%m-%dT%H:%M:%S", second);
	html_add(text, "<time>%s.", second);
	text_add_format(text, "%06dZ</time>", (int)(at_us % CLOCK_SECOND));
}

/* Texts of strangers are kept apart from what stands around them, also when
 * they are written from right to left. */
static void add_fact(struct text *text, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		html_add(text, "<dt>%s</dt><dd><bdi class=\"id\">%s</bdi></dd>",
		    name, value);
}

static void begin_part(
    const struct telling *telling, const char *id, const char *name)
{
	html_add(telling->text,
	    "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>", id, id,
	    name);
}

static void begin_table(
    const struct telling *telling, const char *part, const char *const *heads)
{
	html_add(telling->text,
	    "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
	    "aria-labelledby=\"%s\"><table><thead><tr>",
	    part);
	for (; *heads != NULL; heads++)
		html_add(telling->text, "<th scope=\"col\">%s</th>", *heads);
	text_add(telling->text, "</tr></thead><tbody>");
}

static void end_table(const struct telling *telling)
{
	text_add(telling->text, "</tbody></table></div></section>\n");
}

/* ---- What came of it ------------------------------------------------ */

/* What an outcome means, and how it looks (see page.css). */
static const struct {
	const char *outcome;
	const char *class;
	const char *words;
} looks[] = {
    {"routed", "healthy", "Routed by the product's stock"},
    {"fallback", "degraded", "Routed to the fallback"},
    {"skipped", "degraded", "Skipped: the interaction was gone at CXone"},
    {"refused", "failing", "Refused: the event was not acceptable"},
    {"failed", "failing", "Failed: it was not routed"},
    {"duplicate", "healthy", "A duplicate: answered as the first one was"},
    {"superseded", "degraded", "Superseded: a newer event came"},
    {"expired", "failing", "Expired: it waited too long"},
    {"dropped", "failing", "Dropped by an operator"},
};

/* An outcome that a newer program wrote is shown without an opinion. */
static void add_headline(const struct telling *telling)
{
	const struct story *story = telling->story;
	const char *class = "degraded";
	const char *words = story->outcome;

	if (words == NULL)
		words = "Not decided yet: it is in the queue";
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		if (strcmp(looks[i].outcome, words) != 0)
			continue;
		class = looks[i].class;
		words = looks[i].words;
		break;
	}
	html_add(telling->text,
	    "<section class=\"lead %s\" aria-labelledby=\"verdict\">"
	    "<h2 id=\"verdict\"><b>%s</b>",
	    class, words);
	if (story->id != 0) {
		text_add(telling->text, " <small>after ");
		page_add_time(telling->text, (double)story->total_us);
		html_add(telling->text, ", answered with HTTP %d</small>",
		    story->http);
	}
	text_add(telling->text, "</h2>");
}

static void add_verdict(const struct telling *telling)
{
	const struct story *story = telling->story;

	add_headline(telling);
	if (story->error != NULL)
		html_add(telling->text, "<p><bdi>%s</bdi></p>", story->error);
	if (story->route_why != NULL)
		html_add(
		    telling->text, "<p><bdi>%s</bdi></p>", story->route_why);
	text_add(telling->text, "<p class=\"soft\">Received ");
	add_moment(telling->text, story->received_us);
	if (story->id != 0)
		html_add(
		    telling->text, ", decision %lld", (long long)story->id);
	text_add(telling->text, "</p></section>\n");
}

static void add_facts(const struct telling *telling)
{
	const struct story *story = telling->story;
	struct text *text = telling->text;

	begin_part(telling, "h-facts", "What is known of it");
	text_add(text, "<dl class=\"facts\">");
	add_fact(text, "Interaction", story->interaction_id);
	add_fact(text, "Outcome", story->outcome);
	add_fact(text, "Status", story->status);
	add_fact(text, "Media type", story->media_type);
	add_fact(text, "Product (SKU)", story->sku);
	add_fact(text, "Product found by", story->sku_rule);
	add_fact(text, "Inventory said", story->inventory_word);
	add_fact(text, "That means", story->inventory_status);
	add_fact(text, "Lookup", story->inventory_result);
	add_fact(text, "Skills", story->skills);
	add_fact(text, "Queues", story->queues);
	add_fact(text, "Routing map", story->map_digest);
	add_fact(text, "Event type", story->event_type);
	add_fact(text, "Sender's time", story->event_timestamp);
	add_fact(text, "X-Request-Id", story->request_id);
	add_fact(text, "Trace", story->trace_id);
	add_fact(text, "Caller's span", story->parent_span);
	text_add(text, "</dl></section>\n");
}

/* ---- Step by step --------------------------------------------------- */

/* Where it lies in the whole, of which it takes at least what can be seen. */
static void add_place(const struct telling *telling,
    const struct story_step *step, int64_t from_us, int64_t all_us)
{
	double all = all_us > 0 ? (double)all_us : 1;
	double start = 100 * (double)(step->start_us - from_us) / all;
	double width = 100 * (double)step->duration_us / all;

	if (width < 0.6)
		width = 0.6;
	if (start > 100 - width)
		start = 100 - width;
	text_add_format(telling->text,
	    "<td class=\"w\"><svg class=\"bar\" width=\"100%%\" height=\"10\" "
	    "aria-hidden=\"true\"><rect class=\"rail\" y=\"4\" "
	    "width=\"100%%\" height=\"2\"/><rect class=\"fill\" "
	    "x=\"%.2f%%\" width=\"%.2f%%\" height=\"10\" rx=\"2\"/></svg>"
	    "</td>",
	    start, width);
}

static void add_waits(const struct telling *telling, enum step step)
{
	const struct story *story = telling->story;

	for (size_t i = 0; i < story->wait_count; i++) {
		const struct story_wait *wait = &story->waits[i];

		if (wait->step != step)
			continue;
		html_add(telling->text,
		    "<br><span class=\"soft\">of these <bdi>%s</bdi>: ",
		    wait->what);
		page_add_ms(telling->text, (double)wait->duration_us);
		text_add(telling->text, "</span>");
	}
}

static void add_step(const struct telling *telling,
    const struct story_step *step, int64_t from_us, int64_t all_us)
{
	struct text *text = telling->text;

	html_add(text, "<tr><th scope=\"row\">%s</th><td class=\"n wide\">",
	    step->name);
	page_add_ms(text, (double)(step->start_us - from_us));
	text_add(text, "</td><td class=\"n\">");
	page_add_ms(text, (double)step->duration_us);
	text_add(text, "</td>");
	add_place(telling, step, from_us, all_us);
	html_add(text, "<td><bdi>%s</bdi>", step->what);
	if (step->attempts >= 0)
		html_add(text, " (%d sent", step->attempts);
	if (step->attempts >= 0 && step->http > 0)
		html_add(text, ", HTTP %d", step->http);
	text_add(text, step->attempts >= 0 ? ")" : "");
	add_waits(telling, step->step);
	text_add(text, "</td></tr>");
}

static void add_steps(const struct telling *telling)
{
	const struct story *story = telling->story;
	const struct story_step *last;
	int64_t from_us;

	if (story->step_count == 0)
		return;
	last = &story->steps[story->step_count - 1];
	/* Not received_us: the gateway's step ends there. */
	from_us = story->steps[0].start_us;
	begin_part(telling, "h-steps", "Step by step");
	text_add(telling->text,
	    "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
	    "aria-labelledby=\"h-steps\"><table><thead><tr>"
	    "<th scope=\"col\">step</th>"
	    "<th scope=\"col\" class=\"n wide\">after ms</th>"
	    "<th scope=\"col\" class=\"n\">took ms</th>"
	    "<th scope=\"col\">when</th>"
	    "<th scope=\"col\">what came of it</th></tr></thead><tbody>");
	for (size_t i = 0; i < story->step_count; i++)
		add_step(telling, &story->steps[i], from_us,
		    last->start_us + last->duration_us - from_us);
	end_table(telling);
}

/* ---- The queue, and other decisions --------------------------------- */

/* Oldest first, as it happened. */
static void add_attempts(const struct telling *telling)
{
	static const char *const heads[] = {
	    "attempt", "ended", "status", "HTTP", "in words", NULL};
	const struct story *story = telling->story;

	if (story->attempt_count == 0)
		return;
	begin_part(telling, "h-attempts", "In the queue");
	begin_table(telling, "h-attempts", heads);
	for (size_t i = 0; i < story->attempt_count; i++) {
		const struct story_attempt *attempt = &story->attempts[i];

		html_add(
		    telling->text, "<tr><td>%d</td><td>", attempt->attempt);
		add_moment(telling->text, attempt->ended_us);
		html_add(telling->text, "</td><td><bdi>%s</bdi></td><td>",
		    attempt->status);
		if (attempt->http > 0)
			html_add(telling->text, "%d", attempt->http);
		html_add(telling->text, "</td><td><bdi>%s</bdi></td></tr>",
		    attempt->error);
	}
	end_table(telling);
}

/* When it is due means something only while it waits. */
static void add_queued(const struct telling *telling)
{
	static const char *const heads[] = {
	    "number", "state", "accepted", "due", "attempts", NULL};
	const struct story *story = telling->story;

	if (story->queued_count == 0)
		return;
	begin_part(telling, "h-queued", "Of this interaction in the queue now");
	begin_table(telling, "h-queued", heads);
	for (size_t i = 0; i < story->queued_count; i++) {
		const struct story_queued *queued = &story->queued[i];

		html_add(telling->text, "<tr><td>%lld</td><td>%s%s</td><td>",
		    (long long)queued->id, queued->state,
		    queued->superseded ? ", superseded" : "");
		add_moment(telling->text, queued->accepted_us);
		text_add(telling->text, "</td><td>");
		if (strcmp(queued->state, "waiting") == 0)
			add_moment(telling->text, queued->due_us);
		html_add(
		    telling->text, "</td><td>%d</td></tr>", queued->attempts);
	}
	end_table(telling);
}

static const char *const relations[STORY_RELATION_COUNT] = {
    [STORY_REPLACED] = "replaced by this",
    [STORY_REPLACING] = "replaced this",
    [STORY_DUPLICATE] = "came again",
    [STORY_FIRST] = "came first",
    [STORY_OTHER] = "another event",
};

static void add_decisions(const struct telling *telling)
{
	static const char *const heads[] = {"decision", "how it is related",
	    "received", "outcome", "total ms", NULL};
	const struct story *story = telling->story;

	if (story->decision_count == 0)
		return;
	begin_part(telling, "h-others", "Other decisions of this interaction");
	begin_table(telling, "h-others", heads);
	for (size_t i = 0; i < story->decision_count; i++) {
		const struct story_decision *other = &story->decisions[i];

		html_add(telling->text,
		    "<tr><td><a href=\"%s/event/%lld\">%lld</a></td>"
		    "<td>%s</td><td>",
		    telling->frame->report, (long long)other->id,
		    (long long)other->id, relations[other->relation]);
		add_moment(telling->text, other->received_us);
		html_add(telling->text, "</td><td>%s, %s, HTTP %d</td><td>",
		    other->outcome, other->status, other->http);
		page_add_ms(telling->text, (double)other->total_us);
		text_add(telling->text, "</td></tr>");
	}
	end_table(telling);
}

/* ---- The document --------------------------------------------------- */

static void begin_page(
    const struct page_frame *frame, const char *id, struct text *text)
{
	page_begin(frame, text);
	html_add(text,
	    "<header><h1><a href=\"%s\">stockroute</a></h1><nav "
	    "aria-label=\"Place\"><ul><li><a href=\"%s\">\xe2\x86\x90 Report"
	    "</a></li></ul></nav>\n",
	    frame->report, frame->report);
	page_add_search(frame, id, text);
	text_add(text, "</header>\n<main id=\"main\">\n");
}

static void write_story(const struct telling *telling, const char *id)
{
	begin_page(telling->frame, id, telling->text);
	add_verdict(telling);
	add_steps(telling);
	add_facts(telling);
	add_attempts(telling);
	add_queued(telling);
	add_decisions(telling);
	text_add(telling->text, "</main>\n");
	page_end(telling->frame, telling->text);
}

/* Says what can be the reason, since who asks is looking for a call. */
static void write_nothing(
    const struct page_frame *frame, const char *id, struct text *text)
{
	begin_page(frame, id, text);
	html_add(text,
	    "<section class=\"lead degraded\" aria-labelledby=\"verdict\">"
	    "<h2 id=\"verdict\"><b>Nothing is known of it</b></h2><p>"
	    "<bdi class=\"id\">%s</bdi></p><p class=\"soft\">There is neither "
	    "a decision with this number or of this interaction, nor an event "
	    "in the queue. It never came, was refused at the door, or is "
	    "older than what is kept.</p></section></main>\n",
	    id);
	page_end(frame, text);
}

static bool wants_json(const struct page_ask *ask)
{
	return strstr(ask->accept, "application/json") != NULL &&
	       strstr(ask->accept, "text/html") == NULL;
}

static void write_page(const struct page_ask *ask, const char *id,
    const struct story *story, struct page *page)
{
	char title[TITLE_BYTES];
	struct page_frame frame = {
	    .title = title,
	    /* From where the page is, see page_event.h. */
	    .report = *ask->below == '/' ? "../../report" : "../report",
	};
	struct telling telling = {
	    .story = story, .frame = &frame, .text = &page->text};

	snprintf(title, sizeof title, "%s \xe2\x80\x93 stockroute", id);
	page->type = "text/html; charset=utf-8";
	if (story == NULL)
		write_nothing(&frame, id, &page->text);
	else
		write_story(&telling, id);
}

enum status page_event(
    struct db *db, const struct page_ask *ask, struct page *page)
{
	struct story *story = NULL;
	char id[RECORD_ID_BYTES];
	enum status status = STATUS_OK;

	if (*ask->below == '/')
		page_segment(ask->below, id, sizeof id);
	else
		page_query(ask->query, "id", id, sizeof id);
	/* An id that cannot be read, or none, is one that nobody knows. */
	if (*id != '\0')
		status = story_read(db, id, &story);
	if (status != STATUS_OK)
		return status;
	if (story == NULL)
		page->http = 404;
	if (!wants_json(ask)) {
		write_page(ask, id, story, page);
	} else {
		page->type = "application/json";
		if (story != NULL)
			story_write_json(story, &page->text);
		else
			text_add(&page->text, "{\"error\":\"No such event\","
					      "\"code\":\"path_unknown\"}");
	}
	story_free(story);
	return STATUS_OK;
}
