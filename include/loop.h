#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/*
 * The event loop of a process: file descriptors (epoll, level-triggered
 * unless EPOLLET is asked for) and timers. One thread uses it. A callback
 * may watch, unwatch, set and stop anything, itself included; events that
 * were already collected for a descriptor that was unwatched meanwhile are
 * dropped, also when its number was reused.
 */
struct loop;

typedef void loop_ready(void *arg, uint32_t events);
typedef void loop_due(void *arg);

/*
 * A timer lives inside the struct it serves. It is at rest (place 0) or
 * armed (place is its seat in the loop's heap, counted from 1).
 */
struct loop_timer {
	loop_due *due;
	void *arg;
	int64_t at_us;
	size_t place;
};

/* NULL when memory or descriptors run out. Free with loop_free. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Monotonic time, read once per turn: cheap, at most one turn old. */
int64_t loop_now_us(const struct loop *loop);

/*
 * Calls ready(arg, events) whenever fd has one of the EPOLL* events.
 * STATUS_MEMORY or STATUS_IO: fd is not watched. The caller keeps fd, and
 * must unwatch it before closing it.
 */
enum status loop_watch(
    struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *arg);

/* Changes the events of a watched fd. Not for EPOLLEXCLUSIVE watches. */
void loop_change(struct loop *loop, int fd, uint32_t events);

/* Stops watching; does nothing when fd is not watched. */
void loop_unwatch(struct loop *loop, int fd);

/* Prepares a timer at rest. due(arg) will be called from the loop. */
void loop_timer_init(struct loop_timer *timer, loop_due *due, void *arg);

/*
 * Arms, or moves, a timer: due is called once, in the turn after at_us
 * (monotonic) has come; never from within this call.
 * STATUS_MEMORY: more than LOOP_TIMERS_MAX timers; the timer is at rest.
 */
#define LOOP_TIMERS_MAX 65536
enum status loop_timer_set(
    struct loop *loop, struct loop_timer *timer, int64_t at_us);

/* Puts a timer to rest; does nothing when it is. */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Makes every armed timer due now: how a stop cuts waiting short. */
void loop_hurry(struct loop *loop);

/*
 * Calls end(arg) once per turn, when its callbacks are done and before the
 * loop waits again: for work that is cheaper in one go. One at a time; NULL
 * takes it away.
 */
void loop_on_turn_end(struct loop *loop, loop_due *end, void *arg);

/* Runs until loop_stop; returns after the turn in which that was called. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
