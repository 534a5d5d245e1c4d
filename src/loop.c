/* loop.c: ready descriptors and due timers -> calls, one after another */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "timers.h"

#define EVENTS_PER_TURN 128
#define FIRST_WATCHES   64
#define LONGEST_WAIT_US (3600 * CLOCK_SECOND)

/*
 * A watch sits at the index of its descriptor; ready is NULL when that is
 * not watched. epoll hands back descriptor and serial, so an event that was
 * collected for an earlier watch of the same number is known as stale.
 */
struct watch {
	loop_ready *ready;
	void *arg;
	uint32_t serial;
};

struct loop {
	int epoll;
	bool stopping;
	int64_t now_us;
	uint32_t serial; /* of the newest watch */
	struct watch *watches;
	size_t watches_max;
	struct timers timers;
	loop_due *end; /* NULL: nobody asked */
	void *end_arg;
};

struct loop *loop_new(void)
{
	struct loop *loop;

	loop = calloc(1, sizeof *loop);
	if (loop == NULL)
		return NULL;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		free(loop);
		return NULL;
	}
	loop->now_us = clock_mono_us();
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	close(loop->epoll);
	free(loop->watches);
	timers_done(&loop->timers);
	free(loop);
}

int64_t loop_now_us(const struct loop *loop)
{
	return loop->now_us;
}

/* Descriptors are small numbers, so the table is as long as the highest. */
static bool make_seat(struct loop *loop, size_t fd)
{
	struct watch *watches;
	size_t max = loop->watches_max;

	if (fd < max)
		return true;
	if (max == 0)
		max = FIRST_WATCHES;
	while (max <= fd)
		max *= 2;
	watches = realloc(loop->watches, max * sizeof *watches);
	if (watches == NULL)
		return false;
	memset(watches + loop->watches_max, 0,
	    (max - loop->watches_max) * sizeof *watches);
	loop->watches = watches;
	loop->watches_max = max;
	return true;
}

static bool is_watched(const struct loop *loop, int fd)
{
	return fd >= 0 && (size_t)fd < loop->watches_max &&
	       loop->watches[fd].ready != NULL;
}

static struct epoll_event describe(uint32_t events, int fd, uint32_t serial)
{
	struct epoll_event event = {.events = events};

	event.data.u64 = (uint64_t)serial << 32 | (uint32_t)fd;
	return event;
}

enum status loop_watch(
    struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *arg)
{
	struct epoll_event event = describe(events, fd, loop->serial + 1);

	assert(fd >= 0);
	if (!make_seat(loop, (size_t)fd))
		return STATUS_MEMORY;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_line(LOG_ERROR, NULL, "cannot watch descriptor %d: %s", fd,
		    strerror(errno));
		return STATUS_IO;
	}
	loop->serial++;
	loop->watches[fd] = (struct watch){ready, arg, loop->serial};
	return STATUS_OK;
}

void loop_change(struct loop *loop, int fd, uint32_t events)
{
	struct epoll_event event;

	assert(is_watched(loop, fd));
	event = describe(events, fd, loop->watches[fd].serial);
	/* Cannot fail: the descriptor is in the set, no memory is needed. */
	epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event);
}

void loop_unwatch(struct loop *loop, int fd)
{
	if (!is_watched(loop, fd))
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	loop->watches[fd].ready = NULL;
}

void loop_timer_init(struct loop_timer *timer, loop_due *due, void *arg)
{
	*timer = (struct loop_timer){.due = due, .arg = arg};
}

/*
 * Never at or before this turn's time: what a callback sets waits for a
 * later turn, so timers that set each other cannot starve descriptors.
 */
enum status loop_timer_set(
    struct loop *loop, struct loop_timer *timer, int64_t at_us)
{
	if (at_us <= loop->now_us)
		at_us = loop->now_us + 1;
	if (!timers_set(&loop->timers, timer, at_us))
		return STATUS_MEMORY;
	return STATUS_OK;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	timers_stop(&loop->timers, timer);
}

void loop_hurry(struct loop *loop)
{
	timers_hurry(&loop->timers, loop->now_us);
}

/*
 * Rounded up: a millisecond late, never a turn that finds nothing due. What
 * was set for at once stands one microsecond past now_us, the beginning of
 * this turn: for that no clock is read.
 */
static int wait_ms(const struct loop *loop)
{
	const struct loop_timer *first = timers_first(&loop->timers);
	int64_t wait_us;

	if (first == NULL)
		return -1;
	if (first->at_us <= loop->now_us + 1)
		return 0;
	wait_us = first->at_us - clock_mono_us();
	if (wait_us <= 0)
		return 0;
	if (wait_us > LONGEST_WAIT_US)
		wait_us = LONGEST_WAIT_US;
	return (int)((wait_us + CLOCK_MS - 1) / CLOCK_MS);
}

static void call_ready(struct loop *loop, const struct epoll_event *event)
{
	struct watch watch;
	int fd = (int)(uint32_t)event->data.u64;

	/* A copy: the callback may watch more and so move the table. */
	watch = loop->watches[fd];
	if (watch.ready == NULL || watch.serial != event->data.u64 >> 32)
		return;
	watch.ready(watch.arg, event->events);
}

static void call_due(struct loop *loop)
{
	struct loop_timer *timer;

	for (;;) {
		timer = timers_first(&loop->timers);
		if (timer == NULL || timer->at_us > loop->now_us)
			break;
		timers_stop(&loop->timers, timer);
		timer->due(timer->arg);
	}
}

/*
 * The turn before, or what came before the first turn, ends here. Then
 * descriptors first: what has arrived in time beats its deadline.
 */
static void turn(struct loop *loop)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int count;
	int i;

	if (loop->end != NULL)
		loop->end(loop->end_arg);
	log_flush();
	count = epoll_wait(loop->epoll, events, EVENTS_PER_TURN, wait_ms(loop));
	loop->now_us = clock_mono_us();
	for (i = 0; i < count; i++)
		call_ready(loop, &events[i]);
	call_due(loop);
}

void loop_on_turn_end(struct loop *loop, loop_due *end, void *arg)
{
	loop->end = end;
	loop->end_arg = arg;
}

void loop_run(struct loop *loop)
{
	while (!loop->stopping)
		turn(loop);
	log_flush();
	loop->stopping = false;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}
