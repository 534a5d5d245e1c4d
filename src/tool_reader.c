/* tool_reader.c: a subcommand's words -> what to read, and from where */
#include "tool_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "config.h"
#include "log.h"
#include "problem.h"
#include "slo.h"
#include "text.h"

#define PROBLEMS_MAX  65536
#define DEFAULT_LIMIT 20

/* Words of a period are understood together, when all are there. */
static bool read_since(struct tool_words *words, const char *value)
{
	words->said.since = value;
	return true;
}

static bool read_during(struct tool_words *words, const char *value)
{
	words->said.during = value;
	return true;
}

static bool read_from(struct tool_words *words, const char *value)
{
	words->said.from = value;
	return true;
}

static bool read_to(struct tool_words *words, const char *value)
{
	words->said.to = value;
	return true;
}

static bool read_by(struct tool_words *words, const char *value)
{
	return figures_read_by(value, &words->by);
}

static bool read_versus(struct tool_words *words, const char *value)
{
	words->versus = value;
	return true;
}

static bool read_slo(struct tool_words *words, const char *value)
{
	return slo_read(value, &words->slo_us, &words->slo_target);
}

static bool read_color(struct tool_words *words, const char *value)
{
	return config_terminal_color(value, &words->color);
}

/* Bounded: a table stands whole in memory before it is printed. */
static bool read_limit(struct tool_words *words, const char *value)
{
	char *end;
	long limit = strtol(value, &end, 10);

	if (*value == '\0' || *end != '\0')
		return false;
	if (limit < 1 || limit > REPORT_EVENTS_MAX)
		return false;
	words->limit = (int)limit;
	return true;
}

static bool read_format(struct tool_words *words, const char *value)
{
	return table_read_format(value, &words->format);
}

/* html is no format of a table: format keeps its default then. */
static bool read_report_format(struct tool_words *words, const char *value)
{
	words->html = strcmp(value, "html") == 0;
	return words->html || read_format(words, value);
}

/* `expected` is what is said when `read` does not take the value. */
static const struct {
	const char *name;
	enum tool_word word;
	bool (*read)(struct tool_words *words, const char *value);
	const char *expected;
} options[] = {
    {"--since", TOOL_SINCE, read_since, PERIOD_EXPECTED},
    {"--during", TOOL_PERIOD, read_during, PERIOD_EXPECTED},
    {"--from", TOOL_PERIOD, read_from, PERIOD_EXPECTED},
    {"--to", TOOL_PERIOD, read_to, PERIOD_EXPECTED},
    {"--by", TOOL_REPORT, read_by, FIGURES_BY},
    {"--versus", TOOL_REPORT, read_versus, PERIOD_EXPECTED ", or previous"},
    {"--slo", TOOL_REPORT, read_slo, SLO_EXPECTED},
    {"--color", TOOL_REPORT, read_color, "auto, always or never"},
    {"--format", TOOL_REPORT, read_report_format, TABLE_FORMATS ", or html"},
    {"--limit", TOOL_LIMIT, read_limit, "1 to 10000"},
    {"--format", TOOL_FORMAT, read_format, TABLE_FORMATS},
};

/* value is NULL when the words end after name. */
static bool read_option(struct tool_words *words, unsigned allowed,
    const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		/*
		 * --format stands there twice. A subcommand is allowed one of
		 * the two, so the search goes on past the other.
		 */
		if (strcmp(name, options[i].name) != 0 ||
		    (allowed & (unsigned)options[i].word) == 0)
			continue;
		if (value != NULL && options[i].read(words, value))
			return true;
		fprintf(stderr, "stockroute: %s takes %s\n", name,
		    options[i].expected);
		return false;
	}
	fprintf(stderr, "stockroute: '%s' is not understood\n", name);
	return false;
}

/* What stands alone, without a value. */
static bool read_switch(
    struct tool_words *words, unsigned allowed, const char *name)
{
	if (strcmp(name, "--utc") == 0 && (allowed & TOOL_PERIOD) != 0) {
		words->said.zone = MOMENT_UTC;
		return true;
	}
	if (strcmp(name, "--exact") == 0 && (allowed & TOOL_REPORT) != 0) {
		words->exact = true;
		return true;
	}
	return false;
}

static bool read_versus_period(
    struct tool_words *words, int64_t now_us, struct text *problem)
{
	if (words->versus == NULL ||
	    period_versus(words->versus, words->said.zone, now_us,
		&words->period, &words->versus_period))
		return true;
	problem_add_quoted(problem, words->versus);
	text_add(problem,
	    " is no period to compare with: give previous, " PERIOD_EXPECTED);
	return false;
}

/* Both periods at one moment, so that a "now" means the same in both. */
static bool read_periods(struct tool_words *words)
{
	int64_t now_us = clock_wall_us();
	struct text problem;
	bool good;

	text_init(&problem, PROBLEMS_MAX);
	/* For localtime_r(3), which need not look at TZ by itself. */
	tzset();
	good = period_read(&words->said, now_us, &words->period, &problem) &&
	       read_versus_period(words, now_us, &problem);
	if (!good)
		fprintf(stderr, "stockroute: %s\n", text_string(&problem));
	text_done(&problem);
	return good;
}

bool tool_read_words(int argc, char **argv, int first, unsigned allowed,
    struct tool_words *words)
{
	int i = first;

	*words = (struct tool_words){
	    .limit = DEFAULT_LIMIT,
	    .format = TABLE_TEXT,
	    .by = FIGURES_STEP,
	};
	while (i < argc) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		bool alone = read_switch(words, allowed, argv[i]);

		if (!alone && !read_option(words, allowed, argv[i], value))
			return false;
		i += alone ? 1 : 2;
	}
	return read_periods(words);
}

typedef enum status load_config(struct config **config, struct text *problems);

/* Few settings are needed: secrets may be out of our reach. */
static struct db *open_db(
    enum db_mode mode, load_config *load, struct config **given)
{
	char problem[DB_PROBLEM_BYTES];
	struct config *config = NULL;
	struct db *db = NULL;
	struct text problems;
	enum status status;

	text_init(&problems, PROBLEMS_MAX);
	status = load(&config, &problems);
	if (status != STATUS_OK) {
		fprintf(stderr, "stockroute: %s\n%s", status_name(status),
		    text_string(&problems));
		goto out;
	}
	/* What the modules below log comes to stderr: no log is opened here. */
	log_set_level(config->log_level);
	status = db_open(config->db, mode, &db, problem);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute: %s\n", problem);
out:
	/* Only with the database: who gets NULL has nothing to free. */
	if (db != NULL && given != NULL)
		*given = config;
	else
		config_free(config);
	text_done(&problems);
	return db;
}

struct db *tool_open_db(enum db_mode mode)
{
	return open_db(mode, config_load_reader, NULL);
}

struct db *tool_open_capped(enum db_mode mode, struct config **config)
{
	return open_db(mode, config_load_caps, config);
}

struct db *tool_open_keyed(enum db_mode mode, struct config **config)
{
	return open_db(mode, config_load_keys, config);
}
