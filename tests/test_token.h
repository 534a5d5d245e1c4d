#ifndef TEST_TOKEN_H
#define TEST_TOKEN_H

/* Callers for a token: what the tests of the token's module share. */
#include "test_help.h"

/* A caller that waits for a token, and what it was told. */
struct wish {
	struct token_wait wait;
	int *ended;
	int calls;
	bool returned;
	bool too_early;
	enum status status;
	int64_t asked_us;
	int64_t took_us;
};

static inline void told(void *arg, enum status status)
{
	struct wish *wish = arg;

	wish->calls++;
	wish->status = status;
	wish->too_early = !wish->returned;
	wish->took_us = clock_mono_us() - wish->asked_us;
	++*wish->ended;
}

static inline void ask(struct world *world, struct wish *wish,
    int64_t newer_than, int64_t patience_us, int *ended)
{
	memset(wish, 0, sizeof *wish);
	wish->ended = ended;
	wish->asked_us = clock_mono_us();
	wish->wait.newer_than = newer_than;
	wish->wait.deadline_us = wish->asked_us + patience_us;
	wish->wait.done = told;
	wish->wait.arg = wish;
	token_get(world->token, &wish->wait);
	wish->returned = true;
}

/* Asserts nothing, so that children can use it: PENDING means too slow. */
static inline enum status get(struct world *world, int64_t newer_than)
{
	struct wish wish;
	int ended = 0;

	ask(world, &wish, newer_than, 10 * CLOCK_SECOND, &ended);
	if (!run_until(world->loop, &ended, 1, HELP_WAIT_MS) || wish.too_early)
		return STATUS_PENDING;
	return wish.status;
}

/* The version that is lent, 0 when none is. */
static inline int64_t lend(struct world *world, int64_t newer_than)
{
	struct token_lent lent = {0};
	int64_t version;

	if (!token_lend(world->token, newer_than, &lent))
		return 0;
	version = lent.version;
	token_return(&lent);
	return version;
}

#endif
