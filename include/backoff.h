#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before a request is repeated. attempt counts the
 * repetitions before this one, from 0.
 *   BACKOFF_BUILTIN      base * 2^attempt + U(0, jitter)
 *   BACKOFF_FULL_JITTER  U(0, base * 2^attempt)
 * Neither passes cap.
 */
#define BACKOFF_MAX_US (INT64_C(3600) * 1000000)

enum backoff_schedule { BACKOFF_BUILTIN, BACKOFF_FULL_JITTER };

struct backoff {
	enum backoff_schedule schedule;
	int64_t base_us;
	int64_t jitter_us; /* of BACKOFF_BUILTIN */
	int64_t cap_us;    /* BACKOFF_MAX_US at most */
};

/* A random number for one wait, from 0 to BACKOFF_DRAW_MAX, all alike. */
#define BACKOFF_DRAW_MAX UINT32_MAX
uint32_t backoff_draw(void);

/*
 * The wait; draw decides all that is random in it: 0 gives the least wait,
 * BACKOFF_DRAW_MAX the longest. retry_after_us: what the upstream asked for,
 * negative when it did not. What it asked for is never cut short:
 *   max(own wait, Retry-After) + U(0, min(1 s, 10 % of Retry-After))
 */
int64_t backoff_wait_us(const struct backoff *backoff, int attempt,
    int64_t retry_after_us, uint32_t draw);

#endif
