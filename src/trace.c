/* trace.c: the headers of a trace -> checked; its next span -> headers */
#include "trace.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "hex.h"

#define FLAG_SAMPLED 0x01
#define FLAG_RANDOM  0x02

/* Where the parts of a traceparent begin, in every version. */
enum { AT_ID = 3, AT_PARENT = 36, AT_FLAGS = 53, AT_END = 55 };
#define ID_DIGITS   (TRACE_ID_BYTES - 1)
#define SPAN_DIGITS (TRACE_SPAN_BYTES - 1)

/* A key's and a value's limits; those of a key tenant@system. */
#define KEY_MAX     256
#define VALUE_MAX   256
#define TENANT_MAX  241
#define SYSTEM_MAX  14
#define LONG_MEMBER 128

/* A member of tracestate, where it was received. */
struct member {
	const char *bytes;
	size_t length;
	size_t key_length;
};

struct members {
	struct member list[TRACE_MEMBERS_MAX];
	size_t count;
	size_t length; /* of all, with the commas between them */
};

/* --- ids --- */

static const char digits[] = "0123456789abcdef";

/* All that a trace needs of it, at once: each call is half a percent. */
struct drawn {
	unsigned char id[ID_DIGITS / 2];
	unsigned char request[16];
	uint64_t span;
};

/*
 * No secret, but no two may be equal, in any process. The kernel's generator
 * costs half of OpenSSL's for so few bytes; without it the time must do. All
 * zeros, which mean none, are as good as impossible.
 */
static struct drawn draw(void)
{
	struct drawn drawn;
	int64_t now_us;

	if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) == sizeof drawn)
		return drawn;
	/* Eight bytes of time, twice. */
	now_us = clock_wall_us();
	for (size_t i = 0; i < sizeof drawn.id; i++) {
		drawn.id[i] = (unsigned char)(now_us >> (i % 8 * 8));
		drawn.request[i] = drawn.id[i];
	}
	drawn.span = (uint64_t)now_us;
	return drawn;
}

static void begin_trace(struct trace *trace, const struct drawn *drawn)
{
	hex_write(drawn->id, sizeof drawn->id, trace->id);
	trace->parent[0] = '\0';
	/* Not sampled: that is for those to decide who record spans. */
	trace->flags = FLAG_RANDOM;
}

/* --- traceparent --- */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Capitals are none here: HEXDIGLC in W3C Trace Context. */
static bool is_hex(const char *text, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!((text[i] >= '0' && text[i] <= '9') ||
			(text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return true;
}

static bool is_zero(const char *text, size_t count)
{
	return strspn(text, "0") >= count;
}

static unsigned char hex_value(char digit)
{
	return (unsigned char)(strchr(digits, digit) - digits);
}

/* Without the blanks around it; *length is what is left. */
static const char *trim(const char *text, size_t *length)
{
	while (*length > 0 && is_blank(text[*length - 1]))
		--*length;
	while (*length > 0 && is_blank(*text)) {
		text++;
		--*length;
	}
	return text;
}

static bool has_form(const char *text, size_t length)
{
	return length >= AT_END && is_hex(text, 2) && text[AT_ID - 1] == '-' &&
	       is_hex(text + AT_ID, ID_DIGITS) && text[AT_PARENT - 1] == '-' &&
	       is_hex(text + AT_PARENT, SPAN_DIGITS) &&
	       text[AT_FLAGS - 1] == '-' && is_hex(text + AT_FLAGS, 2);
}

/* What follows is a later version's business, but only behind a dash. */
static bool has_version(const char *text, size_t length)
{
	if (memcmp(text, "ff", 2) == 0)
		return false;
	if (memcmp(text, "00", 2) == 0)
		return length == AT_END;
	return length == AT_END || text[AT_END] == '-';
}

static unsigned char read_flags(const char *text)
{
	unsigned char known = FLAG_SAMPLED | FLAG_RANDOM;
	unsigned char flags = (unsigned char)(hex_value(text[AT_FLAGS]) << 4 |
					      hex_value(text[AT_FLAGS + 1]));

	/* Of a later version no other bit may be relied upon. */
	if (memcmp(text, "00", 2) != 0)
		known = FLAG_SAMPLED;
	return flags & known;
}

/* False: it is none. kept: it is one of ours, and may be without a parent. */
static bool read_parent(struct trace *trace, const char *text, bool kept)
{
	size_t length = text ? strlen(text) : 0;
	bool root;

	if (!text)
		return false;
	text = trim(text, &length);
	if (!has_form(text, length) || !has_version(text, length))
		return false;
	root = is_zero(text + AT_PARENT, SPAN_DIGITS);
	if (is_zero(text + AT_ID, ID_DIGITS) || (root && !kept))
		return false;
	memcpy(trace->id, text + AT_ID, ID_DIGITS);
	trace->id[ID_DIGITS] = '\0';
	memcpy(trace->parent, text + AT_PARENT, SPAN_DIGITS);
	trace->parent[root ? 0 : SPAN_DIGITS] = '\0';
	trace->flags = read_flags(text);
	return true;
}

/* --- tracestate --- */

static bool is_key_start(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_key_byte(char byte)
{
	return is_key_start(byte) || byte == '_' || byte == '-' ||
	       byte == '*' || byte == '/' || byte == '@';
}

static bool is_key(const char *key, size_t length)
{
	const char *at = memchr(key, '@', length);
	size_t i;

	if (length == 0 || length > KEY_MAX || !is_key_start(key[0]))
		return false;
	for (i = 0; i < length; i++)
		if (!is_key_byte(key[i]))
			return false;
	if (!at)
		return true;
	i = (size_t)(at - key);
	return i <= TENANT_MAX && length - i - 1 >= 1 &&
	       length - i - 1 <= SYSTEM_MAX &&
	       !memchr(at + 1, '@', length - i - 1);
}

/* A comma cannot be in it, as it ended the member. */
static bool is_value(const char *value, size_t length)
{
	size_t i;

	if (length == 0 || length > VALUE_MAX)
		return false;
	for (i = 0; i < length; i++)
		if (value[i] < ' ' || value[i] > '~' || value[i] == '=')
			return false;
	return true;
}

/* Up to 32 of them: that each is compared with each costs little. */
static bool has_key(const struct members *members, const struct member *wanted)
{
	size_t i;

	for (i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];

		if (member->key_length == wanted->key_length &&
		    memcmp(member->bytes, wanted->bytes, wanted->key_length) ==
			0)
			return true;
	}
	return false;
}

/* False: the whole list is invalid. */
static bool add_member(
    struct members *members, const char *bytes, size_t length)
{
	struct member member = {.length = length};
	const char *equals;

	member.bytes = trim(bytes, &member.length);
	if (member.length == 0)
		return true;
	equals = memchr(member.bytes, '=', member.length);
	if (!equals || members->count == TRACE_MEMBERS_MAX)
		return false;
	member.key_length = (size_t)(equals - member.bytes);
	if (!is_key(member.bytes, member.key_length) ||
	    !is_value(equals + 1, member.length - member.key_length - 1) ||
	    has_key(members, &member))
		return false;
	members->length += member.length + (members->count > 0);
	members->list[members->count++] = member;
	return true;
}

/* With one comma, unless it is the only one. */
static void drop_member(struct members *members, size_t place)
{
	members->length -= members->list[place].length + (members->count > 1);
	members->count--;
	memmove(&members->list[place], &members->list[place + 1],
	    (members->count - place) * sizeof members->list[0]);
}

/*
 * The last of the long ones goes first, then the last of all, as W3C Trace
 * Context has it: each system puts its own member in front, so the last are
 * of those farthest away.
 */
static void shorten(struct members *members)
{
	while (members->length > TRACE_STATE_MAX) {
		size_t place = members->count;

		while (
		    place > 0 && members->list[place - 1].length <= LONG_MEMBER)
			place--;
		drop_member(
		    members, place > 0 ? place - 1 : members->count - 1);
	}
}

static void write_state(struct trace *trace, const struct members *members)
{
	char *end = trace->state_line;
	size_t i;

	if (members->count == 0)
		return;
	memcpy(end, TRACE_STATE_NAME, sizeof TRACE_STATE_NAME - 1);
	end += sizeof TRACE_STATE_NAME - 1;
	for (i = 0; i < members->count; i++) {
		if (i > 0)
			*end++ = ',';
		memcpy(end, members->list[i].bytes, members->list[i].length);
		end += members->list[i].length;
	}
	*end = '\0';
}

static void read_state(struct trace *trace, const char *text)
{
	struct members members;
	size_t length;

	members.count = 0;
	members.length = 0;
	for (;;) {
		length = strcspn(text, ",");
		if (!add_member(&members, text, length))
			return;
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	shorten(&members);
	write_state(trace, &members);
}

/* --- X-Request-Id --- */

static bool is_request_id(const char *text)
{
	size_t length;

	for (length = 0; text[length] != '\0'; length++)
		if (text[length] <= ' ' || text[length] > '~' ||
		    length == TRACE_REQUEST_MAX)
			return false;
	return length > 0;
}

static void read_request_id(
    struct trace *trace, const char *text, const struct drawn *drawn)
{
	char *value = trace->request_line + sizeof TRACE_REQUEST_NAME - 1;

	strcpy(trace->request_line, TRACE_REQUEST_NAME);
	if (text && is_request_id(text)) {
		strcpy(value, text);
		return;
	}
	hex_write(drawn->request, sizeof drawn->request, value);
}

/* --- the whole --- */

static void read_all(
    struct trace *trace, const struct trace_headers *headers, bool kept)
{
	const struct drawn drawn = draw();

	trace->next_span = drawn.span;
	trace->state_line[0] = '\0';
	read_request_id(trace, headers->request_id, &drawn);
	/* A state belongs to its parent: with a new trace it means nothing. */
	if (!read_parent(trace, headers->parent, kept))
		begin_trace(trace, &drawn);
	else if (headers->state)
		read_state(trace, headers->state);
}

void trace_read(struct trace *trace, const struct trace_headers *headers)
{
	read_all(trace, headers, false);
}

void trace_restore(struct trace *trace, const struct trace_headers *kept)
{
	read_all(trace, kept, true);
}

static void write_parent(
    const struct trace *trace, const char *span, char *parent)
{
	memcpy(parent, "00-", AT_ID);
	memcpy(parent + AT_ID, trace->id, ID_DIGITS);
	parent[AT_PARENT - 1] = '-';
	memcpy(parent + AT_PARENT, span, SPAN_DIGITS);
	parent[AT_FLAGS - 1] = '-';
	hex_write(&trace->flags, 1, parent + AT_FLAGS);
}

void trace_write_parent(
    const struct trace *trace, char parent[TRACE_PARENT_BYTES])
{
	bool root = trace->parent[0] == '\0';

	write_parent(trace, root ? "0000000000000000" : trace->parent, parent);
}

const char *trace_state(const struct trace *trace)
{
	if (trace->state_line[0] == '\0')
		return "";
	return trace->state_line + sizeof TRACE_STATE_NAME - 1;
}

const char *trace_request_id(const struct trace *trace)
{
	return trace ? trace->request_line + sizeof TRACE_REQUEST_NAME - 1
		     : NULL;
}

/* One after the other: at random they need only begin. 0 would be none. */
static void write_span(struct trace *trace, char span[TRACE_SPAN_BYTES])
{
	unsigned char bytes[SPAN_DIGITS / 2];

	if (trace->next_span == 0)
		trace->next_span++;
	/* In whatever order: nobody counts them. */
	memcpy(bytes, &trace->next_span, sizeof bytes);
	trace->next_span++;
	hex_write(bytes, sizeof bytes, span);
}

void trace_write(struct trace *trace, struct trace_lines *lines)
{
	char span[TRACE_SPAN_BYTES];
	size_t count = 0;

	write_span(trace, span);
	strcpy(lines->parent, TRACE_PARENT_NAME);
	write_parent(trace, span, lines->parent + sizeof TRACE_PARENT_NAME - 1);
	lines->lines[count++] = lines->parent;
	if (trace->state_line[0] != '\0')
		lines->lines[count++] = trace->state_line;
	lines->lines[count] = NULL;
}
