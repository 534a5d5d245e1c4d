/* histogram.c: times -> counts in exponential buckets, and back */
#include "histogram.h"

#include <assert.h>
#include <math.h>

#define PER_OCTAVE 8
#define NUMBER_MAX 9000000000000000 /* far from an overflow by ten digits */

/* 2^(i/8 - 1): what a mantissa of frexp is compared with. */
static const double thresholds[PER_OCTAVE] = {
    0.5,
    0.5452538663326288,
    0.5946035575013605,
    0.6484197773255048,
    0.7071067811865476,
    0.7711054127039704,
    0.8408964152537145,
    0.9170040432046712,
};

/* Eighths of an octave over 1 s: the number of the bucket in schema 3. */
static int number_of(int64_t us)
{
	double mantissa;
	int exponent;
	int over = 0;

	/* A division is rounded rightly: a power of two of a second comes out
	 * as itself, and so falls into the bucket that it bounds. */
	mantissa = frexp((double)us / 1e6, &exponent);
	while (over < PER_OCTAVE && mantissa > thresholds[over])
		over++;
	return (exponent - 1) * PER_OCTAVE + over;
}

int histogram_index(int64_t us)
{
	int index;

	if (us <= 0)
		return 0;
	index = number_of(us) - HISTOGRAM_FIRST;
	if (index < 0)
		return 0;
	return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

/* HISTOGRAM_FIRST is a multiple of PER_OCTAVE: so index alone tells the place
 * in its octave, and the division has no rest. */
double histogram_bound_s(int index)
{
	int octave =
	    (index + HISTOGRAM_FIRST - index % PER_OCTAVE) / PER_OCTAVE;

	assert(index >= 0 && index < HISTOGRAM_BUCKETS);
	return ldexp(thresholds[index % PER_OCTAVE], octave + 1);
}

void histogram_add(struct histogram *histogram, int64_t us, int64_t times)
{
	if (us < 0)
		us = 0;
	histogram->counts[histogram_index(us)] += times;
	histogram->count += times;
	histogram->sum_us += us * times;
	/* Taken back, a largest time leaves no second largest to fall back
	 * to. */
	if (times > 0 && us > histogram->max_us)
		histogram->max_us = us;
}

void histogram_merge(struct histogram *histogram, const struct histogram *from)
{
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->counts[i] += from->counts[i];
	histogram->count += from->count;
	histogram->sum_us += from->sum_us;
	if (from->max_us > histogram->max_us)
		histogram->max_us = from->max_us;
}

/* The time from which the ends of the bucket are off by as much a part. */
static double middle_us(int index)
{
	double bound_us = histogram_bound_s(index) * 1e6;

	return index == 0 ? 0 : bound_us * (1 - HISTOGRAM_ERROR);
}

/* Bucket of the one that rank comes to, counted from 1. */
static int bucket_of(const struct histogram *histogram, int64_t rank)
{
	int64_t upto = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		upto += histogram->counts[i];
		if (upto >= rank)
			return i;
	}
	/* Not while the counts add up to count, as all functions keep them. */
	return HISTOGRAM_BUCKETS - 1;
}

double histogram_percentile_us(
    const struct histogram *histogram, double percent)
{
	double rank = ceil((double)histogram->count * percent / 100);
	double us;

	if (histogram->count <= 0)
		return 0;
	us = middle_us(bucket_of(histogram, rank < 1 ? 1 : (int64_t)rank));
	if (us > (double)histogram->max_us)
		return (double)histogram->max_us;
	return us;
}

double histogram_share_within(const struct histogram *histogram, int64_t us)
{
	int last = histogram_index(us);
	double upper_us = histogram_bound_s(last) * 1e6;
	double lower_us = last > 0 ? histogram_bound_s(last - 1) * 1e6 : 0;
	double within = 0;

	if (histogram->count <= 0)
		return 1;
	if (us >= histogram->max_us)
		return 1;
	for (int i = 0; i < last; i++)
		within += (double)histogram->counts[i];
	within += (double)histogram->counts[last] * ((double)us - lower_us) /
		  (upper_us - lower_us);
	return within / (double)histogram->count;
}

void histogram_write(const struct histogram *histogram, struct text *text)
{
	const char *before = "{\"";

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->counts[i] == 0)
			continue;
		text_add(text, before);
		text_add_int(text, i + HISTOGRAM_FIRST);
		text_add(text, "\":");
		text_add_int(text, histogram->counts[i]);
		before = ",\"";
	}
	text_add(text, before[0] == '{' ? "{}" : "}");
}

/* Moves *at past a decimal integer; false: there is none, or a huge one. By
 * hand: strtoll would skip blanks and take a plus, which we never wrote. */
static bool read_number(const char **at, int64_t *number)
{
	bool negative = **at == '-';
	const char *digit = negative ? *at + 1 : *at;
	int64_t value = 0;

	if (*digit < '0' || *digit > '9')
		return false;
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		value = value * 10 + (*digit - '0');
		if (value > NUMBER_MAX)
			return false;
	}
	*number = negative ? -value : value;
	*at = digit;
	return true;
}

static bool read_sign(const char **at, char sign)
{
	if (**at != sign)
		return false;
	(*at)++;
	return true;
}

/* One member: "number":count */
static bool read_bucket(struct histogram *histogram, const char **at)
{
	int64_t number;
	int64_t count;

	if (!read_sign(at, '"') || !read_number(at, &number) ||
	    !read_sign(at, '"') || !read_sign(at, ':') ||
	    !read_number(at, &count))
		return false;
	/* A bucket that is none of ours was made by other bounds: to leave it
	 * out would tell too few. */
	number -= HISTOGRAM_FIRST;
	if (number < 0 || number >= HISTOGRAM_BUCKETS)
		return false;
	histogram->counts[number] += count;
	histogram->count += count;
	return true;
}

bool histogram_read(struct histogram *histogram, const char *buckets)
{
	const char *at = buckets;

	if (!read_sign(&at, '{'))
		return false;
	if (*at == '"') {
		do {
			if (!read_bucket(histogram, &at))
				return false;
		} while (read_sign(&at, ','));
	}
	return at[0] == '}' && at[1] == '\0';
}
