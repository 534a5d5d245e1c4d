/* cxone.c: an interaction and its route -> CXone has been told, or why not */
#include "cxone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "retry.h"

/* The longest random wait of full jitter: as the AWS SDKs have it. */
#define FULL_JITTER_MAX_US (20 * CLOCK_SECOND)

/*
 * An update is SENDING (a PATCH is under way, lent holds its token),
 * WAITING for a token (wait is queued, nothing is lent) or RESTING till a
 * backoff or a pause is over (timer is armed, nothing is lent). Only end()
 * ends it.
 */
struct cxone {
	const struct config *config;
	struct cxone_parts parts;
	struct retry_rules rules;
};

static void send_patch(struct cxone_update *update);

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct cxone *cxone_new(
    const struct config *config, const struct cxone_parts *parts)
{
	struct cxone *cxone = calloc(1, sizeof *cxone);
	bool full = config->retry_schedule == BACKOFF_FULL_JITTER;

	if (!cxone)
		return NULL;
	cxone->config = config;
	cxone->parts = *parts;
	cxone->rules = (struct retry_rules){
	    .backoff =
		{
		    .schedule = config->retry_schedule,
		    .base_us = config->cxone_backoff_us,
		    .jitter_us = config->cxone_jitter_us,
		    .cap_us = full ? FULL_JITTER_MAX_US : BACKOFF_MAX_US,
		},
	    .retries = config->cxone_retries,
	    .attempt_min_us =
		smaller(config->cxone_attempt_min_us, config->cxone_timeout_us),
	};
	return cxone;
}

void cxone_free(struct cxone *cxone)
{
	free(cxone);
}

/* A timer's due as well: see finish_later. */
static void end(void *arg)
{
	struct cxone_update *update = arg;

	if (update->status != STATUS_OK)
		log_event(LOG_WARN, update->interaction_id, update->trace,
		    "CXone update failed: %s, HTTP %d, %d sent: %s",
		    status_name(update->status), update->http, update->attempts,
		    update->problem);
	update->done(update->arg);
}

static void conclude(
    struct cxone_update *update, enum status status, const char *problem)
{
	update->status = status;
	snprintf(update->problem, sizeof update->problem, "%s", problem);
}

static void finish(
    struct cxone_update *update, enum status status, const char *problem)
{
	conclude(update, status, problem);
	end(update);
}

/*
 * By the timer, since a caller must not be called back before it returned.
 * With no timer left, too early is better than never.
 */
static void finish_later(
    struct cxone_update *update, enum status status, const char *problem)
{
	conclude(update, status, problem);
	loop_timer_init(&update->timer, end, update);
	if (loop_timer_set(update->cxone->parts.loop, &update->timer,
		clock_mono_us()) != STATUS_OK)
		end(update);
}

static int64_t left_us(const struct cxone_update *update)
{
	return update->deadline_us - clock_mono_us();
}

static void begin_wait(struct cxone_update *update, const char *what)
{
	update->waiting_for = what;
	update->since_us = clock_mono_us();
}

static void end_wait(struct cxone_update *update)
{
	if (!update->waiting_for)
		return;
	waits_add(update->waits, "cxone", update->waiting_for,
	    clock_mono_us() - update->since_us);
	update->waiting_for = NULL;
}

/* Through send_patch again: waiting has used up time. */
static void got_token(void *arg, enum status status)
{
	struct cxone_update *update = arg;

	end_wait(update);
	if (status != STATUS_OK) {
		finish(update, status, "no access token");
		return;
	}
	send_patch(update);
}

/* newer_than stays: no later attempt takes a token that was rejected. */
static void wait_for_token(struct cxone_update *update, int64_t newer_than)
{
	begin_wait(update, "token");
	update->wait.newer_than = newer_than;
	update->wait.deadline_us = update->deadline_us;
	update->wait.done = got_token;
	update->wait.arg = update;
	token_get(update->cxone->parts.token, &update->wait);
}

static void count_retry(
    const struct cxone_update *update, enum tally_retry reason)
{
	tally_count(
	    update->cxone->parts.tally, TALLY_RETRIES, HTTP_CXONE, (int)reason);
}

/* A first 401 may be an old token's; a second is CXone's last word. */
static void refresh_token(struct cxone_update *update, int64_t rejected)
{
	if (update->token_refreshes > 0) {
		token_reject(update->cxone->parts.token, rejected);
		finish(update, STATUS_TOKEN_REJECTED,
		    "CXone answered 401 to a token just issued");
		return;
	}
	update->token_refreshes++;
	count_retry(update, TALLY_RETRY_UNAUTHORIZED);
	wait_for_token(update, rejected);
}

static void rest_over(void *arg)
{
	send_patch(arg);
}

static void rest(struct cxone_update *update, const char *why, int64_t wait_us)
{
	begin_wait(update, why);
	loop_timer_init(&update->timer, rest_over, update);
	if (loop_timer_set(update->cxone->parts.loop, &update->timer,
		clock_mono_us() + wait_us) != STATUS_OK)
		finish_later(update, STATUS_MEMORY, "no timer left");
}

static void take_retry(struct cxone_update *update, int64_t cost)
{
	count_retry(update, cost == RETRY_COST_THROTTLED
				? TALLY_RETRY_THROTTLED
				: TALLY_RETRY_TRANSIENT);
	update->retries++;
	update->retry_cost = cost;
	throttle_change_budget(update->cxone->parts.throttle, -cost);
}

/* The sender of the event may read these: they name no host of ours. */
static const char *describe(enum status status, long code)
{
	if (code == 429)
		return "CXone answered 429";
	if (code > 0)
		return "CXone failed";
	switch (status) {
	case STATUS_UNREACHABLE:
		return "CXone could not be reached";
	case STATUS_TIMEOUT:
		return "CXone did not answer in time";
	case STATUS_TRANSPORT:
		return "the connection to CXone broke";
	case STATUS_BREAKER_OPEN:
		return "not sent: CXone's circuit breaker is open";
	case STATUS_STOPPING:
		return "this program was stopped";
	default:
		return "the update could not be sent";
	}
}

/* Repeats what failed with status, or ends with it. */
static void repeat(struct cxone_update *update, enum retry_reason reason,
    enum status status, const struct http_answer *answer)
{
	static const char *const no_retry[] = {
	    [RETRY_LAST] = "no further attempt is permitted",
	    [RETRY_TOO_LATE] = "the wait would outlast EVENT_DEADLINE_MS",
	    [RETRY_NO_BUDGET] = "RETRY_BUDGET is used up",
	};
	struct cxone *cxone = update->cxone;
	const struct retry_question question = {
	    .reason = reason,
	    .taken = update->retries,
	    .retry_after_us = answer->retry_after_us,
	    .left_us = left_us(update),
	    .budget = throttle_budget(cxone->parts.throttle),
	    .draw = backoff_draw(),
	};
	char problem[CXONE_PROBLEM_BYTES];
	enum retry_verdict verdict;
	int64_t wait_us;

	verdict = retry_judge(&cxone->rules, &question, &wait_us);
	if (verdict == RETRY_WAIT) {
		log_event(LOG_DEBUG, update->interaction_id, update->trace,
		    "%s, attempt %d, waiting %lld ms",
		    describe(status, answer->code), update->attempts,
		    (long long)(wait_us / CLOCK_MS));
		take_retry(update, retry_cost(reason));
		rest(update,
		    answer->retry_after_us > 0 ? "retry_after" : "backoff",
		    wait_us);
		return;
	}
	snprintf(problem, sizeof problem, "%s; %s",
	    describe(status, answer->code), no_retry[verdict]);
	finish(update,
	    verdict == RETRY_NO_BUDGET ? STATUS_BUDGET_EXHAUSTED : status,
	    problem);
}

/* By contract the sender is told at once, unless the schedule says more. */
static void fail(struct cxone_update *update, enum status status,
    const struct http_answer *answer)
{
	if (update->cxone->config->retry_schedule == BACKOFF_FULL_JITTER)
		repeat(update, RETRY_TRANSIENT, status, answer);
	else
		finish(update, status, describe(status, answer->code));
}

/* 501 and 505 on say what CXone will never do. */
static bool is_transient(enum status status, long code)
{
	if (status == STATUS_OK)
		return code == 500 || (code >= 502 && code <= 504);
	return status == STATUS_UNREACHABLE || status == STATUS_TIMEOUT ||
	       status == STATUS_TRANSPORT;
}

/* A success gives back what its retry cost; without one, a little. */
static void succeed(struct cxone_update *update)
{
	int64_t back = update->retry_cost > 0 ? update->retry_cost : 1;

	throttle_change_budget(update->cxone->parts.throttle, back);
	finish(update, STATUS_OK, "");
}

static void judge(struct cxone_update *update, const struct http_answer *answer,
    int64_t token_version)
{
	long code = answer->code;

	if (code >= 200 && code < 300)
		succeed(update);
	else if (code == 401)
		refresh_token(update, token_version);
	else if (code == 429)
		repeat(update, RETRY_THROTTLED, STATUS_RATE_LIMITED, answer);
	else if (code == 403)
		finish(update, STATUS_SCOPE_MISSING,
		    "CXone answered 403: the "
		    "client lacks the scope routing:interaction:write");
	else if (code == 404)
		finish(update, STATUS_INTERACTION_NOT_FOUND,
		    "CXone does not know the interaction (any more)");
	else if (is_transient(STATUS_OK, code))
		fail(update, STATUS_UPSTREAM_FAILED, answer);
	else if (code >= 500)
		finish(update, STATUS_UPSTREAM_FAILED, "CXone failed");
	else
		finish(update, STATUS_UPSTREAM_REFUSED,
		    "CXone refused the update");
}

/* What curl says names hosts and files: for the operator alone. */
static void log_problem(
    const struct cxone_update *update, const struct http_answer *answer)
{
	if (answer->problem[0] != '\0')
		log_event(LOG_WARN, update->interaction_id, update->trace,
		    "PATCH, attempt %d, HTTP %ld: %s", update->attempts,
		    answer->code, answer->problem);
}

/* A request that failed is told of, by what came back. */
static void note_patch(const struct cxone_update *update, enum status status,
    const struct http_answer *answer)
{
	char code[16];

	if (answer->waited_us > WAITS_SLOT_US)
		waits_add(update->waits, "cxone", "connection_slot",
		    answer->waited_us);
	if ((answer->code >= 200 && answer->code < 300) ||
	    status == STATUS_BREAKER_OPEN)
		return;
	snprintf(code, sizeof code, "%ld", answer->code);
	waits_add(update->waits, "cxone",
	    answer->code > 0 ? code : status_name(status),
	    clock_mono_us() - update->since_us - answer->waited_us);
}

static void patch_done(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct cxone_update *update = arg;
	int64_t token_version = update->lent.version;

	/* Before what follows waits or rests: then nothing is lent. */
	token_return(&update->lent);
	note_patch(update, status, answer);
	/* The breaker sent nothing. */
	if (status == STATUS_BREAKER_OPEN)
		update->attempts--;
	else
		update->http = (int)answer->code;
	/* Of a 503 too that ends this update: the others shall wait. */
	if (answer->retry_after_us > 0)
		throttle_ask_pause(
		    update->cxone->parts.throttle, answer->retry_after_us);
	log_problem(update, answer);
	/* The status line is all that counts; of the body nothing is read. */
	if (status == STATUS_OK || answer->code > 0)
		judge(update, answer, token_version);
	else if (is_transient(status, 0))
		fail(update, status, answer);
	else
		finish(update, status, describe(status, 0));
}

/*
 * Those who wait for one pause must not come back all at one moment. This
 * is no attempt: it costs neither a retry nor the budget.
 */
static void wait_for_pause(struct cxone_update *update, int64_t pause_us)
{
	const struct backoff at_once = {.schedule = BACKOFF_BUILTIN};
	int64_t wait_us =
	    backoff_wait_us(&at_once, 0, pause_us, backoff_draw());

	if (wait_us + update->cxone->rules.attempt_min_us >= left_us(update))
		finish_later(update, STATUS_RATE_LIMITED,
		    "CXone asked for a "
		    "pause which would outlast EVENT_DEADLINE_MS");
	else
		rest(update, "not_before", wait_us);
}

/*
 * Called again after every kind of waiting: all of it may have changed. The
 * pause comes before the token: none is fetched while nothing may be sent.
 */
static void send_patch(struct cxone_update *update)
{
	struct cxone *cxone = update->cxone;
	/* The clock is looked at once: see since_us. */
	int64_t left = left_us(update);
	int64_t pause_us = throttle_pause_us(cxone->parts.throttle);
	struct http_request request = {
	    .upstream = HTTP_CXONE,
	    .method = "PATCH",
	    .url = text_string(&update->url),
	    .body = update->route->update,
	    .body_bytes = strlen(update->route->update),
	    .timeout_us = smaller(cxone->config->cxone_timeout_us, left),
	};

	end_wait(update);
	if (left <= 0 || left < cxone->rules.attempt_min_us) {
		finish_later(update, STATUS_DEADLINE,
		    "EVENT_DEADLINE_MS "
		    "leaves no time to tell CXone");
		return;
	}
	if (pause_us > 0) {
		wait_for_pause(update, pause_us);
		return;
	}
	if (!token_lend(
		cxone->parts.token, update->wait.newer_than, &update->lent)) {
		wait_for_token(update, update->wait.newer_than);
		return;
	}
	request.headers = update->lent.headers;
	if (update->trace) {
		trace_write(update->trace, &update->lines);
		request.lines = update->lines.lines;
	}
	update->attempts++;
	update->since_us = update->deadline_us - left;
	breaker_send(
	    cxone->parts.breaker, &update->call, &request, patch_done, update);
}

void cxone_send(struct cxone *cxone, struct cxone_update *update)
{
	update->cxone = cxone;
	update->status = STATUS_PENDING;
	update->http = 0;
	update->attempts = 0;
	update->token_refreshes = 0;
	update->retries = 0;
	update->retry_cost = 0;
	update->waiting_for = NULL;
	update->wait.newer_than = 0;
	text_clear(&update->url);
	text_add(&update->url, cxone->config->cxone_base_url);
	text_add(&update->url, "/api/v2/routing/interactions/");
	text_add_segment(&update->url, update->interaction_id);
	/* A URL cut short would name another interaction. */
	if (text_failed(&update->url))
		finish_later(update, STATUS_MEMORY, "out of memory");
	else
		send_patch(update);
}
