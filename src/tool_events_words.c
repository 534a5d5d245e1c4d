/* tool_events_words.c: the words behind `events` -> which, and how shown */
#include "tool_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "record.h"
#include "text.h"

#define PROBLEM_MAX   4096
#define LIMIT_DEFAULT 20
#define LIMIT_MAX     1000000000
#define COUNT_MAX     1000000000 /* of a duration: safe to multiply */

/* What is read, before all of it is known. */
struct reading {
	struct tool_events_words *words;
	struct period_words said;
	bool limited; /* --limit was given */
};

static const struct {
	const char *name;
	int64_t us;
} units[] = {
    {"ms", CLOCK_MS},
    {"s", CLOCK_SECOND},
    {"m", 60 * CLOCK_SECOND},
    {"h", 3600 * CLOCK_SECOND},
};

static bool read_duration(const char *word, int64_t *us)
{
	char *unit;
	long count;

	/* strtol would take blanks and a sign as well. */
	if (word[0] < '0' || word[0] > '9')
		return false;
	/* What is too large for it comes back as LONG_MAX, over COUNT_MAX. */
	count = strtol(word, &unit, 10);
	if (count > COUNT_MAX)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(unit, units[i].name) == 0) {
			*us = count * units[i].us;
			return true;
		}
	}
	return false;
}

/* --- one for each option --- */

/* Words of a period are understood together, when all are there. */
static bool read_since(struct reading *reading, const char *value)
{
	reading->said.since = value;
	return true;
}

static bool read_during(struct reading *reading, const char *value)
{
	reading->said.during = value;
	return true;
}

static bool read_from(struct reading *reading, const char *value)
{
	reading->said.from = value;
	return true;
}

static bool read_to(struct reading *reading, const char *value)
{
	reading->said.to = value;
	return true;
}

/* A word that no decision has would find nothing, and hide a slip. */
static bool read_outcome(struct reading *reading, const char *value)
{
	reading->words->filter.outcome = value;
	return outcome_named(value) < OUTCOME_COUNT;
}

static bool read_status(struct reading *reading, const char *value)
{
	reading->words->filter.status = value;
	return status_named(value) < STATUS_COUNT;
}

static bool read_media(struct reading *reading, const char *value)
{
	reading->words->filter.media = value;
	return true;
}

static bool read_sku(struct reading *reading, const char *value)
{
	reading->words->filter.sku = value;
	return true;
}

static bool read_route(struct reading *reading, const char *value)
{
	reading->words->filter.route = value;
	return true;
}

static bool read_interaction(struct reading *reading, const char *value)
{
	reading->words->filter.interaction = value;
	return true;
}

static bool read_slower(struct reading *reading, const char *value)
{
	return read_duration(value, &reading->words->filter.slower_us);
}

static bool read_limit(struct reading *reading, const char *value)
{
	char *end;
	long limit = strtol(value, &end, 10);

	/*
	 * Given, even as the default: other formats then heed it as text does.
	 */
	reading->limited = true;
	if (strcmp(value, "all") == 0) {
		reading->words->limit = INT64_MAX;
		return true;
	}
	if (value[0] < '0' || value[0] > '9' || *end != '\0' ||
	    limit > LIMIT_MAX)
		return false;
	reading->words->limit = limit;
	return true;
}

static bool read_format(struct reading *reading, const char *value)
{
	return table_read_format(value, &reading->words->format);
}

static bool read_for(struct reading *reading, const char *value)
{
	return read_duration(value, &reading->words->for_us);
}

#define DURATION_EXPECTED "300ms, 2s, 5m or 1h"

/* `expected` is what is said when `read` does not take the value. */
static const struct {
	const char *name;
	bool (*read)(struct reading *reading, const char *value);
	const char *expected;
} options[] = {
    {"--since", read_since, PERIOD_EXPECTED},
    {"--during", read_during, PERIOD_EXPECTED},
    {"--from", read_from, PERIOD_EXPECTED},
    {"--to", read_to, PERIOD_EXPECTED},
    {"--outcome", read_outcome,
	"routed, fallback, skipped, refused, failed, duplicate, superseded, "
	"expired or dropped"},
    {"--status", read_status, "a status, as timeout or rate_limited"},
    {"--media", read_media, "a media type"},
    {"--sku", read_sku, "a SKU"},
    {"--route", read_route, "a word of the map, or the id of a skill or queue"},
    {"--interaction", read_interaction, "an interaction id"},
    {"--slower", read_slower, DURATION_EXPECTED},
    {"--limit", read_limit, "a number, or all"},
    {"--format", read_format, TABLE_FORMATS},
    {"--for", read_for, DURATION_EXPECTED},
};

/* value is NULL when the words end after name. */
static bool read_option(
    struct reading *reading, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (strcmp(name, options[i].name) != 0)
			continue;
		if (value != NULL && options[i].read(reading, value))
			return true;
		fprintf(stderr, "stockroute events: %s takes %s\n", name,
		    options[i].expected);
		return false;
	}
	fprintf(stderr, "stockroute events: '");
	table_print_safe(name, stderr);
	fprintf(stderr, "' is not understood\n");
	return false;
}

/* True when it was one that has no value. */
static bool read_switch(struct reading *reading, const char *name)
{
	if (strcmp(name, "--utc") == 0)
		reading->said.zone = MOMENT_UTC;
	else if (strcmp(name, "-f") == 0 || strcmp(name, "--follow") == 0)
		reading->words->follow = true;
	else
		return false;
	return true;
}

static bool read_period(struct reading *reading)
{
	struct text problem;
	bool good;

	text_init(&problem, PROBLEM_MAX);
	tzset();
	good = period_read(&reading->said, clock_wall_us(),
	    &reading->words->filter.period, &problem);
	if (!good)
		fprintf(
		    stderr, "stockroute events: %s\n", text_string(&problem));
	text_done(&problem);
	return good;
}

/* A person reads a screenful; a program wants all. */
static bool fits_together(const struct reading *reading)
{
	struct tool_events_words *words = reading->words;

	if (!reading->limited && words->format != TABLE_TEXT && !words->follow)
		words->limit = INT64_MAX;
	if (words->follow && words->format == TABLE_JSON) {
		fprintf(stderr, "stockroute events: a JSON list has an end; "
				"-f takes --format ndjson, csv or text\n");
		return false;
	}
	if (words->for_us != INT64_MAX && !words->follow) {
		fprintf(stderr, "stockroute events: --for goes with -f\n");
		return false;
	}
	return true;
}

bool tool_events_read(
    int argc, char **argv, int first, struct tool_events_words *words)
{
	struct reading reading = {.words = words};
	int i = first;

	*words = (struct tool_events_words){
	    .filter.slower_us = -1,
	    .format = TABLE_TEXT,
	    .limit = LIMIT_DEFAULT,
	    .for_us = INT64_MAX,
	};
	while (i < argc) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		bool alone = read_switch(&reading, argv[i]);

		if (!alone && !read_option(&reading, argv[i], value))
			return false;
		i += alone ? 1 : 2;
	}
	/* Only now all is known: options come in any order. */
	return read_period(&reading) && fits_together(&reading);
}

/* One event is no table: there is no CSV of it. */
static bool read_show(const char *name, const char *value,
    enum table_format *format, enum terminal_color *color)
{
	if (strcmp(name, "--color") == 0)
		return config_terminal_color(value, color);
	return strcmp(name, "--format") == 0 &&
	       table_read_format(value, format) && *format != TABLE_CSV;
}

bool tool_events_read_show(int argc, char **argv, int first,
    enum table_format *format, enum terminal_color *color)
{
	*format = TABLE_TEXT;
	*color = TERMINAL_COLOR_AUTO;
	for (int i = first; i < argc; i += 2) {
		if (i + 1 < argc &&
		    read_show(argv[i], argv[i + 1], format, color))
			continue;
		fprintf(stderr, "stockroute events: show takes --format text, "
				"json or ndjson, --color auto, always or "
				"never\n");
		return false;
	}
	return true;
}
