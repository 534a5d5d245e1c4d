/* log_format.c: a message and fields -> a line as logfmt or JSON */
#include "log_format.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "utf8.h"

#define DOTS "..."
/* What ends a value and the line, at most ..."} and the newline, finds its
 * place behind the limit. */
#define LIMIT (LOG_TEXT_BYTES - 8)
/* The interaction's id of 128 bytes, each of which is escaped by six at most;
 * the request's, of 128 visible ones, by two; the trace's, of 32; and keys. */
#define IDS_BYTES 1700
#define INT_BYTES 20 /* of INT64_MIN */

static const char hex[] = "0123456789abcdef";

/* Whole pieces only, so that an escape is never cut in its middle. */
static void add(struct log_text *text, const char *piece, size_t length)
{
	if (text->cut || text->length + length > text->limit) {
		text->cut = true;
		return;
	}
	memcpy(text->bytes + text->length, piece, length);
	text->length += length;
}

static void add_string(struct log_text *text, const char *string)
{
	add(text, string, strlen(string));
}

/* Also behind the limit. */
static void add_end(struct log_text *text, const char *end)
{
	size_t length = strlen(end);

	memcpy(text->bytes + text->length, end, length);
	text->length += length;
}

/*
 * Of each byte, as a look-up costs less than comparisons: one at least PLAIN
 * stands in a value as it is; one that is BARE also in a value without
 * quotes, for readers of logfmt. Bytes beyond ASCII are neither: some
 * terminals obey C1 control characters even when they come as UTF-8.
 */
#define PLAIN '1'
#define BARE  '2'
static const char kinds[256] = "00000000000000000000000000000000"
			       "12022222222222222222222222222122"
			       "22222222222222222222222222220222"
			       "22222222222222222222222222222220";

/* How many bytes are at least of this kind; the NUL at the end is not. */
static size_t run_of(const char *string, char kind)
{
	size_t run = 0;

	while (kinds[(unsigned char)string[run]] >= kind)
		run++;
	return run;
}

/* --- escapes --- */

static void add_escaped_byte(struct log_text *text, unsigned char byte)
{
	char escape[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

	if (byte == '\n') {
		add(text, "\\n", 2);
	} else if (byte == '"' || byte == '\\') {
		escape[1] = (char)byte;
		add(text, escape, 2);
	} else {
		add(text, escape, sizeof escape);
	}
}

/*
 * The character that *string begins with (RFC 3629); *string then stands
 * behind it. A byte that begins none is U+FFFD. No NUL is passed over.
 */
static uint32_t next_character(const unsigned char **string)
{
	const unsigned char *bytes = *string;
	size_t length = utf8_bytes((const char *)bytes);
	uint32_t character;

	*string += length > 0 ? length : 1;
	if (length == 0)
		return 0xfffd;
	if (length == 1)
		return bytes[0];
	/* As many leading ones as there are bytes, and a zero. */
	character = bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++)
		character = character << 6 | (bytes[i] & 0x3f);
	return character;
}

/* One unit of UTF-16, as JSON escapes them. */
static void write_unit(char escape[6], uint32_t unit)
{
	escape[0] = '\\';
	escape[1] = 'u';
	for (int i = 0; i < 4; i++)
		escape[2 + i] = hex[unit >> (12 - 4 * i) & 15];
}

/* Both halves of a pair or none, should the line be full. */
static const char *add_json_character(struct log_text *text, const char *string)
{
	const unsigned char *at = (const unsigned char *)string;
	uint32_t character = next_character(&at);
	/* As it is for a quote or a backslash; all others write over it. */
	char escape[12] = {'\\', (char)character};

	if (character == '"' || character == '\\') {
		add(text, escape, 2);
	} else if (character < 0x10000) {
		write_unit(escape, character);
		add(text, escape, 6);
	} else {
		write_unit(escape, 0xd800 + ((character - 0x10000) >> 10));
		write_unit(escape + 6, 0xdc00 + (character & 0x3ff));
		add(text, escape, sizeof escape);
	}
	return (const char *)at;
}

/* Of a run that is too long, as much as there is room for. */
static void add_run(struct log_text *text, const char *string, size_t run)
{
	size_t room = text->limit - text->length;

	add(text, string, run < room ? run : room);
	text->cut = text->cut || run > room;
}

static void add_escaped(struct log_text *text, const char *string)
{
	while (*string != '\0' && !text->cut) {
		size_t run = run_of(string, PLAIN);

		add_run(text, string, run);
		string += run;
		if (*string == '\0' || text->cut)
			return;
		if (text->format == LOG_JSON)
			string = add_json_character(text, string);
		else
			add_escaped_byte(text, (unsigned char)*string++);
	}
}

/* --- fields --- */

/* The journal wants capitals. */
static void add_capitals(struct log_text *text, const char *key)
{
	for (; *key != '\0'; key++) {
		bool lower = *key >= 'a' && *key <= 'z';
		char byte = (char)(lower ? *key - 'a' + 'A' : *key);

		add(text, &byte, 1);
	}
	add(text, "=", 1);
}

/* Up to the value, in one piece: a line has thirty. */
static void add_key(struct log_text *text, const char *key)
{
	bool json = text->format == LOG_JSON;
	size_t length = strlen(key);

	if (text->format == LOG_JOURNAL) {
		add_capitals(text, key);
		return;
	}
	/* 4: in JSON a comma, two quotes and a colon. */
	if (text->cut || text->length + length + 4 > text->limit) {
		text->cut = true;
		return;
	}
	text->bytes[text->length++] = json ? ',' : ' ';
	if (json)
		text->bytes[text->length++] = '"';
	memcpy(text->bytes + text->length, key, length);
	text->length += length;
	if (json)
		text->bytes[text->length++] = '"';
	text->bytes[text->length++] = json ? ':' : '=';
}

/* Nearly every value is one run: read once, and copied at once. */
void log_format_word(struct log_text *text, const char *key, const char *value)
{
	bool logfmt = text->format == LOG_LOGFMT;
	size_t before = text->length;
	size_t run;
	bool quotes;

	if (value == NULL || *value == '\0')
		return;
	run = run_of(value, logfmt ? BARE : PLAIN);
	quotes = text->format == LOG_JSON || (logfmt && value[run] != '\0');
	add_key(text, key);
	if (quotes)
		add(text, "\"", 1);
	/* A field whose value does not even begin is none. */
	if (text->cut) {
		text->length = before;
		return;
	}
	add_run(text, value, run);
	add_escaped(text, value + run);
	if (text->cut)
		add_end(text, DOTS);
	if (quotes)
		add_end(text, "\"");
	if (text->format == LOG_JOURNAL)
		add_end(text, "\n");
}

/* Backwards, up to end; gives where it begins. */
static char *write_int(char *end, int64_t value)
{
	/* Unsigned, because INT64_MIN has no positive twin. */
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		*--end = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (value < 0)
		*--end = '-';
	return end;
}

void log_format_int(struct log_text *text, const char *key, int64_t value)
{
	size_t before = text->length;
	char digits[INT_BYTES];
	char *end = digits + sizeof digits;
	char *at = write_int(end, value);

	add_key(text, key);
	add(text, at, (size_t)(end - at));
	/* A number is whole or not there. */
	if (text->cut)
		text->length = before;
	else if (text->format == LOG_JOURNAL)
		add_end(text, "\n");
}

/* --- the line --- */

static void add_number(char *at, int number, int width)
{
	while (width-- > 0) {
		at[width] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* As clock_stamp does, without strftime: a line costs half as much. */
static void add_stamp(struct log_text *text)
{
	char stamp[] = "0000-00-00T00:00:00.000Z";
	int64_t now_us = clock_wall_us();
	time_t seconds = (time_t)(now_us / CLOCK_SECOND);
	struct tm utc = {0};

	gmtime_r(&seconds, &utc);
	add_number(stamp, utc.tm_year + 1900, 4);
	add_number(stamp + 5, utc.tm_mon + 1, 2);
	add_number(stamp + 8, utc.tm_mday, 2);
	add_number(stamp + 11, utc.tm_hour, 2);
	add_number(stamp + 14, utc.tm_min, 2);
	add_number(stamp + 17, utc.tm_sec, 2);
	add_number(stamp + 20, (int)(now_us % CLOCK_SECOND / CLOCK_MS), 3);
	add(text, stamp, sizeof stamp - 1);
}

static void add_start(struct log_text *text, const char *level)
{
	bool json = text->format == LOG_JSON;

	add_string(text, json ? "{\"ts\":\"" : "ts=");
	add_stamp(text);
	if (json)
		add(text, "\"", 1);
	else
		/* Behind the blank that comes first with the level. */
		text->start = text->length + 1;
	log_format_word(text, "level", level);
	log_format_int(text, "pid", getpid());
}

void log_format_begin(struct log_text *text, enum log_format format,
    const char *level, const char *message)
{
	text->format = format;
	text->cut = false;
	text->length = 0;
	text->limit = LIMIT;
	text->start = 0;
	if (format == LOG_JOURNAL)
		return;
	add_start(text, level);
	text->limit = LIMIT - IDS_BYTES;
	log_format_word(text, "msg", message);
	/* A message that was cut leaves the room that was kept for the ids. */
	text->limit = LIMIT;
	text->cut = false;
}

void log_format_end(struct log_text *text)
{
	if (text->format == LOG_JSON)
		add_end(text, "}");
	if (text->format != LOG_JOURNAL)
		add_end(text, "\n");
}
