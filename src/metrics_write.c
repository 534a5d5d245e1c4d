/* metrics_write.c: families and samples -> their lines in either format */
#include "metrics_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

#define LE_BYTES 40

/* Of a kind. Only OpenMetrics knows info, which is a gauge of 1. */
struct words {
	const char *text;        /* its type in the text format */
	const char *openmetrics; /* and in the other one */
	const char *suffix;      /* of all samples */
};

static const struct words kinds[METRICS_KIND_COUNT] = {
    [METRICS_COUNTER] = {"counter", "counter", "_total"},
    [METRICS_GAUGE] = {"gauge", "gauge", ""},
    [METRICS_INFO] = {"gauge", "info", "_info"},
    [METRICS_SUMMARY] = {"summary", "summary", ""},
    [METRICS_HISTOGRAM] = {"histogram", "histogram", ""},
};

const char *metrics_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS
		   ? "application/openmetrics-text; version=1.0.0; "
		     "charset=utf-8"
		   : "text/plain; version=0.0.4; charset=utf-8";
}

/* The text format knows no families: there it is the name of a sample. */
static void add_meta(
    struct metrics_out *out, const char *what, const char *value)
{
	const struct metrics_family *family = out->family;

	text_add(out->text, "# ");
	text_add(out->text, what);
	text_add(out->text, " " METRICS_PREFIX);
	text_add(out->text, family->name);
	if (out->format == METRICS_TEXT)
		text_add(out->text, kinds[family->kind].suffix);
	text_add(out->text, " ");
	text_add(out->text, value);
	text_add(out->text, "\n");
}

void metrics_begin(struct metrics_out *out, const struct metrics_family *family)
{
	const struct words *words = &kinds[family->kind];
	bool open = out->format == METRICS_OPENMETRICS;

	out->family = family;
	add_meta(out, "HELP", family->help);
	add_meta(out, "TYPE", open ? words->openmetrics : words->text);
	if (open && family->unit)
		add_meta(out, "UNIT", family->unit);
}

void metrics_open(struct metrics_out *out, const char *suffix)
{
	out->labelled = false;
	text_add(out->text, METRICS_PREFIX);
	text_add(out->text, out->family->name);
	text_add(out->text, kinds[out->family->kind].suffix);
	text_add(out->text, suffix);
}

static void open_label(struct metrics_out *out, const char *name)
{
	text_add(out->text, out->labelled ? "," : "{");
	out->labelled = true;
	text_add(out->text, name);
	text_add(out->text, "=\"");
}

/* Both formats escape these three alike. */
void metrics_label(struct metrics_out *out, const char *name, const char *value)
{
	open_label(out, name);
	while (*value != '\0') {
		size_t plain = strcspn(value, "\\\"\n");

		text_add_bytes(out->text, value, plain);
		value += plain;
		if (*value == '\0')
			break;
		text_add(out->text, *value == '\n' ? "\\n" : "\\");
		if (*value != '\n')
			text_add_bytes(out->text, value, 1);
		value++;
	}
	text_add(out->text, "\"");
}

/* Powers of two down to 2^-20 have at most 15 digits that count. */
void metrics_label_le(struct metrics_out *out, int exponent)
{
	char number[LE_BYTES];

	snprintf(number, sizeof number, "%.15g", ldexp(1, exponent));
	/* OpenMetrics' canonical numbers have a point or an exponent. */
	if (!strpbrk(number, ".e"))
		strcat(number, ".0");
	open_label(out, "le");
	text_add(out->text, number);
	text_add(out->text, "\"");
}

static void open_value(struct metrics_out *out)
{
	text_add(out->text, out->labelled ? "} " : " ");
}

/* By hand: a double would lose microseconds of a sum of months. */
static void add_seconds(struct text *text, int64_t us)
{
	/* Unsigned, as the least int64_t has no positive of its own. */
	uint64_t all = us < 0 ? -(uint64_t)us : (uint64_t)us;
	uint64_t rest = all % CLOCK_SECOND;
	char digits[] = ".000000";

	if (us < 0)
		text_add(text, "-");
	text_add_int(text, (int64_t)(all / CLOCK_SECOND));
	for (size_t i = sizeof digits - 2; rest > 0; i--) {
		digits[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	text_add(text, digits);
}

void metrics_int(struct metrics_out *out, int64_t value)
{
	open_value(out);
	text_add_int(out->text, value);
	text_add(out->text, "\n");
}

void metrics_seconds(struct metrics_out *out, int64_t us)
{
	open_value(out);
	add_seconds(out->text, us);
	text_add(out->text, "\n");
}

void metrics_bucket(struct metrics_out *out, int64_t value,
    const struct metrics_exemplar *exemplar)
{
	struct text *text = out->text;

	/* The text format has no exemplars. */
	if (out->format == METRICS_TEXT || exemplar->trace_id[0] == '\0') {
		metrics_int(out, value);
		return;
	}
	open_value(out);
	text_add_int(text, value);
	text_add(text, " # {trace_id=\"");
	text_add(text, exemplar->trace_id);
	text_add(text, "\"} ");
	add_seconds(text, exemplar->us);
	text_add(text, " ");
	add_seconds(text, exemplar->at_us);
	text_add(text, "\n");
}

void metrics_end(struct metrics_out *out)
{
	if (out->format == METRICS_OPENMETRICS)
		text_add(out->text, "# EOF\n");
}
