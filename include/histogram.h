#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/*
 * How often which time was seen, in exponential buckets of OpenMetrics' and
 * Prometheus' native schema 3: each bound is 2^(1/8) times the one before,
 * 9.05 % more, and every eighth is a power of two of a second. So two
 * histograms are merged by adding their counts, without any loss, and eight
 * neighbours make one bucket of schema 0. A time read back from a bucket is
 * off by at most HISTOGRAM_ERROR; count, sum and largest are exact.
 *
 * Bucket i holds what is over bound i - 1 and at most bound i; the first one
 * holds 0 us, the last one all that is longer than twelve days.
 */
#define HISTOGRAM_BUCKETS 321
#define HISTOGRAM_FIRST   (-160) /* bucket 0's bound: 2^(FIRST/8) s */
#define HISTOGRAM_ERROR   0.0433 /* (2^(1/8) - 1) / (2^(1/8) + 1) */

/* Zeroed, it is empty. */
struct histogram {
	int64_t count;
	int64_t sum_us;
	int64_t max_us;
	int64_t counts[HISTOGRAM_BUCKETS];
};

/* The bucket of a time; one below 0 counts as 0. */
int histogram_index(int64_t us);

/* The most that bucket index holds, in seconds. */
double histogram_bound_s(int index);

/* Counts us times more often; times may be negative, to take it back: then
 * the largest stays what it was. */
void histogram_add(struct histogram *histogram, int64_t us, int64_t times);

/* Adds all of from. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);

/*
 * The time that percent (0 to 100) of all did not exceed, by nearest rank,
 * in microseconds: the middle of its bucket, within HISTOGRAM_ERROR, and
 * never over the largest. 0 when empty.
 */
double histogram_percentile_us(
    const struct histogram *histogram, double percent);

/*
 * Which share (0 to 1) took at most us. In the bucket that us divides, times
 * are taken to lie evenly. 1 when empty.
 */
double histogram_share_within(const struct histogram *histogram, int64_t us);

/*
 * The buckets as a JSON object, from number to count, less empty ones:
 * {"-40":3,"-39":12}. The number is the bucket's in schema 3: its bound is
 * 2^(number/8) s. What sqlite3's json_each and other programs can read.
 */
void histogram_write(const struct histogram *histogram, struct text *text);

/*
 * Adds such buckets to the counts and to count; sum_us and max_us are the
 * caller's. False: it is no such object; what was read up to there is in.
 */
bool histogram_read(struct histogram *histogram, const char *buckets);

#endif
