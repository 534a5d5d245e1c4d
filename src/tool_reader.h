#ifndef TOOL_READER_H
#define TOOL_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "config_terminal.h"
#include "db.h"
#include "figures.h"
#include "period.h"
#include "report.h"
#include "table.h"

/* What the subcommands that use the database share. */
enum tool_word {
	TOOL_SINCE = 1,
	TOOL_REPORT = 2, /* --by --versus --slo --exact --color, and
		--format with html */
	TOOL_LIMIT = 4,
	TOOL_FORMAT = 8,
	TOOL_PERIOD = 16 /* --during, --from, --to, --utc */
};

struct tool_words {
	struct period_words said;
	struct period period; /* what they mean now */
	int limit;
	enum table_format format;

	/* Of TOOL_REPORT. */
	enum figures_by by;
	const char *versus; /* NULL: nothing to compare with */
	struct period versus_period;
	int64_t slo_us; /* 0: no aim */
	double slo_target;
	bool exact;
	bool html; /* whatever format says */
	enum terminal_color color;
};

/*
 * Reads "--since 24h" and the like from argv[first] on. allowed: those of
 * enum tool_word that this subcommand has. What is not given keeps its
 * default: the last 24 hours, step, 20, text. False: what is wrong was
 * printed.
 */
bool tool_read_words(int argc, char **argv, int first, unsigned allowed,
    struct tool_words *words);

/*
 * Opens the configured database as db_open does, by the few settings that this
 * needs: secrets may be out of the caller's reach. NULL: the reason and the
 * remedy were printed. Close with db_close.
 */
struct db *tool_open_db(enum db_mode mode);

/* The same; *config has the queue's caps and RETENTION_*. Free it with
 * config_free. */
struct db *tool_open_capped(enum db_mode mode, struct config **config);

/* The same; *config has what keyring_open needs. Free it with config_free. */
struct db *tool_open_keyed(enum db_mode mode, struct config **config);

#endif
