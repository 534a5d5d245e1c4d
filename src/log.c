/* log.c: happenings -> one line each, at the place that LOG_TO names */
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log_repeat.h"
#include "log_sink.h"
#include "trace.h"

#define MESSAGE_BYTES 2000
#define DOTS          "..."

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

/*
 * The only variable of the program at file level: any thread, and what has
 * no other place to say what went wrong, may log.
 *
 * The lock is for what follows it. What stands before it is read without, since
 * a line is formatted before the lock is taken, on its thread's stack: only the
 * writing has to wait for others. So a line that was begun before log_open may
 * come to the new place in the old form. Of gathered only bytes and length are
 * in use.
 */
static struct {
	atomic_int level; /* the highest that is written */
	atomic_int format;
	atomic_bool to_journal;
	pthread_mutex_t lock;
	bool away; /* lines go to stderr instead, which was told */
	struct log_sink sink;
	struct log_text gathered; /* whole lines, not yet written */
	struct log_repeats repeats;
} the_log = {
    .level = LOG_INFO,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .sink.fd = -1,
};

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&the_log.level, (int)level, memory_order_relaxed);
}

static int highest_level(void)
{
	return atomic_load_explicit(&the_log.level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= highest_level();
}

/* --- writing; the lock is held --- */

/* Once, where the lines go from now on. Not by log_end, which would wait for
 * the lock that its caller holds. */
static void tell_away(void)
{
	struct log_entry entry;
	char words[160];

	snprintf(words, sizeof words,
	    "the log cannot be written (%s): it goes to stderr",
	    strerror(the_log.sink.why));
	log_begin(&entry, LOG_ERROR, words);
	log_add(&entry, "path", the_log.sink.path);
	log_format_end(&entry.line);
	log_sink_stderr(&entry.line);
}

/* A failure is left to the next line, which meets it as well, and tells. */
static void tell_back(int64_t now_us)
{
	struct log_entry entry;

	log_begin(&entry, LOG_WARN,
	    "the log could not be written for a while: see stderr");
	log_format_end(&entry.line);
	(void)log_sink_write(&the_log.sink,
	    &(struct log_message){.level = LOG_WARN,
		.line = &entry.line,
		.fields = &entry.fields},
	    now_us);
}

static void try_write(const struct log_message *message, int64_t now_us)
{
	bool written = log_sink_write(&the_log.sink, message, now_us);

	if (!written && !the_log.away)
		tell_away();
	if (!written)
		log_sink_stderr(message->line);
	else if (the_log.away)
		tell_back(now_us);
	the_log.away = !written;
}

/* Without level and fields: it is never gathered for who asks for them. */
static void write_gathered(int64_t now_us)
{
	if (the_log.gathered.length == 0)
		return;
	try_write(&(struct log_message){.line = &the_log.gathered}, now_us);
	the_log.gathered.length = 0;
}

/* What was gathered came first. */
static void write_entry(const struct log_entry *entry, int64_t now_us)
{
	write_gathered(now_us);
	try_write(&(struct log_message){.level = (int)entry->level,
		      .line = &entry->line,
		      .fields = &entry->fields},
	    now_us);
}

/* A line is never longer than all the room, so that it fits once that is
 * empty. */
static void gather(const struct log_text *line, int64_t now_us)
{
	struct log_text *gathered = &the_log.gathered;

	if (gathered->length + line->length > sizeof gathered->bytes)
		write_gathered(now_us);
	memcpy(gathered->bytes + gathered->length, line->bytes, line->length);
	gathered->length += line->length;
}

/* The clock is asked for each: until_us may be the end of all times. */
static void tell_repeats(int64_t until_us)
{
	struct log_repeat told;
	struct log_entry entry;

	while (log_repeat_take(&the_log.repeats, until_us, &told)) {
		log_begin(&entry, (enum log_level)told.level, told.text);
		log_add_int(&entry, "repeated", told.held_back);
		log_format_end(&entry.line);
		write_entry(&entry, clock_mono_us());
	}
}

/* --- where to --- */

void log_close(void)
{
	pthread_mutex_lock(&the_log.lock);
	/* All of it to where it was meant for, before that is closed. */
	write_gathered(clock_mono_us());
	tell_repeats(INT64_MAX);
	log_sink_done(&the_log.sink);
	log_sink_init(&the_log.sink, "stderr");
	memset(&the_log.repeats, 0, sizeof the_log.repeats);
	the_log.away = false;
	atomic_store(&the_log.format, LOG_LOGFMT);
	atomic_store(&the_log.to_journal, false);
	pthread_mutex_unlock(&the_log.lock);
}

void log_open(const char *to, enum log_format format)
{
	log_close();
	pthread_mutex_lock(&the_log.lock);
	log_sink_init(&the_log.sink, *to != '\0' ? to : "stderr");
	atomic_store(&the_log.format, (int)format);
	atomic_store(&the_log.to_journal, the_log.sink.place == LOG_TO_JOURNAL);
	pthread_mutex_unlock(&the_log.lock);
}

void log_tell_repeats(void)
{
	pthread_mutex_lock(&the_log.lock);
	tell_repeats(clock_mono_us());
	pthread_mutex_unlock(&the_log.lock);
}

/* --- a line --- */

void log_begin(
    struct log_entry *entry, enum log_level level, const char *message)
{
	int format =
	    atomic_load_explicit(&the_log.format, memory_order_relaxed);

	entry->level = level;
	entry->for_journal =
	    atomic_load_explicit(&the_log.to_journal, memory_order_relaxed);
	log_format_begin(&entry->line, (enum log_format)format,
	    log_level_name(level), message);
	/* Also when it is not filled: who writes to the journal reads it. */
	log_format_begin(&entry->fields, LOG_JOURNAL, NULL, NULL);
}

void log_add(struct log_entry *entry, const char *key, const char *value)
{
	log_format_word(&entry->line, key, value);
	if (entry->for_journal)
		log_format_word(&entry->fields, key, value);
}

void log_add_int(struct log_entry *entry, const char *key, int64_t value)
{
	log_format_int(&entry->line, key, value);
	if (entry->for_journal)
		log_format_int(&entry->fields, key, value);
}

void log_end(struct log_entry *entry)
{
	int64_t now_us = clock_mono_us();

	log_format_end(&entry->line);
	pthread_mutex_lock(&the_log.lock);
	tell_repeats(now_us);
	write_entry(entry, now_us);
	pthread_mutex_unlock(&the_log.lock);
}

/* A daemon takes each line for itself. */
static bool may_gather(const struct log_entry *entry)
{
	return entry->level >= LOG_INFO &&
	       (the_log.sink.place == LOG_TO_STDERR ||
		   the_log.sink.place == LOG_TO_FILE);
}

void log_end_soon(struct log_entry *entry)
{
	int64_t now_us = clock_mono_us();

	log_format_end(&entry->line);
	pthread_mutex_lock(&the_log.lock);
	tell_repeats(now_us);
	if (may_gather(entry))
		gather(&entry->line, now_us);
	else
		write_entry(entry, now_us);
	pthread_mutex_unlock(&the_log.lock);
}

void log_flush(void)
{
	pthread_mutex_lock(&the_log.lock);
	/* The loop asks each turn: the clock is read only for lines. */
	if (the_log.gathered.length > 0)
		write_gathered(clock_mono_us());
	pthread_mutex_unlock(&the_log.lock);
}

/* --- a line that may repeat --- */

/* What a line is about; each may be NULL. */
struct subject {
	const char *id;
	const struct trace *trace;
};

/* Who asks for debug wants to see every line. */
static bool shall_write(enum log_level level, const char *message)
{
	int64_t now_us = clock_mono_us();
	bool good;

	if (highest_level() >= LOG_DEBUG)
		return true;
	pthread_mutex_lock(&the_log.lock);
	tell_repeats(now_us);
	good = log_repeat_note(&the_log.repeats, (int)level, message, now_us);
	pthread_mutex_unlock(&the_log.lock);
	return good;
}

__attribute__((format(printf, 3, 0))) static void write_message(
    enum log_level level, const struct subject *subject, const char *format,
    va_list arguments)
{
	struct log_entry entry;
	char message[MESSAGE_BYTES];
	int length = vsnprintf(message, sizeof message, format, arguments);

	if (length < 0)
		return;
	if ((size_t)length >= sizeof message)
		strcpy(message + sizeof message - sizeof DOTS, DOTS);
	/* Without its ids: with them no message would ever be like another. */
	if (!shall_write(level, message))
		return;
	log_begin(&entry, level, message);
	log_add(&entry, "interaction_id", subject->id);
	if (subject->trace != NULL) {
		log_add(&entry, "trace_id", subject->trace->id);
		log_add(&entry, "request_id", trace_request_id(subject->trace));
	}
	log_end(&entry);
}

void log_event(enum log_level level, const char *id, const struct trace *trace,
    const char *format, ...)
{
	const struct subject subject = {.id = id, .trace = trace};
	va_list arguments;

	if (!log_enabled(level))
		return;
	va_start(arguments, format);
	write_message(level, &subject, format, arguments);
	va_end(arguments);
}

void log_line(enum log_level level, const char *id, const char *format, ...)
{
	const struct subject subject = {.id = id};
	va_list arguments;

	if (!log_enabled(level))
		return;
	va_start(arguments, format);
	write_message(level, &subject, format, arguments);
	va_end(arguments);
}
