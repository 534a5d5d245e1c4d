#ifndef TEST_BREAKER_H
#define TEST_BREAKER_H

/* A program with a breaker before a simulator, for the test_breaker*.c. */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>

#include <cmocka.h>

#include "breaker.h"
#include "breaker_row.h"
#include "test_help.h"

#define OPEN_MS   500 /* less or more by a fifth */
#define CALLS_MIN 10
#define AT_ONCE   (50 * CLOCK_MS) /* no wait for an upstream is so short */

struct asked {
	struct breaker_call call;
	char url[128];
	int *ended;
	bool returned;
	bool too_early;
	enum status status;
	long code;
	char problem[96];
	int64_t asked_us;
	int64_t took_us;
};

static inline int open_breaker(void **state)
{
	struct world *world = *state;
	struct config *config = &world->config;

	world_open(state);
	config->inventory_timeout_us = 600 * CLOCK_MS;
	config->breaker = CONFIG_ON;
	config->breaker_min_calls = CALLS_MIN;
	config->breaker_open_us = OPEN_MS * CLOCK_MS;
	config->breaker_open_max_us = 60 * CLOCK_SECOND;
	world_connect(world);
	return 0;
}

static inline void got_answer(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct asked *asked = arg;

	asked->too_early = !asked->returned;
	asked->status = status;
	asked->code = answer->code;
	asked->took_us = clock_mono_us() - asked->asked_us;
	snprintf(asked->problem, sizeof asked->problem, "%s", answer->problem);
	++*asked->ended;
}

static inline void send_one(
    struct world *world, struct asked *asked, int *ended, int64_t timeout_us)
{
	struct http_request request = {
	    .upstream = HTTP_INVENTORY,
	    .method = "GET",
	    .url = asked->url,
	    .timeout_us = timeout_us,
	};

	memset(asked, 0, sizeof *asked);
	asked->ended = ended;
	asked->asked_us = clock_mono_us();
	snprintf(asked->url, sizeof asked->url, "%s/inventory/A", world->url);
	breaker_send(world->breaker, &asked->call, &request, got_answer, asked);
	asked->returned = true;
}

/* Sends count requests together and waits for all; gives the last. */
static inline struct asked ask_many(struct world *world, int count)
{
	struct asked asked[64] = {{.code = 0}};
	int ended = 0;

	assert_true(count <= 64);
	for (int i = 0; i < count; i++)
		send_one(world, &asked[i], &ended,
		    world->config.inventory_timeout_us);
	assert_true(run_until(world->loop, &ended, count, HELP_WAIT_MS));
	for (int i = 0; i < count; i++)
		assert_false(asked[i].too_early);
	return asked[count - 1];
}

static inline struct asked ask(struct world *world)
{
	return ask_many(world, 1);
}

static inline void is(struct asked asked, enum status status)
{
	assert_string_equal(status_name(asked.status), status_name(status));
}

/* All inventory requests from now on: "{}" is none, a fault each. */
static inline void inventory_is(const struct world *world, const char *fault)
{
	char faults[256];

	snprintf(faults, sizeof faults, "{\"inventory\":[%s]}", fault);
	sim_faults(world, faults);
}

static inline void inventory_fails(const struct world *world)
{
	inventory_is(world, "{\"status\":503,\"times\":0}");
}

/* The first number that a statement of a stranger gives. */
static inline int64_t sql(const struct world *world, const char *text)
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

static inline bool state_is(const struct world *world, const char *state)
{
	char text[128];

	snprintf(text, sizeof text,
	    "SELECT count(*) FROM breaker WHERE upstream = 'inventory' "
	    "AND state = '%s'",
	    state);
	return sql(world, text) == 1;
}

/* The state comes soon, and then this process has heard of it. */
static inline void becomes(struct world *world, const char *state)
{
	for (int i = 0; i < 500 && !state_is(world, state); i++)
		run_for(world->loop, 10);
	assert_true(state_is(world, state));
	run_for(world->loop, 50);
}

static inline int64_t counted(const struct world *world, const char *column)
{
	char text[128];

	snprintf(text, sizeof text,
	    "SELECT total(%s) FROM breaker_bucket "
	    "WHERE upstream = 'inventory'",
	    column);
	return sql(world, text);
}

static inline void trip(struct world *world)
{
	inventory_fails(world);
	ask_many(world, CALLS_MIN);
	becomes(world, "open");
	is(ask(world), STATUS_BREAKER_OPEN);
}

/*
 * As soon as the store has been heard: without an answer of it within
 * BREAKER_PATIENCE_US, which a busy machine may pass, nothing is sent.
 */
static inline struct asked ask_soon(struct world *world)
{
	struct asked asked = ask(world);

	for (int i = 0; i < 40 && asked.status == STATUS_BREAKER_OPEN; i++) {
		run_for(world->loop, 50);
		asked = ask(world);
	}
	return asked;
}

static inline void is_soon_sent(struct world *world)
{
	is(ask_soon(world), STATUS_OK);
}

/* Till a probe may go: the longest that jitter can make it. */
static inline void wait_till_due(struct world *world)
{
	run_for(world->loop, OPEN_MS * 6 / 5 + 20);
}

#endif
