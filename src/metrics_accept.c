/* metrics_accept.c: a header Accept -> the format its sender likes best */
#include "metrics_write.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RANGE_BYTES 64

/* One range of the header: type/subtype, its version and its weight. */
struct range {
	char type[RANGE_BYTES];
	char version[RANGE_BYTES]; /* "": any */
	int weight;                /* of 1000 */
};

static const char *const text_types[] = {"text/plain", "text/*", "*/*"};
static const char *const open_types[] = {
    "application/openmetrics-text", "application/*", "*/*"};
#define TYPES 3

/* Blanks around and quotes do not count; what is too long is nothing's. */
static void take(const char *from, size_t length, char to[RANGE_BYTES])
{
	while (length > 0 && strchr(" \t\"", *from)) {
		from++;
		length--;
	}
	while (length > 0 && strchr(" \t\"", from[length - 1]))
		length--;
	if (length >= RANGE_BYTES)
		length = 0;
	memcpy(to, from, length);
	to[length] = '\0';
}

/* RFC 9110 12.4.2: at most three digits after the point. */
static int read_weight(const char *text)
{
	char *end;
	double weight = strtod(text, &end);

	if (end == text || *end != '\0' || !(weight >= 0 && weight <= 1))
		return 0;
	return (int)(weight * 1000 + 0.5);
}

static void read_parameter(const char *at, size_t length, struct range *range)
{
	const char *equals = memchr(at, '=', length);
	char name[RANGE_BYTES];
	char value[RANGE_BYTES];

	if (!equals)
		return;
	take(at, (size_t)(equals - at), name);
	take(equals + 1, length - (size_t)(equals - at) - 1, value);
	if (strcasecmp(name, "q") == 0)
		range->weight = read_weight(value);
	else if (strcasecmp(name, "version") == 0)
		strcpy(range->version, value);
}

static void read_range(const char *at, size_t length, struct range *range)
{
	size_t part = strcspn(at, ";,");

	*range = (struct range){.weight = 1000};
	take(at, part, range->type);
	while (part < length) {
		at += part + 1;
		length -= part + 1;
		part = strcspn(at, ";,");
		read_parameter(at, part, range);
	}
}

/* How closely a range names a type: 3 itself, 1 with all others, 0 no. */
static int closeness(const struct range *range, const char *const types[TYPES],
    const char *version)
{
	/* A version that we do not write makes it a range of something else. */
	if (range->version[0] != '\0' && strcmp(range->version, version) != 0)
		return 0;
	for (int i = 0; i < TYPES; i++)
		if (strcasecmp(range->type, types[i]) == 0)
			return TYPES - i;
	return 0;
}

/* The weight of what names a type most closely, and how closely that is. */
struct liking {
	int close;
	int weight;
};

static void consider(
    struct liking *liking, int close, const struct range *range)
{
	if (close == 0)
		return;
	/* The closest decides even when it refuses, with q=0: RFC 9110 12.5.1
	 * has the most specific range count. */
	if (close > liking->close ||
	    (close == liking->close && range->weight > liking->weight)) {
		liking->close = close;
		liking->weight = range->weight;
	}
}

enum metrics_format metrics_choose(const char *accept)
{
	struct liking text = {0};
	struct liking open = {0};

	while (accept && *accept != '\0') {
		size_t length = strcspn(accept, ",");
		struct range range;

		read_range(accept, length, &range);
		consider(&text, closeness(&range, text_types, "0.0.4"), &range);
		consider(&open, closeness(&range, open_types, "1.0.0"), &range);
		accept += length + (accept[length] == ',');
	}
	if (open.weight > text.weight)
		return METRICS_OPENMETRICS;
	return open.weight > 0 && open.weight == text.weight &&
		       open.close == TYPES && text.close < TYPES
		   ? METRICS_OPENMETRICS
		   : METRICS_TEXT;
}
