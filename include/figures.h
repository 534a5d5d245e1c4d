#ifndef FIGURES_H
#define FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "moment.h"
#include "period.h"
#include "record.h"
#include "rollup.h"
#include "status.h"

/*
 * What a report shows, as numbers: how many decisions, how they ended and
 * how long they took, in all, by group, and in the course of time. From the
 * sums (rollup.h), in milliseconds at any size, or from each decision, which
 * takes seconds per million. Decisions that were replaced do not count.
 */
enum figures_by {
	FIGURES_STEP, /* the time of each step; all others: of decisions */
	FIGURES_HOUR, /* of the zone */
	FIGURES_DAY,
	FIGURES_STATUS, /* the cause when not routed; ok */
	FIGURES_MEDIA,
	FIGURES_OUTCOME,
	FIGURES_ROUTE,
	FIGURES_MAP,
	FIGURES_INVENTORY,
	FIGURES_BY_COUNT
};

/* The word for a grouping ("hour"). */
const char *figures_by_name(enum figures_by by);

/* Reads it; false: it is none. */
bool figures_read_by(const char *word, enum figures_by *by);

/* Those words, for who is told what is expected. */
#define FIGURES_BY                                                             \
	"step, hour, day, status, media, outcome, route, map or inventory"

/* The percentiles that are given: 50, 90, 95 and 99 %. */
enum figures_percentile {
	FIGURES_P50,
	FIGURES_P90,
	FIGURES_P95,
	FIGURES_P99,
	FIGURES_PERCENTILES
};
extern const int figures_percents[FIGURES_PERCENTILES];

struct figures_row {
	char name[ROLLUP_PART_BYTES]; /* a step, "voice", "total"; of hours
		and days "2026-11-01T10:00+01:00" and "2026-11-01" */
	int64_t start_s;              /* of hours, days and slots */
	int64_t count;
	int64_t outcomes[OUTCOME_COUNT]; /* how often each */
	double within;                   /* how many took slo_us or less */
	double us[FIGURES_PERCENTILES];  /* by nearest rank */
	double max_us;
};

struct figures_rows {
	struct figures_row *rows;
	size_t count;
	size_t room;
};

struct figures_ask {
	struct period period;
	enum moment_zone zone; /* of hours and days */
	enum figures_by by;
	bool exact;     /* from each decision */
	int64_t slo_us; /* 0: nothing is counted as within */
	int slots_max;  /* how fine the course may be; 0: none is wanted */
};

struct figures {
	struct period period; /* what is counted: as asked, or widened to
		what the sums have (rollup_fit); all begins with the first */
	struct figures_row total;
	struct figures_rows outcomes; /* those that were, in their order */
	struct figures_rows groups;   /* that have a decision; steps in the
		order of the path, then the total; times as they went; others
		by name */
	struct figures_rows course;   /* slots one after the other; the first
		and the last may lie in the period in part only */
	int64_t slot_s;
};

/* Hours, days or slots that one question may have: 46 years of days, but
 * half a year of hours. */
#define FIGURES_SLOTS_MAX 4400

/*
 * Reads the figures, in a read transaction of the caller's, who frees them
 * with figures_done. STATUS_TOO_LARGE: there are too many hours, or groups;
 * STATUS_MEMORY; STATUS_STORE_*: nothing is given.
 */
enum status figures_read(struct db *db, const struct figures_ask *ask,
    int64_t now_us, struct figures *figures);
void figures_done(struct figures *figures);

/*
 * When the first decision was that is still counted, by its day where only
 * sums are left of it. Without any, *first_us stays what it was.
 */
enum status figures_first(struct db *db, int64_t *first_us);

/* The row of this name; NULL when there is none. */
const struct figures_row *figures_find(
    const struct figures_rows *rows, const char *name);

/*
 * How well an aim was met that so many percent (target, under 100) take
 * slo_us or less. Those count that an answer of CXone ended: routed, by
 * fallback too, and skipped; and those that failed or expired, which are
 * never within. What was refused, a duplicate, superseded or dropped would
 * only flatter.
 */
struct figures_slo {
	int64_t counted;
	double share; /* 0 to 1; 1 when there was nothing */
	double burn;  /* misses per allowed miss: over 1, the budget of
			 misses is used up before its time */
};
struct figures_slo figures_slo(const struct figures *figures, double target);

#endif
