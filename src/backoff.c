/* backoff.c: what was asked and how often -> how long to wait */
#include "backoff.h"

#include <openssl/rand.h>

/* Not a secret, but the generator must differ between processes. */
static int64_t random_up_to(int64_t max)
{
	uint64_t value = 0;

	if (max <= 0 || RAND_bytes((unsigned char *)&value, sizeof value) != 1)
		return 0;
	return (int64_t)(value % ((uint64_t)max + 1));
}

int64_t backoff_wait_us(const struct backoff *backoff, int attempt,
    int64_t retry_after_us)
{
	int64_t wait = backoff->base_us;
	int i;

	for (i = 0; i < attempt && wait < BACKOFF_MAX_US; i++)
		wait *= 2;
	wait += random_up_to(backoff->jitter_us);
	if (wait > BACKOFF_MAX_US)
		wait = BACKOFF_MAX_US;
	return wait > retry_after_us ? wait : retry_after_us;
}
