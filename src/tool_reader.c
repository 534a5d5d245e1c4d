/* tool_reader.c: a subcommand's words -> what to read, and from where */
#include "tool_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "log.h"
#include "text.h"

#define PROBLEMS_MAX  65536
#define DEFAULT_SINCE "24h"
#define DEFAULT_LIMIT 20

static bool read_since(struct tool_words *words, const char *value)
{
	words->since = value;
	return report_since(value, clock_wall_us(), &words->since_us);
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
	for (int i = 0; i < TABLE_FORMAT_COUNT; i++) {
		enum table_format format = (enum table_format)i;

		if (strcmp(value, table_format_name(format)) == 0) {
			words->format = format;
			return true;
		}
	}
	return false;
}

/* `expected` is what is said when `read` does not take the value. */
static const struct {
	const char *name;
	enum tool_word word;
	bool (*read)(struct tool_words *words, const char *value);
	const char *expected;
} options[] = {
    {"--since", TOOL_SINCE, read_since, "90s, 30m, 24h, 7d or all"},
    {"--by", TOOL_BY, read_by,
	"step, hour, status, inventory, media or outcome"},
    {"--limit", TOOL_LIMIT, read_limit, "1 to 10000"},
    {"--format", TOOL_FORMAT, read_format, "text, csv or json"},
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

bool tool_read_words(int argc, char **argv, int first, unsigned allowed,
    struct tool_words *words)
{
	*words = (struct tool_words){
	    .by = REPORT_BY_STEP,
	    .limit = DEFAULT_LIMIT,
	    .format = TABLE_TEXT,
	};
	/* As if it had been given: since_us depends on the clock. */
	read_since(words, DEFAULT_SINCE);
	for (int i = first; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!read_option(words, allowed, argv[i], value))
			return false;
	}
	return true;
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
