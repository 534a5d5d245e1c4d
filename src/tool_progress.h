#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A bar on stderr for work on many items, when that is a terminal and there
 * are more than TOOL_PROGRESS_MIN of them; else nothing is shown.
 */
#define TOOL_PROGRESS_MIN 1000

struct tool_progress {
	const char *what;
	int64_t total;
	int64_t done;
	int64_t shown_us; /* monotonic, of the newest bar */
	bool shows;
};

/* total: how many items there will be, 0 when that is not known. what stands
 * before the bar, and is borrowed until tool_progress_end. */
void tool_progress_begin(
    struct tool_progress *progress, const char *what, int64_t total);

/* So many more are done. */
void tool_progress_add(struct tool_progress *progress, int64_t count);

/* Takes the bar away, so that what is printed next has a line of its own.
 * Called once more it does nothing. */
void tool_progress_end(struct tool_progress *progress);

#endif
