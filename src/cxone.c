/* cxone.c: an interaction and its route -> CXone has been told, or why not */
#include "cxone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "clock.h"
#include "log.h"

/*
 * An update is SENDING (a PATCH is under way, lent holds its token),
 * WAITING for a token (wait is queued, nothing is lent) or BACKING OFF
 * (timer is armed, nothing is lent). Only finish() ends it.
 */
struct cxone {
	const struct config *config;
	struct loop *loop;
	struct http *http;
	struct token *token;
	struct backoff backoff;
};

static void send_patch(struct cxone_update *update);

struct cxone *cxone_new(const struct config *config, struct loop *loop,
    struct http *http, struct token *token)
{
	struct cxone *cxone = calloc(1, sizeof *cxone);

	if (!cxone)
		return NULL;
	cxone->config = config;
	cxone->loop = loop;
	cxone->http = http;
	cxone->token = token;
	cxone->backoff.base_us = config->cxone_backoff_us;
	cxone->backoff.jitter_us = config->cxone_jitter_us;
	cxone->backoff.cap_us = BACKOFF_MAX_US;
	return cxone;
}

void cxone_free(struct cxone *cxone)
{
	free(cxone);
}

static void finish(struct cxone_update *update, enum status status,
    const char *problem)
{
	update->status = status;
	snprintf(update->problem, sizeof update->problem, "%s", problem);
	if (status != STATUS_OK)
		log_line(LOG_WARN, update->interaction_id,
		    "CXone update failed: %s, HTTP %d, %d sent: %s",
		    status_name(status), update->http, update->attempts,
		    problem);
	update->done(update->arg);
}

static void end_due(void *arg)
{
	struct cxone_update *update = arg;

	finish(update, STATUS_DEADLINE,
	    "EVENT_DEADLINE_MS passed before CXone could be told");
}

/* By the timer, since a caller must not be called back before it returned. */
static void end_at_deadline(struct cxone_update *update)
{
	loop_timer_init(&update->timer, end_due, update);
	if (loop_timer_set(update->cxone->loop, &update->timer,
		clock_mono_us()) != STATUS_OK)
		end_due(update);
}

static int64_t left_us(const struct cxone_update *update)
{
	return update->deadline_us - clock_mono_us();
}

static void got_token(void *arg, enum status status)
{
	struct cxone_update *update = arg;

	if (status != STATUS_OK) {
		finish(update, status, "no access token");
		return;
	}
	send_patch(update);
}

static void wait_for_token(struct cxone_update *update, int64_t newer_than)
{
	update->wait.newer_than = newer_than;
	update->wait.deadline_us = update->deadline_us;
	update->wait.done = got_token;
	update->wait.arg = update;
	token_get(update->cxone->token, &update->wait);
}

/* A first 401 may be an old token's; a second is CXone's last word. */
static void refresh_token(struct cxone_update *update, int64_t rejected)
{
	if (update->token_refreshes > 0) {
		finish(update, STATUS_TOKEN_REJECTED,
		    "CXone answered 401 to a token just issued");
		return;
	}
	update->token_refreshes++;
	wait_for_token(update, rejected);
}

static void backoff_over(void *arg)
{
	send_patch(arg);
}

static void back_off(struct cxone_update *update, int64_t retry_after_us)
{
	struct cxone *cxone = update->cxone;
	int64_t wait_us;

	if (update->throttled > cxone->config->cxone_retries) {
		finish(update, STATUS_RATE_LIMITED,
		    "CXone answered 429 to the last permitted attempt");
		return;
	}
	wait_us = backoff_wait_us(&cxone->backoff, update->throttled - 1,
	    retry_after_us, backoff_draw());
	if (wait_us >= left_us(update)) {
		finish(update, STATUS_RATE_LIMITED,
		    "CXone answered 429 and the wait would outlast "
		    "EVENT_DEADLINE_MS");
		return;
	}
	log_line(LOG_INFO, update->interaction_id,
	    "CXone answered 429, attempt %d, waiting %lld ms",
	    update->attempts, (long long)(wait_us / CLOCK_MS));
	loop_timer_init(&update->timer, backoff_over, update);
	if (loop_timer_set(cxone->loop, &update->timer,
		clock_mono_us() + wait_us) != STATUS_OK)
		finish(update, STATUS_MEMORY, "no timer left");
}

static void judge(struct cxone_update *update,
    const struct http_answer *answer, int64_t token_version)
{
	long code = answer->code;

	if (code >= 200 && code < 300)
		finish(update, STATUS_OK, "");
	else if (code == 401)
		refresh_token(update, token_version);
	else if (code == 429)
		back_off(update, answer->retry_after_us);
	else if (code == 403)
		finish(update, STATUS_SCOPE_MISSING, "CXone answered 403: the "
		    "client lacks the scope routing:interaction:write");
	else if (code == 404)
		finish(update, STATUS_INTERACTION_NOT_FOUND,
		    "CXone does not know the interaction (any more)");
	else if (code >= 500)
		finish(update, STATUS_UPSTREAM_FAILED, "CXone failed");
	else
		finish(update, STATUS_UPSTREAM_REFUSED,
		    "CXone refused the update");
}

static void patch_done(void *arg, enum status status,
    const struct http_answer *answer)
{
	struct cxone_update *update = arg;
	int64_t token_version = update->lent.version;

	token_return(&update->lent);
	update->http = (int)answer->code;
	if (status != STATUS_OK) {
		finish(update, status, answer->problem);
		return;
	}
	if (answer->code == 429)
		update->throttled++;
	judge(update, answer, token_version);
}

static void send_patch(struct cxone_update *update)
{
	struct cxone *cxone = update->cxone;
	int64_t left = left_us(update);
	struct http_request request = {
		.upstream = HTTP_CXONE,
		.method = "PATCH",
		.url = text_string(&update->url),
		.body = update->route->update,
		.body_bytes = strlen(update->route->update),
		.timeout_us = cxone->config->cxone_timeout_us,
	};

	if (left <= 0) {
		end_at_deadline(update);
		return;
	}
	if (left < request.timeout_us)
		request.timeout_us = left;
	if (!token_lend(cxone->token, update->wait.newer_than,
		&update->lent)) {
		wait_for_token(update, update->wait.newer_than);
		return;
	}
	request.headers = update->lent.headers;
	update->attempts++;
	http_send(cxone->http, &request, patch_done, update);
}

void cxone_send(struct cxone *cxone, struct cxone_update *update)
{
	update->cxone = cxone;
	update->status = STATUS_PENDING;
	update->http = 0;
	update->attempts = 0;
	update->token_refreshes = 0;
	update->throttled = 0;
	update->wait.newer_than = 0;
	text_clear(&update->url);
	text_add(&update->url, cxone->config->cxone_base_url);
	text_add(&update->url, "/api/v2/routing/interactions/");
	text_add_segment(&update->url, update->interaction_id);
	send_patch(update);
}
