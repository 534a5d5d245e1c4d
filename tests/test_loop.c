/* test_loop.c: the order and the safety of the loop's calls */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"

#define TIMERS 500

struct probe {
	struct loop *loop;
	struct loop_timer timer;
	struct loop_timer *other;
	int calls;
	int calls_max; /* then the loop is stopped */
	int in;        /* a pipe's ends */
	int out;
	uint32_t events;
	int64_t last_us;
};

static int make_loop(void **state)
{
	*state = loop_new();
	return *state == NULL;
}

static int free_loop(void **state)
{
	loop_free(*state);
	return 0;
}

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Runs the loop, for 5 s at most. */
static void run(struct loop *loop)
{
	struct loop_timer limit;

	loop_timer_init(&limit, stop, loop);
	loop_timer_set(loop, &limit, clock_mono_us() + 5 * CLOCK_SECOND);
	loop_run(loop);
	assert_int_not_equal(limit.place, 0);
	loop_timer_stop(loop, &limit);
}

static void count(void *arg)
{
	struct probe *probe = arg;

	probe->calls++;
	if (probe->calls == probe->calls_max)
		loop_stop(probe->loop);
}

static void open_pipe(struct probe *probe)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	probe->in = ends[0];
	probe->out = ends[1];
}

static void close_pipe(struct probe *probe)
{
	loop_unwatch(probe->loop, probe->in);
	close(probe->in);
	close(probe->out);
}

static void a_timer_is_never_early_and_not_late(void **state)
{
	struct probe probe = {.loop = *state, .calls_max = 1};
	int64_t start_us = clock_mono_us();
	int64_t took_us;

	loop_timer_init(&probe.timer, count, &probe);
	loop_timer_set(*state, &probe.timer, start_us + 20 * CLOCK_MS);
	run(*state);
	took_us = clock_mono_us() - start_us;
	assert_int_equal(probe.calls, 1);
	assert_int_equal(probe.timer.place, 0);
	assert_true(took_us >= 20 * CLOCK_MS);
	assert_true(took_us < 200 * CLOCK_MS);
}

struct order {
	struct loop_timer timer;
	int64_t wanted_us;
	struct probe *probe;
};

static void note_order(void *arg)
{
	struct order *order = arg;

	assert_true(order->wanted_us >= order->probe->last_us);
	order->probe->last_us = order->wanted_us;
	count(order->probe);
}

static void arm(struct order *order, struct probe *probe, int64_t at_us)
{
	order->wanted_us = at_us;
	assert_int_equal(
	    loop_timer_set(probe->loop, &order->timer, at_us), STATUS_OK);
}

/* Sets, moves and stops at random; the rest must come in order. */
static void arm_many(struct order orders[TIMERS], struct probe *probe)
{
	int64_t base_us = clock_mono_us() + 50 * CLOCK_MS;
	int i;

	srand(7);
	for (i = 0; i < TIMERS; i++) {
		orders[i].probe = probe;
		loop_timer_init(&orders[i].timer, note_order, &orders[i]);
		arm(&orders[i], probe, base_us + rand() % 20000);
	}
	for (i = 0; i < TIMERS; i++) {
		if (i % 3 == 0)
			arm(&orders[i], probe, base_us + rand() % 20000);
		if (i % 7 == 0)
			loop_timer_stop(probe->loop, &orders[i].timer);
	}
	for (i = 0; i < TIMERS; i++)
		probe->calls_max += orders[i].timer.place != 0;
}

static void timers_come_in_the_order_of_their_times(void **state)
{
	static struct order orders[TIMERS];
	struct probe probe = {.loop = *state};

	arm_many(orders, &probe);
	run(*state);
	assert_int_equal(probe.calls, probe.calls_max);
	assert_in_range(probe.calls, TIMERS / 2, TIMERS - 1);
}

static void a_hurry_keeps_the_order_and_waits_for_nobody(void **state)
{
	static struct order orders[TIMERS];
	struct probe probe = {.loop = *state};
	int64_t start_us;

	memset(orders, 0, sizeof orders);
	arm_many(orders, &probe);
	arm(&orders[0], &probe, clock_mono_us() + 3600 * CLOCK_SECOND);
	probe.calls_max++;
	start_us = clock_mono_us();
	loop_hurry(*state);
	/* run() would set a timer of its own after the hurry: it is later. */
	run(*state);
	assert_int_equal(probe.calls, probe.calls_max);
	assert_true(clock_mono_us() - start_us < 40 * CLOCK_MS);
}

static void set_again_at_once(void *arg)
{
	struct probe *probe = arg;
	int calls = probe->calls;

	loop_timer_set(probe->loop, &probe->timer, 0);
	assert_int_equal(probe->calls, calls);
	probe->calls++;
	if (probe->calls == 10)
		assert_int_equal(write(probe->out, "x", 1), 1);
}

static void got_byte(void *arg, uint32_t events)
{
	struct probe *probe = arg;

	probe->events |= events;
	loop_stop(probe->loop);
}

static void timers_that_are_always_due_do_not_starve_descriptors(void **state)
{
	struct probe probe = {.loop = *state};

	open_pipe(&probe);
	loop_watch(*state, probe.in, EPOLLIN, got_byte, &probe);
	loop_timer_init(&probe.timer, set_again_at_once, &probe);
	loop_timer_set(*state, &probe.timer, 0);
	run(*state);
	assert_true(probe.events & EPOLLIN);
	assert_in_range(probe.calls, 10, 20);
	loop_timer_stop(*state, &probe.timer);
	close_pipe(&probe);
}

static void stop_other(void *arg)
{
	struct probe *probe = arg;

	loop_timer_stop(probe->loop, probe->other);
}

static void a_timer_that_another_stops_stays_silent(void **state)
{
	struct probe silent = {.loop = *state};
	struct probe first = {.loop = *state, .other = &silent.timer};
	struct probe last = {.loop = *state, .calls_max = 1};
	int64_t at_us = clock_mono_us() + CLOCK_MS;

	loop_timer_init(&silent.timer, count, &silent);
	loop_timer_init(&first.timer, stop_other, &first);
	loop_timer_init(&last.timer, count, &last);
	loop_timer_set(*state, &first.timer, at_us);
	loop_timer_set(*state, &silent.timer, at_us + 1);
	loop_timer_set(*state, &last.timer, at_us + 2);
	run(*state);
	assert_int_equal(silent.calls, 0);
	assert_int_equal(last.calls, 1);
	loop_timer_stop(*state, &silent.timer);
}

static void more_timers_than_allowed_are_refused(void **state)
{
	struct loop_timer *timers;
	struct loop_timer extra;
	size_t i;

	timers = calloc(LOOP_TIMERS_MAX, sizeof *timers);
	assert_non_null(timers);
	for (i = 0; i < LOOP_TIMERS_MAX; i++) {
		loop_timer_init(&timers[i], stop, *state);
		assert_int_equal(
		    loop_timer_set(*state, &timers[i], INT64_MAX - (int64_t)i),
		    STATUS_OK);
	}
	loop_timer_init(&extra, stop, *state);
	assert_int_equal(loop_timer_set(*state, &extra, 1), STATUS_MEMORY);
	assert_int_equal(extra.place, 0);
	/* One that is armed can still be moved. */
	assert_int_equal(loop_timer_set(*state, &timers[9], 5), STATUS_OK);
	for (i = 0; i < LOOP_TIMERS_MAX; i++)
		loop_timer_stop(*state, &timers[i]);
	assert_int_equal(loop_timer_set(*state, &extra, 1), STATUS_OK);
	loop_run(*state);
	free(timers);
}

/* Whoever comes first closes both pipes and puts a new one in their place. */
struct pair {
	struct probe *one;
	struct probe *two;
	struct probe reused;
	int calls;
	int reused_calls;
};

static void got_reused(void *arg, uint32_t events)
{
	struct pair *pair = arg;

	(void)events;
	pair->reused_calls++;
}

static void got_first(void *arg, uint32_t events)
{
	struct pair *pair = arg;
	int lower = pair->one->in;

	(void)events;
	pair->calls++;
	close_pipe(pair->one);
	close_pipe(pair->two);
	open_pipe(&pair->reused);
	assert_int_equal(pair->reused.in, lower);
	/* The other number is watched too, by a pipe that stays empty. */
	open_pipe(pair->two);
	loop_watch(pair->one->loop, pair->reused.in, EPOLLIN, got_reused, pair);
	loop_watch(pair->one->loop, pair->two->in, EPOLLIN, got_reused, pair);
}

static void an_event_for_a_number_used_anew_is_dropped(void **state)
{
	struct probe one = {.loop = *state};
	struct probe two = {.loop = *state};
	struct probe later = {.loop = *state, .calls_max = 1};
	struct pair pair = {
	    .one = &one, .two = &two, .reused = {.loop = *state}};

	open_pipe(&one);
	open_pipe(&two);
	loop_watch(*state, one.in, EPOLLIN, got_first, &pair);
	loop_watch(*state, two.in, EPOLLIN, got_first, &pair);
	assert_int_equal(write(one.out, "x", 1), 1);
	assert_int_equal(write(two.out, "x", 1), 1);
	loop_timer_init(&later.timer, count, &later);
	loop_timer_set(*state, &later.timer, clock_mono_us() + 10 * CLOCK_MS);
	run(*state);
	assert_int_equal(pair.calls, 1);
	assert_int_equal(pair.reused_calls, 0);
	close_pipe(&pair.reused);
	close_pipe(&two);
}

static void many_descriptors_are_watched_at_a_time(void **state)
{
	static struct probe probes[300];
	size_t i;

	for (i = 0; i < 300; i++) {
		probes[i] = (struct probe){.loop = *state};
		open_pipe(&probes[i]);
		assert_int_equal(loop_watch(*state, probes[i].in, EPOLLIN,
				     got_byte, &probes[i]),
		    STATUS_OK);
	}
	assert_int_equal(write(probes[271].out, "x", 1), 1);
	run(*state);
	for (i = 0; i < 300; i++) {
		assert_int_equal(probes[i].events, i == 271 ? EPOLLIN : 0);
		close_pipe(&probes[i]);
	}
}

static void a_changed_watch_waits_for_what_it_was_changed_to(void **state)
{
	struct probe probe = {.loop = *state};

	open_pipe(&probe);
	loop_watch(*state, probe.out, 0, got_byte, &probe);
	loop_change(*state, probe.out, EPOLLOUT);
	run(*state);
	assert_int_equal(probe.events, EPOLLOUT);
	loop_unwatch(*state, probe.out);
	loop_unwatch(*state, probe.out);
	close_pipe(&probe);
}

static void what_cannot_be_watched_is_refused(void **state)
{
	struct probe probe = {.loop = *state};
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(file >= 0);
	assert_int_equal(
	    loop_watch(*state, file, EPOLLIN, got_byte, &probe), STATUS_IO);
	loop_unwatch(*state, file);
	close(file);
}

static void a_stop_ends_the_run_after_its_turn(void **state)
{
	struct probe one = {.loop = *state, .calls_max = 1};
	struct probe two = {.loop = *state};
	int64_t at_us = clock_mono_us() - 1;

	loop_timer_init(&one.timer, count, &one);
	loop_timer_init(&two.timer, count, &two);
	loop_timer_set(*state, &one.timer, at_us);
	loop_timer_set(*state, &two.timer, at_us);
	run(*state);
	assert_int_equal(one.calls, 1);
	assert_int_equal(two.calls, 1);
}

#define with_loop(test)                                                        \
	cmocka_unit_test_setup_teardown(test, make_loop, free_loop)

/* Arms a timer: the loop must see it in the wait that follows. */
static void end_turn(void *arg)
{
	struct probe *probe = arg;

	probe->calls++;
	if (probe->timer.place == 0)
		loop_timer_set(probe->loop, &probe->timer, clock_mono_us());
}

static void the_end_of_a_turn_comes_before_the_next_wait(void **state)
{
	struct probe probe = {.loop = *state};

	loop_timer_init(&probe.timer, stop, probe.loop);
	loop_on_turn_end(probe.loop, end_turn, &probe);
	run(probe.loop);
	assert_int_equal(probe.calls, 1);
	loop_on_turn_end(probe.loop, NULL, NULL);
	loop_timer_set(probe.loop, &probe.timer, clock_mono_us());
	run(probe.loop);
	assert_int_equal(probe.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_loop(a_timer_is_never_early_and_not_late),
	    with_loop(timers_come_in_the_order_of_their_times),
	    with_loop(a_hurry_keeps_the_order_and_waits_for_nobody),
	    with_loop(timers_that_are_always_due_do_not_starve_descriptors),
	    with_loop(a_timer_that_another_stops_stays_silent),
	    with_loop(more_timers_than_allowed_are_refused),
	    with_loop(an_event_for_a_number_used_anew_is_dropped),
	    with_loop(many_descriptors_are_watched_at_a_time),
	    with_loop(a_changed_watch_waits_for_what_it_was_changed_to),
	    with_loop(what_cannot_be_watched_is_refused),
	    with_loop(a_stop_ends_the_run_after_its_turn),
	    with_loop(the_end_of_a_turn_comes_before_the_next_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
