/* writegate.c: a lock file -> one writer at a time, waited for in bounds */
#include "writegate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

/* The kernel's name for the field, which older glibcs do not give. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define NUDGE_US (10 * CLOCK_MS)

struct writegate {
	int fd;
	bool has_timer; /* made when there is first something to wait for */
	timer_t timer;
};

enum status writegate_open(const char *path, struct writegate **gate)
{
	struct writegate *made = calloc(1, sizeof *made);

	if (made == NULL)
		return STATUS_MEMORY;
	made->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (made->fd < 0) {
		free(made);
		return STATUS_STORE_UNAVAILABLE;
	}
	*gate = made;
	return STATUS_OK;
}

void writegate_close(struct writegate *gate)
{
	if (gate == NULL)
		return;
	if (gate->has_timer)
		timer_delete(gate->timer);
	close(gate->fd);
	free(gate);
}

static void ignore_signal(int signo)
{
	(void)signo;
}

/* No SA_RESTART: the signal is there to end flock with EINTR. */
static bool make_timer(struct writegate *gate)
{
	struct sigaction action = {.sa_handler = ignore_signal};
	struct sigevent event = {
	    .sigev_notify = SIGEV_THREAD_ID,
	    .sigev_signo = WRITEGATE_SIGNAL,
	};
	sigset_t set;

	event.sigev_notify_thread_id = gettid();
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, WRITEGATE_SIGNAL);
	if (sigaction(WRITEGATE_SIGNAL, &action, NULL) != 0)
		return false;
	if (pthread_sigmask(SIG_UNBLOCK, &set, NULL) != 0)
		return false;
	gate->has_timer =
	    timer_create(CLOCK_MONOTONIC, &event, &gate->timer) == 0;
	return gate->has_timer;
}

/*
 * Repeats, because the first signal may come just before flock begins to
 * wait and would then end nothing. 0 stops it.
 */
static bool set_timer(struct writegate *gate, int64_t wait_us)
{
	struct itimerspec spec = {
	    .it_value = {.tv_sec = wait_us / CLOCK_SECOND,
		.tv_nsec = wait_us % CLOCK_SECOND * 1000},
	    .it_interval = {.tv_nsec = NUDGE_US * 1000},
	};

	return timer_settime(gate->timer, 0, &spec, NULL) == 0;
}

static enum status wait_in_kernel(struct writegate *gate, int64_t wait_us)
{
	int64_t until_us = clock_mono_us() + wait_us;

	while (flock(gate->fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return STATUS_STORE_UNAVAILABLE;
		if (clock_mono_us() >= until_us)
			return STATUS_STORE_BUSY;
	}
	return STATUS_OK;
}

/*
 * flock alone has no time limit, and polling would lose the kernel's queue;
 * so it waits for real and a timer of this thread interrupts it.
 */
enum status writegate_take(struct writegate *gate, int64_t wait_us)
{
	enum status status;

	if (flock(gate->fd, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	if (errno != EWOULDBLOCK)
		return STATUS_STORE_UNAVAILABLE;
	if (wait_us <= 0)
		return STATUS_STORE_BUSY;
	if (!gate->has_timer && !make_timer(gate))
		return STATUS_STORE_UNAVAILABLE;
	if (!set_timer(gate, wait_us))
		return STATUS_STORE_UNAVAILABLE;
	status = wait_in_kernel(gate, wait_us);
	set_timer(gate, 0);
	return status;
}

void writegate_leave(struct writegate *gate)
{
	flock(gate->fd, LOCK_UN);
}
