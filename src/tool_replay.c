/* tool_replay.c: stockroute events replay -> lines, each as if just posted */
#include "tool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "claim.h"
#include "clock.h"
#include "event.h"
#include "outbox_admin.h"
#include "settle.h"
#include "table.h"
#include "tool_lines.h"
#include "tool_progress.h"
#include "tool_worker.h"

#define PROBLEMS_MAX 65536
#define ANSWER_MAX   4096
#define FAULTS_SHOWN 100
#define RATE_MAX     100000
/* In the queue at one time, so that none grows old behind the others. */
#define PLACES 256
/* How often is asked after events that another process may have ended. */
#define ASK_US (250 * CLOCK_MS)

static const char usage[] =
    "usage: stockroute events replay FILE|- [--rate N] [--dry-run]\n"
    "\n"
    "FILE has one event on each line, as it is posted to the webhook.\n"
    "  --rate N   at most N events a second\n"
    "  --dry-run  the lines are only checked\n";

struct words {
	const char *file;
	int64_t rate; /* 0: as fast as they are worked off */
	bool dry_run;
};

struct replay;

/*
 * One event on its way: being put into the queue, then OPEN until a
 * decision is known, by whichever process. body is ours, NULL when FREE.
 */
enum place_state { PLACE_FREE, PLACE_PUTTING, PLACE_OPEN };
struct place {
	struct replay *replay;
	enum place_state state;
	int64_t line;
	struct claim claim;
	struct record record;
	struct outbox_item item;
	struct settlement settlement;
	struct text answer;
};

/* What the store is asked of an open place: a copy, while that goes on. */
struct question {
	struct outbox_item item; /* without its body */
	bool open;
	enum outcome outcome;
};

/*
 * All of it is the loop's but the questions. A line that was read is either
 * bad, or lost, or in a place, or counted by its end; that sum is what
 * print_sum tells.
 */
struct replay {
	struct tool_worker worker;
	const struct words *words;
	struct tool_lines lines;
	struct tool_progress progress;
	struct place *places; /* PLACES of them */
	int used;
	bool at_end; /* of the lines */
	int64_t begun_us;
	int64_t fed;
	int64_t bad;
	int64_t lost;    /* the store did not take them */
	int64_t unknown; /* gone, and no decision tells of them */
	int64_t outcomes[OUTCOME_COUNT];
	struct store_job job;
	struct question *questions; /* PLACES of them; the store's if asking */
	bool asking;
	int64_t asked_us;
};

static void blame(struct replay *replay, const char *text)
{
	replay->bad++;
	if (replay->bad > FAULTS_SHOWN)
		return;
	fprintf(stderr, "line %lld: ", (long long)replay->lines.number);
	table_print_safe(text, stderr);
	fputc('\n', stderr);
}

/* As the webhook does. Call event_done in every case. */
static bool check_line(
    struct replay *replay, const struct config *config, struct event *event)
{
	const struct tool_lines *lines = &replay->lines;
	struct event_problem problem = {.field = ""};

	*event = (struct event){0};
	if (lines->too_long || lines->length > (size_t)config->body_max_bytes) {
		blame(replay, "is larger than BODY_MAX_BYTES allows");
		return false;
	}
	if (event_read(lines->line, lines->length, event, &problem) ==
	    STATUS_OK)
		return true;
	blame(replay, problem.text);
	return false;
}

static void leave(struct place *place)
{
	free(place->item.body);
	place->item.body = NULL;
	place->state = PLACE_FREE;
	place->replay->used--;
	tool_progress_add(&place->replay->progress, 1);
}

static void end(struct place *place, enum outcome outcome)
{
	if (outcome < OUTCOME_COUNT)
		place->replay->outcomes[outcome]++;
	else
		place->replay->unknown++;
	leave(place);
}

static void put_done(void *arg, enum status status)
{
	struct place *place = arg;
	struct replay *replay = place->replay;
	const struct claim_row *row = &place->claim.row;

	if (status != STATUS_OK) {
		replay->lost++;
		fprintf(stderr, "line %lld: not accepted: %s\n",
		    (long long)place->line, status_name(status));
		leave(place);
	} else if (row->key[0] != '\0' && row->found != CLAIM_OURS) {
		/* Without a key (CLAIM_WINDOW_S=0) nobody looked for it. */
		end(place, OUTCOME_DUPLICATE);
	} else {
		place->state = PLACE_OPEN;
		/* It is due at once, and the worker would look only later. */
		queue_wake(replay->worker.app.queue);
	}
}

/* The same end of the path that ROUTING_MODE=queue has. */
static void put(struct place *place, const struct event *event)
{
	struct app *app = &place->replay->worker.app;

	place->state = PLACE_PUTTING;
	place->replay->used++;
	claim_name(app->claims, &place->claim, event);
	/*
	 * Not written, as it is undecided, but its http is the claim's answer.
	 */
	record_init(&place->record);
	place->record.http = 202;
	place->record.received_us = clock_wall_us();
	strcpy(place->record.interaction_id, event->interaction_id);
	strcpy(place->item.interaction_id, event->interaction_id);
	strcpy(place->item.claim_key, place->claim.row.key);
	place->item.claim_holder = place->claim.row.holder;
	place->item.accepted_us = place->record.received_us;
	/* For a sender who posts the same event later: it is told 202. */
	answer_queued(&place->record, STATUS_OK, &place->answer);
	place->settlement = (struct settlement){
	    .record = &place->record,
	    .undecided = true,
	    .claim = &place->claim.row,
	    .answer = text_string(&place->answer),
	    .queue = SETTLE_ACCEPT,
	    .item = &place->item,
	    .due_us = place->record.received_us,
	};
	settle(app->store, &place->settlement, put_done, place);
}

static struct place *free_place(struct replay *replay)
{
	for (int i = 0; i < PLACES; i++)
		if (replay->places[i].state == PLACE_FREE)
			return &replay->places[i];
	return NULL;
}

/* Takes the line in hand; false: there is no memory for it now. */
static bool take_line(struct replay *replay, const struct event *event)
{
	struct place *place = free_place(replay);

	/* feed looked: fewer than PLACES are used. */
	assert(place != NULL);
	place->item = (struct outbox_item){0};
	place->item.body = strdup(replay->lines.line);
	if (place->item.body == NULL)
		return false;
	place->item.body_bytes = replay->lines.length;
	place->line = replay->lines.number;
	put(place, event);
	replay->fed++;
	return true;
}

/*
 * Against the whole time, not the last line's: what a slow tick left out is
 * made up for.
 */
static bool is_in_time(const struct replay *replay)
{
	int64_t since_us = clock_mono_us() - replay->begun_us;
	int64_t rate = replay->words->rate;

	return rate == 0 || replay->fed <= since_us * rate / CLOCK_SECOND;
}

static void feed(struct replay *replay)
{
	while (!replay->at_end && replay->used < PLACES && is_in_time(replay)) {
		struct event event;

		replay->at_end = !tool_lines_next(&replay->lines);
		if (replay->at_end)
			return;
		if (!check_line(replay, replay->worker.app.config, &event))
			tool_progress_add(&replay->progress, 1);
		else if (!take_line(replay, &event))
			blame(replay, "out of memory");
		event_done(&event);
	}
}

/*
 * An end may be told twice, by ended and by asked: the second finds no such
 * place, as the numbers of items are never given again.
 */
static void end_item(struct replay *replay, int64_t id, enum outcome outcome)
{
	for (int i = 0; i < PLACES; i++) {
		struct place *place = &replay->places[i];

		if (place->state == PLACE_OPEN && place->item.id == id) {
			end(place, outcome);
			return;
		}
	}
}

/* An end that this process came to itself. */
static void ended(
    void *arg, const struct settlement *settlement, enum status status)
{
	if (status == STATUS_OK && (settlement->queue == SETTLE_DONE ||
				       settlement->queue == SETTLE_PARK))
		end_item(
		    arg, settlement->item->id, settlement->record->outcome);
}

/* On the store's thread: it has the questions alone while asking is true. */
static enum status ask_body(struct db *db, void *arg)
{
	struct replay *replay = arg;
	enum status status = STATUS_OK;

	for (int i = 0; i < PLACES && status == STATUS_OK; i++) {
		struct question *question = &replay->questions[i];

		if (question->item.id != 0)
			status = outbox_fate(db, &question->item,
			    &question->open, &question->outcome);
	}
	return status;
}

static void asked(void *arg, enum status status)
{
	struct replay *replay = arg;

	replay->asking = false;
	for (int i = 0; i < PLACES && status == STATUS_OK; i++) {
		const struct question *question = &replay->questions[i];

		if (question->item.id != 0 && !question->open)
			end_item(replay, question->item.id, question->outcome);
	}
}

static void copy_questions(struct replay *replay)
{
	for (int i = 0; i < PLACES; i++) {
		const struct place *place = &replay->places[i];
		struct question *question = &replay->questions[i];

		/* A place that is not OPEN is number 0, and asks nothing. */
		*question = (struct question){.open = true};
		if (place->state != PLACE_OPEN)
			continue;
		question->item = place->item;
		question->item.body = NULL;
	}
}

static void ask(struct replay *replay)
{
	int64_t now_us = clock_mono_us();

	if (replay->asking || now_us - replay->asked_us < ASK_US)
		return;
	copy_questions(replay);
	replay->asking = true;
	replay->asked_us = now_us;
	replay->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = ask_body,
	    .done = asked,
	    .arg = replay,
	};
	store_submit(replay->worker.app.store, &replay->job);
}

static void tick(void *arg)
{
	struct replay *replay = arg;

	/* Nothing more is put then; what is in the queue stays there. */
	if (replay->worker.stopping)
		return;
	feed(replay);
	if (replay->used > 0)
		ask(replay);
	if (replay->at_end && replay->used == 0)
		tool_worker_stop(&replay->worker);
}

static void print_count(int64_t count, const char *what)
{
	if (count > 0)
		printf("%8lld %s\n", (long long)count, what);
}

static int print_sum(const struct replay *replay)
{
	int64_t failed = replay->outcomes[OUTCOME_FAILED];
	int64_t looked_at = replay->fed + replay->bad;

	printf("%lld of %lld lines in %.1f s:\n", (long long)looked_at,
	    (long long)replay->lines.total,
	    (double)(clock_mono_us() - replay->begun_us) / CLOCK_SECOND);
	for (int i = 0; i < OUTCOME_COUNT; i++)
		print_count(replay->outcomes[i], outcome_name((enum outcome)i));
	print_count(replay->unknown, "ended, with no decision to be found");
	print_count(replay->used, "still in the queue");
	print_count(replay->lost, "not accepted: told above");
	print_count(replay->bad, "not acceptable: told above");
	return replay->bad + replay->lost + failed + replay->used == 0 ? 0 : 1;
}

static bool make_places(struct replay *replay)
{
	replay->questions = calloc(PLACES, sizeof *replay->questions);
	replay->places = calloc(PLACES, sizeof *replay->places);
	for (int i = 0; replay->places != NULL && i < PLACES; i++) {
		struct place *place = &replay->places[i];

		place->replay = replay;
		text_init(&place->answer, ANSWER_MAX);
		text_init(&place->claim.row.answer, CLAIM_ANSWER_MAX);
	}
	return replay->places != NULL && replay->questions != NULL;
}

/* After the program is closed: nothing looks at the places any more. */
static void free_places(struct replay *replay)
{
	for (int i = 0; replay->places != NULL && i < PLACES; i++) {
		struct place *place = &replay->places[i];

		free(place->item.body);
		text_done(&place->answer);
		text_done(&place->claim.row.answer);
	}
	free(replay->places);
	free(replay->questions);
}

static int run(struct replay *replay)
{
	int code = 1;

	if (make_places(replay) &&
	    tool_worker_open(&replay->worker, "events replay")) {
		replay->begun_us = clock_mono_us();
		replay->worker.app.ended = ended;
		replay->worker.app.ended_arg = replay;
		tool_progress_begin(
		    &replay->progress, "replayed", replay->lines.total);
		tool_worker_run(&replay->worker, tick, replay);
		tool_progress_end(&replay->progress);
		code = print_sum(replay);
	}
	/*
	 * First this: until then the store may hold a place or the questions.
	 */
	tool_worker_close(&replay->worker);
	free_places(replay);
	return code;
}

static int run_dry(struct replay *replay)
{
	struct config *config = NULL;
	struct text problems;
	struct event event;

	text_init(&problems, PROBLEMS_MAX);
	if (config_load(NULL, &config, &problems) != STATUS_OK) {
		fputs(text_string(&problems), stderr);
		text_done(&problems);
		return 1;
	}
	while (tool_lines_next(&replay->lines)) {
		check_line(replay, config, &event);
		event_done(&event);
	}
	config_free(config);
	text_done(&problems);
	printf("%lld of %lld lines are acceptable; nothing was sent.\n",
	    (long long)(replay->lines.total - replay->bad),
	    (long long)replay->lines.total);
	return replay->bad == 0 ? 0 : 1;
}

static bool read_rate(struct words *words, const char *value)
{
	char *rest;

	words->rate = strtol(value, &rest, 10);
	return *value != '\0' && *rest == '\0' && words->rate >= 1 &&
	       words->rate <= RATE_MAX;
}

static bool read_words(int argc, char **argv, struct words *words)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--dry-run") == 0) {
			words->dry_run = true;
		} else if (strcmp(argv[i], "--rate") == 0 && i + 1 < argc) {
			if (!read_rate(words, argv[++i]))
				return false;
		} else if (words->file == NULL &&
			   strncmp(argv[i], "--", 2) != 0) {
			words->file = argv[i];
		} else {
			return false;
		}
	}
	return words->file != NULL;
}

int tool_replay(int argc, char **argv)
{
	struct words words = {0};
	struct replay replay = {.words = &words};
	int code = 1;

	if (!read_words(argc, argv, &words)) {
		fputs(usage, stderr);
		return 2;
	}
	if (tool_lines_open(&replay.lines, words.file, "events replay"))
		code = words.dry_run ? run_dry(&replay) : run(&replay);
	tool_lines_close(&replay.lines);
	return code;
}
