/* test_page_verdict.c: healthy, degraded or failing, why and since when */
#include "page_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"

#define NOW_S  INT64_C(1715769000)
#define NOW_US (NOW_S * CLOCK_SECOND)
#define SLOTS  12

/* An hour of slots, each with a hundred events that were routed. */
struct house {
	struct config config;
	struct page_state state;
	struct rollup_sum sums[SLOTS];
	struct rollup recent;
	struct page_verdict verdict;
};

static void make_house(struct house *house)
{
	memset(house, 0, sizeof *house);
	house->config.breaker = CONFIG_ON;
	house->config.queue_max_age_s = 240;
	house->state.token.held = true;
	house->state.token.expires_us = NOW_US + CLOCK_SECOND;
	for (int i = 0; i < SLOTS; i++) {
		house->sums[i].start_s =
		    NOW_S - (int64_t)(SLOTS - i) * PAGE_RECENT_S + 1;
		house->sums[i].outcomes[OUTCOME_ROUTED] = 100;
		house->sums[i].times.count = 100;
	}
	house->recent = (struct rollup){.sums = house->sums, .count = SLOTS};
}

/* Of a slot's hundred, so many came to something else. */
static void turn(
    struct house *house, int slot, enum outcome outcome, int64_t count)
{
	house->sums[slot].outcomes[OUTCOME_ROUTED] -= count;
	house->sums[slot].outcomes[outcome] += count;
}

static enum page_health judge(struct house *house)
{
	page_judge(
	    &(struct page_evidence){
		.config = &house->config,
		.state = &house->state,
		.recent = &house->recent,
		.now_us = NOW_US,
	    },
	    &house->verdict);
	return house->verdict.health;
}

static int64_t start_us(const struct house *house, int slot)
{
	return house->sums[slot].start_s * CLOCK_SECOND;
}

static void a_house_without_trouble_is_healthy(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	assert_int_equal(house.verdict.reason_count, 0);
	assert_int_equal(house.verdict.since_us, 0);
	assert_int_equal(house.verdict.recent, 100);
	house.recent.count = 0;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	assert_int_equal(house.verdict.recent, 0);
}

static void failed_events_degrade_and_then_fail_it(void **state)
{
	static const struct {
		int64_t failed;
		enum page_health health;
	} cases[] = {{2, PAGE_HEALTHY}, {3, PAGE_DEGRADED}, {9, PAGE_DEGRADED},
	    {10, PAGE_FAILING}, {100, PAGE_FAILING}};
	struct house house;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_house(&house);
		turn(&house, SLOTS - 1, OUTCOME_FAILED, cases[i].failed);
		assert_int_equal(judge(&house), cases[i].health);
	}
	make_house(&house);
	turn(&house, SLOTS - 1, OUTCOME_EXPIRED, 10);
	assert_int_equal(judge(&house), PAGE_FAILING);
}

static void the_fallback_degrades_it(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	turn(&house, SLOTS - 1, OUTCOME_FALLBACK, 9);
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	turn(&house, SLOTS - 1, OUTCOME_FALLBACK, 1);
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	turn(&house, SLOTS - 1, OUTCOME_FALLBACK, 90);
	assert_int_equal(judge(&house), PAGE_DEGRADED);
}

static void a_few_events_say_something_only_together(void **state)
{
	struct house house;
	struct rollup_sum *last;

	(void)state;
	make_house(&house);
	last = &house.sums[SLOTS - 1];
	last->times.count = 9;
	last->outcomes[OUTCOME_ROUTED] = 1;
	last->outcomes[OUTCOME_FAILED] = 8;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	last->outcomes[OUTCOME_ROUTED] = 0;
	last->outcomes[OUTCOME_FAILED] = 9;
	assert_int_equal(judge(&house), PAGE_FAILING);
}

static void duplicates_dilute_no_failure(void **state)
{
	struct house house;
	struct rollup_sum *last;

	(void)state;
	make_house(&house);
	last = &house.sums[SLOTS - 1];
	turn(&house, SLOTS - 1, OUTCOME_FAILED, 10);
	last->times.count = 1100;
	last->outcomes[OUTCOME_DUPLICATE] = 1000;
	assert_int_equal(judge(&house), PAGE_FAILING);
}

static void it_is_told_since_when(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	for (int i = 7; i < SLOTS; i++)
		turn(&house, i, OUTCOME_FALLBACK, 50);
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	assert_int_equal(house.verdict.since_us, start_us(&house, 7));
	/* Back to normal: since the end of the last slot that was not. */
	make_house(&house);
	turn(&house, 4, OUTCOME_FAILED, 50);
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	assert_int_equal(house.verdict.since_us,
	    start_us(&house, 4) + PAGE_RECENT_S * CLOCK_SECOND);
	/* As long as anybody looks back. */
	make_house(&house);
	for (int i = 0; i < SLOTS; i++)
		turn(&house, i, OUTCOME_FAILED, 50);
	assert_int_equal(judge(&house), PAGE_FAILING);
	assert_int_equal(house.verdict.since_us, start_us(&house, 0));
	house.sums[0].start_s = NOW_S - PAGE_LOOK_BACK_S;
	assert_int_equal(judge(&house), PAGE_FAILING);
	assert_int_equal(house.verdict.since_us, 0);
}

static void what_was_five_minutes_ago_is_not_now(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	turn(&house, SLOTS - 2, OUTCOME_FAILED, 100);
	house.recent.count = SLOTS - 1;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
}

static void an_open_circuit_of_cxone_fails_it(void **state)
{
	struct house house;
	struct page_breaker *breaker;

	(void)state;
	make_house(&house);
	breaker = &house.state.breakers[HTTP_CXONE];
	breaker->state = CIRCUIT_OPEN;
	breaker->since_us = NOW_US - 7 * CLOCK_SECOND;
	breaker->open_until_us = NOW_US + 1;
	strcpy(breaker->reason, "20 of 20 calls failed");
	assert_int_equal(judge(&house), PAGE_FAILING);
	assert_int_equal(house.verdict.since_us, breaker->since_us);
	assert_string_equal(house.verdict.reasons[0].text,
	    "the circuit breaker of cxone is open (20 of 20 calls failed)");
	/* A probe is due. */
	breaker->open_until_us = NOW_US;
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	breaker->mode = CIRCUIT_FORCED_OPEN;
	assert_int_equal(judge(&house), PAGE_FAILING);
	breaker->mode = CIRCUIT_FORCED_CLOSED;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	house.config.breaker = CONFIG_OFF;
	breaker->mode = CIRCUIT_FORCED_OPEN;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
}

static void an_open_circuit_of_the_inventory_degrades_it(void **state)
{
	struct house house;
	struct page_breaker *breaker;

	(void)state;
	make_house(&house);
	breaker = &house.state.breakers[HTTP_INVENTORY];
	breaker->state = CIRCUIT_OPEN;
	breaker->open_until_us = NOW_US + 1;
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	breaker->state = CIRCUIT_HALF_OPEN;
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	/* It closed a minute ago. */
	breaker->state = CIRCUIT_CLOSED;
	breaker->since_us = NOW_US - 60 * CLOCK_SECOND;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	assert_int_equal(house.verdict.since_us, breaker->since_us);
}

static void no_token_fails_it_when_none_is_given(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	house.state.token.held = false;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	strcpy(house.state.token.failure, "token_refused");
	assert_int_equal(judge(&house), PAGE_FAILING);
	house.state.token.held = true;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	house.state.token.expires_us = NOW_US;
	assert_int_equal(judge(&house), PAGE_FAILING);
}

static void an_old_queue_degrades_and_then_fails_it(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	house.state.queue.oldest_us = 60 * CLOCK_SECOND;
	assert_int_equal(judge(&house), PAGE_HEALTHY);
	house.state.queue.oldest_us = 61 * CLOCK_SECOND;
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	house.state.queue.oldest_us = 241 * CLOCK_SECOND;
	assert_int_equal(judge(&house), PAGE_FAILING);
	assert_int_equal(house.verdict.since_us, NOW_US - 241 * CLOCK_SECOND);
}

static void of_several_reasons_the_worst_comes_first(void **state)
{
	struct house house;

	(void)state;
	make_house(&house);
	house.state.pause_us = 1500000;
	house.state.pause_since_us = NOW_US - CLOCK_SECOND;
	assert_int_equal(judge(&house), PAGE_DEGRADED);
	assert_string_equal(house.verdict.reasons[0].text,
	    "CXone wants no updates for another 2 s");
	turn(&house, SLOTS - 1, OUTCOME_FAILED, 40);
	assert_int_equal(judge(&house), PAGE_FAILING);
	assert_int_equal(house.verdict.reason_count, 2);
	assert_int_equal(house.verdict.reasons[0].health, PAGE_FAILING);
	assert_string_equal(house.verdict.reasons[0].text,
	    "40.0 % of the events of the last 5 minutes failed or came too "
	    "late");
	assert_string_equal(page_health_name(house.verdict.health), "failing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_house_without_trouble_is_healthy),
	    cmocka_unit_test(failed_events_degrade_and_then_fail_it),
	    cmocka_unit_test(the_fallback_degrades_it),
	    cmocka_unit_test(a_few_events_say_something_only_together),
	    cmocka_unit_test(duplicates_dilute_no_failure),
	    cmocka_unit_test(it_is_told_since_when),
	    cmocka_unit_test(what_was_five_minutes_ago_is_not_now),
	    cmocka_unit_test(an_open_circuit_of_cxone_fails_it),
	    cmocka_unit_test(an_open_circuit_of_the_inventory_degrades_it),
	    cmocka_unit_test(no_token_fails_it_when_none_is_given),
	    cmocka_unit_test(an_old_queue_degrades_and_then_fails_it),
	    cmocka_unit_test(of_several_reasons_the_worst_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
