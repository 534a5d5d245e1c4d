#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "log_format.h"

/*
 * One line per event and per state change, to stderr or where LOG_TO says
 * (log_sink.h), as logfmt or JSON (log_format.h):
 *   ts=2024-05-15T10:30:00.123Z level=warn pid=71 msg="..." trace_id=4bf9...
 * A message that repeats is counted and told once a minute (log_repeat.h),
 * but for the lines of log_begin, and all with LOG_LEVEL=debug. What cannot
 * be written goes to stderr, and one line says so. Thread-safe. Nothing here
 * may be given a secret.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

struct trace;

/* The word for a level ("error"); never NULL. */
const char *log_level_name(enum log_level level);

/* Lines above this level are dropped from now on; at the start LOG_INFO. */
void log_set_level(enum log_level level);

/* True when a line of this level would be written. */
bool log_enabled(enum log_level level);

/*
 * Lines go to another place from now on, in another form; at the start to
 * stderr, as logfmt. to is copied, and must be what log_sink_parse has found
 * good; "" is stderr. Nobody else may be logging meanwhile.
 */
void log_open(const char *to, enum log_format format);

/* Tells what was held back, and goes back to stderr. */
void log_close(void);

/* Tells what was held back in windows that are over. Every line does so as
 * well; this is for processes in which nothing else happens. */
void log_tell_repeats(void);

/*
 * Writes one line of an event: the interaction that it is about, as
 * interaction_id, and what it came with, as trace_id and request_id; each
 * may be NULL. Borrows all until return.
 */
void log_event(enum log_level level, const char *id, const struct trace *trace,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same without a trace. */
void log_line(enum log_level level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * A line with fields of its own, on the caller's stack: log_begin, what it
 * has, log_end. It is never held back. Ask log_enabled first: a line that is
 * not wanted then costs nothing.
 */
struct log_entry {
	enum log_level level;
	bool for_journal;
	struct log_text line;
	struct log_text fields; /* for the journal alone */
};
void log_begin(
    struct log_entry *entry, enum log_level level, const char *message);

/* Adds a field; a NULL or empty value is left out. */
void log_add(struct log_entry *entry, const char *key, const char *value);
void log_add_int(struct log_entry *entry, const char *key, int64_t value);

/* Writes it. */
void log_end(struct log_entry *entry);

/*
 * The same for those of which many come at a time: an info line for stderr or
 * a file is written together with others, in one write(2) of at most
 * LOG_TEXT_BYTES, with log_flush at the latest, or before any other line. The
 * loop flushes before it waits.
 */
void log_end_soon(struct log_entry *entry);
void log_flush(void);

#endif
