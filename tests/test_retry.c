/* test_retry.c: what is repeated, when, and what pays for it */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "retry.h"

#define SECOND INT64_C(1000000)
#define MS     INT64_C(1000)
#define STEPS  6
#define FULL   RETRY_BUDGET_DEFAULT
#define EMPTY  (-1) /* an initial budget of none, where 0 means FULL */

/* What an attempt met in a scenario, and what must come of it. */
enum meets { MEETS_END, MEETS_SUCCESS, MEETS_ERROR, MEETS_THROTTLE };

struct step {
	enum meets meets;
	int64_t budget; /* afterwards */
	enum retry_verdict verdict;
	int64_t wait_ms;
	int64_t retry_after_ms; /* 0: none; below: 0 was asked for */
};

/*
 * The scenarios of the AWS SDKs for their behaviour of 2026, every draw
 * pinned to its longest. A success is followed by another piece of work.
 */
struct scenario {
	const char *name;
	int64_t retries; /* 0: 2 */
	int64_t budget;  /* 0: FULL */
	int64_t base_ms; /* 0: 50 after an error */
	int64_t cap_ms;  /* 0: 20,000 */
	struct step steps[STEPS];
};

#define WAIT RETRY_WAIT
#define LAST RETRY_LAST
#define POOR RETRY_NO_BUDGET
static const struct scenario scenarios[] = {
    {"R1 a retry succeeds at last", 0, 0, 0, 0,
	{{MEETS_ERROR, 486, WAIT, 50, 0}, {MEETS_ERROR, 472, WAIT, 100, 0},
	    {MEETS_SUCCESS, 486, WAIT, 0, 0}}},
    {"R2 no attempt is left", 0, 0, 0, 0,
	{{MEETS_ERROR, 486, WAIT, 50, 0}, {MEETS_ERROR, 472, WAIT, 100, 0},
	    {MEETS_ERROR, 472, LAST, 0, 0}}},
    {"R3 the budget is empty after one retry", 0, 14, 0, 0,
	{{MEETS_ERROR, 0, WAIT, 50, 0}, {MEETS_ERROR, 0, POOR, 0, 0}}},
    {"R4 without budget there is no retry at all", 0, EMPTY, 0, 0,
	{{MEETS_ERROR, 0, POOR, 0, 0}}},
    {"R5 waits double", 4, 0, 0, 0,
	{{MEETS_ERROR, 486, WAIT, 50, 0}, {MEETS_ERROR, 472, WAIT, 100, 0},
	    {MEETS_ERROR, 458, WAIT, 200, 0}, {MEETS_ERROR, 444, WAIT, 400, 0},
	    {MEETS_ERROR, 444, LAST, 0, 0}}},
    {"R6 waits do not pass the cap", 4, 0, 0, 200,
	{{MEETS_ERROR, 486, WAIT, 50, 0}, {MEETS_ERROR, 472, WAIT, 100, 0},
	    {MEETS_ERROR, 458, WAIT, 200, 0}, {MEETS_ERROR, 444, WAIT, 200, 0},
	    {MEETS_ERROR, 444, LAST, 0, 0}}},
    {"R3 a rest of the budget does not pay a retry", 4, 20, 0, 0,
	{{MEETS_ERROR, 6, WAIT, 50, 0}, {MEETS_ERROR, 6, POOR, 0, 0}}},
    {"R7 successes give back", 4, 30, 0, 0,
	{{MEETS_ERROR, 16, WAIT, 50, 0}, {MEETS_ERROR, 2, WAIT, 100, 0},
	    {MEETS_SUCCESS, 16, WAIT, 0, 0}, {MEETS_ERROR, 2, WAIT, 50, 0},
	    {MEETS_SUCCESS, 16, WAIT, 0, 0}}},
    {"R8 a throttle costs less and waits longer", 0, 0, 1000, 0,
	{{MEETS_THROTTLE, 495, WAIT, 1000, 0},
	    {MEETS_SUCCESS, 500, WAIT, 0, 0}}},
    {"another base and more retries", 3, 0, 25, 0,
	{{MEETS_ERROR, 486, WAIT, 25, 0}, {MEETS_ERROR, 472, WAIT, 50, 0},
	    {MEETS_ERROR, 458, WAIT, 100, 0}, {MEETS_ERROR, 458, LAST, 0, 0}}},
    /* Our jitter adds a tenth of what was asked. */
    {"R9 Retry-After is waited for", 0, 0, 0, 0,
	{{MEETS_ERROR, 486, WAIT, 1650, 1500},
	    {MEETS_SUCCESS, 500, WAIT, 0, 0}}},
    {"R9 the own wait is the least", 0, 0, 0, 0,
	{{MEETS_ERROR, 486, WAIT, 50, -1}, {MEETS_SUCCESS, 500, WAIT, 0, 0}}},
    /* AWS would cut this one to 5,050 ms: earlier than it was asked to. */
    {"R9 a long Retry-After is waited for as well", 0, 0, 0, 0,
	{{MEETS_ERROR, 486, WAIT, 11000, 10000},
	    {MEETS_SUCCESS, 500, WAIT, 0, 0}}},
};

/* One piece of work after another, from one budget. */
struct play {
	struct retry_rules rules;
	int64_t budget;
	int64_t cost; /* of the last retry; 0: none yet */
	int taken;
};

static void succeed(struct play *play)
{
	play->budget = retry_budget_after(
	    play->budget, play->cost > 0 ? play->cost : 1, FULL);
	play->cost = 0;
	play->taken = 0;
}

static void meet_failure(struct play *play, const struct step *step)
{
	struct retry_question question = {
	    .reason = step->meets == MEETS_THROTTLE ? RETRY_THROTTLED
						    : RETRY_TRANSIENT,
	    .taken = play->taken,
	    .retry_after_us =
		step->retry_after_ms == 0 ? -1 : step->retry_after_ms * MS,
	    .left_us = 3600 * SECOND,
	    .budget = play->budget,
	    .draw = BACKOFF_DRAW_MAX,
	};
	int64_t wait_us = 0;

	if (question.retry_after_us < -1)
		question.retry_after_us = 0;
	assert_int_equal(
	    retry_judge(&play->rules, &question, &wait_us), step->verdict);
	assert_int_equal(wait_us, step->wait_ms * MS);
	if (step->verdict != RETRY_WAIT)
		return;
	play->cost = retry_cost(question.reason);
	play->budget = retry_budget_after(play->budget, -play->cost, FULL);
	play->taken++;
}

static void play_scenario(const struct scenario *scenario)
{
	struct play play = {
	    .rules = {.backoff = {BACKOFF_FULL_JITTER, 50 * MS, 0, 20 * SECOND},
		.retries = 2},
	    .budget = FULL,
	};
	const struct step *step;

	print_message("           %s\n", scenario->name);
	if (scenario->retries > 0)
		play.rules.retries = scenario->retries;
	if (scenario->base_ms > 0)
		play.rules.backoff.base_us = scenario->base_ms * MS;
	if (scenario->cap_ms > 0)
		play.rules.backoff.cap_us = scenario->cap_ms * MS;
	if (scenario->budget != 0)
		play.budget = scenario->budget == EMPTY ? 0 : scenario->budget;
	for (step = scenario->steps; step->meets != MEETS_END; step++) {
		if (step->meets == MEETS_SUCCESS)
			succeed(&play);
		else
			meet_failure(&play, step);
		assert_int_equal(play.budget, step->budget);
	}
}

static void the_scenarios_of_the_aws_sdks_hold(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
		play_scenario(&scenarios[i]);
}

static const struct retry_rules builtin = {
    .backoff = {BACKOFF_BUILTIN, 1000 * MS, 500 * MS, BACKOFF_MAX_US},
    .retries = 3,
    .attempt_min_us = 250 * MS,
};

static enum retry_verdict judge(int64_t left_us, int64_t retry_after_us)
{
	const struct retry_question question = {
	    .reason = RETRY_THROTTLED,
	    .retry_after_us = retry_after_us,
	    .left_us = left_us,
	    .budget = FULL,
	};
	int64_t wait_us = -7;
	enum retry_verdict verdict = retry_judge(&builtin, &question, &wait_us);

	assert_true((wait_us == -7) == (verdict != RETRY_WAIT));
	return verdict;
}

/* R14: the wait, and the least that an attempt needs, must fit in. */
static void what_could_not_end_before_the_deadline_is_not_begun(void **state)
{
	(void)state;
	assert_int_equal(judge(10 * SECOND, -1), RETRY_WAIT);
	assert_int_equal(judge(1251 * MS, -1), RETRY_WAIT);
	assert_int_equal(judge(1250 * MS, -1), RETRY_TOO_LATE);
	assert_int_equal(judge(1001 * MS, -1), RETRY_TOO_LATE);
	assert_int_equal(judge(0, -1), RETRY_TOO_LATE);
	assert_int_equal(judge(-5 * SECOND, -1), RETRY_TOO_LATE);
	assert_int_equal(judge(10 * SECOND, 9 * SECOND), RETRY_WAIT);
	assert_int_equal(judge(10 * SECOND, 10 * SECOND), RETRY_TOO_LATE);
}

static void what_is_not_begun_is_not_paid_for(void **state)
{
	const struct retry_question question = {
	    .reason = RETRY_TRANSIENT,
	    .retry_after_us = -1,
	    .left_us = 100 * MS,
	    .budget = 0,
	};
	int64_t wait_us;

	(void)state;
	assert_int_equal(
	    retry_judge(&builtin, &question, &wait_us), RETRY_TOO_LATE);
}

static void the_budget_stays_between_nothing_and_its_size(void **state)
{
	(void)state;
	assert_int_equal(retry_budget_after(500, 1, 500), 500);
	assert_int_equal(retry_budget_after(499, 14, 500), 500);
	assert_int_equal(retry_budget_after(13, -14, 500), 0);
	assert_int_equal(retry_budget_after(14, -14, 500), 0);
	assert_int_equal(retry_budget_after(0, 5, 500), 5);
	assert_int_equal(retry_budget_after(400, 0, 100), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_scenarios_of_the_aws_sdks_hold),
	    cmocka_unit_test(
		what_could_not_end_before_the_deadline_is_not_begun),
	    cmocka_unit_test(what_is_not_begun_is_not_paid_for),
	    cmocka_unit_test(the_budget_stays_between_nothing_and_its_size),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
