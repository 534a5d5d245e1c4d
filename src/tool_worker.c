/* tool_worker.c: the configuration -> the program at work on the queue */
#include "tool_worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define PROBLEMS_MAX 65536
#define STOP_US      (5 * CLOCK_SECOND)
#define TICK_US      (20 * CLOCK_MS)

/*
 * Time is over: what waits for an upstream is cut, and goes back into the
 * queue.
 */
static void stop_due(void *arg)
{
	struct tool_worker *worker = arg;

	app_stop(&worker->app);
}

void tool_worker_stop(struct tool_worker *worker)
{
	if (worker->stopping)
		return;
	worker->stopping = true;
	/* What is in hand goes on; tick_due sees when it has ended. */
	app_leave_queue(&worker->app);
	loop_timer_set(
	    worker->app.loop, &worker->limit, clock_mono_us() + STOP_US);
}

static void got_signal(void *arg, uint32_t events)
{
	struct tool_worker *worker = arg;
	struct signalfd_siginfo signal;

	(void)events;
	if (read(worker->signal_fd, &signal, sizeof signal) ==
	    (ssize_t)sizeof signal)
		tool_worker_stop(worker);
}

/* Before the store's thread is there, which must not get them either. */
static bool take_signals(struct tool_worker *worker)
{
	sigset_t set;

	/* Neither an upstream nor a reader of ours that goes may end us. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	worker->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (worker->signal_fd < 0)
		return false;
	return loop_watch(worker->app.loop, worker->signal_fd, EPOLLIN,
		   got_signal, worker) == STATUS_OK;
}

/* At a terminal the command itself tells what became of each event. */
static void keep_terminal_clear(const struct config *config)
{
	if (strcmp(config->log_to, "stderr") == 0 && isatty(STDERR_FILENO) &&
	    config->log_level == LOG_INFO)
		log_set_level(LOG_WARN);
}

bool tool_worker_open(struct tool_worker *worker, const char *command)
{
	struct text problems;
	enum status status = STATUS_MEMORY;

	worker->signal_fd = -1;
	worker->app.loop = loop_new();
	/*
	 * app_open starts the store's thread: it inherits the mask from here.
	 */
	if (worker->app.loop == NULL || !take_signals(worker)) {
		fprintf(stderr, "stockroute %s: cannot begin\n", command);
		return false;
	}
	loop_timer_init(&worker->limit, stop_due, worker);
	text_init(&problems, PROBLEMS_MAX);
	status = app_open(&worker->app, NULL, &problems);
	if (status != STATUS_OK)
		fprintf(stderr, "stockroute %s: %s\n%s", command,
		    status_name(status), text_string(&problems));
	else
		keep_terminal_clear(worker->app.config);
	text_done(&problems);
	return status == STATUS_OK;
}

static void tick_due(void *arg)
{
	struct tool_worker *worker = arg;

	/* It may stop the worker, and so comes before the look at that. */
	worker->tick(worker->tick_arg);
	if (worker->stopping && app_is_idle(&worker->app)) {
		loop_stop(worker->app.loop);
		return;
	}
	loop_timer_set(
	    worker->app.loop, &worker->timer, clock_mono_us() + TICK_US);
}

void tool_worker_run(struct tool_worker *worker, loop_due *tick, void *arg)
{
	worker->tick = tick;
	worker->tick_arg = arg;
	loop_timer_init(&worker->timer, tick_due, worker);
	app_serve_queue(&worker->app);
	/* The first one at once; it arms the timer for the next. */
	tick_due(worker);
	loop_run(worker->app.loop);
	loop_timer_stop(worker->app.loop, &worker->limit);
}

void tool_worker_close(struct tool_worker *worker)
{
	/* NULL: app_open failed, and has closed everything again. */
	if (worker->app.config != NULL)
		app_close(&worker->app);
	loop_free(worker->app.loop);
	if (worker->signal_fd >= 0)
		close(worker->signal_fd);
}
