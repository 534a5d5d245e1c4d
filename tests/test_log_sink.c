/* test_log_sink.c: where lines go, and what becomes of them when they cannot */
#include "log_sink.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "log_place.h"

#define SECOND     LOG_SINK_LOOK_US
#define WRITERS    2
#define LINES_EACH 2000
#define TURNS      20

/* "file:" or another word and the file's name in the place. */
static const char *to_file(
    struct log_test *place, const char *word, const char *name)
{
	snprintf(
	    place->to, sizeof place->to, "%s:%s/%s", word, place->dir, name);
	return place->to;
}

static const char *path_of(const struct log_test *place)
{
	return strchr(place->to, ':') + 1;
}

/* ---- What LOG_TO says ---------------------------------------------------- */

static void each_place_has_its_word_and_path(void **state)
{
	static const struct {
		const char *to;
		enum log_place place;
		const char *path;
	} good[] = {
	    {"stderr", LOG_TO_STDERR, ""},
	    {"file:/var/log/x.log", LOG_TO_FILE, "/var/log/x.log"},
	    {"syslog", LOG_TO_SYSLOG, "/dev/log"},
	    {"syslog:/run/log", LOG_TO_SYSLOG, "/run/log"},
	    {"journal", LOG_TO_JOURNAL, "/run/systemd/journal/socket"},
	    {"journal:/run/j", LOG_TO_JOURNAL, "/run/j"},
	};
	char path[LOG_SINK_PATH_BYTES];
	enum log_place place;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(log_sink_parse(good[i].to, &place, path));
		assert_int_equal(place, good[i].place);
		assert_string_equal(path, good[i].path);
	}
}

static void what_is_no_place_is_refused(void **state)
{
	static const char *const bad[] = {"", "file", "file:", "file:x",
	    "file:/", "stdout", "stderr:", "stderr:/x", "syslog:", "syslog:x",
	    "journald", "File:/x", " stderr", "/var/log/x.log"};
	char long_path[8 + 108] = "syslog:/";
	enum log_place place;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(log_sink_parse(bad[i], &place, NULL));
	/* Longer than a socket's address has room for: unix(7). */
	memset(long_path + 8, 'p', sizeof long_path - 9);
	assert_false(log_sink_parse(long_path, &place, NULL));
	long_path[sizeof long_path - 2] = '\0';
	assert_true(log_sink_parse(long_path, &place, NULL));
}

/* ---- A file -------------------------------------------------------------- */

static void a_file_is_made_and_appended_to(void **state)
{
	struct log_test *place = *state;
	mode_t before = umask(077);
	struct stat about;

	for (int i = 0; i < 2; i++) {
		log_open(to_file(place, "file", "a.log"), LOG_LOGFMT);
		log_line(LOG_INFO, NULL, "line %d", i);
		log_close();
	}
	umask(before);
	assert_int_equal(stat(path_of(place), &about), 0);
	assert_int_equal(about.st_mode & 07777, 0640);
	assert_int_equal(lines_in(read_text(place, path_of(place))), 2);
	assert_non_null(strstr(place->text, "msg=\"line 1\"\n"));
}

/* One line to a sink of its own, at a time that the test makes up. */
static bool put(struct log_sink *sink, const char *message, int64_t now_us)
{
	struct log_text line;
	struct log_text fields;

	log_format_begin(&line, LOG_LOGFMT, "info", message);
	log_format_end(&line);
	log_format_begin(&fields, LOG_JOURNAL, NULL, NULL);
	log_format_word(&fields, "sku", message);
	return log_sink_write(
	    sink, &(struct log_message){LOG_INFO, &line, &fields}, now_us);
}

static void a_file_that_was_moved_is_made_again_within_a_second(void **state)
{
	struct log_test *place = *state;
	struct log_sink sink;
	char moved[160];

	log_sink_init(&sink, to_file(place, "file", "a.log"));
	assert_true(put(&sink, "one", SECOND));
	snprintf(moved, sizeof moved, "%s.1", path_of(place));
	assert_int_equal(rename(path_of(place), moved), 0);
	assert_true(put(&sink, "two", 2 * SECOND - 1));
	assert_true(put(&sink, "three", 2 * SECOND));
	assert_true(put(&sink, "four", 2 * SECOND + 1));
	assert_int_equal(unlink(path_of(place)), 0);
	assert_true(put(&sink, "five", 3 * SECOND));
	log_sink_done(&sink);
	assert_int_equal(lines_in(read_text(place, moved)), 2);
	assert_non_null(strstr(place->text, "msg=two"));
	assert_int_equal(lines_in(read_text(place, path_of(place))), 1);
	assert_non_null(strstr(place->text, "msg=five"));
}

/* Better in a file that was moved away than nowhere. */
static void without_its_directory_the_old_file_is_kept(void **state)
{
	struct log_test *place = *state;
	char from[100];
	char to[100];
	struct log_sink sink;

	snprintf(from, sizeof from, "%s/d", place->dir);
	snprintf(to, sizeof to, "%s/e", place->dir);
	assert_int_equal(mkdir(from, 0700), 0);
	log_sink_init(&sink, to_file(place, "file", "d/a.log"));
	assert_true(put(&sink, "one", SECOND));
	assert_int_equal(rename(from, to), 0);
	assert_true(put(&sink, "two", 3 * SECOND));
	assert_int_equal(rename(to, from), 0);
	assert_true(put(&sink, "three", 5 * SECOND));
	log_sink_done(&sink);
	assert_int_equal(lines_in(read_text(place, path_of(place))), 3);
}

static void a_file_that_cannot_be_made_is_told_once_on_stderr(void **state)
{
	struct log_test *place = *state;
	const char *text;

	catch_begin(place);
	log_open(to_file(place, "file", "none/a.log"), LOG_LOGFMT);
	log_line(LOG_INFO, NULL, "one");
	log_line(LOG_INFO, NULL, "two");
	log_close();
	text = catch_end(place);
	assert_int_equal(lines_in(text), 3);
	assert_non_null(strstr(text, "level=error pid="));
	assert_non_null(strstr(text,
	    " msg=\"the log cannot be written (No such file or directory): it "
	    "goes to stderr\" path="));
	assert_true(strstr(text, "msg=one") > strstr(text, "none/a.log"));
	assert_non_null(strstr(text, "msg=two\n"));
}

/* A limit of the file's size stands in for a full disk. */
static void a_line_that_fits_in_part_spoils_no_other(void **state)
{
	struct log_test *place = *state;
	struct rlimit before;
	struct rlimit full;
	struct log_sink sink;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full = before;
	full.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	log_sink_init(&sink, to_file(place, "file", "a.log"));
	assert_true(put(&sink, "one", SECOND));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	assert_false(put(&sink, "two", SECOND));
	assert_false(put(&sink, "three", SECOND));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(put(&sink, "four", SECOND));
	assert_true(put(&sink, "five", SECOND));
	log_sink_done(&sink);
	assert_int_equal(lines_in(read_text(place, path_of(place))), 4);
	assert_non_null(strstr(place->text, "\nts=2"));
	assert_non_null(strstr(place->text, "msg=four\nts="));
	assert_null(strstr(place->text, "msg=three"));
}

static void what_is_no_file_is_not_written_to(void **state)
{
	struct log_test *place = *state;
	struct log_sink sink;

	log_sink_init(&sink, to_file(place, "file", "pipe"));
	assert_int_equal(mkfifo(path_of(place), 0600), 0);
	assert_false(put(&sink, "one", SECOND));
	assert_int_equal(unlink(path_of(place)), 0);
	assert_int_equal(mkdir(path_of(place), 0700), 0);
	assert_false(put(&sink, "two", 3 * SECOND));
	assert_int_equal(rmdir(path_of(place)), 0);
	assert_true(put(&sink, "three", 5 * SECOND));
	log_sink_done(&sink);
}

static void write_many(struct log_test *place, int writer)
{
	log_open(place->to, LOG_LOGFMT);
	for (int i = 0; i < LINES_EACH; i++) {
		struct log_entry entry;

		log_begin(&entry, LOG_INFO, "decided");
		log_add_int(&entry, "number", writer * LINES_EACH + i);
		log_end(&entry);
		usleep(1000);
	}
	log_close();
}

/* Each number once, in whatever file. */
static size_t count_numbers(struct log_test *place, bool *seen)
{
	size_t whole = 0;
	char path[160];

	for (int turn = 0; turn <= TURNS; turn++) {
		const char *at = path_of(place);

		snprintf(path, sizeof path, "%s.%d", at, turn);
		at = read_text(place, turn < TURNS ? path : at);
		for (; *at != '\0'; at = strchr(at, '\n') + 1) {
			const char *number = strstr(at, " number=");
			long value;

			assert_memory_equal(at, "ts=2", 4);
			assert_non_null(number);
			value = strtol(number + 8, NULL, 10);
			assert_in_range(value, 0, WRITERS * LINES_EACH - 1);
			assert_false(seen[value]);
			seen[value] = true;
			whole++;
		}
	}
	return whole;
}

static void rotating_under_load_of_two_processes_loses_no_line(void **state)
{
	static bool seen[WRITERS * LINES_EACH];
	struct log_test *place = *state;
	pid_t writers[WRITERS];
	char moved[160];
	int files = 0;

	to_file(place, "file", "a.log");
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (writers[i] == 0) {
			write_many(place, i);
			_exit(0);
		}
	}
	for (int turn = 0; turn < TURNS; turn++) {
		usleep(100000);
		snprintf(moved, sizeof moved, "%s.%d", path_of(place), turn);
		files += rename(path_of(place), moved) == 0;
	}
	for (int i = 0; i < WRITERS; i++) {
		int how = 1;

		assert_int_equal(waitpid(writers[i], &how, 0), writers[i]);
		assert_int_equal(how, 0);
	}
	assert_true(files > 1);
	assert_int_equal(count_numbers(place, seen), WRITERS * LINES_EACH);
}

/* ---- A daemon ------------------------------------------------------------ */

/* The socket of one, at the place's path. */
static int daemon_begin(const struct log_test *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(
	    address.sun_path, sizeof address.sun_path, "%s", path_of(place));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static const char *daemon_hears(struct log_test *place, int fd)
{
	ssize_t length = recv(fd, place->text, CAUGHT_BYTES - 1, MSG_DONTWAIT);

	place->text[length > 0 ? length : 0] = '\0';
	return place->text;
}

static void daemon_end(const struct log_test *place, int fd)
{
	close(fd);
	unlink(path_of(place));
}

static void syslog_gets_what_syslog_3_would_send(void **state)
{
	struct log_test *place = *state;
	const char *text;
	char name[64];
	int fd;

	to_file(place, "syslog", "log");
	fd = daemon_begin(place);
	log_open(place->to, LOG_LOGFMT);
	log_line(LOG_WARN, "a1\nb2", "stock is low");
	text = daemon_hears(place, fd);
	/* Severity 4 of facility 3, a time as "Nov 22 21:40:00 ". */
	assert_memory_equal(text, "<28>", 4);
	assert_true(text[4] >= 'A' && text[4] <= 'Z' && text[19] == ' ');
	snprintf(name, sizeof name,
	    "stockroute[%ld]: level=warn pid=", (long)getpid());
	assert_memory_equal(text + 20, name, strlen(name));
	text = strstr(text, " msg=");
	assert_string_equal(
	    text, " msg=\"stock is low\" interaction_id=\"a1\\nb2\"");
	log_open(place->to, LOG_JSON);
	log_line(LOG_ERROR, NULL, "no");
	text = daemon_hears(place, fd);
	assert_memory_equal(text, "<27>", 4);
	assert_non_null(strstr(text, "]: {\"ts\":\"2"));
	assert_string_equal(strstr(text, ",\"msg\""), ",\"msg\":\"no\"}");
	daemon_end(place, fd);
}

static void the_journal_gets_every_field(void **state)
{
	struct log_test *place = *state;
	struct log_entry entry;
	const char *text;
	int fd;

	to_file(place, "journal", "socket");
	fd = daemon_begin(place);
	log_open(place->to, LOG_LOGFMT);
	log_begin(&entry, LOG_INFO, "decided");
	log_add(&entry, "interaction_id", "a\nPRIORITY=0");
	log_add_int(&entry, "total_us", 12340);
	log_end(&entry);
	text = daemon_hears(place, fd);
	assert_memory_equal(text,
	    "SYSLOG_IDENTIFIER=stockroute\nPRIORITY=6\nMESSAGE=level=info "
	    "pid=",
	    strlen("SYSLOG_IDENTIFIER=stockroute\nPRIORITY=6\nMESSAGE=level="
		   "info pid="));
	assert_string_equal(strstr(text, " msg="),
	    " msg=decided interaction_id=\"a\\nPRIORITY=0\" total_us=12340\n"
	    "INTERACTION_ID=a\\nPRIORITY=0\nTOTAL_US=12340\n");
	daemon_end(place, fd);
}

static void a_daemon_that_is_away_is_told_once_and_found_again(void **state)
{
	struct log_test *place = *state;
	const char *text;
	int fd;

	to_file(place, "syslog", "log");
	catch_begin(place);
	log_open(place->to, LOG_LOGFMT);
	log_line(LOG_INFO, NULL, "one");
	log_line(LOG_INFO, NULL, "two");
	fd = daemon_begin(place);
	usleep(LOG_SINK_LOOK_US);
	log_line(LOG_INFO, NULL, "three");
	text = catch_end(place);
	assert_int_equal(lines_in(text), 3);
	assert_non_null(strstr(text, "it goes to stderr"));
	assert_non_null(strstr(daemon_hears(place, fd), "msg=three"));
	assert_non_null(strstr(daemon_hears(place, fd), "see stderr"));
	daemon_end(place, fd);
}

/* As when it was restarted: the next line comes at once, on the new socket. */
static void a_daemon_that_was_restarted_misses_nothing(void **state)
{
	struct log_test *place = *state;
	struct log_sink sink;
	int fd;

	to_file(place, "journal", "socket");
	log_sink_init(&sink, place->to);
	fd = daemon_begin(place);
	assert_true(put(&sink, "one", 1));
	daemon_end(place, fd);
	fd = daemon_begin(place);
	assert_true(put(&sink, "two", 2));
	assert_non_null(strstr(daemon_hears(place, fd), "\nSKU=two\n"));
	log_sink_done(&sink);
	daemon_end(place, fd);
}

/* It is asked again a second later, and holds nobody up meanwhile. */
static void a_daemon_that_hangs_holds_nobody_up(void **state)
{
	struct log_test *place = *state;
	struct log_sink sink;
	int taken = 0;
	int fd;

	to_file(place, "syslog", "log");
	fd = daemon_begin(place);
	log_sink_init(&sink, place->to);
	while (taken < 100000 && put(&sink, "one", 1))
		taken++;
	assert_in_range(taken, 1, 99999);
	for (int i = 0; i < 1000; i++)
		assert_false(put(&sink, "two", SECOND));
	while (*daemon_hears(place, fd) != '\0')
		;
	assert_true(put(&sink, "three", SECOND + 1));
	assert_non_null(strstr(daemon_hears(place, fd), "msg=three"));
	log_sink_done(&sink);
	daemon_end(place, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_place_has_its_word_and_path),
	    cmocka_unit_test(what_is_no_place_is_refused),
	    WITH_LOG(a_file_is_made_and_appended_to),
	    WITH_LOG(a_file_that_was_moved_is_made_again_within_a_second),
	    WITH_LOG(without_its_directory_the_old_file_is_kept),
	    WITH_LOG(a_file_that_cannot_be_made_is_told_once_on_stderr),
	    WITH_LOG(a_line_that_fits_in_part_spoils_no_other),
	    WITH_LOG(what_is_no_file_is_not_written_to),
	    WITH_LOG(rotating_under_load_of_two_processes_loses_no_line),
	    WITH_LOG(syslog_gets_what_syslog_3_would_send),
	    WITH_LOG(the_journal_gets_every_field),
	    WITH_LOG(a_daemon_that_is_away_is_told_once_and_found_again),
	    WITH_LOG(a_daemon_that_was_restarted_misses_nothing),
	    WITH_LOG(a_daemon_that_hangs_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
