/* tool_doctor.c: stockroute doctor -> each thing that makes it safe, or not */
#include "tool_doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "tool.h"

#define PROBLEMS_MAX 65536
#define FOUND_BYTES  2048

static const char usage[] =
    "usage: stockroute doctor [--docroot DIR] [--server-config FILE]"
    " [--url URL]\n"
    "                         [--live] [--format text]\n"
    "\n"
    "  --docroot        a folder that the web server shows to the world\n"
    "  --server-config  a file of Apache's or lighttpd's; what it includes\n"
    "                   is not looked at\n"
    "  --url            the web server's own address, https://host, which\n"
    "                   is asked for what it should not give\n"
    "  --live           compare our clock with CXone's and the inventory's\n"
    "  --format         " TABLE_FORMATS "\n"
    "\n"
    "The first three can be given several times. Run it as the user that the\n"
    "program runs as. Exit code 1: something failed.\n";

static const char *const verdicts[DOCTOR_VERDICT_COUNT] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_WARN] = "warn",
    [DOCTOR_FAIL] = "fail",
};

/* ---- What is told -------------------------------------------------------- */

void doctor_tell(struct doctor *doctor, enum doctor_verdict verdict,
    const char *check, const char *remedy, const char *format, ...)
{
	char found[FOUND_BYTES];
	/* In the order of make_table's columns. No remedy is no value there. */
	const char *cells[] = {
	    verdicts[verdict], check, found, *remedy != '\0' ? remedy : NULL};
	va_list args;

	va_start(args, format);
	vsnprintf(found, sizeof found, format, args);
	va_end(args);
	doctor->counts[verdict]++;
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		if (table_cell(doctor->table, cells[i]) != STATUS_OK)
			doctor->failed = true;
}

static bool make_table(struct doctor *doctor)
{
	static const char *const names[] = {
	    "verdict", "check", "found", "remedy"};

	doctor->table = table_new();
	if (!doctor->table)
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (table_column(doctor->table, names[i], TABLE_WORD) !=
		    STATUS_OK)
			return false;
	return true;
}

/* Not table_print's text: its columns are too wide for whole sentences. */
static void print_row(const struct table *table, size_t row)
{
	const char *remedy = table_text(table, row, 3);

	printf("%-4s  %-22s  ", table_text(table, row, 0),
	    table_text(table, row, 1));
	table_print_safe(table_text(table, row, 2), stdout);
	if (remedy) {
		fputs("; ", stdout);
		table_print_safe(remedy, stdout);
	}
	putchar('\n');
}

static enum status print(const struct doctor *doctor)
{
	if (doctor->format != TABLE_TEXT)
		return table_print(doctor->table, doctor->format, stdout);
	for (size_t row = 0; row < table_rows(doctor->table); row++)
		print_row(doctor->table, row);
	printf("%zu ok, %zu warn, %zu fail\n", doctor->counts[DOCTOR_OK],
	    doctor->counts[DOCTOR_WARN], doctor->counts[DOCTOR_FAIL]);
	/* A full disk may show only now. */
	return fflush(stdout) == 0 && !ferror(stdout) ? STATUS_OK : STATUS_IO;
}

/* ---- What is asked ------------------------------------------------------- */

bool doctor_add(struct doctor_list *list, const char *item)
{
	if (list->count == DOCTOR_LIST_MAX)
		return false;
	list->items[list->count++] = item;
	return true;
}

static bool read_option(
    struct doctor *doctor, const char *name, const char *value)
{
	if (strcmp(name, "--docroot") == 0)
		return doctor_add(&doctor->docroots, value);
	if (strcmp(name, "--server-config") == 0)
		return doctor_add(&doctor->server_configs, value);
	if (strcmp(name, "--url") == 0)
		return doctor_add(&doctor->urls, value);
	if (strcmp(name, "--format") == 0)
		return table_read_format(value, &doctor->format);
	return false;
}

static bool read_words(struct doctor *doctor, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		/* The only word without a value. */
		if (strcmp(argv[i], "--live") == 0) {
			doctor->live = true;
			continue;
		}
		if (i + 1 == argc ||
		    !read_option(doctor, argv[i], argv[i + 1])) {
			fprintf(stderr,
			    "stockroute: '%s' is not understood here\n",
			    argv[i]);
			return false;
		}
		i++;
	}
	return true;
}

/* ---- The configuration --------------------------------------------------- */

/* Each line of problems names its remedy itself. */
static void tell_problems(struct doctor *doctor, const char *problems)
{
	while (*problems != '\0') {
		size_t length = strcspn(problems, "\n");

		doctor_tell(doctor, DOCTOR_FAIL, "configuration", "", "%.*s",
		    (int)length, problems);
		problems += length + (problems[length] == '\n');
	}
}

static void load(struct doctor *doctor)
{
	struct text problems;

	text_init(&problems, PROBLEMS_MAX);
	if (config_load(NULL, &doctor->config, &problems) != STATUS_OK)
		tell_problems(doctor, text_string(&problems));
	else
		doctor_tell(doctor, DOCTOR_OK, "configuration", "", "%s loads",
		    doctor->config->file[0] != '\0' ? doctor->config->file
						    : "the environment");
	text_done(&problems);
}

/* The server's files come first: they may name document roots. */
static void check(struct doctor *doctor)
{
	/*
	 * It needs no configuration, and what it finds may be why there is
	 * none.
	 */
	doctor_check_process(doctor);
	load(doctor);
	if (!doctor->config) {
		doctor_tell(doctor, DOCTOR_FAIL, "all else",
		    "mend the configuration first", "was not looked at");
		return;
	}
	doctor_check_settings(doctor);
	doctor_check_servers(doctor);
	doctor_check_files(doctor);
	doctor_check_web(doctor);
}

int tool_doctor(int argc, char **argv)
{
	struct doctor *doctor = calloc(1, sizeof *doctor);
	enum status status;
	int code = 1;

	if (!doctor)
		return 1;
	if (!read_words(doctor, argc, argv)) {
		fputs(usage, stderr);
		code = 2;
		goto out;
	}
	if (!make_table(doctor))
		goto out;
	check(doctor);
	/* Better nothing than a table without the line that failed. */
	if (doctor->failed) {
		fprintf(stderr, "stockroute doctor: out of memory\n");
		goto out;
	}
	status = print(doctor);
	if (status != STATUS_OK) {
		fprintf(stderr, "stockroute doctor: %s\n", status_name(status));
		goto out;
	}
	code = doctor->counts[DOCTOR_FAIL] == 0 ? 0 : 1;
out:
	config_free(doctor->config);
	table_free(doctor->table);
	free(doctor);
	return code;
}
