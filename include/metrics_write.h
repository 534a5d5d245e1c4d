#ifndef METRICS_WRITE_H
#define METRICS_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/*
 * The two languages of metrics: Prometheus' text format 0.0.4, and
 * OpenMetrics 1.0, which has units and exemplars and names a family of
 * counters without the _total of its samples.
 *
 * A family begins with metrics_begin. Each of its samples is metrics_open,
 * any number of metrics_label, then one value. All names here are without
 * METRICS_PREFIX.
 */
#define METRICS_PREFIX "stockroute_"

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

/* The Content-Type of a format. Static. */
const char *metrics_type(enum metrics_format format);

/*
 * The format that a header Accept (RFC 9110 12.5.1) likes best; NULL or ""
 * when there was none. The text format where it is silent, refuses both, or
 * likes both alike without naming OpenMetrics.
 */
enum metrics_format metrics_choose(const char *accept);

enum metrics_kind {
	METRICS_COUNTER,
	METRICS_GAUGE,
	METRICS_INFO,
	METRICS_SUMMARY,
	METRICS_HISTOGRAM,
	METRICS_KIND_COUNT
};

/* A family. Its unit, where it has one, ends its name. */
struct metrics_family {
	const char *name;
	enum metrics_kind kind;
	const char *unit; /* "seconds", "bytes"; NULL: none */
	const char *help; /* one line, without a backslash */
};

/* What is being written. Start with text and format. */
struct metrics_out {
	struct text *text; /* borrowed */
	enum metrics_format format;
	const struct metrics_family *family;
	bool labelled;
};

/* Borrows family until the next one begins. */
void metrics_begin(
    struct metrics_out *out, const struct metrics_family *family);

/* suffix: "_sum", or "" for what all samples of the kind bear. */
void metrics_open(struct metrics_out *out, const char *suffix);

/* value may have any byte; what the formats do not take bare is escaped. */
void metrics_label(
    struct metrics_out *out, const char *name, const char *value);

/* The same of an integer that is two to the power of exponent, as le has it:
 * canonical in both formats ("1.0", "7.62939453125e-06"). */
void metrics_label_le(struct metrics_out *out, int exponent);

void metrics_int(struct metrics_out *out, int64_t value);

/* Microseconds as seconds, all six digits. */
void metrics_seconds(struct metrics_out *out, int64_t us);

/*
 * In the place of metrics_int, for a bucket of a histogram: an example of
 * what is in it goes with it, where the format has that. trace_id is "" when
 * there is none; then it is left out.
 */
struct metrics_exemplar {
	const char *trace_id;
	int64_t us;
	int64_t at_us; /* wall time */
};
void metrics_bucket(struct metrics_out *out, int64_t value,
    const struct metrics_exemplar *exemplar);

/* After the last family. */
void metrics_end(struct metrics_out *out);

#endif
