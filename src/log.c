/* log.c: happenings -> logfmt lines on stderr */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

/* Below PIPE_BUF, so that lines of several processes never mix. */
#define LINE_BYTES   2000
#define ENDING       "...\"\n"
#define ENDING_BYTES (sizeof ENDING - 1)

/* On the stack: a line can be logged when there is no memory. */
struct line {
	char bytes[LINE_BYTES];
	size_t length;
	bool cut; /* something did not fit; nothing is added any more */
};

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

/* The only variable of the program at file level; any thread may read it. */
static atomic_int highest_level = LOG_INFO;

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&highest_level, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&highest_level, memory_order_relaxed);
}

/* Whole pieces only, so that an escape is never cut in its middle. */
static void add_piece(struct line *line, const char *piece, size_t length)
{
	if (line->cut || length > LINE_BYTES - ENDING_BYTES - line->length) {
		line->cut = true;
		return;
	}
	memcpy(line->bytes + line->length, piece, length);
	line->length += length;
}

static bool is_plain(char byte)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/*
 * Bytes beyond ASCII are escaped too: some terminals obey C1 control
 * characters even when they come as UTF-8.
 */
static void add_escaped(struct line *line, char byte)
{
	char escape[5];

	if (byte == '"' || byte == '\\')
		snprintf(escape, sizeof escape, "\\%c", byte);
	else if (byte == '\n')
		snprintf(escape, sizeof escape, "\\n");
	else
		snprintf(escape, sizeof escape, "\\x%02x",
		    (unsigned int)(unsigned char)byte);
	add_piece(line, escape, strlen(escape));
}

static void add_quoted(struct line *line, const char *string)
{
	add_piece(line, "\"", 1);
	for (; *string != '\0'; string++) {
		if (is_plain(*string))
			add_piece(line, string, 1);
		else
			add_escaped(line, *string);
	}
}

/* True for a value that logfmt readers understand without quotes. */
static bool is_bare(const char *string)
{
	if (*string == '\0')
		return false;
	for (; *string != '\0'; string++) {
		if (!is_plain(*string) || *string == ' ' || *string == '=')
			return false;
	}
	return true;
}

static void add_start(struct line *line, enum log_level level)
{
	char stamp[CLOCK_STAMP_BYTES];
	char start[96];
	int length;

	clock_stamp(clock_wall_us(), stamp);
	length = snprintf(start, sizeof start, "time=%s level=%s pid=%ld",
	    stamp, log_level_name(level), (long)getpid());
	add_piece(line, start, (size_t)length);
}

/* Nothing when there is no id. */
static void add_id(struct line *line, const char *name, const char *id)
{
	if (id == NULL)
		return;
	add_piece(line, name, strlen(name));
	if (is_bare(id)) {
		add_piece(line, id, strlen(id));
		return;
	}
	add_quoted(line, id);
	add_piece(line, "\"", 1);
}

/* There is room: add_piece leaves ENDING_BYTES for this. */
static void end_line(struct line *line)
{
	const char *ending = line->cut ? ENDING : "\"\n";
	size_t length = strlen(ending);

	memcpy(line->bytes + line->length, ending, length);
	line->length += length;
}

/* A log that cannot be written has nowhere to say so. */
static void write_line(const struct line *line)
{
	ssize_t written;

	do
		written = write(STDERR_FILENO, line->bytes, line->length);
	while (written < 0 && errno == EINTR);
}

/* What a line is about; each may be NULL. */
struct subject {
	const char *event;
	const char *request;
};

__attribute__((format(printf, 3, 0))) static void write_message(
    enum log_level level, const struct subject *subject, const char *format,
    va_list arguments)
{
	struct line line = {.length = 0};
	char message[LINE_BYTES];
	int length = vsnprintf(message, sizeof message, format, arguments);

	if (length < 0)
		return;
	add_start(&line, level);
	add_id(&line, " event=", subject->event);
	add_id(&line, " request=", subject->request);
	add_piece(&line, " msg=", 5);
	add_quoted(&line, message);
	if ((size_t)length >= sizeof message)
		line.cut = true;
	end_line(&line);
	write_line(&line);
}

void log_event(enum log_level level, const char *id, const char *request_id,
    const char *format, ...)
{
	const struct subject subject = {.event = id, .request = request_id};
	va_list arguments;

	if (!log_enabled(level))
		return;
	va_start(arguments, format);
	write_message(level, &subject, format, arguments);
	va_end(arguments);
}

void log_line(enum log_level level, const char *id, const char *format, ...)
{
	const struct subject subject = {.event = id};
	va_list arguments;

	if (!log_enabled(level))
		return;
	va_start(arguments, format);
	write_message(level, &subject, format, arguments);
	va_end(arguments);
}
