/* clock.c: the system's clocks -> microseconds, and RFC 3339 text */
#include "clock.h"

#include <stdio.h>
#include <time.h>

/* Both clocks exist on every Linux: clock_gettime cannot fail here. */
static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clock_stamp(int64_t wall_us, char stamp[CLOCK_STAMP_BYTES])
{
	time_t seconds = (time_t)(wall_us / CLOCK_SECOND);
	struct tm utc = {0};
	size_t length;

	gmtime_r(&seconds, &utc);
	length = strftime(stamp, CLOCK_STAMP_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(stamp + length, CLOCK_STAMP_BYTES - length, ".%03dZ",
	    (int)(wall_us % CLOCK_SECOND / CLOCK_MS));
}
