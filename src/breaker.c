/* breaker.c: a request -> sent, or refused at once while its upstream fails */
#include "breaker.h"

#include <stdio.h>
#include <stdlib.h>

#include "backoff.h"
#include "breaker_row.h"
#include "clock.h"
#include "log.h"

/* Ten periods are the window, 30 s: as Polly and others have it. */
#define PERIOD_US      (3 * CLOCK_SECOND)
#define FAILED_PERCENT 50
#define SLOW_PERCENT   80
#define SLOW_FROM      75 /* percent of the timeout */
#define SUCCESSES      3  /* one could be luck */
/* A probe's lease outlives its call by this. */
#define LEASE_SPARE_US (2 * CLOCK_SECOND)
/* Fences of a circuit of our own; the shared one never comes so far. */
#define OWN_FENCES (INT64_MAX / 2)

const char *const breaker_upstreams[HTTP_UPSTREAM_COUNT] = {
    [HTTP_CXONE] = "cxone",
    [HTTP_INVENTORY] = "inventory",
};

static const char *const refusals[HTTP_UPSTREAM_COUNT] = {
    [HTTP_CXONE] = "not sent: CXone's circuit breaker is open",
    [HTTP_INVENTORY] = "not sent: the inventory's circuit breaker is open",
};

/*
 * What this process knows of one upstream. seen is what it goes by: the
 * shared circuit as it was at seen_us, or own while alone. While busy the
 * job is the store's, and row.view with it. All times are monotonic.
 */
struct breaker_guard {
	struct breaker *breaker;
	enum http_upstream upstream;
	struct circuit_limits limits;
	int64_t slow_us;
	struct circuit_view seen;
	int64_t seen_us; /* 0: nothing is known yet */
	int64_t rest_until_us;
	struct circuit_news news; /* not told yet */
	struct breaker_call *waiting;
	struct loop_timer tell_timer;
	struct loop_timer patience_timer;
	struct store_job job;
	struct breaker_row row;
	int64_t told_us; /* the job was submitted */
	bool busy;
	bool alone;
	struct circuit own;
};

struct breaker {
	bool on;
	bool stopping;
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct tally *tally; /* NULL: nobody asks */
	struct breaker_guard guards[HTTP_UPSTREAM_COUNT];
};

enum verdict { GO, REFUSE, WAIT };

static void tell_rest(struct breaker_guard *guard);
static void got_answer(
    void *arg, enum status status, const struct http_answer *answer);

void breaker_set_limits(struct circuit_limits *limits,
    const struct config *config, int64_t timeout_us)
{
	*limits = (struct circuit_limits){
	    .calls_min = config->breaker_min_calls,
	    .failed_percent = FAILED_PERCENT,
	    .slow_percent = SLOW_PERCENT,
	    .period_us = PERIOD_US,
	    .open_us = config->breaker_open_us,
	    .open_max_us = config->breaker_open_max_us,
	    .lease_us = timeout_us + LEASE_SPARE_US,
	    .successes = SUCCESSES,
	};
}

static const char *name_of(const struct breaker_guard *guard)
{
	return breaker_upstreams[guard->upstream];
}

static void note_change(
    const struct breaker_guard *guard, const struct circuit_view *view)
{
	bool open = view->state == CIRCUIT_OPEN;

	if (!view->changed)
		return;
	tally_count(guard->breaker->tally, TALLY_BREAKER, (int)guard->upstream,
	    (int)view->state);
	log_line(open ? LOG_WARN : LOG_INFO, NULL,
	    "breaker of %s: %s now, for %lld ms: %s", name_of(guard),
	    circuit_state_name(view->state),
	    (long long)(view->rest_us / CLOCK_MS), view->reason);
}

/* --- a call: sent, refused, or waiting for what the circuit says --- */

/* Goes by what was seen last; only what is old or due asks the store. */
static enum verdict judge_call(const struct breaker_guard *guard)
{
	const struct circuit_view *seen = &guard->seen;
	int64_t now_us = clock_mono_us();
	bool fresh =
	    guard->seen_us != 0 && now_us - guard->seen_us < BREAKER_FRESH_US;

	if (!fresh && !guard->alone)
		return WAIT;
	if (seen->mode == CIRCUIT_FORCED_OPEN)
		return REFUSE;
	if (seen->mode == CIRCUIT_FORCED_CLOSED ||
	    seen->state == CIRCUIT_CLOSED)
		return GO;
	/* At its end a probe is due, which only the circuit can grant. */
	return now_us < guard->rest_until_us ? REFUSE : WAIT;
}

static void send_call(struct breaker_call *call, int64_t fence)
{
	struct breaker_guard *guard = call->guard;
	int64_t now_us = clock_mono_us();

	/* 0 would be no timeout at all. */
	call->request.timeout_us -= now_us - call->from_us;
	if (call->request.timeout_us < CLOCK_MS)
		call->request.timeout_us = CLOCK_MS;
	call->from_us = now_us;
	call->generation = guard->seen.generation;
	call->fence = fence;
	http_send(guard->breaker->http, &call->request, got_answer, call);
}

static void refusal_due(void *arg)
{
	struct breaker_call *call = arg;
	const struct http_answer answer = {
	    .body = "",
	    .retry_after_us = -1,
	    .problem = refusals[call->guard->upstream],
	};

	call->done(call->arg, STATUS_BREAKER_OPEN, &answer);
}

/*
 * By the timer, since no caller is called back before it has returned. Where
 * no timer can be had it is sent: a call that is never answered is worse.
 */
static void refuse_call(struct breaker_call *call)
{
	loop_timer_init(&call->timer, refusal_due, call);
	if (loop_timer_set(call->guard->breaker->loop, &call->timer,
		clock_mono_us()) != STATUS_OK)
		send_call(call, 0);
}

/* --- what is seen of the circuit, and what comes of it --- */

static bool is_urgent(const struct breaker_guard *guard)
{
	return guard->waiting != NULL ||
	       guard->news.probe != CIRCUIT_NO_PROBE ||
	       guard->news.count.failed > 0 || guard->news.count.slow > 0;
}

/* Through the timer, never from within: telling may lead here. */
static void tell_later(struct breaker_guard *guard)
{
	int64_t wait_us = is_urgent(guard) ? 0 : BREAKER_TELL_US;

	if (wait_us > 0 &&
	    (guard->news.count.calls == 0 || guard->tell_timer.place != 0))
		return;
	loop_timer_set(guard->breaker->loop, &guard->tell_timer,
	    clock_mono_us() + wait_us);
}

/*
 * One who waits takes the probe; the others see that it is out. The list is
 * taken whole first, since those who must wait on go back into it. None of
 * them is called back from here.
 */
static void serve_waiting(struct breaker_guard *guard)
{
	struct breaker_call *call = guard->waiting;

	guard->waiting = NULL;
	while (call != NULL) {
		struct breaker_call *next = call->next;
		enum verdict verdict = judge_call(guard);

		if (guard->seen.fence != 0) {
			send_call(call, guard->seen.fence);
			guard->seen.fence = 0;
		} else if (verdict == GO) {
			send_call(call, 0);
		} else if (verdict == REFUSE) {
			refuse_call(call);
		} else {
			call->next = guard->waiting;
			guard->waiting = call;
		}
		call = next;
	}
}

/*
 * What was counted in an older generation is dropped here: circuit_advance
 * would not count it. Those who wait are served by what was just seen. A
 * probe that was granted and that none of them took goes back, or the circuit
 * would wait for it until its lease ends.
 */
static void see(struct breaker_guard *guard, const struct circuit_view *view)
{
	note_change(guard, view);
	guard->seen = *view;
	guard->seen_us = clock_mono_us();
	guard->rest_until_us = guard->seen_us + view->rest_us;
	if (guard->news.generation != view->generation)
		guard->news.count = (struct circuit_count){0};
	guard->news.generation = view->generation;
	serve_waiting(guard);
	if (guard->seen.fence != 0) {
		guard->news.probe = CIRCUIT_PROBE_RETURNED;
		guard->news.fence = guard->seen.fence;
		guard->seen.fence = 0;
	}
	tell_later(guard);
}

/* --- a circuit of our own, while the store does not answer --- */

static void advance_own(
    struct breaker_guard *guard, const struct circuit_news *news)
{
	struct circuit_view view;

	circuit_advance(
	    &guard->own, &guard->limits, news, clock_wall_us(), &view);
	see(guard, &view);
}

/*
 * Goes on from what was seen last, with an empty window. How long the opening
 * was is not seen; its rest stands for it, since circuit.c believes no end
 * that lies farther ahead than the opening was long.
 */
static void become_alone(struct breaker_guard *guard, const char *why)
{
	const struct circuit_view *seen = &guard->seen;
	int64_t now_us = clock_wall_us();
	int64_t rest_us = guard->rest_until_us - clock_mono_us();

	log_line(LOG_ERROR, NULL,
	    "breaker of %s: the store gives no answer (%s): this process goes "
	    "on alone",
	    name_of(guard), why);
	guard->alone = true;
	guard->own = (struct circuit){
	    .mode = seen->mode,
	    .state = seen->state,
	    .generation = seen->generation,
	    .since_us = now_us,
	    .fence = OWN_FENCES,
	};
	if (seen->state != CIRCUIT_CLOSED && rest_us > 0) {
		guard->own.open_us = guard->limits.open_us;
		if (seen->state == CIRCUIT_OPEN && rest_us > guard->own.open_us)
			guard->own.open_us = rest_us;
		guard->own.open_until_us = now_us + rest_us;
		guard->own.probe_until_us = now_us + rest_us;
	}
	/*
	 * The store may never hear of these. When it is only slow, its thread
	 * may read them at this moment; neither side writes.
	 */
	advance_own(guard, &guard->row.news);
}

static void patience_due(void *arg)
{
	struct breaker_guard *guard = arg;
	int64_t until_us = guard->told_us + BREAKER_PATIENCE_US;

	if (!guard->busy || guard->alone)
		return;
	/* Every timer is hurried when the program stops. */
	if (clock_mono_us() < until_us)
		loop_timer_set(
		    guard->breaker->loop, &guard->patience_timer, until_us);
	else
		become_alone(guard, "it is slow");
}

/* --- telling the shared circuit --- */

static enum status sync_body(struct db *db, void *arg)
{
	struct breaker_guard *guard = arg;

	return breaker_row_sync(db, &guard->row);
}

static void synced(void *arg, enum status status)
{
	struct breaker_guard *guard = arg;

	guard->busy = false;
	loop_timer_stop(guard->breaker->loop, &guard->patience_timer);
	/* Only after the commit is row.view what there is. */
	if (status == STATUS_OK) {
		if (guard->alone)
			log_line(LOG_INFO, NULL, "breaker of %s: shared again",
			    name_of(guard));
		guard->alone = false;
		see(guard, &guard->row.view);
	} else if (!guard->alone) {
		become_alone(guard, status_name(status));
	}
	if (guard->breaker->stopping)
		tell_rest(guard);
}

/* news is copied into row: guard->news goes on counting meanwhile. */
static void submit(struct breaker_guard *guard, const struct circuit_news *news)
{
	guard->busy = true;
	guard->told_us = clock_mono_us();
	guard->row.news = *news;
	guard->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = sync_body,
	    .done = synced,
	    .arg = guard,
	};
	store_submit(guard->breaker->store, &guard->job);
	if (!guard->alone)
		loop_timer_set(guard->breaker->loop, &guard->patience_timer,
		    guard->told_us + BREAKER_PATIENCE_US);
}

/*
 * One job at a time bounds what failures cost. While alone, the store is
 * tried now and then; what it then is told, our own circuit is told too.
 */
static void tell(struct breaker_guard *guard)
{
	struct circuit_news news = guard->news;
	bool try_store = !guard->busy;

	if (guard->busy && !guard->alone)
		return;
	if (guard->alone && clock_mono_us() - guard->told_us < BREAKER_ALONE_US)
		try_store = false;
	/* Alone, our own circuit grants one: nobody would take another. */
	news.wants_probe = guard->waiting != NULL && !guard->alone;
	news.dice = backoff_draw() % 1001;
	guard->news =
	    (struct circuit_news){.generation = guard->news.generation};
	if (try_store)
		submit(guard, &news);
	if (guard->alone) {
		news.wants_probe = guard->waiting != NULL;
		advance_own(guard, &news);
	}
}

/* No timer will come any more. */
static void tell_rest(struct breaker_guard *guard)
{
	if (guard->news.count.calls > 0 || is_urgent(guard))
		tell(guard);
}

static void tell_due(void *arg)
{
	tell(arg);
}

/* --- how a call ended --- */

/* True when it says something about the upstream; then *failed is set. */
static bool is_telling(enum status status, long code, bool *failed)
{
	*failed = status != STATUS_OK || code >= 500;
	switch (status) {
	case STATUS_OK:
		return code != 429;
	case STATUS_TIMEOUT:
	case STATUS_TRANSPORT:
	case STATUS_UNREACHABLE:
		return true;
	case STATUS_ANSWER_TOO_LARGE:
		/* It did answer. That it was too much is no sickness. */
		*failed = false;
		return true;
	default:
		return false;
	}
}

/* Who comes from now on waits for what the circuit makes of it. */
static void end_probe(struct breaker_guard *guard,
    const struct breaker_call *call, bool telling, bool good)
{
	guard->rest_until_us = 0;
	guard->news.fence = call->fence;
	guard->news.probe = CIRCUIT_PROBE_RETURNED;
	if (telling)
		guard->news.probe =
		    good ? CIRCUIT_PROBE_SUCCEEDED : CIRCUIT_PROBE_FAILED;
}

static void note(struct breaker_guard *guard, const struct breaker_call *call,
    enum status status, const struct http_answer *answer)
{
	int64_t took_us = clock_mono_us() - call->from_us - answer->waited_us;
	bool slow = took_us >= guard->slow_us;
	bool failed;
	bool telling = is_telling(status, answer->code, &failed);

	/* The event's deadline, or our own queue, left it no time. */
	if (status == STATUS_TIMEOUT && !slow)
		telling = false;
	if (call->fence != 0) {
		end_probe(guard, call, telling, !failed && !slow);
	} else if (telling && call->generation == guard->news.generation) {
		guard->news.count.calls++;
		guard->news.count.failed += failed;
		guard->news.count.slow += slow;
	}
}

static void got_answer(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct breaker_call *call = arg;
	struct breaker_guard *guard = call->guard;

	/* Before done: what is sent from within waits for what this changes. */
	note(guard, call, status, answer);
	if (is_urgent(guard))
		tell(guard);
	else
		tell_later(guard);
	/* The last use of call: it may be sent again from within. */
	call->done(call->arg, status, answer);
}

void breaker_send(struct breaker *breaker, struct breaker_call *call,
    const struct http_request *request, http_done *done, void *arg)
{
	struct breaker_guard *guard = &breaker->guards[request->upstream];
	enum verdict verdict;

	if (!breaker->on) {
		http_send(breaker->http, request, done, arg);
		return;
	}
	call->guard = guard;
	call->request = *request;
	call->done = done;
	call->arg = arg;
	call->from_us = clock_mono_us();
	verdict = judge_call(guard);
	if (verdict == GO) {
		send_call(call, 0);
	} else if (verdict == REFUSE) {
		refuse_call(call);
	} else {
		call->next = guard->waiting;
		guard->waiting = call;
		tell(guard);
	}
}

void breaker_stop(struct breaker *breaker)
{
	breaker->stopping = true;
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++)
		tell_rest(&breaker->guards[i]);
}

static void init_guard(struct breaker_guard *guard, struct breaker *breaker,
    const struct config *config, int64_t timeout_us)
{
	guard->breaker = breaker;
	guard->upstream = (enum http_upstream)(guard - breaker->guards);
	breaker_set_limits(&guard->limits, config, timeout_us);
	guard->slow_us = timeout_us / 100 * SLOW_FROM;
	guard->row.upstream = name_of(guard);
	guard->row.limits = &guard->limits;
	loop_timer_init(&guard->tell_timer, tell_due, guard);
	loop_timer_init(&guard->patience_timer, patience_due, guard);
}

struct breaker *breaker_new(const struct config *config, struct loop *loop,
    struct store *store, struct http *http)
{
	struct breaker *breaker = calloc(1, sizeof *breaker);

	if (breaker == NULL)
		return NULL;
	breaker->on = config->breaker == CONFIG_ON;
	breaker->loop = loop;
	breaker->store = store;
	breaker->http = http;
	init_guard(&breaker->guards[HTTP_CXONE], breaker, config,
	    config->cxone_timeout_us);
	init_guard(&breaker->guards[HTTP_INVENTORY], breaker, config,
	    config->inventory_timeout_us);
	return breaker;
}

void breaker_count_into(struct breaker *breaker, struct tally *tally)
{
	breaker->tally = tally;
}

void breaker_free(struct breaker *breaker)
{
	if (breaker == NULL)
		return;
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++) {
		struct breaker_guard *guard = &breaker->guards[i];

		loop_timer_stop(breaker->loop, &guard->tell_timer);
		loop_timer_stop(breaker->loop, &guard->patience_timer);
	}
	free(breaker);
}
