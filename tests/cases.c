/* cases.c: a mode and the directories of tests/cases -> which ones hold */
#include "cases.h"

#include <curl/curl.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_http.h"

#define WHY_BYTES 65536

static const struct mode modes[] = {
    {"memory", false, memory_begin, memory_post, memory_journal, memory_end},
    {"cgi", true, cgi_begin, cgi_post, simulator_journal, cgi_end},
    {"lighttpd-spawn", true, server_begin, server_post, simulator_journal,
	server_end},
    {"lighttpd-socket", true, server_begin, server_post, simulator_journal,
	server_end},
    {"lighttpd-cgi", true, server_begin, server_post, simulator_journal,
	server_end},
    {"apache-proxy", true, server_begin, server_post, simulator_journal,
	server_end},
    {"apache-fcgid", true, server_begin, server_post, simulator_journal,
	server_end},
    {"apache-cgi", true, server_begin, server_post, simulator_journal,
	server_end},
    {"apache-htaccess", true, server_begin, server_post, simulator_journal,
	server_end},
    {"apache-htaccess-cgi", true, server_begin, server_post, simulator_journal,
	server_end},
};

static const struct mode *find_mode(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	}
	return NULL;
}

static int print_usage(void)
{
	size_t i;

	fprintf(stderr, "usage: cases MODE [CASE...]\n"
			"CASE is a part of a directory's name; modes:\n");
	for (i = 0; i < sizeof modes / sizeof modes[0]; i++)
		fprintf(stderr, "    %s\n", modes[i].name);
	return 2;
}

/* Prints the directory's name as the sentence it is. */
static void print_result(bool good, const char *name, const struct text *why)
{
	const char *sentence = strchr(name, '-');

	sentence = sentence != NULL ? sentence + 1 : name;
	printf("%s - ", good ? "ok" : "not ok");
	for (; *sentence != '\0'; sentence++)
		putchar(*sentence == '-' ? ' ' : *sentence);
	printf("\n%s", text_string(why));
	fflush(stdout);
}

/* True when no names were asked for, or one of them is in name. */
static bool is_wanted(const char *name, char **wanted)
{
	if (name[0] < '0' || name[0] > '9')
		return false;
	if (*wanted == NULL)
		return true;
	while (*wanted != NULL && strstr(name, *wanted) == NULL)
		wanted++;
	return *wanted != NULL;
}

/* Plays all that are wanted; returns how many did not hold. */
static int play_all(struct run *run, char **wanted)
{
	struct dirent **entries = NULL;
	int count = scandir(run->cases, &entries, NULL, alphasort);
	int counts[2] = {0, 0};
	int i;

	for (i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		char path[CASE_PATH_BYTES];
		struct text why;
		bool good;

		if (!is_wanted(name, wanted))
			continue;
		text_init(&why, WHY_BYTES);
		snprintf(path, sizeof path, "%s/%s", run->cases, name);
		good = play_case(run, path, i, &why);
		print_result(good, name, &why);
		counts[good]++;
		text_done(&why);
	}
	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	printf("%s: %d passed, %d failed\n", run->mode->name, counts[true],
	    counts[false]);
	/* Nothing played is nothing proved. */
	return counts[true] + counts[false] == 0 ? 1 : counts[false];
}

/* The value of an environment variable or the path beside the runner. */
static void find_program(const char *variable, const char *beside,
    const char *name, char path[PATH_MAX])
{
	char joined[PATH_MAX];
	const char *given = getenv(variable);
	const char *slash = strrchr(beside, '/');

	if (given != NULL)
		snprintf(joined, sizeof joined, "%s", given);
	else
		snprintf(joined, sizeof joined, "%.*s%s",
		    slash != NULL ? (int)(slash - beside + 1) : 0, beside,
		    name);
	if (realpath(joined, path) == NULL)
		snprintf(path, PATH_MAX, "%s", joined);
}

/* Web servers drop root, so the directory must let others in. */
static bool open_run(struct run *run, const char *sim, struct text *why)
{
	snprintf(run->dir, sizeof run->dir, "/tmp/stockroute-cases-XXXXXX");
	if (mkdtemp(run->dir) == NULL || chmod(run->dir, 0755) != 0)
		return false;
	snprintf(
	    run->upstream_url, sizeof run->upstream_url, "%s", FAKE_HTTP_BASE);
	if (!run->mode->has_sim)
		return true;
	if (!sim_start(&run->sim, sim, run->dir, why))
		return false;
	snprintf(
	    run->upstream_url, sizeof run->upstream_url, "%s", run->sim.url);
	return true;
}

/* What failed keeps its logs. */
static void close_run(struct run *run, int failed)
{
	sim_stop(&run->sim);
	if (failed == 0)
		remove_tree(run->dir);
}

int main(int argc, char **argv)
{
	struct run run = {
	    .cases = "tests/cases", .server_script = "tests/servers/server.sh"};
	char fcgi[PATH_MAX];
	char sim[PATH_MAX];
	struct text why;
	int failed = 1;

	run.mode = argc > 1 ? find_mode(argv[1]) : NULL;
	if (run.mode == NULL)
		return print_usage();
	find_program("STOCKROUTE_FCGI", "", "cgi-bin/stockroute.fcgi", fcgi);
	find_program("STOCKROUTE_SIM", argv[0], "stockroute-sim", sim);
	run.fcgi = fcgi;
	setenv("STOCKROUTE_FCGI", fcgi, 1);
	text_init(&why, WHY_BYTES);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (open_run(&run, sim, &why))
		failed = play_all(&run, argv + 2);
	else
		fprintf(stderr, "the run cannot begin\n%s", text_string(&why));
	close_run(&run, failed);
	curl_global_cleanup();
	text_done(&why);
	return failed != 0;
}
