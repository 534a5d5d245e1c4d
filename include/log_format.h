#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of the log while it is written. It is kept on the stack: a line
 * can be logged when there is no memory. Three forms:
 *
 *   LOG_LOGFMT   ts=... level=warn pid=71 msg="..." interaction_id=a1b2
 *   LOG_JSON     {"ts":"...","level":"warn","pid":71,"msg":"...",...}
 *   LOG_JOURNAL  INTERACTION_ID=a1b2 and so on, a field a line, as systemd's
 *                journal takes them; no start of its own
 *
 * Whatever comes from outside stays one value on one line: quotes,
 * backslashes and all bytes but printable ASCII are escaped. In logfmt and
 * for the journal by \n, \", \\ and \xNN; in JSON by \uNNNN (RFC 8259), so
 * that a reader gets the very text; a byte that is no UTF-8 is U+FFFD there.
 *
 * What does not fit is cut: a value then ends with "...", and the fields
 * behind it are left out. The line's form stays whole.
 */
enum log_format { LOG_LOGFMT, LOG_JSON, LOG_JOURNAL };

/* Below PIPE_BUF, so that what several processes write never mixes. */
#define LOG_TEXT_BYTES 4000

struct log_text {
	enum log_format format;
	bool cut;      /* something did not fit; nothing more is added */
	size_t length; /* of bytes, which has no NUL */
	size_t limit;  /* of length, but for what ends a value or the line */
	size_t start;  /* of what follows the time, in logfmt; 0 in JSON */
	char bytes[LOG_TEXT_BYTES];
};

/* Begins a line, with time, level, process and message. Of a long message
 * as much is kept as leaves room for ids. The journal's form begins empty. */
void log_format_begin(struct log_text *text, enum log_format format,
    const char *level, const char *message);

/* Adds a field. key is a word of lower case letters, digits and underscores.
 * A value that is NULL or empty is not known, and left out. */
void log_format_word(struct log_text *text, const char *key, const char *value);
void log_format_int(struct log_text *text, const char *key, int64_t value);

/* Ends the line, with a newline; for the journal there is nothing to end. */
void log_format_end(struct log_text *text);

#endif
