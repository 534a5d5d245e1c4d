/* timers.c: times in any order -> the earliest first */
#include "timers.h"

#include <stdlib.h>

#define FIRST_TIMERS 64

/*
 * A binary heap whose seats are counted from 1: the children of place are
 * 2 * place and 2 * place + 1, and place 0 is left to mean "at rest". Each
 * timer knows its seat, so that one in the middle can be taken out.
 */

void timers_done(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}

static void seat(struct timers *timers, struct loop_timer *timer, size_t place)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct timers *timers, struct loop_timer *timer)
{
	struct loop_timer *parent;
	size_t place;

	for (place = timer->place; place > 1; place /= 2) {
		parent = timers->heap[place / 2];
		if (parent->at_us <= timer->at_us)
			break;
		seat(timers, parent, place);
	}
	seat(timers, timer, place);
}

static size_t earlier_child(const struct timers *timers, size_t place)
{
	size_t child = place * 2;

	if (child < timers->count &&
	    timers->heap[child + 1]->at_us < timers->heap[child]->at_us)
		child++;
	return child;
}

static void sift_down(struct timers *timers, struct loop_timer *timer)
{
	size_t place = timer->place;
	size_t child;

	while (place * 2 <= timers->count) {
		child = earlier_child(timers, place);
		if (timer->at_us <= timers->heap[child]->at_us)
			break;
		seat(timers, timers->heap[child], place);
		place = child;
	}
	seat(timers, timer, place);
}

/* Only one of the two moves it: up when too early, else down. */
static void sift(struct timers *timers, struct loop_timer *timer)
{
	sift_up(timers, timer);
	sift_down(timers, timer);
}

/* Never shrinks: what was needed once will be needed again. */
static bool make_room(struct timers *timers)
{
	struct loop_timer **heap;
	size_t max = timers->max == 0 ? FIRST_TIMERS : timers->max * 2;

	if (timers->count < timers->max)
		return true;
	if (timers->count == LOOP_TIMERS_MAX)
		return false;
	heap = realloc(timers->heap, (max + 1) * sizeof *heap);
	if (heap == NULL)
		return false;
	timers->heap = heap;
	timers->max = max;
	return true;
}

bool timers_set(struct timers *timers, struct loop_timer *timer, int64_t at_us)
{
	if (timer->place == 0) {
		if (!make_room(timers))
			return false;
		timers->count++;
		timer->place = timers->count;
	}
	timer->at_us = at_us;
	sift(timers, timer);
	return true;
}

void timers_stop(struct timers *timers, struct loop_timer *timer)
{
	struct loop_timer *last;

	if (timer->place == 0)
		return;
	/* The last one takes the empty seat, and then its right place. */
	last = timers->heap[timers->count];
	timers->count--;
	if (last != timer) {
		last->place = timer->place;
		sift(timers, last);
	}
	timer->place = 0;
}

struct loop_timer *timers_first(const struct timers *timers)
{
	return timers->count == 0 ? NULL : timers->heap[1];
}

void timers_hurry(struct timers *timers, int64_t at_us)
{
	int64_t latest_us = at_us;
	size_t i;

	for (i = 1; i <= timers->count; i++) {
		if (timers->heap[i]->at_us > latest_us)
			latest_us = timers->heap[i]->at_us;
	}
	/* All by one amount: the heap stays a heap, their order stays. */
	for (i = 1; i <= timers->count; i++)
		timers->heap[i]->at_us -= latest_us - at_us;
}
