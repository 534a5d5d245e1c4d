#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/*
 * One line per happening, logfmt, to stderr, which every web server writes
 * to its error log:
 *   time=2024-05-15T10:30:00.123Z level=warn pid=71 event=a1b2 msg="..."
 * Quotes, backslashes and all bytes but printable ASCII are escaped in what
 * is logged, so that a hostile id stays one line. Lines over 2,000 bytes are
 * cut with "...". Thread-safe: one line is one write(2).
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

/* The word for a level ("error"); never NULL. */
const char *log_level_name(enum log_level level);

/* Lines above this level are dropped from now on; at the start LOG_INFO. */
void log_set_level(enum log_level level);

/* True when a line of this level would be written. */
bool log_enabled(enum log_level level);

/*
 * Writes one line of an event: the interaction it is about as event=, and
 * as request= the X-Request-Id it came with; each may be NULL. Borrows all
 * until return. Never give it a secret.
 */
void log_event(enum log_level level, const char *id, const char *request_id,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Writes one line. id: the interaction the line is about, or NULL. Borrows
 * all until return. Never give it a secret.
 */
void log_line(enum log_level level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
