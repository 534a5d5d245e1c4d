/* page_state.c: the shared file -> queue, circuits, pause and token, now */
#include "page_state.h"

#include <stdio.h>

#include "breaker.h"
#include "token_request.h"
#include "token_row.h"

/* Table outbox_size counts: one row, however long the queue is. An oldest
 * that lies ahead was accepted by a clock that was put back since. */
static enum status read_queue(
    struct db *db, int64_t now_us, struct page_queue *queue)
{
	struct db_row *row = db_use(db, SQL_page_queue);

	if (db_next(row)) {
		queue->waiting = db_int(row, 0);
		queue->running = db_int(row, 1);
		queue->parked = db_int(row, 2);
		queue->bytes = db_int(row, 3);
		if (!db_is_null(row, 4) && db_int(row, 4) < now_us)
			queue->oldest_us = now_us - db_int(row, 4);
	}
	return db_done(row);
}

/* An upstream without a row never failed: all zero is a closed circuit. An
 * end that a clock put back has moved too far ahead holds nobody up: it is
 * now. */
static enum status read_breaker(struct db *db, const char *upstream,
    int64_t now_us, struct page_breaker *breaker)
{
	struct db_row *row = db_use(db, SQL_page_breaker);
	struct circuit circuit = {0};

	db_bind_int(row, ":now_us", now_us);
	db_bind_text(row, ":upstream", upstream);
	if (db_next(row)) {
		breaker->mode = circuit_mode_named(db_text(row, 0));
		breaker->state = circuit_state_named(db_text(row, 1));
		breaker->since_us = db_int(row, 2);
		circuit.open_us = db_int(row, 3);
		circuit.open_until_us = db_int(row, 4);
		breaker->open_until_us = circuit.open_until_us;
		if (circuit_open_left_us(&circuit, now_us) == 0 &&
		    circuit.open_until_us > now_us)
			breaker->open_until_us = now_us;
		snprintf(breaker->reason, sizeof breaker->reason, "%s",
		    db_text(row, 5));
		breaker->calls = db_int(row, 6);
		breaker->failed = db_int(row, 7);
		breaker->slow = db_int(row, 8);
	}
	return db_done(row);
}

/* Only CXone's updates are paused; its row bears its URL. */
static enum status read_pause(struct db *db, const char *upstream,
    int64_t now_us, struct page_state *state)
{
	struct db_row *row = db_use(db, SQL_page_pause);

	db_bind_int(row, ":now_us", now_us);
	db_bind_text(row, ":upstream", upstream);
	if (db_next(row)) {
		state->pause_us = db_int(row, 0);
		state->pause_since_us = db_int(row, 1);
	}
	return db_done(row);
}

/* Whether there is one, not the token: it stays sealed. failure is NULL in the
 * row, and "" here, as soon as somebody may ask again. */
static enum status read_token(struct db *db, const struct config *config,
    int64_t now_us, struct page_token *token)
{
	struct db_row *row = db_use(db, SQL_page_token);
	char url[TOKEN_URL_BYTES];

	token_request_url(config, url);
	db_bind_text(row, ":token_url", url);
	db_bind_int(row, ":now_us", now_us);
	db_bind_int(row, ":pause_max_us", TOKEN_PAUSE_MAX_US);
	db_bind_text(row, ":client_id", config->cxone_client_id);
	if (db_next(row)) {
		token->held = db_int(row, 0) != 0;
		token->obtained_us = db_int(row, 1);
		token->expires_us = db_int(row, 2);
		snprintf(token->failure, sizeof token->failure, "%s",
		    db_text(row, 3));
	}
	return db_done(row);
}

enum status page_state_read(struct db *db, const struct config *config,
    int64_t now_us, struct page_state *state)
{
	struct page_state found = {.pause_us = 0};
	enum status status = read_queue(db, now_us, &found.queue);

	for (int i = 0; status == STATUS_OK && i < HTTP_UPSTREAM_COUNT; i++)
		status = read_breaker(
		    db, breaker_upstreams[i], now_us, &found.breakers[i]);
	if (status == STATUS_OK)
		status = read_pause(db, config->cxone_base_url, now_us, &found);
	if (status == STATUS_OK)
		status = read_token(db, config, now_us, &found.token);
	if (status == STATUS_OK)
		*state = found;
	return status;
}

/* Once its time is up, the next event goes through as a probe. */
bool page_breaker_is_open(const struct page_breaker *breaker, int64_t now_us)
{
	if (breaker->mode != CIRCUIT_AUTO)
		return breaker->mode == CIRCUIT_FORCED_OPEN;
	return breaker->state == CIRCUIT_OPEN &&
	       breaker->open_until_us > now_us;
}
