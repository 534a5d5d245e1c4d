/* tool_progress.c: items done, of so many -> a bar on the terminal */
#include "tool_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"

#define WIDTH      40
#define REFRESH_US (100 * CLOCK_MS)

void tool_progress_begin(
    struct tool_progress *progress, const char *what, int64_t total)
{
	*progress = (struct tool_progress){
	    .what = what,
	    .total = total,
	    .shows = total > TOOL_PROGRESS_MIN && isatty(STDERR_FILENO),
	};
}

static void show(const struct tool_progress *progress)
{
	static const char full[WIDTH + 1] =
	    "########################################";
	int64_t done = progress->done;
	int length;

	/* More may have come since they were counted. */
	if (done > progress->total)
		done = progress->total;
	/* total is not 0: without items nothing shows. */
	length = (int)(done * WIDTH / progress->total);
	fprintf(stderr, "\r%s [%.*s%*s] %lld of %lld", progress->what, length,
	    full, WIDTH - length, "", (long long)done,
	    (long long)progress->total);
	fflush(stderr);
}

void tool_progress_add(struct tool_progress *progress, int64_t count)
{
	int64_t now_us = clock_mono_us();

	progress->done += count;
	if (!progress->shows || now_us - progress->shown_us < REFRESH_US)
		return;
	progress->shown_us = now_us;
	show(progress);
}

/* The line's end is erased as ECMA-48 has it (EL). */
void tool_progress_end(struct tool_progress *progress)
{
	if (progress->shows)
		fprintf(stderr, "\r\033[K");
	progress->shows = false;
}
