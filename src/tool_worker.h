#ifndef TOOL_WORKER_H
#define TOOL_WORKER_H

#include <stdbool.h>

#include "app.h"

/*
 * The whole program inside the tool, without a web server: it works on the
 * queue as every serving process does, until it is told to stop. SIGTERM,
 * SIGINT and SIGHUP stop it: nothing more is taken, what is in hand has five
 * seconds to end, then it is given back.
 */
struct tool_worker {
	struct app app;
	bool stopping;

	/* The module's own. */
	int signal_fd;
	struct loop_timer limit;
	struct loop_timer timer;
	loop_due *tick;
	void *tick_arg;
};

/*
 * Loads the configuration and opens what the program stands on; worker must be
 * zeroed. From here on the three signals come as tool_worker_stop does, and
 * SIGPIPE is ignored. False: the reason was printed, with command in front.
 * Call tool_worker_close in every case.
 */
bool tool_worker_open(struct tool_worker *worker, const char *command);

/*
 * Works on the queue, and calls tick at once and then each 20 ms, from the
 * loop, until tool_worker_stop or a signal, and from then on until nothing is
 * in hand. tick may see worker->stopping, and may stop the worker itself.
 */
void tool_worker_run(struct tool_worker *worker, loop_due *tick, void *arg);
void tool_worker_stop(struct tool_worker *worker);

void tool_worker_close(struct tool_worker *worker);

#endif
