/* cases.c: a mode and the directories of tests/cases -> which ones hold */
#include "cases.h"

#include <curl/curl.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_http.h"

#define WHY_BYTES 65536
/* Most cases wait: for an upstream that hangs, a server that starts. */
#define WORKERS 2

/* What a worker has played. */
struct played {
	int passed;
	int failed;
	bool ended; /* it came to the end of its share */
};

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
    {"apache-proxy-streamed", true, server_begin, server_post,
	simulator_journal, server_end},
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

/* Prints the directory's name as the sentence it is, in one write: the
 * workers share the terminal. */
static void print_result(bool good, const char *name, const struct text *why)
{
	const char *sentence = strchr(name, '-');
	struct text line;
	size_t i;

	text_init(&line, 2 * WHY_BYTES);
	text_add(&line, good ? "ok - " : "not ok - ");
	i = line.length;
	text_add(&line, sentence != NULL ? sentence + 1 : name);
	for (; i < line.length; i++) {
		if (line.bytes[i] == '-')
			line.bytes[i] = ' ';
	}
	text_add(&line, "\n");
	text_add(&line, text_string(why));
	fputs(text_string(&line), stdout);
	fflush(stdout);
	text_done(&line);
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

/* Plays one case and counts it. */
static void play_one(
    struct run *run, const char *name, int number, struct played *tally)
{
	char path[CASE_PATH_BYTES];
	struct text why;
	bool good;

	text_init(&why, WHY_BYTES);
	snprintf(path, sizeof path, "%s/%s", run->cases, name);
	good = play_case(run, path, number, &why);
	print_result(good, name, &why);
	if (good)
		tally->passed++;
	else
		tally->failed++;
	text_done(&why);
}

/* Plays every WORKERS-th of those that are wanted. */
static void play_share(
    struct run *run, char **wanted, int worker, struct played *tally)
{
	struct dirent **entries = NULL;
	int count = scandir(run->cases, &entries, NULL, alphasort);
	int number = 0;
	int i;

	for (i = 0; i < count; i++) {
		if (is_wanted(entries[i]->d_name, wanted)) {
			if (number % WORKERS == worker)
				play_one(
				    run, entries[i]->d_name, number, tally);
			number++;
		}
		free(entries[i]);
	}
	free(entries);
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

static bool open_run(struct run *run, struct text *why)
{
	snprintf(
	    run->upstream_url, sizeof run->upstream_url, "%s", FAKE_HTTP_BASE);
	if (mkdir(run->dir, 0755) != 0)
		return false;
	if (!run->mode->has_sim)
		return true;
	if (!sim_start(&run->sim, run->sim_program, run->dir, why))
		return false;
	snprintf(
	    run->upstream_url, sizeof run->upstream_url, "%s", run->sim.url);
	return true;
}

/* A process of its own, with a simulator and a directory of its own. */
static void work(
    struct run *run, char **wanted, int worker, struct played *tally)
{
	struct text why;

	text_init(&why, WHY_BYTES);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (open_run(run, &why)) {
		play_share(run, wanted, worker, tally);
		tally->ended = true;
	}
	fputs(text_string(&why), stderr);
	sim_stop(&run->sim);
	curl_global_cleanup();
	text_done(&why);
}

/* The counts are shared with the workers. */
static struct played *start_workers(
    const struct run *run, char **wanted, pid_t pids[WORKERS])
{
	struct played *tallies = mmap(NULL, WORKERS * sizeof *tallies,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i;

	if (tallies == MAP_FAILED)
		abort();
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		/* exit, not _exit: sanitizers report at the end. */
		if (pids[i] == 0) {
			struct run own = *run;

			snprintf(
			    own.dir, sizeof own.dir, "%.48s/%d", run->dir, i);
			work(&own, wanted, i, &tallies[i]);
			exit(0);
		}
	}
	return tallies;
}

/* True when all was played and holds. What failed keeps its logs. */
static bool end_workers(const struct run *run, const struct played *tallies,
    const pid_t pids[WORKERS])
{
	int passed = 0;
	int failed = 0;
	bool ended = true;
	int i;

	/* A worker that crashed has counted less than its share. */
	for (i = 0; i < WORKERS; i++) {
		int status = 1;

		waitpid(pids[i], &status, 0);
		ended = ended && status == 0 && tallies[i].ended;
		passed += tallies[i].passed;
		failed += tallies[i].failed;
	}
	printf("%s: %d passed, %d failed%s\n", run->mode->name, passed, failed,
	    ended ? "" : ", and the run broke off");
	if (ended && failed == 0)
		remove_tree(run->dir);
	/* Nothing played is nothing proved. */
	return ended && failed == 0 && passed > 0;
}

int main(int argc, char **argv)
{
	struct run run = {
	    .cases = "tests/cases", .server_script = "tests/servers/server.sh"};
	char fcgi[PATH_MAX];
	char sim[PATH_MAX];
	struct played *tallies;
	pid_t pids[WORKERS];

	run.mode = argc > 1 ? find_mode(argv[1]) : NULL;
	if (run.mode == NULL)
		return print_usage();
	find_program("STOCKROUTE_FCGI", "", "cgi-bin/stockroute.fcgi", fcgi);
	find_program("STOCKROUTE_SIM", argv[0], "stockroute-sim", sim);
	run.fcgi = fcgi;
	run.sim_program = sim;
	/* server.sh looks there too, from another directory. */
	setenv("STOCKROUTE_FCGI", fcgi, 1);
	snprintf(run.dir, sizeof run.dir, "/tmp/stockroute-cases-XXXXXX");
	/* Web servers drop root, so the directory must let others in. */
	if (mkdtemp(run.dir) == NULL || chmod(run.dir, 0755) != 0)
		return EXIT_FAILURE;
	/* Before any thread: curl and the program's store have theirs in
	 * the workers. */
	tallies = start_workers(&run, argv + 2, pids);
	return end_workers(&run, tallies, pids) ? 0 : EXIT_FAILURE;
}
