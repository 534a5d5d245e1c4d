/* period.c: yesterday, 24h, 2026-11-01 and the like -> from when to when */
#include "period.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "problem.h"

/* Days and weeks by the calendar, so many units ago. */
static const struct {
	const char *word;
	enum moment_unit unit;
	int ago;
} named[] = {
    {"today", MOMENT_DAY, 0},
    {"yesterday", MOMENT_DAY, 1},
    {"this week", MOMENT_WEEK, 0},
    {"last week", MOMENT_WEEK, 1},
    {"this month", MOMENT_MONTH, 0},
    {"last month", MOMENT_MONTH, 1},
};

/* As moment_weekday counts. */
static const char *const weekdays[] = {
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
};

static const struct {
	char letter;
	int64_t us;
} units[] = {
    {'s', CLOCK_SECOND},
    {'m', 60 * CLOCK_SECOND},
    {'h', 3600 * CLOCK_SECOND},
    {'d', 86400 * CLOCK_SECOND},
};

/* A million days are safe to multiply. */
#define COUNT_MAX 1000000

#define WORD_MAX 40

/* "Last-Week" is "last week": no shell splits it. */
static bool is_word(const char *given, const char *word)
{
	char plain[WORD_MAX];
	size_t length = strlen(given);

	if (length >= sizeof plain)
		return false;
	memcpy(plain, given, length + 1);
	for (char *at = strchr(plain, '-'); at != NULL; at = strchr(at, '-'))
		*at = ' ';
	return strcasecmp(plain, word) == 0;
}

/* From the beginning of the unit so many ago to that of the one after it, not
 * for so many seconds: a day may have 23 or 25 hours. */
static void set_units(int64_t now_s, enum moment_unit unit, int ago,
    enum moment_zone zone, struct period *period)
{
	period->from_us =
	    moment_begin_s(now_s, unit, -ago, zone) * CLOCK_SECOND;
	period->to_us =
	    moment_begin_s(now_s, unit, 1 - ago, zone) * CLOCK_SECOND;
}

static bool read_named(const char *word, enum moment_zone zone, int64_t now_s,
    struct period *period)
{
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (!is_word(word, named[i].word))
			continue;
		set_units(now_s, named[i].unit, named[i].ago, zone, period);
		return true;
	}
	for (int day = 0; day < 7; day++) {
		/* 7, so that a day later in the week is last week's. */
		int ago = (moment_weekday(now_s, zone) - day + 7) % 7;

		if (!is_word(word, weekdays[day]))
			continue;
		set_units(now_s, MOMENT_DAY, ago, zone, period);
		return true;
	}
	return false;
}

/* "24h". strtol would take blanks and a sign as well. */
static bool read_length(const char *word, int64_t *length_us)
{
	int64_t count = 0;
	const char *at = word;

	while (*at >= '0' && *at <= '9' && count <= COUNT_MAX) {
		count = count * 10 + *at - '0';
		at++;
	}
	if (at == word || count > COUNT_MAX || *at == '\0' || at[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (*at == units[i].letter) {
			*length_us = count * units[i].us;
			return true;
		}
	}
	return false;
}

/* Longer ago than time is when it began. */
static int64_t before(int64_t at_us, int64_t length_us)
{
	return length_us < at_us ? at_us - length_us : 0;
}

/* Where a day, a week ends is not yet cut off at now. No word can be read in
 * two of these ways, so that their order says nothing. */
static bool read_word(const char *word, enum moment_zone zone, int64_t now_us,
    struct period *period)
{
	int64_t length_us;

	if (is_word(word, "all") || is_word(word, "now")) {
		period->from_us = is_word(word, "now") ? now_us : 0;
		period->to_us = now_us;
		return true;
	}
	if (read_length(word, &length_us)) {
		period->from_us = before(now_us, length_us);
		period->to_us = now_us;
		return true;
	}
	return read_named(word, zone, now_us / CLOCK_SECOND, period) ||
	       moment_read(word, zone, &period->from_us, &period->to_us);
}

/* Today is not over: its rate is that of what has been. */
static void end_by(struct period *period, int64_t now_us)
{
	if (period->to_us > now_us)
		period->to_us = now_us;
}

bool period_of(const char *word, enum moment_zone zone, int64_t now_us,
    struct period *period)
{
	struct period whole;

	if (!read_word(word, zone, now_us, &whole) || whole.from_us > now_us)
		return false;
	end_by(&whole, now_us);
	*period = whole;
	return true;
}

static bool must_read(const char *word, const struct period_words *words,
    int64_t now_us, struct period *period, struct text *problem)
{
	if (read_word(word, words->zone, now_us, period))
		return true;
	problem_add_quoted(problem, word);
	text_add(problem, " is no period: give " PERIOD_EXPECTED);
	return false;
}

/* Words that say two things at once are refused, not guessed at. */
static bool are_one(const struct period_words *words, struct text *problem)
{
	int ways = (words->since != NULL) + (words->during != NULL) +
		   (words->from != NULL || words->to != NULL);

	if (ways <= 1)
		return true;
	text_add(problem, "give only one of since, during, and from with to");
	return false;
}

static bool read_from_to(const struct period_words *words, int64_t now_us,
    struct period *period, struct text *problem)
{
	/* Of each word only where it begins counts: that of "all" is 1970. */
	const char *from = words->from == NULL ? "all" : words->from;
	const char *to = words->to == NULL ? "now" : words->to;
	struct period first, last;

	if (!must_read(from, words, now_us, &first, problem) ||
	    !must_read(to, words, now_us, &last, problem))
		return false;
	if (first.from_us >= last.from_us) {
		problem_add_quoted(problem, from);
		text_add(problem, " does not come before ");
		problem_add_quoted(problem, to);
		return false;
	}
	period->from_us = first.from_us;
	period->to_us = last.from_us;
	return true;
}

static bool read_one(const char *word, const struct period_words *words,
    int64_t now_us, struct period *period, struct text *problem)
{
	if (!must_read(word, words, now_us, period, problem))
		return false;
	if (period->from_us <= now_us)
		return true;
	problem_add_quoted(problem, word);
	text_add(problem, " is yet to come");
	return false;
}

bool period_read(const struct period_words *words, int64_t now_us,
    struct period *period, struct text *problem)
{
	const char *since =
	    words->since == NULL ? PERIOD_DEFAULT : words->since;
	struct period read = {0};
	bool good;

	if (!are_one(words, problem))
		return false;
	if (words->from != NULL || words->to != NULL) {
		good = read_from_to(words, now_us, &read, problem);
	} else if (words->during != NULL) {
		good = read_one(words->during, words, now_us, &read, problem);
		end_by(&read, now_us);
	} else {
		good = read_one(since, words, now_us, &read, problem);
		read.to_us = now_us;
	}
	if (good)
		*period = read;
	return good;
}

bool period_versus(const char *word, enum moment_zone zone, int64_t now_us,
    const struct period *period, struct period *versus)
{
	if (!is_word(word, "previous"))
		return period_of(word, zone, now_us, versus);
	versus->to_us = period->from_us;
	versus->from_us =
	    before(period->from_us, period->to_us - period->from_us);
	return true;
}
