#ifndef FIGURES_PLACE_H
#define FIGURES_PLACE_H

/* What the tests of figures.h share: decisions at known times, and rows. */

#include <time.h>

#include "clock.h"
#include "db_place.h"
#include "figures.h"
#include "rollup_fold.h"

#define HOUR_S INT64_C(3600)
#define DAY_S  (24 * HOUR_S)
#define MAY_S  INT64_C(1715767200) /* 2024-05-15T10:00:00Z */
#define NOW_US ((MAY_S + 400 * DAY_S) * CLOCK_SECOND)

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static inline void set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

static inline struct db *open_empty(struct place *place)
{
	return must_open(place, DB_SERVE);
}

static inline void insert(struct db *db, int64_t at_s, int64_t total_us,
    const char *media, enum outcome outcome)
{
	struct record record;

	record_init(&record);
	record.received_us = at_s * CLOCK_SECOND + 500000;
	snprintf(record.media_type, sizeof record.media_type, "%s", media);
	record.outcome = outcome;
	record.total_us = total_us;
	record.step_us[STEP_INVENTORY] = total_us / 2;
	record.skills = "[\"a\"]";
	record.queues = "[]";
	assert_int_equal(record_insert(db, &record), STATUS_OK);
}

static inline void begin(struct db *db)
{
	assert_int_equal(db_begin(db, false), STATUS_OK);
}

static inline void commit(struct db *db)
{
	assert_int_equal(db_commit(db), STATUS_OK);
}

static inline void fold(struct db *db, int64_t rows)
{
	int64_t folded = 0;

	begin(db);
	assert_int_equal(rollup_fold(db, rows, &folded), STATUS_OK);
	commit(db);
}

static inline struct figures must_read(
    struct db *db, const struct figures_ask *ask)
{
	struct figures figures = {0};

	assert_int_equal(db_begin_read(db), STATUS_OK);
	assert_int_equal(figures_read(db, ask, NOW_US, &figures), STATUS_OK);
	db_end_read(db);
	return figures;
}

static inline void name_is(
    const struct figures *figures, size_t i, const char *name, int64_t count)
{
	assert_true(i < figures->groups.count);
	assert_string_equal(figures->groups.rows[i].name, name);
	assert_int_equal(figures->groups.rows[i].count, count);
}

#endif
