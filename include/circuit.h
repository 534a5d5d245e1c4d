#ifndef CIRCUIT_H
#define CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rules of a circuit breaker, without a clock, a database or a network:
 * what is known of one upstream, and what one process has to tell, give
 * what is known afterwards.
 *
 * A circuit is
 *   CLOSED     calls go; they are counted in a sliding window
 *   OPEN       no call goes until open_until_us
 *   HALF_OPEN  one probe at a time goes, to the process that holds the
 *              lease; enough successes in a row close the circuit, one
 *              failure opens it again for twice as long
 * and each change of state makes a new generation: what was counted in an
 * older one says nothing about this one, and is left aside.
 *
 * The mode stands above the state: FORCED_OPEN lets nothing through,
 * FORCED_CLOSED everything, whatever the state. Times are wall time. No
 * time that lies further ahead than it can have been set is believed, so
 * that a clock put back delays nothing for long.
 */
#define CIRCUIT_BUCKETS      10
#define CIRCUIT_REASON_BYTES 96

enum circuit_state {
	CIRCUIT_CLOSED,
	CIRCUIT_OPEN,
	CIRCUIT_HALF_OPEN,
	CIRCUIT_STATE_COUNT
};

enum circuit_mode {
	CIRCUIT_AUTO,
	CIRCUIT_FORCED_OPEN,
	CIRCUIT_FORCED_CLOSED,
	CIRCUIT_MODE_COUNT
};

/* How the probe ended. RETURNED: it says nothing about the upstream. */
enum circuit_probe {
	CIRCUIT_NO_PROBE,
	CIRCUIT_PROBE_SUCCEEDED,
	CIRCUIT_PROBE_FAILED,
	CIRCUIT_PROBE_RETURNED
};

struct circuit_limits {
	int64_t calls_min; /* below, the window says nothing */
	int64_t failed_percent;
	int64_t slow_percent;
	int64_t period_us;   /* one bucket of the window */
	int64_t open_us;     /* the first time; doubles */
	int64_t open_max_us; /* believed up to CIRCUIT_OPEN_LIMIT_US */
	int64_t lease_us;    /* of a probe; longer than a call can last */
	int64_t successes;   /* in a row, that close it */
};

#define CIRCUIT_OPEN_LIMIT_US INT64_C(86400000000)

/* A failure that took long is slow as well. */
struct circuit_count {
	int64_t calls;
	int64_t failed;
	int64_t slow;
};

struct circuit_bucket {
	int64_t period; /* wall time / period_us */
	struct circuit_count count;
};

/* All zero is a circuit about which nothing is known: closed. */
struct circuit {
	enum circuit_mode mode;
	enum circuit_state state;
	int64_t generation; /* of the state; only grows */
	int64_t since_us;   /* when it began */
	int64_t open_us;    /* the last opening, before jitter; 0: none */
	int64_t open_until_us;
	int64_t successes;                 /* of probes, in a row */
	int64_t fence;                     /* of the newest probe; only grows */
	int64_t probe_until_us;            /* 0: no probe is out */
	char reason[CIRCUIT_REASON_BYTES]; /* of the newest change */
	/* Of this generation; period p has the seat p % CIRCUIT_BUCKETS. */
	struct circuit_bucket buckets[CIRCUIT_BUCKETS];
};

/* What a process tells, and asks. */
struct circuit_news {
	int64_t generation;         /* in which count was counted */
	struct circuit_count count; /* zero: nothing new */
	enum circuit_probe probe;   /* how the one with this fence ended */
	int64_t fence;
	bool wants_probe;
	int64_t dice; /* 0 to 1000, random: the jitter of an opening */
};

/* What it is told. */
struct circuit_view {
	enum circuit_mode mode;
	enum circuit_state state;
	int64_t generation;
	int64_t rest_us; /* OPEN: how long still; HALF_OPEN: how long the
			    lease of the probe that is out lasts */
	int64_t fence;   /* of the probe that was granted; 0: none was */
	bool changed;    /* the state changed: to be logged */
	char reason[CIRCUIT_REASON_BYTES]; /* of the newest change */
};

/* The words for a state ("half_open") and a mode ("forced_open"). */
const char *circuit_state_name(enum circuit_state state);
const char *circuit_mode_name(enum circuit_mode mode);

/* The words' states and modes; closed and auto for a word unknown. */
enum circuit_state circuit_state_named(const char *word);
enum circuit_mode circuit_mode_named(const char *word);

/*
 * How long an OPEN circuit is open still, by its open_us and open_until_us
 * alone. 0: its time is up, or lies further ahead than it can have been set.
 */
int64_t circuit_open_left_us(const struct circuit *circuit, int64_t now_us);

/* The seat of the bucket in which a call that ends now is counted. */
int circuit_seat(const struct circuit_limits *limits, int64_t now_us);

/* What the window holds now. */
struct circuit_count circuit_window(const struct circuit *circuit,
    const struct circuit_limits *limits, int64_t now_us);

/*
 * Takes in what a process tells: a probe's end, then its counts; then
 * grants the probe it asks for, if one may go. At most one change of state
 * comes of it.
 */
void circuit_advance(struct circuit *circuit,
    const struct circuit_limits *limits, const struct circuit_news *news,
    int64_t now_us, struct circuit_view *view);

/*
 * Sets the mode. A new mode begins anew, with a closed state and an empty
 * window; false: it was set already and nothing was changed.
 */
bool circuit_force(
    struct circuit *circuit, enum circuit_mode mode, int64_t now_us);

#endif
