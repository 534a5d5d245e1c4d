#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

/*
 * The two clocks. Durations, timers and deadlines use the monotonic one;
 * what is stored, shared with other processes or shown uses wall time.
 */
#define CLOCK_MS          INT64_C(1000)
#define CLOCK_SECOND      INT64_C(1000000)
#define CLOCK_STAMP_BYTES 28

/* Microseconds of the monotonic clock (CLOCK_MONOTONIC). */
int64_t clock_mono_us(void);

/* Microseconds since 1970-01-01 UTC (CLOCK_REALTIME). */
int64_t clock_wall_us(void);

/*
 * Writes a wall time as RFC 3339 UTC with milliseconds,
 * "2024-05-15T10:30:00.123Z", NUL-terminated.
 */
void clock_stamp(int64_t wall_us, char stamp[CLOCK_STAMP_BYTES]);

#endif
