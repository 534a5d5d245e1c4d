/* tool.c: the command line -> one subcommand */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "db.h"
#include "version.h"

/* In the order an operator meets them; the help is printed like this. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} tools[] = {
    {"check", tool_check,
	"validate the configuration; --live also asks the upstreams"},
    {"doctor", tool_doctor,
	"look for what is unsafe: files, secrets, web server, clocks"},
    {"config", tool_config,
	"print every setting with its origin, secrets masked"},
    {"report", tool_report,
	"counts, outcomes and latency percentiles of the decisions"},
    {"events", tool_events,
	"decisions by what they share; `events show ID` tells one's story"},
    {"breaker", tool_breaker,
	"the circuit breakers; `breaker open|close|auto UPSTREAM`"},
    {"pause", tool_pause,
	"how long CXone wants to be left alone; `pause end` ends it"},
    {"token", tool_token,
	"the access token's age and end; `token reseal` changes its key"},
    {"queue", tool_queue,
	"the events that wait: list, show, retry, drop, drain ..."},
    {"prune", tool_prune,
	"delete what is older than it is to be kept; for cron"},
    {"version", tool_version,
	"print the version and what protects the database"},
};

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "usage: stockroute COMMAND [OPTION ...]\n\n");
	for (i = 0; i < sizeof tools / sizeof *tools; i++)
		fprintf(out, "  %-8s  %s\n", tools[i].name, tools[i].help);
	fprintf(out, "\nThe configuration comes from the environment and the "
		     "JSON file that\nSTOCKROUTE_CONFIG names; "
		     "`stockroute config` shows it.\n");
}

int tool_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("stockroute %s\nSQLite %s: %s\n", STOCKROUTE_VERSION,
	    db_sqlite_version(), db_engine());
	return 0;
}

int main(int argc, char **argv)
{
	size_t i;

	db_begin_process();
	/* On stderr, where a script that forgot the command shows it. */
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	for (i = 0; i < sizeof tools / sizeof *tools; i++)
		if (strcmp(argv[1], tools[i].name) == 0)
			return tools[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	fprintf(stderr, "stockroute: unknown command '%s'\n", argv[1]);
	usage(stderr);
	return 2;
}
