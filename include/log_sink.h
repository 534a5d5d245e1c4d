#ifndef LOG_SINK_H
#define LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "log_format.h"

/*
 * Where lines go, as LOG_TO says it:
 *
 *   stderr          the web server's error log; the default
 *   file:/path      appended to, one write(2) a line; made with mode 0640
 *   syslog          the system's daemon, at /dev/log (RFC 3164's form)
 *   journal         systemd's, in its own protocol: every field can be
 *                   searched for, as journalctl INTERACTION_ID=a1b2
 *
 * The last two may name another socket, as syslog:/path. A file that was
 * renamed or deleted is made again within a second, a daemon that was away
 * is looked for once a second: all of it with the calls and files that a
 * confined process keeps. No file or socket is waited for: a daemon that
 * takes nothing for LOG_SINK_WAIT_US counts as away.
 */
enum log_place { LOG_TO_STDERR, LOG_TO_FILE, LOG_TO_SYSLOG, LOG_TO_JOURNAL };

#define LOG_SINK_LOOK_US    INT64_C(1000000)
#define LOG_SINK_WAIT_US    20000
#define LOG_SINK_PATH_BYTES 1024

/*
 * Not open until the first line. From then on a file stays open until its path
 * names another one, whatever fails in between; a daemon's socket is closed
 * when a line could not be sent, and opened again after look_us. One thread at
 * a time: the log holds its lock.
 */
struct log_sink {
	enum log_place place;
	char path[LOG_SINK_PATH_BYTES];
	int fd;          /* -1: not open; for stderr always so */
	int64_t look_us; /* monotonic; then the path is looked at again */
	int why;         /* errno of the last failure */
	bool torn;       /* the file took only a part of the last line */
};

/* A line that is ready. fields: the journal's form of it, else NULL. */
struct log_message {
	int level; /* enum log_level; stderr and files do not ask for it */
	const struct log_text *line; /* for those two it may be several */
	const struct log_text *fields;
};

/* False: to is no such place. path, which may be NULL, then is untouched;
 * else it is "" for stderr. */
bool log_sink_parse(
    const char *to, enum log_place *place, char path[LOG_SINK_PATH_BYTES]);

/* True when to names a file, whose path is given. */
bool log_sink_is_file(const char *to, char path[LOG_SINK_PATH_BYTES]);

/* Makes it what to says, which log_sink_parse has found good. Opens nothing
 * yet. */
void log_sink_init(struct log_sink *sink, const char *to);

/*
 * Opens what is not open, and writes. False: it could not, sink->why tells
 * it, and the line is for stderr. What could not be opened, and a daemon that
 * took nothing, is not tried again before look_us; an open file is, for each
 * line. For stderr it is always true.
 */
bool log_sink_write(
    struct log_sink *sink, const struct log_message *message, int64_t now_us);

/* Closes; it may be initialised again. */
void log_sink_done(struct log_sink *sink);

/* The whole of it to stderr, in one write. What cannot be written there has
 * nowhere to go. */
void log_sink_stderr(const struct log_text *line);

#endif
