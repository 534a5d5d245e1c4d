#ifndef OUTBOX_PLACE_H
#define OUTBOX_PLACE_H

/* What the tests of the outbox share: two workers on one file. */
#include <time.h>

#include "clock.h"
#include "db_place.h"
#include "outbox.h"

#define LEASE_US  (60 * CLOCK_SECOND)
#define TAKEN_MAX 64

/* Two workers on one file, each with a connection of its own. */
struct workers {
	struct place *place;
	struct db *one;
	struct db *two;
	struct outbox_item items[TAKEN_MAX];
	struct outbox_take take;
};

static inline int open_workers(void **state)
{
	struct workers *workers = calloc(1, sizeof *workers);

	assert_non_null(workers);
	make_place((void **)&workers->place);
	workers->one = must_open(workers->place, DB_SERVE);
	workers->two = must_open(workers->place, DB_SERVE);
	workers->take = (struct outbox_take){
	    .limit = TAKEN_MAX,
	    .running_max = TAKEN_MAX,
	    .lease_us = LEASE_US,
	    .items = workers->items,
	};
	*state = workers;
	return 0;
}

static inline int close_workers(void **state)
{
	struct workers *workers = *state;

	outbox_take_drop(&workers->take);
	db_close(workers->one);
	db_close(workers->two);
	remove_place((void **)&workers->place);
	free(workers);
	return 0;
}

static inline void nap_ms(long ms)
{
	const struct timespec nap = {.tv_nsec = ms * 1000000};

	nanosleep(&nap, NULL);
}

/* An event of the interaction, accepted so long ago; its number. */
static inline int64_t put_aged(struct db *db, const char *id, int64_t age_us)
{
	char body[] = "{\"data\":{}}";
	struct outbox_item item = {
	    .body = body,
	    .claim_key = "key",
	    .claim_holder = 7,
	    .accepted_us = clock_wall_us() - age_us,
	};

	snprintf(item.interaction_id, sizeof item.interaction_id, "%s", id);
	assert_int_equal(db_begin(db, true), STATUS_OK);
	assert_int_equal(
	    outbox_put(db, &item, clock_wall_us() - age_us), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	assert_true(item.id > 0);
	return item.id;
}

static inline int64_t put(struct db *db, const char *id)
{
	return put_aged(db, id, 0);
}

static inline void put_numbered(struct db *db, int first, int count)
{
	char id[24];
	int i;

	for (i = first; i < first + count; i++) {
		snprintf(id, sizeof id, "call-%d", i);
		put(db, id);
	}
}

/* What a look takes; the items of the look before are forgotten. */
static inline int take(struct workers *workers, struct db *db)
{
	assert_int_equal(db_begin(db, false), STATUS_OK);
	assert_int_equal(outbox_take(db, &workers->take), STATUS_OK);
	assert_int_equal(db_commit(db), STATUS_OK);
	return workers->take.count;
}

/* Takes the one item that is due. Its body stays the workers'. */
static inline struct outbox_item take_one(
    struct workers *workers, struct db *db)
{
	assert_int_equal(take(workers, db), 1);
	return workers->items[0];
}

static inline int64_t count_in(const struct workers *workers, const char *where)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", where);
	return raw_int(workers->place, sql);
}

#define WITH_WORKERS(test)                                                     \
	cmocka_unit_test_setup_teardown(test, open_workers, close_workers)

#endif
