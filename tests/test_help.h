#ifndef TEST_HELP_H
#define TEST_HELP_H

/*
 * What the tests of the network's modules share: a running simulator
 * (tests/sim/README.md), asked over plain blocking sockets, and the loop,
 * the store and the network in a directory of their own. Every wait is
 * bounded.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "breaker.h"
#include "clock.h"
#include "config.h"
#include "http.h"
#include "log.h"
#include "loop.h"
#include "retry.h"
#include "store.h"
#include "throttle.h"
#include "token.h"

#define HELP_ANSWER_MAX (8 << 20) /* bytes of a control answer */
#define HELP_WAIT_MS    10000

struct world {
	pid_t sim;
	int port;
	char url[64]; /* of the simulator, no slash at its end */
	char dir[64];
	int databases; /* made so far: each test has a fresh one */
	struct config config;
	struct loop *loop;
	struct store *store; /* NULL where not opened; so the rest */
	struct http *http;
	struct breaker *breaker;
	struct keyring *keyring;
	struct token *token;
	struct throttle *throttle;
};

static inline void help_nap_ms(long ms)
{
	const struct timespec nap = {
	    .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&nap, NULL);
}

/* --- the simulator --- */

static inline int help_connect(int port)
{
	const struct timeval patience = {.tv_sec = HELP_WAIT_MS / 1000};
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		fail_msg("the simulator does not listen on %d", port);
	return fd;
}

/* Asks a control path; the answer's JSON is the caller's. */
static inline json_t *sim_ask(const struct world *world, const char *method,
    const char *path, const char *body)
{
	char *answer = malloc(HELP_ANSWER_MAX);
	int fd = help_connect(world->port);
	size_t length = 0;
	ssize_t got = 1;
	json_t *json;

	assert_non_null(answer);
	dprintf(fd,
	    "%s /control/%s HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    method, path, strlen(body), body);
	while (got > 0 && length < HELP_ANSWER_MAX - 1) {
		got = read(fd, answer + length, HELP_ANSWER_MAX - 1 - length);
		length += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	answer[length] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
		fail_msg("%s %s: %s", method, path, answer);
	json = json_loads(strstr(answer, "\r\n\r\n") + 4, 0, NULL);
	assert_non_null(json);
	free(answer);
	return json;
}

static inline void sim_tell(const struct world *world, const char *method,
    const char *path, const char *body)
{
	json_decref(sim_ask(world, method, path, body));
}

static inline void sim_faults(const struct world *world, const char *faults)
{
	sim_tell(world, "PUT", "faults", faults);
}

/* What was asked since the last reset; json_decref it. */
static inline json_t *sim_journal(const struct world *world)
{
	return sim_ask(world, "GET", "journal", "");
}

/* A number of the simulator's statistics: "token", "inflight_max" ... */
static inline int sim_stat(const struct world *world, const char *name)
{
	json_t *stats = sim_ask(world, "GET", "stats", "");
	int value = (int)json_integer_value(json_object_get(stats, name));

	json_decref(stats);
	return value;
}

/* A member of the n-th request in a journal, "" when it is not there. */
static inline const char *journal_text(
    const json_t *journal, size_t n, const char *name)
{
	const char *text = json_string_value(
	    json_object_get(json_array_get(journal, n), name));

	return text != NULL ? text : "";
}

static inline const char *journal_header(
    const json_t *journal, size_t n, const char *name)
{
	const char *text = json_string_value(json_object_get(
	    json_object_get(json_array_get(journal, n), "headers"), name));

	return text != NULL ? text : "";
}

static inline int64_t journal_int(
    const json_t *journal, size_t n, const char *name)
{
	return json_integer_value(
	    json_object_get(json_array_get(journal, n), name));
}

static inline int help_read_port(const char *path)
{
	char digits[16] = "";
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return 0;
	if (fgets(digits, sizeof digits, file) == NULL)
		digits[0] = '\0';
	fclose(file);
	return (int)strtol(digits, NULL, 10);
}

/* The child dies with this process, so a failed test leaves none behind. */
static inline void help_run_sim(const char *port_file)
{
	const char *program = getenv("STOCKROUTE_SIM");

	if (program == NULL)
		program = "build/stockroute-sim";
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stdout) != NULL)
		execl(program, program, "--port-file", port_file, "--client-id",
		    "client", "--client-secret", "secret", (char *)NULL);
	perror(program);
	_exit(1);
}

/* --- a world: set up for a group of tests, then for each --- */

static inline int world_start(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	char port_file[96];
	int left_ms = HELP_WAIT_MS;

	assert_non_null(world);
	log_set_level(LOG_ERROR);
	snprintf(world->dir, sizeof world->dir, "/tmp/stockroute_test_XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	snprintf(port_file, sizeof port_file, "%s/port", world->dir);
	world->sim = fork();
	assert_true(world->sim >= 0);
	if (world->sim == 0)
		help_run_sim(port_file);
	while (world->port == 0 && left_ms-- > 0) {
		help_nap_ms(1);
		world->port = help_read_port(port_file);
	}
	assert_true(world->port > 0);
	snprintf(
	    world->url, sizeof world->url, "http://127.0.0.1:%d", world->port);
	*state = world;
	return 0;
}

static inline int world_end(void **state)
{
	struct world *world = *state;
	char command[96];

	kill(world->sim, SIGTERM);
	waitpid(world->sim, NULL, 0);
	snprintf(command, sizeof command, "rm -rf %s", world->dir);
	assert_int_equal(system(command), 0);
	free(world);
	return 0;
}

/* The configuration as the README has it, but with short waits. */
static inline void help_configure(struct world *world)
{
	struct config *config = &world->config;

	memset(config, 0, sizeof *config);
	snprintf(config->db, sizeof config->db, "%s/%d.db", world->dir,
	    ++world->databases);
	snprintf(config->cxone_base_url, sizeof config->cxone_base_url, "%s",
	    world->url);
	snprintf(config->inventory_api_url, sizeof config->inventory_api_url,
	    "%s/inventory", world->url);
	strcpy(config->cxone_client_id, "client");
	strcpy(config->cxone_client_secret, "secret");
	config->cxone_timeout_us = 2 * CLOCK_SECOND;
	config->cxone_retries = 3;
	config->cxone_backoff_us = 20 * CLOCK_MS;
	config->cxone_jitter_us = 10 * CLOCK_MS;
	config->retry_schedule = BACKOFF_BUILTIN;
	config->retry_budget = RETRY_BUDGET_DEFAULT;
	config->inventory_timeout_us = 300 * CLOCK_MS;
	config->event_deadline_us = 10 * CLOCK_SECOND;
	config->inflight_max = 64;
	config->transfers_max = 16;
	config->log_level = LOG_ERROR;
}

/* Before each test: a simulator as at its start, a loop, no more yet. */
static inline int world_open(void **state)
{
	struct world *world = *state;

	sim_tell(world, "POST", "reset", "");
	sim_tell(world, "PUT", "stock", "{\"*\":\"in_stock\"}");
	help_configure(world);
	world->loop = loop_new();
	assert_non_null(world->loop);
	return 0;
}

static inline bool help_open_keyring(struct world *world)
{
	struct text problems;
	bool opened;

	text_init(&problems, 1000);
	opened = keyring_open(&world->config, true, &world->keyring,
		     &problems) == STATUS_OK;
	if (!opened)
		fprintf(stderr, "%s", text_string(&problems));
	text_done(&problems);
	return opened;
}

/*
 * Store, network and token for this process; not before a fork. Asserts
 * nothing: in a child a failed assertion would go on with other tests.
 */
static inline bool world_try_connect(struct world *world)
{
	const struct config *config = &world->config;
	char problem[DB_PROBLEM_BYTES];

	if (store_open(world->loop, config->db, &world->store, problem) !=
	    STATUS_OK)
		return false;
	world->http = http_new(world->loop, (size_t)config->transfers_max,
	    (size_t)config->inflight_max + 1);
	if (world->http == NULL)
		return false;
	world->breaker =
	    breaker_new(config, world->loop, world->store, world->http);
	if (world->breaker == NULL)
		return false;
	if (!help_open_keyring(world))
		return false;
	world->token = token_new(
	    config, world->loop, world->store, world->breaker, world->keyring);
	world->throttle = throttle_new(world->loop, world->store,
	    config->cxone_base_url, config->retry_budget);
	return world->token != NULL && world->throttle != NULL;
}

static inline void world_connect(struct world *world)
{
	assert_true(world_try_connect(world));
}

/* The store first: a job of token's may be on its way. */
static inline void world_disconnect(struct world *world)
{
	store_close(world->store);
	throttle_free(world->throttle);
	token_free(world->token);
	keyring_free(world->keyring);
	breaker_free(world->breaker);
	http_free(world->http);
	world->store = NULL;
	world->throttle = NULL;
	world->token = NULL;
	world->keyring = NULL;
	world->breaker = NULL;
	world->http = NULL;
}

/* As a process that ends and starts anew, on the same loop. */
static inline void world_begin_again(struct world *world)
{
	world_disconnect(world);
	world_connect(world);
}

/* After each test. */
static inline int world_close(void **state)
{
	struct world *world = *state;

	world_disconnect(world);
	loop_free(world->loop);
	world->loop = NULL;
	return 0;
}

/* Runs SQL on the database as a stranger would; its first number. */
static inline int64_t world_sql(const struct world *world, const char *text)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *raw = NULL;
	int64_t value = 0;

	assert_int_equal(sqlite3_open(world->config.db, &raw), SQLITE_OK);
	sqlite3_busy_timeout(raw, 5000);
	assert_int_equal(
	    sqlite3_prepare_v2(raw, text, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	sqlite3_close(raw);
	return value;
}

/* A port that was just free and that nobody listens on. */
static inline int dead_port(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	getsockname(fd, (struct sockaddr *)&address, &length);
	close(fd);
	return ntohs(address.sin_port);
}

/* --- time --- */

/*
 * A duration from so many to so many ms. curl counts whole milliseconds
 * and the loop's clock may be a turn old: a little less is no haste.
 */
static inline void assert_took(int64_t took_us, int from_ms, int to_ms)
{
	if (took_us < (from_ms - 5) * CLOCK_MS || took_us > to_ms * CLOCK_MS)
		fail_msg("took %lld us, not %d to %d ms", (long long)took_us,
		    from_ms, to_ms);
}

/* --- running the loop, never for ever --- */

struct help_run {
	struct loop *loop;
	const int *count;
	int wanted;
	int64_t until_us;
	struct loop_timer timer;
};

static inline void help_tick(void *arg)
{
	struct help_run *run = arg;
	int64_t now_us = clock_mono_us();

	if (*run->count >= run->wanted || now_us >= run->until_us)
		loop_stop(run->loop);
	else
		loop_timer_set(run->loop, &run->timer, now_us + CLOCK_MS);
}

/* Runs the loop till *count is wanted; false: most_ms were not enough. */
static inline bool run_until(
    struct loop *loop, const int *count, int wanted, int most_ms)
{
	struct help_run run = {
	    .loop = loop,
	    .count = count,
	    .wanted = wanted,
	    .until_us = clock_mono_us() + most_ms * CLOCK_MS,
	};

	loop_timer_init(&run.timer, help_tick, &run);
	loop_timer_set(loop, &run.timer, 0);
	loop_run(loop);
	return *count >= wanted;
}

/* Runs the loop for a time, whatever happens. */
static inline void run_for(struct loop *loop, int ms)
{
	const int never = 0;

	run_until(loop, &never, 1, ms);
}

/* A test of a group that world_start began. */
#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

#endif
