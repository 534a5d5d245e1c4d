/* sim_main.c: options -> a running simulator, until SIGTERM */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"
#include "sim_control.h"
#include "sim_interaction.h"
#include "sim_inventory.h"
#include "sim_journal.h"
#include "sim_server.h"
#include "sim_token.h"

enum { EXIT_USAGE = 2, THREADS_MAX = 64 };

struct options {
	int port;
	int token_lifetime_s;
	int threads;
	bool no_journal;
	const char *port_file;
	const char *stock_file;
	const char *faults_file;
	const char *client_id;
	const char *client_secret;
};

static bool read_options(struct options *options, int argc, char **argv);
static bool open_sim(
    struct sim *sim, const struct options *options, size_t connections_max);
static bool tell_port(const struct options *options, int port);
static void close_sim(struct sim *sim);

static const struct option names[] = {
    {"port", required_argument, NULL, 'p'},
    {"port-file", required_argument, NULL, 'P'},
    {"stock", required_argument, NULL, 's'},
    {"faults", required_argument, NULL, 'f'},
    {"client-id", required_argument, NULL, 'i'},
    {"client-secret", required_argument, NULL, 'c'},
    {"token-lifetime", required_argument, NULL, 'l'},
    {"threads", required_argument, NULL, 't'},
    {"no-journal", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: stockroute-sim [--port N] [--port-file PATH] [--stock FILE]\n"
    "    [--faults FILE] [--client-id ID] [--client-secret SECRET]\n"
    "    [--token-lifetime SECONDS] [--threads N] [--no-journal]\n";

/* The number in text if it lies in min..max; else -1. */
static int number(const char *text, long min, long max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < min || value > max)
		return -1;
	return (int)value;
}

static bool read_option(struct options *options, int letter)
{
	switch (letter) {
	case 'p':
		options->port = number(optarg, 0, 65535);
		return options->port >= 0;
	case 'l':
		options->token_lifetime_s = number(optarg, 0, 1000000000);
		return options->token_lifetime_s >= 0;
	case 't':
		options->threads = number(optarg, 1, THREADS_MAX);
		return options->threads >= 0;
	case 'P':
		options->port_file = optarg;
		return true;
	case 's':
		options->stock_file = optarg;
		return true;
	case 'f':
		options->faults_file = optarg;
		return true;
	case 'i':
		options->client_id = optarg;
		return true;
	case 'c':
		options->client_secret = optarg;
		return true;
	case 'n':
		options->no_journal = true;
		return true;
	default:
		return false;
	}
}

static bool read_options(struct options *options, int argc, char **argv)
{
	bool good = true;
	int letter;

	do {
		letter = getopt_long(argc, argv, "", names, NULL);
		if (letter >= 0)
			good = read_option(options, letter);
	} while (letter >= 0 && good);
	good = good && optind == argc;
	if (!good)
		fputs(usage, stderr);
	return good;
}

static bool open_sim(
    struct sim *sim, const struct options *options, size_t connections_max)
{
	/* Seeded before the threads start, not by whichever is first. */
	json_object_seed(0);
	if (!options->no_journal)
		sim->journal = journal_new();
	sim->stats = stats_new();
	sim->faults = faults_new();
	sim->tokens = tokens_new(options->client_id, options->client_secret,
	    options->token_lifetime_s);
	sim->interactions = interactions_new();
	sim->stock = stock_new();
	sim->park = park_new(connections_max);
	if ((!sim->journal && !options->no_journal) || !sim->stats ||
	    !sim->faults || !sim->tokens || !sim->interactions || !sim->stock ||
	    !sim->park) {
		fputs("out of memory\n", stderr);
		return false;
	}
	return control_load(sim, options->stock_file, options->faults_file);
}

static void close_sim(struct sim *sim)
{
	park_free(sim->park);
	stock_free(sim->stock);
	interactions_free(sim->interactions);
	tokens_free(sim->tokens);
	faults_free(sim->faults);
	stats_free(sim->stats);
	journal_free(sim->journal);
	json_decref(sim->start_faults);
}

static bool write_port_file(const char *path, int port)
{
	char aside[4096];
	FILE *file;
	int length =
	    snprintf(aside, sizeof aside, "%s.%d", path, (int)getpid());

	if (length < 0 || (size_t)length >= sizeof aside)
		return false;
	file = fopen(aside, "w");
	if (!file)
		return false;
	fprintf(file, "%d\n", port);
	return !fclose(file) && !rename(aside, path);
}

static bool tell_port(const struct options *options, int port)
{
	if (options->port_file && !write_port_file(options->port_file, port)) {
		perror(options->port_file);
		return false;
	}
	printf("listening on http://127.0.0.1:%d\n", port);
	fflush(stdout);
	return true;
}

/* Serves until a signal asks for the end. Returns the exit code. */
static int run(struct sim *sim, const struct options *options,
    const sigset_t *ends, unsigned connections_max)
{
	struct MHD_Daemon *daemon = NULL;
	int code = EXIT_FAILURE, port = 0, caught;
	int fd = server_listen(options->port, &port);

	if (fd < 0) {
		perror("listen");
		goto out;
	}
	daemon =
	    server_start(sim, fd, (unsigned)options->threads, connections_max);
	if (!daemon) {
		fputs("cannot start the server\n", stderr);
		close(fd);
		goto out;
	}
	if (!tell_port(options, port))
		goto out;
	sigwait(ends, &caught);
	code = EXIT_SUCCESS;
out:
	/* First the park: the server must find nobody suspended. */
	park_close(sim->park);
	if (daemon)
		MHD_stop_daemon(daemon);
	return code;
}

int main(int argc, char **argv)
{
	struct options options = {.token_lifetime_s = 3600, .threads = 1};
	unsigned connections_max = server_connections_max();
	struct sim sim = {0};
	sigset_t ends;
	int code = EXIT_FAILURE;

	if (!read_options(&options, argc, argv))
		return EXIT_USAGE;
	/* Blocked before any thread starts, so that only sigwait sees them. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (open_sim(&sim, &options, connections_max))
		code = run(&sim, &options, &ends, connections_max);
	else if (sim.park)
		park_close(sim.park);
	close_sim(&sim);
	return code;
}
