/* backoff.c: what was asked and how often -> how long to wait */
#include "backoff.h"

#include <openssl/rand.h>

#include "clock.h"

#define ASKED_JITTER_MAX_US CLOCK_SECOND

/* Not a secret, but the generator must differ between processes. */
uint32_t backoff_draw(void)
{
	uint32_t draw = 0;

	/* The middle, then: all wait alike, but all wait. */
	if (RAND_bytes((unsigned char *)&draw, sizeof draw) != 1)
		return BACKOFF_DRAW_MAX / 2;
	return draw;
}

/* The part of range that was drawn: an hour times 2^32 fits in 64 bits. */
static int64_t part(int64_t range, uint32_t draw)
{
	return (int64_t)((uint64_t)range * draw / BACKOFF_DRAW_MAX);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t own_wait(
    const struct backoff *backoff, int attempt, uint32_t draw)
{
	int64_t wait = backoff->base_us;
	int i;

	/* Stops at the cap, so that no attempt is high enough to overflow. */
	for (i = 0; i < attempt && wait < backoff->cap_us; i++)
		wait *= 2;
	wait = least(wait, backoff->cap_us);
	if (backoff->schedule == BACKOFF_FULL_JITTER)
		return part(wait, draw);
	return least(wait + part(backoff->jitter_us, draw), backoff->cap_us);
}

int64_t backoff_wait_us(const struct backoff *backoff, int attempt,
    int64_t retry_after_us, uint32_t draw)
{
	int64_t wait = own_wait(backoff, attempt, draw);
	int64_t jitter;

	if (retry_after_us <= 0)
		return wait;
	/* All who were asked alike must not come back at one moment. */
	jitter = part(least(retry_after_us / 10, ASKED_JITTER_MAX_US), draw);
	return jitter + (wait > retry_after_us ? wait : retry_after_us);
}
