/* circuit.c: how an upstream's calls end -> whether further calls may go */
#include "circuit.h"

#include <stdio.h>
#include <string.h>

/* The words in table breaker, in the log and of the command line. */
static const char *const state_names[CIRCUIT_STATE_COUNT] = {
    [CIRCUIT_CLOSED] = "closed",
    [CIRCUIT_OPEN] = "open",
    [CIRCUIT_HALF_OPEN] = "half_open",
};

static const char *const mode_names[CIRCUIT_MODE_COUNT] = {
    [CIRCUIT_AUTO] = "auto",
    [CIRCUIT_FORCED_OPEN] = "forced_open",
    [CIRCUIT_FORCED_CLOSED] = "forced_closed",
};

static const char *const mode_reasons[CIRCUIT_MODE_COUNT] = {
    [CIRCUIT_AUTO] = "left to itself by hand",
    [CIRCUIT_FORCED_OPEN] = "forced open by hand",
    [CIRCUIT_FORCED_CLOSED] = "forced closed by hand",
};

const char *circuit_state_name(enum circuit_state state)
{
	return state_names[state];
}

const char *circuit_mode_name(enum circuit_mode mode)
{
	return mode_names[mode];
}

enum circuit_state circuit_state_named(const char *word)
{
	for (int i = 0; i < CIRCUIT_STATE_COUNT; i++)
		if (strcmp(word, state_names[i]) == 0)
			return (enum circuit_state)i;
	/* A newer program's word: the upstream is asked rather than shunned. */
	return CIRCUIT_CLOSED;
}

enum circuit_mode circuit_mode_named(const char *word)
{
	for (int i = 0; i < CIRCUIT_MODE_COUNT; i++)
		if (strcmp(word, mode_names[i]) == 0)
			return (enum circuit_mode)i;
	return CIRCUIT_AUTO;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * How long until a time that was set at most longest_us ahead. Further
 * ahead than that it can only be by a clock put back: then it is over.
 */
static int64_t time_left(int64_t until_us, int64_t longest_us, int64_t now_us)
{
	if (until_us <= now_us || until_us - now_us > longest_us)
		return 0;
	return until_us - now_us;
}

/* The jitter of an opening adds at most a fifth. */
int64_t circuit_open_left_us(const struct circuit *circuit, int64_t now_us)
{
	int64_t longest_us = smaller(circuit->open_us, CIRCUIT_OPEN_LIMIT_US);

	return time_left(
	    circuit->open_until_us, longest_us + longest_us / 5, now_us);
}

int circuit_seat(const struct circuit_limits *limits, int64_t now_us)
{
	return (int)(now_us / limits->period_us % CIRCUIT_BUCKETS);
}

struct circuit_count circuit_window(const struct circuit *circuit,
    const struct circuit_limits *limits, int64_t now_us)
{
	int64_t period = now_us / limits->period_us;
	struct circuit_count sum = {0};

	for (int i = 0; i < CIRCUIT_BUCKETS; i++) {
		const struct circuit_bucket *bucket = &circuit->buckets[i];

		/* Of another round, or from before a clock was put back. */
		if (bucket->period > period ||
		    bucket->period <= period - CIRCUIT_BUCKETS)
			continue;
		sum.calls += bucket->count.calls;
		sum.failed += bucket->count.failed;
		sum.slow += bucket->count.slow;
	}
	return sum;
}

/* What was counted in the state before says nothing about this one. */
static void change(
    struct circuit *circuit, enum circuit_state state, int64_t now_us)
{
	circuit->state = state;
	circuit->generation++;
	circuit->since_us = now_us;
	circuit->successes = 0;
	circuit->probe_until_us = 0;
	memset(circuit->buckets, 0, sizeof circuit->buckets);
}

/* Doubling is tested before it is done: it can pass no limit. */
static int64_t next_open_us(const struct circuit *circuit,
    const struct circuit_limits *limits, int64_t now_us)
{
	int64_t max_us = smaller(limits->open_max_us, CIRCUIT_OPEN_LIMIT_US);
	int64_t well_us = now_us - circuit->since_us;
	bool forgotten = circuit->open_us <= 0;

	/* Closed for as long as it could be open: it was well again. */
	if (circuit->state == CIRCUIT_CLOSED)
		forgotten = forgotten || well_us >= max_us || well_us < 0;
	if (forgotten)
		return smaller(limits->open_us, max_us);
	return circuit->open_us > max_us / 2 ? max_us : circuit->open_us * 2;
}

/* The jitter of +-20 % keeps fleets from probing in step. */
static void open_circuit(struct circuit *circuit,
    const struct circuit_limits *limits, const struct circuit_news *news,
    int64_t now_us)
{
	int64_t open_us = next_open_us(circuit, limits, now_us);

	change(circuit, CIRCUIT_OPEN, now_us);
	circuit->open_us = open_us;
	circuit->open_until_us =
	    now_us + open_us / 1000 * (800 + news->dice * 400 / 1000);
}

static void end_probe(struct circuit *circuit,
    const struct circuit_limits *limits, const struct circuit_news *news,
    int64_t now_us)
{
	/* Another holds the lease by now, or the state is a new one. */
	if (circuit->state != CIRCUIT_HALF_OPEN ||
	    circuit->probe_until_us == 0 || circuit->fence != news->fence)
		return;
	circuit->probe_until_us = 0;
	/* RETURNED ends the lease and nothing more: the next one may go. */
	if (news->probe == CIRCUIT_PROBE_FAILED) {
		open_circuit(circuit, limits, news, now_us);
		snprintf(circuit->reason, sizeof circuit->reason,
		    "a probe failed or was slow");
	} else if (news->probe == CIRCUIT_PROBE_SUCCEEDED) {
		circuit->successes++;
	}
	if (circuit->successes >= limits->successes) {
		change(circuit, CIRCUIT_CLOSED, now_us);
		snprintf(circuit->reason, sizeof circuit->reason,
		    "%lld probes in a row succeeded",
		    (long long)limits->successes);
	}
}

/* Compared by multiplying: a division would round. */
static void judge_window(struct circuit *circuit,
    const struct circuit_limits *limits, const struct circuit_news *news,
    int64_t now_us)
{
	struct circuit_count sum = circuit_window(circuit, limits, now_us);
	bool failing = sum.failed * 100 >= sum.calls * limits->failed_percent;
	bool slow = sum.slow * 100 >= sum.calls * limits->slow_percent;

	if (sum.calls < limits->calls_min || (!failing && !slow))
		return;
	open_circuit(circuit, limits, news, now_us);
	snprintf(circuit->reason, sizeof circuit->reason,
	    "of the last %lld calls %lld failed, %lld were slow",
	    (long long)sum.calls, (long long)sum.failed, (long long)sum.slow);
}

static void count_calls(struct circuit *circuit,
    const struct circuit_limits *limits, const struct circuit_news *news,
    int64_t now_us)
{
	struct circuit_bucket *bucket;

	if (circuit->state != CIRCUIT_CLOSED || news->count.calls == 0 ||
	    circuit->generation != news->generation)
		return;
	bucket = &circuit->buckets[circuit_seat(limits, now_us)];
	/* The seat still holds the round before. */
	if (bucket->period != now_us / limits->period_us) {
		memset(bucket, 0, sizeof *bucket);
		bucket->period = now_us / limits->period_us;
	}
	bucket->count.calls += news->count.calls;
	bucket->count.failed += news->count.failed;
	bucket->count.slow += news->count.slow;
	/* Forced, it goes on counting: the window is full when it is auto. */
	if (circuit->mode == CIRCUIT_AUTO)
		judge_window(circuit, limits, news, now_us);
}

/*
 * Gives the fence of the probe that may go; 0: none may. A lease that has
 * ended is given anew: its process died, or hangs. By the greater fence what
 * that one may still tell is known to be late.
 */
static int64_t grant_probe(struct circuit *circuit,
    const struct circuit_limits *limits, int64_t now_us)
{
	if (circuit->mode != CIRCUIT_AUTO || circuit->state == CIRCUIT_CLOSED)
		return 0;
	if (circuit->state == CIRCUIT_OPEN &&
	    circuit_open_left_us(circuit, now_us) > 0)
		return 0;
	if (circuit->state == CIRCUIT_HALF_OPEN &&
	    time_left(circuit->probe_until_us, limits->lease_us, now_us) > 0)
		return 0;
	if (circuit->state == CIRCUIT_OPEN) {
		change(circuit, CIRCUIT_HALF_OPEN, now_us);
		snprintf(
		    circuit->reason, sizeof circuit->reason, "a probe may go");
	}
	circuit->fence++;
	circuit->probe_until_us = now_us + limits->lease_us;
	return circuit->fence;
}

static void fill_view(const struct circuit *circuit,
    const struct circuit_limits *limits, int64_t now_us,
    struct circuit_view *view)
{
	view->mode = circuit->mode;
	view->state = circuit->state;
	view->generation = circuit->generation;
	view->rest_us = 0;
	if (circuit->state == CIRCUIT_OPEN)
		view->rest_us = circuit_open_left_us(circuit, now_us);
	else if (circuit->state == CIRCUIT_HALF_OPEN)
		view->rest_us = time_left(
		    circuit->probe_until_us, limits->lease_us, now_us);
	snprintf(view->reason, sizeof view->reason, "%s", circuit->reason);
}

void circuit_advance(struct circuit *circuit,
    const struct circuit_limits *limits, const struct circuit_news *news,
    int64_t now_us, struct circuit_view *view)
{
	int64_t generation = circuit->generation;

	view->fence = 0;
	/* In this order: what was counted before a probe ended is old. */
	if (news->probe != CIRCUIT_NO_PROBE)
		end_probe(circuit, limits, news, now_us);
	count_calls(circuit, limits, news, now_us);
	if (news->wants_probe)
		view->fence = grant_probe(circuit, limits, now_us);
	view->changed = circuit->generation != generation;
	fill_view(circuit, limits, now_us, view);
}

bool circuit_force(
    struct circuit *circuit, enum circuit_mode mode, int64_t now_us)
{
	if (circuit->mode == mode)
		return false;
	change(circuit, CIRCUIT_CLOSED, now_us);
	circuit->mode = mode;
	/* Its next opening is a first one again. */
	circuit->open_us = 0;
	circuit->open_until_us = 0;
	snprintf(
	    circuit->reason, sizeof circuit->reason, "%s", mode_reasons[mode]);
	return true;
}
