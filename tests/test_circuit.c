/* test_circuit.c: the rules of a circuit breaker, with a clock of our own */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "circuit.h"

#define SECOND   INT64_C(1000000)
#define MIDDLE   500 /* the dice that gives no jitter */
#define LEASE_US (4 * SECOND)

static const struct circuit_limits limits = {
    .calls_min = 20,
    .failed_percent = 50,
    .slow_percent = 80,
    .period_us = 3 * SECOND,
    .open_us = 5 * SECOND,
    .open_max_us = 60 * SECOND,
    .lease_us = LEASE_US,
    .successes = 3,
};

/* A circuit, the time, and what the last advance showed. */
struct bench {
	struct circuit circuit;
	int64_t now_us;
	struct circuit_view view;
};

static struct bench begin(void)
{
	return (struct bench){.now_us = 1716000000 * SECOND};
}

static void advance(struct bench *bench, struct circuit_news news)
{
	news.dice = MIDDLE;
	circuit_advance(
	    &bench->circuit, &limits, &news, bench->now_us, &bench->view);
}

static void tell(
    struct bench *bench, int64_t calls, int64_t failed, int64_t slow)
{
	advance(bench, (struct circuit_news){
			   .generation = bench->circuit.generation,
			   .count = {calls, failed, slow},
		       });
}

static int64_t ask(struct bench *bench)
{
	advance(bench, (struct circuit_news){.wants_probe = true});
	return bench->view.fence;
}

static void end(struct bench *bench, int64_t fence, enum circuit_probe how)
{
	advance(bench, (struct circuit_news){.probe = how, .fence = fence});
}

static void is(const struct bench *bench, enum circuit_state state)
{
	assert_string_equal(circuit_state_name(bench->circuit.state),
	    circuit_state_name(state));
	assert_int_equal(bench->view.state, state);
}

/* From closed to open, at the time that it is. */
static void trip(struct bench *bench)
{
	tell(bench, 20, 20, 0);
	is(bench, CIRCUIT_OPEN);
}

/* From open to the first probe, which is given. */
static int64_t wait_for_probe(struct bench *bench)
{
	int64_t fence;

	bench->now_us += bench->view.rest_us;
	fence = ask(bench);
	assert_int_not_equal(fence, 0);
	is(bench, CIRCUIT_HALF_OPEN);
	return fence;
}

static void close_again(struct bench *bench)
{
	int64_t fence = wait_for_probe(bench);

	end(bench, fence, CIRCUIT_PROBE_SUCCEEDED);
	end(bench, ask(bench), CIRCUIT_PROBE_SUCCEEDED);
	end(bench, ask(bench), CIRCUIT_PROBE_SUCCEEDED);
	is(bench, CIRCUIT_CLOSED);
}

static void it_opens_only_after_the_least_number_of_calls(void **state)
{
	struct bench bench = begin();

	(void)state;
	tell(&bench, 19, 19, 0);
	is(&bench, CIRCUIT_CLOSED);
	tell(&bench, 1, 0, 0);
	is(&bench, CIRCUIT_OPEN);
	assert_true(bench.view.changed);
	assert_int_equal(bench.view.rest_us, 5 * SECOND);
	assert_string_equal(
	    bench.view.reason, "of the last 20 calls 19 failed, 0 were slow");
}

static void half_of_the_calls_failing_opens_it_and_fewer_do_not(void **state)
{
	struct bench bench = begin();

	(void)state;
	tell(&bench, 1000, 499, 0);
	is(&bench, CIRCUIT_CLOSED);
	tell(&bench, 2, 2, 0);
	is(&bench, CIRCUIT_OPEN);
}

static void slow_calls_alone_open_it(void **state)
{
	struct bench bench = begin();

	(void)state;
	tell(&bench, 100, 0, 79);
	is(&bench, CIRCUIT_CLOSED);
	tell(&bench, 5, 0, 5);
	is(&bench, CIRCUIT_OPEN);
}

static void failures_that_left_the_window_do_not_count(void **state)
{
	struct bench bench = begin();

	(void)state;
	tell(&bench, 19, 19, 0);
	bench.now_us += 30 * SECOND;
	tell(&bench, 1, 1, 0);
	is(&bench, CIRCUIT_CLOSED);
	assert_int_equal(
	    circuit_window(&bench.circuit, &limits, bench.now_us).calls, 1);
	bench.now_us += 27 * SECOND;
	tell(&bench, 19, 19, 0);
	is(&bench, CIRCUIT_OPEN);
}

static void no_probe_goes_before_its_time_and_one_at_a_time(void **state)
{
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	bench.now_us += 5 * SECOND - 1;
	assert_int_equal(ask(&bench), 0);
	bench.now_us += 1;
	assert_int_not_equal(ask(&bench), 0);
	assert_true(bench.view.changed);
	assert_int_equal(ask(&bench), 0);
	assert_false(bench.view.changed);
	assert_int_equal(bench.view.rest_us, LEASE_US);
}

static void three_successes_in_a_row_close_it(void **state)
{
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	close_again(&bench);
	assert_string_equal(bench.view.reason, "3 probes in a row succeeded");
	assert_int_equal(
	    circuit_window(&bench.circuit, &limits, bench.now_us).calls, 0);
}

static void a_failed_probe_opens_it_for_twice_as_long(void **state)
{
	static const int expected_s[] = {10, 20, 40, 60, 60};
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	for (size_t i = 0; i < sizeof expected_s / sizeof *expected_s; i++) {
		end(&bench, wait_for_probe(&bench), CIRCUIT_PROBE_FAILED);
		is(&bench, CIRCUIT_OPEN);
		assert_int_equal(bench.view.rest_us, expected_s[i] * SECOND);
	}
}

static void a_probe_that_says_nothing_gives_its_permit_back(void **state)
{
	struct bench bench = begin();
	int64_t fence;

	(void)state;
	trip(&bench);
	fence = wait_for_probe(&bench);
	end(&bench, fence, CIRCUIT_PROBE_RETURNED);
	is(&bench, CIRCUIT_HALF_OPEN);
	assert_true(ask(&bench) > fence);
}

static void a_dead_probers_permit_ends_with_its_lease(void **state)
{
	struct bench bench = begin();
	int64_t dead;
	int64_t next;

	(void)state;
	trip(&bench);
	dead = wait_for_probe(&bench);
	bench.now_us += LEASE_US - 1;
	assert_int_equal(ask(&bench), 0);
	bench.now_us += 1;
	next = ask(&bench);
	assert_true(next > dead);
	/* It was only slow to die. */
	end(&bench, dead, CIRCUIT_PROBE_FAILED);
	is(&bench, CIRCUIT_HALF_OPEN);
	assert_int_equal(ask(&bench), 0);
}

static void results_from_before_the_trip_change_nothing(void **state)
{
	struct bench bench = begin();
	struct circuit_news late = {.count = {1000, 1000, 0}};

	(void)state;
	late.generation = bench.circuit.generation;
	trip(&bench);
	late.count.failed = 0;
	advance(&bench, late);
	is(&bench, CIRCUIT_OPEN);
	close_again(&bench);
	late.count.failed = 1000;
	advance(&bench, late);
	is(&bench, CIRCUIT_CLOSED);
	assert_int_equal(
	    circuit_window(&bench.circuit, &limits, bench.now_us).calls, 0);
}

static void growth_is_forgotten_after_a_while_of_health(void **state)
{
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	close_again(&bench);
	trip(&bench);
	assert_int_equal(bench.view.rest_us, 10 * SECOND);
	close_again(&bench);
	bench.now_us += 60 * SECOND;
	trip(&bench);
	assert_int_equal(bench.view.rest_us, 5 * SECOND);
}

static void jitter_is_a_fifth_either_way(void **state)
{
	static const struct {
		int64_t dice;
		int64_t rest_us;
	} cases[] = {{0, 4 * SECOND}, {1000, 6 * SECOND}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bench bench = begin();
		struct circuit_news news = {
		    .count = {20, 20, 0}, .dice = cases[i].dice};

		circuit_advance(
		    &bench.circuit, &limits, &news, bench.now_us, &bench.view);
		assert_int_equal(bench.view.rest_us, cases[i].rest_us);
	}
}

static void no_duration_overflows(void **state)
{
	struct circuit_limits huge = limits;
	struct bench bench = begin();
	struct circuit_news news = {.dice = 1000, .wants_probe = true};

	(void)state;
	huge.open_max_us = INT64_MAX;
	huge.open_us = INT64_MAX;
	trip(&bench);
	bench.circuit.open_us = INT64_MAX;
	for (int i = 0; i < 200; i++) {
		int64_t rest_us;

		circuit_advance(
		    &bench.circuit, &huge, &news, bench.now_us, &bench.view);
		rest_us = bench.view.rest_us;
		assert_true(rest_us >= 0);
		assert_true(rest_us <= CIRCUIT_OPEN_LIMIT_US / 5 * 6);
		bench.now_us += rest_us;
		news.probe = CIRCUIT_PROBE_FAILED;
		news.fence = bench.circuit.fence;
	}
	assert_true(bench.circuit.open_us == CIRCUIT_OPEN_LIMIT_US);
}

static void a_clock_put_back_delays_no_probe_for_long(void **state)
{
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	bench.now_us -= 3600 * SECOND;
	assert_int_not_equal(ask(&bench), 0);
	bench.now_us -= 3600 * SECOND;
	assert_int_not_equal(ask(&bench), 0);
	is(&bench, CIRCUIT_HALF_OPEN);
}

static void a_clock_put_back_leaves_the_window_counting(void **state)
{
	struct bench bench = begin();

	(void)state;
	tell(&bench, 19, 19, 0);
	bench.now_us -= 3600 * SECOND;
	tell(&bench, 1, 1, 0);
	is(&bench, CIRCUIT_CLOSED);
	tell(&bench, 19, 19, 0);
	is(&bench, CIRCUIT_OPEN);
}

static void a_clock_put_forward_only_hurries_the_probe(void **state)
{
	struct bench bench = begin();
	int64_t fence;

	(void)state;
	trip(&bench);
	bench.now_us += 1000000 * SECOND;
	fence = ask(&bench);
	assert_int_not_equal(fence, 0);
	end(&bench, fence, CIRCUIT_PROBE_FAILED);
	assert_int_equal(bench.view.rest_us, 10 * SECOND);
}

static void forced_open_lets_no_probe_go(void **state)
{
	struct bench bench = begin();

	(void)state;
	assert_true(
	    circuit_force(&bench.circuit, CIRCUIT_FORCED_OPEN, bench.now_us));
	bench.now_us += 3600 * SECOND;
	assert_int_equal(ask(&bench), 0);
	assert_int_equal(bench.view.mode, CIRCUIT_FORCED_OPEN);
	assert_string_equal(bench.view.reason, "forced open by hand");
}

static void forced_closed_never_opens(void **state)
{
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	circuit_force(&bench.circuit, CIRCUIT_FORCED_CLOSED, bench.now_us);
	tell(&bench, 1000, 1000, 1000);
	is(&bench, CIRCUIT_CLOSED);
	assert_int_equal(bench.view.mode, CIRCUIT_FORCED_CLOSED);
}

static void enabling_an_enabled_one_resets_nothing(void **state)
{
	struct bench bench = begin();
	struct circuit before;

	(void)state;
	tell(&bench, 19, 19, 0);
	before = bench.circuit;
	assert_false(
	    circuit_force(&bench.circuit, CIRCUIT_AUTO, bench.now_us + SECOND));
	assert_memory_equal(&before, &bench.circuit, sizeof before);
	tell(&bench, 1, 1, 0);
	is(&bench, CIRCUIT_OPEN);
	assert_false(circuit_force(&bench.circuit, CIRCUIT_AUTO, bench.now_us));
	assert_int_equal(bench.circuit.state, CIRCUIT_OPEN);
}

static void left_to_itself_again_it_begins_anew(void **state)
{
	struct bench bench = begin();

	(void)state;
	trip(&bench);
	circuit_force(&bench.circuit, CIRCUIT_FORCED_OPEN, bench.now_us);
	assert_true(circuit_force(&bench.circuit, CIRCUIT_AUTO, bench.now_us));
	tell(&bench, 19, 19, 0);
	is(&bench, CIRCUIT_CLOSED);
	trip(&bench);
	assert_int_equal(bench.view.rest_us, 5 * SECOND);
}

static void words_are_read_as_they_are_written(void **state)
{
	(void)state;
	for (int i = 0; i < CIRCUIT_STATE_COUNT; i++)
		assert_int_equal(circuit_state_named(circuit_state_name(i)), i);
	for (int i = 0; i < CIRCUIT_MODE_COUNT; i++)
		assert_int_equal(circuit_mode_named(circuit_mode_name(i)), i);
	assert_int_equal(circuit_state_named("ajar"), CIRCUIT_CLOSED);
	assert_int_equal(circuit_mode_named(""), CIRCUIT_AUTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_opens_only_after_the_least_number_of_calls),
	    cmocka_unit_test(
		half_of_the_calls_failing_opens_it_and_fewer_do_not),
	    cmocka_unit_test(slow_calls_alone_open_it),
	    cmocka_unit_test(failures_that_left_the_window_do_not_count),
	    cmocka_unit_test(no_probe_goes_before_its_time_and_one_at_a_time),
	    cmocka_unit_test(three_successes_in_a_row_close_it),
	    cmocka_unit_test(a_failed_probe_opens_it_for_twice_as_long),
	    cmocka_unit_test(a_probe_that_says_nothing_gives_its_permit_back),
	    cmocka_unit_test(a_dead_probers_permit_ends_with_its_lease),
	    cmocka_unit_test(results_from_before_the_trip_change_nothing),
	    cmocka_unit_test(growth_is_forgotten_after_a_while_of_health),
	    cmocka_unit_test(jitter_is_a_fifth_either_way),
	    cmocka_unit_test(no_duration_overflows),
	    cmocka_unit_test(a_clock_put_back_delays_no_probe_for_long),
	    cmocka_unit_test(a_clock_put_back_leaves_the_window_counting),
	    cmocka_unit_test(a_clock_put_forward_only_hurries_the_probe),
	    cmocka_unit_test(forced_open_lets_no_probe_go),
	    cmocka_unit_test(forced_closed_never_opens),
	    cmocka_unit_test(enabling_an_enabled_one_resets_nothing),
	    cmocka_unit_test(left_to_itself_again_it_begins_anew),
	    cmocka_unit_test(words_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
