#ifndef LOG_REPEAT_H
#define LOG_REPEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines that repeat: of one message the first LOG_REPEAT_MAX of a window are
 * written, the others are counted, and told as one line at its end. Messages
 * are the same when level and text are, numbers in it aside: each failure of
 * an upstream tells other milliseconds. All memory is in the struct; when
 * more kinds come at a time than it has room for, theirs are all written.
 */
#define LOG_REPEAT_MAX        10
#define LOG_REPEAT_WINDOW_US  INT64_C(60000000)
#define LOG_REPEAT_KINDS      32
#define LOG_REPEAT_TEXT_BYTES 256

/* until_us is 0 for a seat that was never taken. */
struct log_repeat {
	uint64_t hash;
	int64_t until_us; /* end of the window, monotonic */
	int64_t written;
	int64_t held_back;
	int level;
	char text[LOG_REPEAT_TEXT_BYTES]; /* its beginning, NUL-terminated */
};

/* All zero is how it begins. */
struct log_repeats {
	struct log_repeat kinds[LOG_REPEAT_KINDS];
	int64_t next_us; /* the first end of a window with some held back;
			    0: there is none */
};

/* True: the message is to be written. False: it was counted. */
bool log_repeat_note(
    struct log_repeats *repeats, int level, const char *text, int64_t now_us);

/*
 * Takes one kind out whose window is over and of which some were held back.
 * False: there is none, told is untouched. INT64_MAX for now_us takes all.
 */
bool log_repeat_take(
    struct log_repeats *repeats, int64_t now_us, struct log_repeat *told);

#endif
