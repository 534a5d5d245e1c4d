/* tool_config.c: `stockroute config` -> every setting with its origin */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "routing.h"

#define PROBLEMS_MAX (64 * 1024) /* a line for every setting, and more */

static int print_usage(void)
{
	fputs("usage: stockroute config [--markdown]\n"
	      "  prints every setting, where it comes from, and the routing "
	      "map\n"
	      "  --markdown  prints the table of all settings instead\n",
	    stderr);
	return 2;
}

/* A full disk shows only when the buffer is written out. */
static int finish(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

/* The lines of problems stand for themselves; other failures have a word. */
static int print_problems(enum status status, const struct text *problems)
{
	fputs(text_string(problems), stderr);
	if (status != STATUS_CONFIG_INVALID)
		fprintf(stderr, "stockroute config: %s\n", status_name(status));
	return 1;
}

/* Nothing is printed of a configuration that would not start. */
static int print_all(void)
{
	struct routing *routing = NULL;
	struct config *config = NULL;
	struct text problems;
	enum status status;
	int code;

	text_init(&problems, PROBLEMS_MAX);
	status = config_load(NULL, &config, &problems);
	if (status == STATUS_OK)
		status = routing_load(
		    config->routing, config->file, &problems, &routing);
	if (status != STATUS_OK) {
		code = print_problems(status, &problems);
		goto out;
	}
	config_print(config, stdout);
	printf(
	    "\nrouting (%s)\n", config->routing != NULL ? "file" : "built in");
	routing_print(routing, stdout);
	code = finish();
out:
	routing_free(routing);
	config_free(config);
	text_done(&problems);
	return code;
}

int tool_config(int argc, char **argv)
{
	if (argc == 1)
		return print_all();
	if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
		config_print_markdown(stdout);
		return finish();
	}
	return print_usage();
}
