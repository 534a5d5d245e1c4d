/* tool_events_show.c: the story of one event -> what a person reads */
#include "tool_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "moment.h"
#include "story.h"

#define LABEL_WIDTH 9
#define STEP_WIDTH  9
#define MS_WIDTH    10
#define BAR_MIN     10

#define PLAIN  "\033[0m"
#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"

/* Nothing where the output is to be plain. */
static void color(const struct terminal *terminal, const char *code)
{
	if (terminal->color)
		fputs(code, stdout);
}

/* With microseconds, and the date: an auditor's question is about both. */
static void print_moment(int64_t us)
{
	char second[MOMENT_BYTES];

	moment_write_as(
	    us / CLOCK_SECOND, MOMENT_UTC, "%Y-%m-%dT%H:%M:%S", second);
	printf("%s.%06dZ", second, (int)(us % CLOCK_SECOND));
}

static void print_ms(int64_t us)
{
	printf("%*.3f", MS_WIDTH, (double)us / CLOCK_MS);
}

static void print_label(const char *label)
{
	printf("%-*s  ", LABEL_WIDTH, label);
}

/* What strangers sent must not drive the terminal. */
static void print_word(const char *label, const char *word)
{
	if (word == NULL)
		return;
	print_label(label);
	table_print_safe(word, stdout);
	putchar('\n');
}

static void print_part(const char *part)
{
	if (part == NULL)
		return;
	printf("  ");
	table_print_safe(part, stdout);
}

static void print_blanks(int count)
{
	printf("%*s", count > 0 ? count : 0, "");
}

/* --- the head --- */

static void print_received(const struct story *story)
{
	print_label("received");
	print_moment(story->received_us);
	print_part(story->media_type);
	print_part(story->event_type);
	putchar('\n');
}

static const char *outcome_color(const char *outcome)
{
	static const enum outcome bad[] = {
	    OUTCOME_FAILED, OUTCOME_REFUSED, OUTCOME_EXPIRED, OUTCOME_DROPPED};

	if (strcmp(outcome, outcome_name(OUTCOME_ROUTED)) == 0)
		return GREEN;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (strcmp(outcome, outcome_name(bad[i])) == 0)
			return RED;
	return YELLOW;
}

static void print_outcome(
    const struct story *story, const struct terminal *terminal)
{
	print_label("outcome");
	/* Its outcome and its status are NULL (story.h). */
	if (story->id == 0) {
		printf("none yet: it is in the queue\n");
		return;
	}
	color(terminal, outcome_color(story->outcome));
	table_print_safe(story->outcome, stdout);
	color(terminal, PLAIN);
	if (strcmp(story->status, status_name(STATUS_OK)) != 0) {
		printf(", ");
		table_print_safe(story->status, stdout);
	}
	/* The sender of a queued one was told 202 long before. */
	printf(", answered %s%d, after %.3f ms\n",
	    story->queue_attempts > 0 ? "202, for duplicates " : "",
	    story->http, (double)story->total_us / CLOCK_MS);
}

static void print_head(
    const struct story *story, const struct terminal *terminal)
{
	if (story->id != 0)
		printf("decision   %" PRId64 "\n", story->id);
	print_word("event", story->interaction_id);
	print_word("sent", story->event_timestamp);
	print_received(story);
	print_outcome(story, terminal);
	print_word("error", story->error);
	print_word("request", story->request_id);
	print_word("trace", story->trace_id);
	print_word("from span", story->parent_span);
}

static void print_route(const struct story *story)
{
	if (story->route_why == NULL)
		return;
	putchar('\n');
	print_word("route", story->inventory_status);
	print_word("why", story->route_why);
	print_word("skills", story->skills);
	print_word("queues", story->queues);
	print_word("map", story->map_digest);
}

/* --- the steps --- */

/* All that the bars are a part of. */
struct line {
	int64_t from_us;
	int64_t to_us;
	int width; /* in places */
	const char *mark;
};

/* Half of what the numbers leave; the other half is for words. */
static struct line find_line(
    const struct story *story, const struct terminal *terminal)
{
	/* There is one: print_steps has looked. */
	const struct story_step *first = &story->steps[0];
	const struct story_step *last = &story->steps[story->step_count - 1];
	int numbers = STEP_WIDTH + 2 * (MS_WIDTH + 2);
	int width = (terminal->columns - numbers) / 2;

	return (struct line){
	    .from_us = first->start_us,
	    .to_us = last->start_us + last->duration_us,
	    .width = width < BAR_MIN ? BAR_MIN : width,
	    .mark = terminal->unicode ? "\u2588" : "#",
	};
}

/* At least a mark, for what took hardly any time. */
static void print_bar(const struct line *line, const struct story_step *step)
{
	int64_t all_us = line->to_us - line->from_us;
	int64_t start_us = step->start_us - line->from_us;
	int64_t end_us = start_us + step->duration_us;
	int from = 0;
	int to = 0;

	if (all_us > 0) {
		/*
		 * The beginning is rounded down and the end to the nearest, so
		 * that steps which follow each other leave no gap.
		 */
		from = (int)(start_us * line->width / all_us);
		to = (int)((end_us * line->width + all_us / 2) / all_us);
	}
	if (from > line->width - 1)
		from = line->width - 1;
	if (to <= from)
		to = from + 1;
	print_blanks(from);
	for (int i = from; i < to; i++)
		fputs(line->mark, stdout);
	print_blanks(line->width - to);
}

static void print_requests(const struct story_step *step)
{
	if (step->attempts < 0)
		return;
	printf(" (%d sent", step->attempts);
	if (step->http > 0)
		printf(", HTTP %d", step->http);
	putchar(')');
}

/* Below their step, as they are parts of its time; the rest was work. */
static void print_waits(const struct story *story, enum step step)
{
	for (size_t i = 0; i < story->wait_count; i++) {
		const struct story_wait *wait = &story->waits[i];

		if (wait->step != step)
			continue;
		printf("%*s", STEP_WIDTH + 2 + MS_WIDTH + 2, "");
		print_ms(wait->duration_us);
		printf("  ");
		table_print_safe(wait->words, stdout);
		putchar('\n');
	}
}

static void print_steps(
    const struct story *story, const struct terminal *terminal)
{
	struct line line;

	if (story->step_count == 0)
		return;
	line = find_line(story, terminal);
	putchar('\n');
	color(terminal, BOLD);
	printf("%-*s  %*s  %*s\n", STEP_WIDTH, "step", MS_WIDTH, "from ms",
	    MS_WIDTH, "took ms");
	color(terminal, PLAIN);
	for (size_t i = 0; i < story->step_count; i++) {
		const struct story_step *step = &story->steps[i];

		printf("%-*s  ", STEP_WIDTH, step->name);
		print_ms(step->start_us - story->received_us);
		printf("  ");
		print_ms(step->duration_us);
		printf("  ");
		color(terminal, CYAN);
		print_bar(&line, step);
		color(terminal, PLAIN);
		printf("  ");
		table_print_safe(step->what, stdout);
		print_requests(step);
		putchar('\n');
		print_waits(story, step->step);
	}
}

/* --- the queue, and the other decisions --- */

static void print_attempts(const struct story *story)
{
	if (story->attempt_count > 0)
		printf("\nin the queue\n");
	for (size_t i = 0; i < story->attempt_count; i++) {
		const struct story_attempt *attempt = &story->attempts[i];

		printf("  attempt %d  ", attempt->attempt);
		print_moment(attempt->ended_us);
		printf("  ");
		table_print_safe(attempt->status, stdout);
		if (attempt->http > 0)
			printf("  HTTP %d", attempt->http);
		print_part(attempt->error);
		print_part(attempt->waits);
		putchar('\n');
	}
}

static void print_queued(const struct story *story)
{
	if (story->queued_count > 0)
		printf("\nof this interaction in the queue\n");
	for (size_t i = 0; i < story->queued_count; i++) {
		const struct story_queued *queued = &story->queued[i];

		printf(
		    "  %" PRId64 "  %s  accepted ", queued->id, queued->state);
		print_moment(queued->accepted_us);
		printf(", %d attempts", queued->attempts);
		if (strcmp(queued->state, "waiting") == 0) {
			printf(", due ");
			print_moment(queued->due_us);
		}
		printf("%s\n", queued->superseded ? ", superseded" : "");
	}
}

/* Their words are ours, unlike those of the event itself. */
static void print_decisions(const struct story *story)
{
	static const char *const words[STORY_RELATION_COUNT] = {
	    [STORY_REPLACED] = "replaced by this",
	    [STORY_REPLACING] = "replaced this",
	    [STORY_DUPLICATE] = "came again",
	    [STORY_FIRST] = "came first",
	    [STORY_OTHER] = "another event",
	};

	if (story->decision_count > 0)
		printf("\nother decisions of this interaction\n");
	for (size_t i = 0; i < story->decision_count; i++) {
		const struct story_decision *other = &story->decisions[i];

		printf("  %" PRId64 "  %-16s  ", other->id,
		    words[other->relation]);
		print_moment(other->received_us);
		printf("  %s, %s, %d, %.3f ms\n", other->outcome, other->status,
		    other->http, (double)other->total_us / CLOCK_MS);
	}
}

static void print_text(
    const struct story *story, const struct terminal *terminal)
{
	print_head(story, terminal);
	print_route(story);
	print_steps(story, terminal);
	print_attempts(story);
	print_queued(story);
	print_decisions(story);
}

static bool print_json(const struct story *story)
{
	struct text text;
	bool whole;

	text_init(&text, STORY_JSON_MAX);
	story_write_json(story, &text);
	whole = !text_failed(&text);
	if (whole)
		puts(text_string(&text));
	text_done(&text);
	return whole;
}

/* One view of the file: its parts must fit together. */
static enum status read_story(
    struct db *db, const char *id, struct story **story)
{
	enum status status = db_begin_read(db);

	if (status != STATUS_OK)
		return status;
	status = story_read(db, id, story);
	db_end_read(db);
	return status;
}

bool tool_events_show(struct db *db, const char *id, enum table_format format,
    const struct terminal *terminal)
{
	struct story *story = NULL;
	enum status status = read_story(db, id, &story);
	bool shown = story != NULL;

	if (status != STATUS_OK) {
		fprintf(stderr, "stockroute events: %s\n", status_name(status));
	} else if (!shown) {
		fprintf(stderr, "stockroute events: there is no event '");
		table_print_safe(id, stderr);
		fprintf(stderr, "'\n");
	} else if (format == TABLE_TEXT) {
		print_text(story, terminal);
	} else {
		shown = print_json(story);
	}
	story_free(story);
	return shown && fflush(stdout) == 0;
}
