/* token.c: a wish for a good access token -> one, fetched once for all */
#include "token.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "token_answer.h"
#include "token_held.h"
#include "token_request.h"
#include "token_row.h"

#define OWNER_BYTES 32
/* Short beside the call that is waited for, long beside a transaction. */
#define POLL_US (50 * CLOCK_MS)
/* The lease outlives the call it is for by this. */
#define LEASE_SPARE_US (5 * CLOCK_SECOND)
/* How long nobody asks after a failure, by its kind. */
#define PAUSE_REFUSED_US (15 * CLOCK_SECOND)
#define PAUSE_FAILED_US  (1 * CLOCK_SECOND)
#define PAUSE_ALONE_US   (1 * CLOCK_SECOND)

/* What each means stands in token.h. */
enum token_state {
	TOKEN_RESTING,
	TOKEN_CLAIMING,
	TOKEN_FETCHING,
	TOKEN_SAVING,
	TOKEN_POLLING
};

struct token {
	struct loop *loop;
	struct store *store;
	struct breaker *breaker;
	struct tally *tally; /* NULL: nobody asks */
	struct breaker_call call;
	struct token_request request;
	char owner[OWNER_BYTES];
	enum token_state state;
	bool stopping;
	struct token_held *held;   /* NULL: none yet */
	int64_t look_again_us;     /* monotonic: no refresh before */
	bool alone;                /* the store failed: no lease is held */
	int64_t alone_again_us;    /* monotonic: none alone before, */
	enum status alone_failure; /* since the last ended so */
	struct token_wait *waiting;
	struct loop_timer poll_timer;
	struct loop_timer deadline_timer;
	struct store_job job;
	struct token_row row; /* the store's while CLAIMING or SAVING */
	bool rejecting;
	struct store_job reject_job;
	struct token_row rejected; /* the store's while rejecting */
};

static void claim(struct token *token);
static void claimed(void *arg, enum status status);
static void fetch(struct token *token);
static void fetched(
    void *arg, enum status status, const struct http_answer *answer);
static void saved(void *arg, enum status status);
static void poll_due(void *arg);

/* Takes over the token that the row's transaction found or kept. */
static enum status adopt(struct token *token)
{
	struct token_held *held;

	if (token->held && token->held->version == token->row.version &&
	    token->held->expires_us == token->row.expires_us)
		return STATUS_OK;
	held = token_held_new(&token->row);
	if (!held)
		return STATUS_MEMORY;
	/* Requests under way may still hold the old one. */
	token_held_return(token->held);
	token->held = held;
	return STATUS_OK;
}

/* One claim serves all who wait: it must be newer than all have rejected. */
static int64_t newest_rejected(const struct token *token)
{
	const struct token_wait *wait;
	int64_t newest = 0;

	for (wait = token->waiting; wait; wait = wait->next)
		if (wait->newer_than > newest)
			newest = wait->newer_than;
	return newest;
}

/* Wakes the timer for the waiting caller whose deadline comes first. */
static void watch_deadlines(struct token *token)
{
	const struct token_wait *wait;
	int64_t first = INT64_MAX;

	for (wait = token->waiting; wait; wait = wait->next)
		if (wait->deadline_us < first)
			first = wait->deadline_us;
	if (first < INT64_MAX)
		loop_timer_set(token->loop, &token->deadline_timer, first);
	else
		loop_timer_stop(token->loop, &token->deadline_timer);
}

/*
 * Calls back those that are_ready says; the list is taken off first, since
 * a callback may queue its caller again.
 */
static void release(struct token *token, enum status status,
    bool (*is_ready)(const struct token *, const struct token_wait *))
{
	struct token_wait *wait = token->waiting;

	token->waiting = NULL;
	while (wait) {
		struct token_wait *next = wait->next;

		if (is_ready(token, wait)) {
			wait->done(wait->arg, status);
		} else {
			wait->next = token->waiting;
			token->waiting = wait;
		}
		wait = next;
	}
	watch_deadlines(token);
}

static bool everyone(const struct token *token, const struct token_wait *wait)
{
	(void)token;
	(void)wait;
	return true;
}

static bool is_served(const struct token *token, const struct token_wait *wait)
{
	return token->held && token->held->version > wait->newer_than;
}

static bool is_late(const struct token *token, const struct token_wait *wait)
{
	return wait->deadline_us <= loop_now_us(token->loop);
}

/* Also how those are told who come after the stop: token_get arms it. */
static void deadline_due(void *arg)
{
	struct token *token = arg;

	if (token->stopping)
		release(token, STATUS_STOPPING, everyone);
	else
		release(token, STATUS_TOKEN_UNAVAILABLE, is_late);
}

static void fail_all(struct token *token, enum status status)
{
	token->state = TOKEN_RESTING;
	token->look_again_us = clock_mono_us() + PAUSE_FAILED_US;
	release(token, token->stopping ? STATUS_STOPPING : status, everyone);
}

static void poll_later(struct token *token)
{
	token->state = TOKEN_POLLING;
	loop_timer_set(
	    token->loop, &token->poll_timer, clock_mono_us() + POLL_US);
}

/* Who waited may have left at its deadline: then nobody asks. */
static void poll_due(void *arg)
{
	struct token *token = arg;

	token->state = TOKEN_RESTING;
	if (token->waiting)
		claim(token);
}

/* Those who want a still newer token than this stay, and it goes on. */
static void have_token(struct token *token)
{
	enum status status = adopt(token);

	OPENSSL_cleanse(token->row.text, sizeof token->row.text);
	if (status != STATUS_OK) {
		fail_all(token, status);
		return;
	}
	token->state = TOKEN_RESTING;
	token->look_again_us = clock_mono_us() + PAUSE_FAILED_US;
	release(token, STATUS_OK, is_served);
	/* Else one of those who were told has begun a claim. */
	if (token->waiting && token->state == TOKEN_RESTING)
		claim(token);
}

/* --- when the store fails --- */

static void note_alone(struct token *token, enum status status)
{
	if (!token->alone)
		log_line(LOG_WARN, NULL,
		    "the store fails (%s): this process "
		    "fetches a token of its own",
		    status_name(status));
	token->alone = true;
}

/*
 * Without the store nobody knows who else fetches a token; one call per
 * process is better than no routing. Only for those who wait, and not soon
 * again when it failed.
 */
static void go_alone(struct token *token, enum status status)
{
	if (token_left_us(token) > 0)
		release(token, STATUS_OK, is_served);
	if (!token->waiting || token->stopping) {
		fail_all(token, status);
	} else if (clock_mono_us() < token->alone_again_us) {
		fail_all(token, token->alone_failure);
	} else {
		note_alone(token, status);
		fetch(token);
	}
}

/*
 * Keeps the token that came in row.text, under a version past all that are
 * known here; what the row will say counts again when the store is back.
 */
static void have_alone(struct token *token)
{
	struct token_row *row = &token->row;

	row->version = newest_rejected(token);
	if (token->held && token->held->version > row->version)
		row->version = token->held->version;
	row->version++;
	row->obtained_us = clock_wall_us();
	row->expires_us = row->obtained_us + row->lifetime_us;
	/* Who rejects this one as well is not served a call each time. */
	token->alone_failure = STATUS_TOKEN_REJECTED;
	token->alone_again_us = clock_mono_us() + PAUSE_ALONE_US;
	have_token(token);
}

static void fail_alone(
    struct token *token, enum status failure, int64_t pause_us)
{
	token->alone_failure = failure;
	token->alone_again_us = clock_mono_us() + pause_us;
	fail_all(token, failure);
}

/* --- with the store --- */

static enum status claim_body(struct db *db, void *arg)
{
	struct token *token = arg;

	return token_row_claim(db, &token->row);
}

static enum status save_body(struct db *db, void *arg)
{
	struct token *token = arg;

	return token_row_save(db, &token->row);
}

/*
 * Then looks what is left: a token near its end that still serves, or what
 * another process does. Without a pause the claim would take the lease.
 */
static enum status fail_body(struct db *db, void *arg)
{
	struct token *token = arg;
	enum status status = token_row_fail(db, &token->row);

	if (status == STATUS_OK && token->row.pause_us > 0)
		status = token_row_claim(db, &token->row);
	return status;
}

static void submit(struct token *token, store_body *body, store_done *done)
{
	token->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = body,
	    .done = done,
	    .arg = token,
	};
	store_submit(token->store, &token->job);
}

static void claim(struct token *token)
{
	token->state = TOKEN_CLAIMING;
	token->row.newer_than = newest_rejected(token);
	submit(token, claim_body, claimed);
}

/* The lease goes back in the same transaction that notes why. */
static void give_up(struct token *token, enum status failure, int64_t pause_us)
{
	if (token->alone) {
		fail_alone(token, failure, pause_us);
		return;
	}
	token->state = TOKEN_SAVING;
	token->row.failure = failure;
	token->row.pause_us = pause_us;
	submit(token, fail_body, claimed);
}

static void claimed(void *arg, enum status status)
{
	struct token *token = arg;

	if (status != STATUS_OK && token->state == TOKEN_CLAIMING) {
		go_alone(token, status);
		return;
	}
	/* From give_up: nothing has come that could serve us alone. */
	if (status != STATUS_OK) {
		fail_all(token, status);
		return;
	}
	token->alone = false;
	switch (token->row.claim) {
	case TOKEN_HAVE:
		have_token(token);
		break;
	case TOKEN_LEASE:
		/* It goes back, so that no process waits for it. */
		if (token->stopping)
			give_up(token, STATUS_TOKEN_UNAVAILABLE, 0);
		else
			fetch(token);
		break;
	case TOKEN_WAIT:
		poll_later(token);
		break;
	case TOKEN_FAILED:
		fail_all(token, token->row.failure);
		break;
	}
}

static void fetch(struct token *token)
{
	struct http_request request = token_request_http(&token->request);

	token->state = TOKEN_FETCHING;
	breaker_send(token->breaker, &token->call, &request, fetched, token);
}

static void keep(struct token *token)
{
	if (token->alone) {
		have_alone(token);
		return;
	}
	token->state = TOKEN_SAVING;
	submit(token, save_body, saved);
}

static void count_answer(struct token *token, enum status status)
{
	enum tally_token what = TALLY_TOKEN_FAILED;

	if (status == STATUS_OK)
		what = TALLY_TOKEN_OK;
	else if (status == STATUS_TOKEN_REFUSED)
		what = TALLY_TOKEN_REFUSED;
	else if (status == STATUS_BREAKER_OPEN)
		what = TALLY_TOKEN_BREAKER;
	tally_count(token->tally, TALLY_TOKEN, 0, (int)what);
}

static void fetched(
    void *arg, enum status status, const struct http_answer *answer)
{
	struct token *token = arg;

	/* No failure of the endpoint: other processes may ask at once. */
	if (status == STATUS_STOPPING) {
		give_up(
		    token, token->alone ? status : STATUS_TOKEN_UNAVAILABLE, 0);
		return;
	}
	if (status == STATUS_OK)
		status = token_answer_read(answer, &token->row);
	count_answer(token, status);
	if (status == STATUS_OK) {
		keep(token);
		return;
	}
	log_line(LOG_ERROR, NULL, "no access token: %s, HTTP %ld%s%s",
	    status_name(status), answer->code,
	    answer->problem[0] != '\0' ? ", " : "", answer->problem);
	if (status == STATUS_TOKEN_REFUSED)
		give_up(token, STATUS_TOKEN_REFUSED, PAUSE_REFUSED_US);
	else if (status == STATUS_BREAKER_OPEN)
		give_up(token, STATUS_BREAKER_OPEN, PAUSE_FAILED_US);
	else
		give_up(token, STATUS_TOKEN_UNAVAILABLE,
		    token_answer_pause_us(answer, PAUSE_FAILED_US));
}

static void saved(void *arg, enum status status)
{
	struct token *token = arg;

	/* The lease stays in the row until it ends; what came serves this
	 * process at least. */
	if (status != STATUS_OK) {
		note_alone(token, status);
		have_alone(token);
		return;
	}
	if (token->row.claim == TOKEN_HAVE)
		log_line(LOG_INFO, NULL, "new access token, version %lld",
		    (long long)token->row.version);
	claimed(arg, status);
}

/* A token near its end is replaced behind, while it still serves. */
static void refresh_behind(struct token *token)
{
	if (token->state != TOKEN_RESTING ||
	    clock_wall_us() < token->held->refresh_us ||
	    clock_mono_us() < token->look_again_us)
		return;
	claim(token);
}

bool token_lend(
    struct token *token, int64_t newer_than, struct token_lent *lent)
{
	struct token_held *held = token->held;

	if (!held || held->version <= newer_than ||
	    clock_wall_us() >= held->expires_us)
		return false;
	refresh_behind(token);
	held->holders++;
	lent->held = held;
	lent->version = held->version;
	lent->headers = held->headers;
	return true;
}

const char *token_url(const struct token *token)
{
	return token->request.url;
}

int64_t token_left_us(const struct token *token)
{
	int64_t left_us;

	if (!token->held)
		return 0;
	left_us = token->held->expires_us - clock_wall_us();
	return left_us > 0 ? left_us : 0;
}

void token_return(struct token_lent *lent)
{
	token_held_return(lent->held);
	lent->held = NULL;
	lent->headers = NULL;
}

void token_get(struct token *token, struct token_wait *wait)
{
	wait->next = token->waiting;
	token->waiting = wait;
	watch_deadlines(token);
	if (token->stopping)
		loop_timer_set(token->loop, &token->deadline_timer,
		    loop_now_us(token->loop));
	else if (token->state == TOKEN_RESTING)
		claim(token);
}

static enum status reject_body(struct db *db, void *arg)
{
	struct token *token = arg;

	return token_row_reject(db, &token->rejected);
}

static void rejected(void *arg, enum status status)
{
	struct token *token = arg;

	(void)status; /* Logged by the store; the next 401 comes here again. */
	token->rejecting = false;
}

/* Many are rejected at one time, and all say the same: one is enough. */
void token_reject(struct token *token, int64_t version)
{
	if (token->rejecting)
		return;
	token->rejecting = true;
	token->rejected.version = version;
	token->reject_job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = reject_body,
	    .done = rejected,
	    .arg = token,
	};
	store_submit(token->store, &token->reject_job);
}

/*
 * What is under way is not cut here: http_stop ends a fetch, and a lease that
 * is still granted is given back.
 */
void token_stop(struct token *token)
{
	token->stopping = true;
	release(token, STATUS_STOPPING, everyone);
}

static void name_owner(struct token *token)
{
	uint32_t salt = 0;

	/* Process ids come again; with the salt no owner does. */
	RAND_bytes((unsigned char *)&salt, sizeof salt);
	snprintf(token->owner, sizeof token->owner, "%ld-%08lx", (long)getpid(),
	    (unsigned long)salt);
}

struct token *token_new(const struct config *config, struct loop *loop,
    struct store *store, struct breaker *breaker, struct keyring *keyring)
{
	struct token *token = calloc(1, sizeof *token);

	if (!token)
		return NULL;
	token->loop = loop;
	token->store = store;
	token->breaker = breaker;
	name_owner(token);
	token->row.token_url = token->request.url;
	token->row.client_id = config->cxone_client_id;
	token->row.owner = token->owner;
	token->row.keyring = keyring;
	token->rejected = token->row;
	token->row.lease_us = config->cxone_timeout_us + LEASE_SPARE_US;
	loop_timer_init(&token->poll_timer, poll_due, token);
	loop_timer_init(&token->deadline_timer, deadline_due, token);
	if (!token_request_init(&token->request, config)) {
		token_free(token);
		return NULL;
	}
	return token;
}

void token_count_into(struct token *token, struct tally *tally)
{
	token->tally = tally;
}

void token_free(struct token *token)
{
	if (!token)
		return;
	loop_timer_stop(token->loop, &token->poll_timer);
	loop_timer_stop(token->loop, &token->deadline_timer);
	token_held_return(token->held);
	token_request_done(&token->request);
	OPENSSL_cleanse(token->row.text, sizeof token->row.text);
	free(token);
}
