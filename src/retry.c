/* retry.c: a failed attempt and what is left -> repeat it when, or why not */
#include "retry.h"

int64_t retry_cost(enum retry_reason reason)
{
	return reason == RETRY_THROTTLED ? RETRY_COST_THROTTLED
					 : RETRY_COST_TRANSIENT;
}

enum retry_verdict retry_judge(const struct retry_rules *rules,
    const struct retry_question *question, int64_t *wait_us)
{
	int64_t wait;

	if (question->taken >= rules->retries)
		return RETRY_LAST;
	wait = backoff_wait_us(&rules->backoff, question->taken,
	    question->retry_after_us, question->draw);
	/* Before the budget: what is not begun must not be paid for. */
	if (wait + rules->attempt_min_us >= question->left_us)
		return RETRY_TOO_LATE;
	if (question->budget < retry_cost(question->reason))
		return RETRY_NO_BUDGET;
	*wait_us = wait;
	return RETRY_WAIT;
}

int64_t retry_budget_after(int64_t budget, int64_t change, int64_t max)
{
	int64_t after = budget + change;

	if (after < 0)
		return 0;
	return after < max ? after : max;
}
