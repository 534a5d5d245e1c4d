/* tally.c: something happened -> its count, one more */
#include "tally.h"

#include <stdatomic.h>
#include <stdlib.h>

struct tally {
	_Atomic int64_t counts[TALLY_NAME_COUNT][TALLY_WHO_MAX][TALLY_WHAT_MAX];
};

struct tally *tally_new(void)
{
	return calloc(1, sizeof(struct tally));
}

void tally_free(struct tally *tally)
{
	free(tally);
}

/*
 * A load and a store, which cost what plain ones do: there is one writer,
 * and who reads wants each count whole but no order among them.
 */
static void add(_Atomic int64_t *count, int64_t times)
{
	int64_t before = atomic_load_explicit(count, memory_order_relaxed);

	atomic_store_explicit(count, before + times, memory_order_relaxed);
}

void tally_count(struct tally *tally, enum tally_name name, int who, int what)
{
	if (tally)
		add(&tally->counts[name][who][what], 1);
}

void tally_add(struct tally *tally, enum tally_name name, int64_t times)
{
	if (tally)
		add(&tally->counts[name][0][0], times);
}

int64_t tally_get(
    const struct tally *tally, enum tally_name name, int who, int what)
{
	return atomic_load_explicit(
	    &tally->counts[name][who][what], memory_order_relaxed);
}
