/* token_row.c: what one process wants of the token -> the shared row */
#include "token_row.h"

#include <openssl/crypto.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define MARGIN_MAX_US (60 * CLOCK_SECOND)
/*
 * How long nobody asks again when the endpoint's tokens are of no use: one
 * came back unchanged, or CXone rejects what was just issued.
 */
#define USELESS_US (10 * CLOCK_SECOND)

/* The row as it stands; found is false before the first lease. */
struct stored {
	bool found;
	bool has_token;
	int64_t version;
	int64_t expires_us;
	int64_t obtained_us;
	bool ours; /* the lease names this process */
	int64_t lease_until_us;
	int64_t not_before_us;
	enum status failure;
};

/* Of a word that only a newer program knows, the general one is made. */
static enum status failure_named(const char *word)
{
	if (strcmp(word, status_name(STATUS_TOKEN_REFUSED)) == 0)
		return STATUS_TOKEN_REFUSED;
	if (strcmp(word, status_name(STATUS_TOKEN_REJECTED)) == 0)
		return STATUS_TOKEN_REJECTED;
	if (strcmp(word, status_name(STATUS_BREAKER_OPEN)) == 0)
		return STATUS_BREAKER_OPEN;
	return STATUS_TOKEN_UNAVAILABLE;
}

int64_t token_row_refresh_us(const struct token_row *row)
{
	int64_t margin = (row->expires_us - row->obtained_us) / 10;

	if (margin > MARGIN_MAX_US)
		margin = MARGIN_MAX_US;
	return row->expires_us - margin;
}

static struct seal_place place_of(const struct token_row *row)
{
	return (struct seal_place){
	    .table = "token",
	    .column = "sealed_token",
	    .row = {row->token_url, row->client_id},
	};
}

/* Once for each token: who waits for another one asks many times. */
static void tell_not_opened(
    struct token_row *row, int64_t version, enum status status)
{
	if (row->not_opened == version)
		return;
	row->not_opened = version;
	log_line(LOG_WARN, NULL,
	    "the access token of version %lld cannot be opened (%s): it counts "
	    "as none; was the key changed?",
	    (long long)version, status_name(status));
}

/* True: text has the token. */
static bool open_token(struct token_row *row, struct db_row *use,
    int64_t version, char text[TOKEN_TEXT_MAX + 1])
{
	struct seal_place place = place_of(row);
	size_t length = 0;
	const unsigned char *sealed = db_blob(use, 0, &length);
	enum status status = STATUS_SEAL_BROKEN;

	if (!sealed)
		return false;
	if (length >= SEAL_MORE_BYTES &&
	    length <= TOKEN_TEXT_MAX + SEAL_MORE_BYTES)
		status = keyring_open_sealed(
		    row->keyring, &place, sealed, length, text);
	if (status == STATUS_OK)
		text[length - SEAL_MORE_BYTES] = '\0';
	else
		tell_not_opened(row, version, status);
	return status == STATUS_OK;
}

/* Reads the row; the token, when there is one, goes to text. */
static enum status read_row(struct db *db, struct token_row *row,
    struct stored *stored, char text[TOKEN_TEXT_MAX + 1])
{
	struct db_row *use = db_use(db, SQL_token_read);

	*stored = (struct stored){.failure = STATUS_OK};
	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	if (db_next(use)) {
		stored->found = true;
		stored->version = db_int(use, 1);
		stored->has_token = open_token(row, use, stored->version, text);
		stored->expires_us = db_int(use, 2);
		stored->obtained_us = db_int(use, 3);
		stored->ours = strcmp(db_text(use, 4), row->owner) == 0;
		stored->lease_until_us = db_int(use, 6);
		stored->not_before_us = db_int(use, 7);
		stored->failure = failure_named(db_text(use, 8));
	}
	return db_done(use);
}

static enum status take_lease(
    struct db *db, struct token_row *row, int64_t now_us)
{
	struct db_row *use = db_use(db, SQL_token_lease);

	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	db_bind_text(use, ":owner", row->owner);
	db_bind_int(use, ":until_us", now_us + row->lease_us);
	if (db_next(use))
		row->fence = db_int(use, 0);
	row->claim = TOKEN_LEASE;
	return db_done(use);
}

static bool is_good(
    const struct stored *stored, int64_t newer_than, int64_t now_us)
{
	return stored->has_token && stored->version > newer_than &&
	       now_us < stored->expires_us;
}

/* Longer than any from now: from before the clock was put back, so ended. */
static bool is_leased(
    const struct stored *stored, const struct token_row *row, int64_t now_us)
{
	return !stored->ours && stored->lease_until_us > now_us &&
	       stored->lease_until_us <= now_us + row->lease_us;
}

/* An hour's correction of the clock must not be an hour without a token. */
static bool is_paused(const struct stored *stored, int64_t now_us)
{
	return stored->not_before_us > now_us &&
	       stored->not_before_us <= now_us + TOKEN_PAUSE_MAX_US;
}

static enum status claim(struct db *db, struct token_row *row)
{
	int64_t now_us = clock_wall_us();
	struct stored stored;
	enum status status;
	bool good;

	status = read_row(db, row, &stored, row->text);
	if (status != STATUS_OK)
		return status;
	row->version = stored.version;
	row->obtained_us = stored.obtained_us;
	row->expires_us = stored.expires_us;
	/*
	 * In this order: a fresh token needs nobody; who fetches is waited
	 * for, whatever failed before; a failure holds all back.
	 */
	good = is_good(&stored, row->newer_than, now_us);
	row->claim = TOKEN_HAVE;
	if (good && now_us < token_row_refresh_us(row))
		return STATUS_OK;
	if (is_leased(&stored, row, now_us)) {
		row->claim = good ? TOKEN_HAVE : TOKEN_WAIT;
		return STATUS_OK;
	}
	if (is_paused(&stored, now_us)) {
		row->claim = good ? TOKEN_HAVE : TOKEN_FAILED;
		row->failure = stored.failure;
		return STATUS_OK;
	}
	return take_lease(db, row, now_us);
}

/* A token that is not given is not kept in memory either. */
enum status token_row_claim(struct db *db, struct token_row *row)
{
	enum status status = claim(db, row);

	if (status != STATUS_OK || row->claim != TOKEN_HAVE)
		OPENSSL_cleanse(row->text, sizeof row->text);
	return status;
}

/* What is to be written, decided from what stands there. */
static void decide_save(struct token_row *row, const struct stored *stored,
    bool same, int64_t now_us)
{
	row->obtained_us = now_us;
	row->expires_us = now_us + row->lifetime_us;
	row->version = stored->version;
	/* A process may have made up later versions while the store failed. */
	if (!same && row->newer_than > row->version)
		row->version = row->newer_than;
	row->version += same ? 0 : 1;
	row->claim = TOKEN_HAVE;
	row->failure = STATUS_OK;
	if (row->version <= row->newer_than) {
		row->claim = TOKEN_FAILED;
		row->failure = STATUS_TOKEN_REJECTED;
	}
}

/* When the token ends its endpoint has another one. */
static int64_t useless_until(const struct token_row *row, int64_t now_us)
{
	int64_t until_us = now_us + USELESS_US;

	return until_us < row->expires_us ? until_us : row->expires_us;
}

/* Writes what was decided; sealed is the token in text. */
static enum status write_row(struct db *db, struct token_row *row, bool same,
    const unsigned char *sealed)
{
	struct db_row *use = db_use(db, SQL_token_save);
	enum status status;

	db_bind_blob(
	    use, ":sealed_token", sealed, strlen(row->text) + SEAL_MORE_BYTES);
	db_bind_int(use, ":version", row->version);
	db_bind_int(use, ":expires_us", row->expires_us);
	db_bind_int(use, ":obtained_us", row->obtained_us);
	db_bind_int(use, ":not_before_us",
	    same ? useless_until(row, row->obtained_us) : 0);
	/* Whoever rejects this version meanwhile need not ask again. */
	db_bind_text(
	    use, ":failure", same ? status_name(STATUS_TOKEN_REJECTED) : NULL);
	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	db_bind_text(use, ":owner", row->owner);
	db_bind_int(use, ":fence", row->fence);
	db_next(use);
	status = db_done(use);
	/* Overtaken: somebody with a larger fence has saved, or will. */
	if (status == STATUS_OK && db_changed(db) == 0)
		row->claim = TOKEN_WAIT;
	return status;
}

enum status token_row_save(struct db *db, struct token_row *row)
{
	unsigned char sealed[TOKEN_TEXT_MAX + SEAL_MORE_BYTES];
	char before[TOKEN_TEXT_MAX + 1] = "";
	struct seal_place place = place_of(row);
	struct stored stored;
	enum status status;
	bool same;

	status = read_row(db, row, &stored, before);
	if (status != STATUS_OK)
		return status;
	same = stored.has_token && strcmp(before, row->text) == 0;
	OPENSSL_cleanse(before, sizeof before);
	decide_save(row, &stored, same, clock_wall_us());
	status = keyring_shut(
	    row->keyring, &place, row->text, strlen(row->text), sealed);
	return status == STATUS_OK ? write_row(db, row, same, sealed) : status;
}

enum status token_row_fail(struct db *db, struct token_row *row)
{
	struct db_row *use = db_use(db, SQL_token_fail);

	db_bind_int(use, ":not_before_us", clock_wall_us() + row->pause_us);
	db_bind_text(use, ":failure", status_name(row->failure));
	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	db_bind_text(use, ":owner", row->owner);
	db_bind_int(use, ":fence", row->fence);
	db_next(use);
	row->claim = TOKEN_FAILED;
	return db_done(use);
}

/* Counted from its issue: an old token may have been revoked since. */
enum status token_row_reject(struct db *db, const struct token_row *row)
{
	struct db_row *use = db_use(db, SQL_token_reject);

	db_bind_int(use, ":pause_us", USELESS_US);
	db_bind_text(use, ":failure", status_name(STATUS_TOKEN_REJECTED));
	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	db_bind_int(use, ":version", row->version);
	db_next(use);
	return db_done(use);
}
