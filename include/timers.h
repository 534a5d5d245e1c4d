#ifndef TIMERS_H
#define TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

/*
 * The loop's timers, earliest first: a binary heap of pointers to timers
 * that live in their users' structs. Only loop.c uses it. Start with all
 * zero.
 */
struct timers {
	struct loop_timer **heap; /* [0] unused; no child before its
					   parent */
	size_t count;
	size_t max;
};

/* Frees the heap; the timers themselves are not touched. */
void timers_done(struct timers *timers);

/*
 * Arms a timer, or moves one that is armed, to at_us. False when memory or
 * LOOP_TIMERS_MAX forbid it; the timer is then as it was.
 */
bool timers_set(struct timers *timers, struct loop_timer *timer, int64_t at_us);

/* Puts a timer to rest; does nothing when it is. */
void timers_stop(struct timers *timers, struct loop_timer *timer);

/* The earliest armed timer, or NULL. */
struct loop_timer *timers_first(const struct timers *timers);

/* Brings all forward alike, so that the latest comes at at_us. */
void timers_hurry(struct timers *timers, int64_t at_us);

#endif
