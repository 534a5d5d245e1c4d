/* sim_park.c: connection and delay -> the same connection, later */
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sim_park.h"

enum { EVENTS_MAX = 64 };

/* The places are a heap by due_us. One epoll set watches the parked clients,
 * which libmicrohttpd does not while they are suspended, and the timer that
 * stands at the first due time. Only the thread takes items out, so an event
 * it has in hand never speaks of an item that is gone. */
struct park {
	pthread_mutex_t lock;
	pthread_t thread;
	int epoll_fd;
	int timer_fd;
	bool closing;
	size_t count;
	size_t places_max;
	struct parked *places[];
};

static void *wake_in_time(void *arg);
static void wake_due(struct park *park, struct parked **woken);
static void wake_all(struct park *park, struct parked **woken);

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void put(struct park *park, size_t slot, struct parked *item)
{
	park->places[slot] = item;
	item->slot = slot;
}

/* Towards the root while those above are due later. */
static void move_up(struct park *park, struct parked *item)
{
	size_t slot = item->slot;

	while (slot > 0) {
		struct parked *above = park->places[(slot - 1) / 2];

		if (above->due_us <= item->due_us)
			break;
		put(park, slot, above);
		slot = (slot - 1) / 2;
	}
	put(park, slot, item);
}

/* Away from the root while a child is due earlier. */
static void move_down(struct park *park, struct parked *item)
{
	size_t slot = item->slot;

	for (;;) {
		size_t child = 2 * slot + 1;

		if (child >= park->count)
			break;
		if (child + 1 < park->count && park->places[child + 1]->due_us <
						   park->places[child]->due_us)
			child++;
		if (item->due_us <= park->places[child]->due_us)
			break;
		put(park, slot, park->places[child]);
		slot = child;
	}
	put(park, slot, item);
}

static void take_out(
    struct park *park, struct parked *item, struct parked **woken)
{
	struct parked *last = park->places[--park->count];

	/* The last fills the gap; only one of the two moves does anything. */
	if (last != item) {
		put(park, item->slot, last);
		move_up(park, last);
		move_down(park, last);
	}
	/* Before the resume: afterwards the descriptor may be another's. */
	epoll_ctl(park->epoll_fd, EPOLL_CTL_DEL, item->fd, NULL);
	item->next = *woken;
	*woken = item;
}

/* A time in the past rings at once; a due time of zero would disarm. */
static void set_timer(struct park *park)
{
	int64_t due_us = park->closing ? 1 : INT64_MAX;
	struct itimerspec at = {0};

	if (!park->closing && park->count > 0)
		due_us = park->places[0]->due_us;
	if (due_us != INT64_MAX) {
		at.it_value.tv_sec = due_us / 1000000;
		at.it_value.tv_nsec = due_us % 1000000 * 1000;
	}
	timerfd_settime(park->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

bool park_suspend(struct park *park, struct parked *item,
    struct MHD_Connection *connection, int delay_ms)
{
	struct epoll_event watch = {.events = EPOLLRDHUP, .data.ptr = item};
	bool there;

	item->connection = connection;
	item->left = false;
	item->fd = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD)
		       ->connect_fd;
	item->due_us = INT64_MAX;
	if (delay_ms != PARK_FOREVER)
		item->due_us = now_us() + (int64_t)delay_ms * 1000;
	pthread_mutex_lock(&park->lock);
	there = !park->closing && park->count < park->places_max;
	/* Suspended before the thread can see it, resumed only after. */
	if (there) {
		MHD_suspend_connection(connection);
		item->slot = park->count++;
		move_up(park, item);
		epoll_ctl(park->epoll_fd, EPOLL_CTL_ADD, item->fd, &watch);
		if (item->slot == 0)
			set_timer(park);
	}
	pthread_mutex_unlock(&park->lock);
	return there;
}

static void *wake_in_time(void *arg)
{
	struct park *park = arg;
	struct epoll_event events[EVENTS_MAX];
	bool closing = false;

	while (!closing) {
		int count = epoll_wait(park->epoll_fd, events, EVENTS_MAX, -1);
		struct parked *woken = NULL;

		pthread_mutex_lock(&park->lock);
		for (int i = 0; i < count; i++) {
			struct parked *item = events[i].data.ptr;

			if (!item)
				continue;
			item->left = true;
			take_out(park, item, &woken);
		}
		wake_due(park, &woken);
		closing = park->closing;
		if (closing)
			wake_all(park, &woken);
		else
			set_timer(park);
		pthread_mutex_unlock(&park->lock);
		/* Once resumed, an item may be freed at any moment. */
		while (woken) {
			struct parked *next = woken->next;

			MHD_resume_connection(woken->connection);
			woken = next;
		}
	}
	return NULL;
}

static void wake_due(struct park *park, struct parked **woken)
{
	int64_t now = now_us();

	while (park->count > 0 && park->places[0]->due_us <= now)
		take_out(park, park->places[0], woken);
}

static void wake_all(struct park *park, struct parked **woken)
{
	while (park->count > 0) {
		park->places[0]->left = true;
		take_out(park, park->places[0], woken);
	}
}

/* The timer is the one watched descriptor without an item. It is never read:
 * setting it anew also clears it. */
static bool open_watch(struct park *park)
{
	struct epoll_event watch = {.events = EPOLLIN, .data.ptr = NULL};

	park->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	park->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return park->epoll_fd >= 0 && park->timer_fd >= 0 &&
	       !epoll_ctl(
		   park->epoll_fd, EPOLL_CTL_ADD, park->timer_fd, &watch);
}

struct park *park_new(size_t places_max)
{
	struct park *park;

	park = calloc(1, sizeof *park + places_max * sizeof park->places[0]);
	if (!park)
		return NULL;
	park->places_max = places_max;
	pthread_mutex_init(&park->lock, NULL);
	if (!open_watch(park) ||
	    pthread_create(&park->thread, NULL, wake_in_time, park)) {
		park_free(park);
		return NULL;
	}
	return park;
}

void park_close(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	park->closing = true;
	set_timer(park);
	pthread_mutex_unlock(&park->lock);
	pthread_join(park->thread, NULL);
}

void park_free(struct park *park)
{
	if (!park)
		return;
	if (park->epoll_fd >= 0)
		close(park->epoll_fd);
	if (park->timer_fd >= 0)
		close(park->timer_fd);
	pthread_mutex_destroy(&park->lock);
	free(park);
}
