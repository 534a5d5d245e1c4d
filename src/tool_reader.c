/* tool_reader.c: a subcommand's words -> what to read, and from where */
#include "tool_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "config.h"
#include "log.h"
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
	for (int by = 0; by < REPORT_BY_COUNT; by++) {
		if (strcmp(value, report_by_name((enum report_by)by)) == 0) {
			words->by = (enum report_by)by;
			return true;
		}
	}
	return false;
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
    {"--by", TOOL_BY, read_by,
	"step, hour, status, inventory, media or outcome"},
    {"--limit", TOOL_LIMIT, read_limit, "1 to 10000"},
    {"--format", TOOL_FORMAT, read_format, TABLE_FORMATS},
};

/* value is NULL when the words end after name. */
static bool read_option(struct tool_words *words, unsigned allowed,
    const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
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

/* Problems name the word as it is given here: --since. */
static bool read_period(struct tool_words *words)
{
	struct text problem;
	bool good;

	text_init(&problem, PROBLEMS_MAX);
	tzset();
	good = period_read(
	    &words->said, clock_wall_us(), &words->period, &problem);
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
	    .by = REPORT_BY_STEP,
	    .limit = DEFAULT_LIMIT,
	    .format = TABLE_TEXT,
	};
	while (i < argc) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		bool utc = strcmp(argv[i], "--utc") == 0;

		if (utc && (allowed & TOOL_PERIOD) != 0)
			words->said.zone = MOMENT_UTC;
		else if (!read_option(words, allowed, argv[i], value))
			return false;
		i += utc ? 1 : 2;
	}
	return read_period(words);
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
	log_set_level(config->log_level);
	status = db_open(config->db, mode, &db, problem);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute: %s\n", problem);
out:
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
