/* log_sink.c: a line -> a file, the system's log, its journal or stderr */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define FILE_MODE    0640
#define NAME         "stockroute"
#define FACILITY     (3 << 3) /* of daemons: RFC 3164 4.1.1 */
#define HEADER_BYTES 96

static const struct {
	const char *word;
	const char *path; /* where the system has it */
} places[] = {
    [LOG_TO_STDERR] = {"stderr", ""},
    [LOG_TO_FILE] = {"file", NULL},
    [LOG_TO_SYSLOG] = {"syslog", "/dev/log"},
    [LOG_TO_JOURNAL] = {"journal", "/run/systemd/journal/socket"},
};

/* Severities of RFC 3164, by level: error, warning, info, debug. In numbers,
 * since log.h, which names the levels, stands on this. */
static const int severities[] = {3, 4, 6, 7};

/* --- what LOG_TO says --- */

static bool is_path_for(enum log_place place, const char *path)
{
	size_t max = sizeof((struct sockaddr_un *)0)->sun_path;

	if (place == LOG_TO_FILE)
		max = LOG_SINK_PATH_BYTES;
	return place != LOG_TO_STDERR && path[0] == '/' && path[1] != '\0' &&
	       strlen(path) < max;
}

bool log_sink_parse(
    const char *to, enum log_place *place, char path[LOG_SINK_PATH_BYTES])
{
	size_t word = strcspn(to, ":");

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *given = places[i].path;

		if (strlen(places[i].word) != word ||
		    strncmp(to, places[i].word, word) != 0)
			continue;
		if (to[word] == ':' &&
		    is_path_for((enum log_place)i, to + word + 1))
			given = to + word + 1;
		else if (to[word] == ':' || given == NULL)
			return false;
		*place = (enum log_place)i;
		if (path != NULL)
			snprintf(path, LOG_SINK_PATH_BYTES, "%s", given);
		return true;
	}
	return false;
}

bool log_sink_is_file(const char *to, char path[LOG_SINK_PATH_BYTES])
{
	char given[LOG_SINK_PATH_BYTES];
	enum log_place place;

	if (!log_sink_parse(to, &place, given) || place != LOG_TO_FILE)
		return false;
	memcpy(path, given, sizeof given);
	return true;
}

void log_sink_init(struct log_sink *sink, const char *to)
{
	*sink = (struct log_sink){.fd = -1};
	log_sink_parse(to, &sink->place, sink->path);
}

void log_sink_done(struct log_sink *sink)
{
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
	sink->look_us = 0;
}

/* False, for its caller to pass on. */
static bool failed(struct log_sink *sink)
{
	sink->why = errno;
	return false;
}

/* --- a file --- */

/*
 * The mode is ours to give only when the file is ours: logrotate may have
 * made it with another. The umask would take the group's right away. A pipe
 * that nobody reads would hold the open, but for O_NONBLOCK; a file does not
 * heed that.
 */
static int open_file(const char *path)
{
	static const int flags =
	    O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, flags | O_CREAT | O_EXCL, FILE_MODE);
	/* Another process was faster. */
	if (fd < 0 && errno == EEXIST)
		return open(path, flags);
	if (fd >= 0)
		fchmod(fd, FILE_MODE);
	return fd;
}

static bool file_is_there(const struct log_sink *sink)
{
	struct stat now;
	struct stat open;

	return stat(sink->path, &now) == 0 && fstat(sink->fd, &open) == 0 &&
	       now.st_dev == open.st_dev && now.st_ino == open.st_ino;
}

/* No pipe, which would take lines until nobody reads it. */
static bool is_file(int fd)
{
	struct stat about;

	return fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

/*
 * The old file stays open until there is a new one: better a line in a file
 * that was moved away than one less.
 */
static bool look_for_file(struct log_sink *sink)
{
	int fd;

	if (sink->fd >= 0 && file_is_there(sink))
		return true;
	fd = open_file(sink->path);
	if (fd >= 0 && !is_file(fd)) {
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	if (fd < 0)
		return failed(sink);
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = fd;
	sink->torn = false;
	return true;
}

/* A full disk may take a part. */
static ssize_t write_line(int fd, const struct log_text *line)
{
	ssize_t written;

	do
		written = write(fd, line->bytes, line->length);
	while (written < 0 && errno == EINTR);
	if (written >= 0 && (size_t)written < line->length)
		errno = ENOSPC;
	return written;
}

/* A part of a line is ended first, so that it spoils no other. The line itself
 * is not lost: its caller had it written to stderr, whole. */
static bool append(struct log_sink *sink, const struct log_text *line)
{
	ssize_t written;

	if (sink->torn && write(sink->fd, "\n", 1) != 1)
		return failed(sink);
	written = write_line(sink->fd, line);
	sink->torn = written > 0 && (size_t)written < line->length;
	return written == (ssize_t)line->length || failed(sink);
}

/*
 * The path is looked at once in LOG_SINK_LOOK_US, not for each line: for so
 * long lines may still go to a file that was moved away. A look that fails is
 * no failure while the old file is open.
 */
static bool write_file(
    struct log_sink *sink, const struct log_text *line, int64_t now_us)
{
	if (now_us >= sink->look_us) {
		sink->look_us = now_us + LOG_SINK_LOOK_US;
		if (!look_for_file(sink) && sink->fd < 0)
			return false;
	}
	if (sink->fd < 0)
		return false;
	return append(sink, line);
}

void log_sink_stderr(const struct log_text *line)
{
	(void)write_line(STDERR_FILENO, line);
}

/* --- a daemon --- */

static bool connect_daemon(struct log_sink *sink)
{
	const struct timeval patience = {.tv_usec = LOG_SINK_WAIT_US};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	log_sink_done(sink);
	/* It fits: log_sink_parse takes no longer path for a socket. */
	strcpy(address.sun_path, sink->path);
	sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sink->fd < 0)
		return failed(sink);
	setsockopt(
	    sink->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(sink->fd, (struct sockaddr *)&address, sizeof address) == 0)
		return true;
	/* Before the close, which may change errno. */
	failed(sink);
	log_sink_done(sink);
	return false;
}

/* As syslog(3) begins its messages: in local time, the day with a blank for a
 * leading zero (RFC 3164 4.1.2). The line's own end, and in logfmt its time,
 * the daemon does not need. */
static void write_header(int level, char header[HEADER_BYTES])
{
	time_t now = (time_t)(clock_wall_us() / CLOCK_SECOND);
	struct tm local = {0};
	size_t length = (size_t)snprintf(
	    header, HEADER_BYTES, "<%d>", FACILITY | severities[level]);

	localtime_r(&now, &local);
	length += strftime(
	    header + length, HEADER_BYTES - length, "%b %e %H:%M:%S ", &local);
	snprintf(header + length, HEADER_BYTES - length,
	    NAME "[%ld]: ", (long)getpid());
}

/* An iovec knows no const, as readv(2) has it, too; sendmsg only reads. */
static struct iovec piece(const void *bytes, size_t length)
{
	return (struct iovec){(void *)(uintptr_t)bytes, length};
}

static struct iovec piece_of_line(const struct log_text *line)
{
	return piece(line->bytes + line->start, line->length - line->start - 1);
}

/* One datagram, so that it is taken whole or not at all. */
static bool send_pieces(struct log_sink *sink, struct iovec *pieces, int count)
{
	const struct msghdr datagram = {
	    .msg_iov = pieces, .msg_iovlen = (size_t)count};
	ssize_t sent;

	do
		sent = sendmsg(sink->fd, &datagram, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0 || failed(sink);
}

static bool send_syslog(
    struct log_sink *sink, const struct log_message *message)
{
	char header[HEADER_BYTES];
	struct iovec pieces[2];

	write_header(message->level, header);
	pieces[0] = piece(header, strlen(header));
	pieces[1] = piece_of_line(message->line);
	return send_pieces(sink, pieces, 2);
}

/* systemd's Native Journal Protocol: NAME=value lines. Nothing in them has a
 * newline, so that none needs the form for binary values. */
static bool send_journal(
    struct log_sink *sink, const struct log_message *message)
{
	char header[HEADER_BYTES];
	struct iovec pieces[4];

	snprintf(header, sizeof header,
	    "SYSLOG_IDENTIFIER=" NAME "\nPRIORITY=%d\nMESSAGE=",
	    severities[message->level]);
	pieces[0] = piece(header, strlen(header));
	pieces[1] = piece_of_line(message->line);
	pieces[2] = piece("\n", 1);
	pieces[3] = piece(message->fields->bytes, message->fields->length);
	return send_pieces(sink, pieces, 4);
}

static bool send_message(
    struct log_sink *sink, const struct log_message *message)
{
	return sink->place == LOG_TO_JOURNAL ? send_journal(sink, message)
					     : send_syslog(sink, message);
}

/*
 * A daemon that was started again has a new socket at its path: the old one
 * refuses, and one more try is worth it. Not after EAGAIN, which is
 * LOG_SINK_WAIT_US gone by: the daemon is there, and would be waited for once
 * more by the thread whose line it is.
 */
static bool tell_daemon(
    struct log_sink *sink, const struct log_message *message, int64_t now_us)
{
	bool was_open = sink->fd >= 0;
	bool sent;

	if (!was_open && now_us < sink->look_us)
		return false;
	sent =
	    (was_open || connect_daemon(sink)) && send_message(sink, message);
	if (!sent && was_open && sink->why != EAGAIN)
		sent = connect_daemon(sink) && send_message(sink, message);
	if (!sent) {
		log_sink_done(sink);
		sink->look_us = now_us + LOG_SINK_LOOK_US;
	}
	return sent;
}

bool log_sink_write(
    struct log_sink *sink, const struct log_message *message, int64_t now_us)
{
	switch (sink->place) {
	case LOG_TO_STDERR:
		log_sink_stderr(message->line);
		return true;
	case LOG_TO_FILE:
		return write_file(sink, message->line, now_us);
	default:
		return tell_daemon(sink, message, now_us);
	}
}
