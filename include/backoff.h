#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before repeating a request that was answered 429:
 *   base * 2^attempt + U(0, jitter), or Retry-After when that is longer.
 * attempt counts from 0. retry_after_us is negative when none was given.
 * Never less than Retry-After and never over BACKOFF_MAX_US unless
 * Retry-After is.
 */
#define BACKOFF_MAX_US (INT64_C(3600) * 1000000)
struct backoff {
	int64_t base_us;
	int64_t jitter_us;
};
int64_t backoff_wait_us(const struct backoff *backoff, int attempt,
    int64_t retry_after_us);

#endif
