/* token_reseal.c: every token in the database -> sealed with the newest key */
#include "token_reseal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "token_row.h"

#define SEALED_MAX (TOKEN_TEXT_MAX + SEAL_MORE_BYTES)

/*
 * A row in hand; copied, since the statement that read it goes on. It is the
 * place in the table as well: the next row is the first whose key is greater.
 * So no key may be cut; token_request_url and CXONE_CLIENT_ID, which make the
 * keys, are no longer than these.
 */
struct sealed_row {
	char token_url[CONFIG_TEXT_BYTES + 16];
	char client_id[CONFIG_TEXT_BYTES];
	unsigned char bytes[SEALED_MAX];
	size_t length; /* 0: it cannot be a token of ours */
};

static struct seal_place place_of(const struct sealed_row *row)
{
	return (struct seal_place){
	    .table = "token",
	    .column = "sealed_token",
	    .row = {row->token_url, row->client_id},
	};
}

/* The first row behind the one in hand; *found is false at the end. */
static enum status read_next(struct db *db, struct sealed_row *row, bool *found)
{
	struct db_row *use = db_use(db, SQL_token_sealed_next);
	const void *bytes;

	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	*found = db_next(use);
	if (*found) {
		snprintf(row->token_url, sizeof row->token_url, "%s",
		    db_text(use, 0));
		snprintf(row->client_id, sizeof row->client_id, "%s",
		    db_text(use, 1));
		bytes = db_blob(use, 2, &row->length);
		if (row->length > SEALED_MAX)
			row->length = 0;
		if (row->length > 0)
			memcpy(row->bytes, bytes, row->length);
	}
	return db_done(use);
}

/* length 0 leaves the row without a token. */
static enum status write_back(struct db *db, const struct sealed_row *row)
{
	struct db_row *use = db_use(db, SQL_token_reseal);

	if (row->length > 0)
		db_bind_blob(use, ":sealed_token", row->bytes, row->length);
	else
		db_bind_null(use, ":sealed_token");
	db_bind_text(use, ":token_url", row->token_url);
	db_bind_text(use, ":client_id", row->client_id);
	db_next(use);
	return db_done(use);
}

/* STATUS_IO, a failure of OpenSSL, says nothing about the row: it stays. */
static enum status reseal(
    struct keyring *ring, struct sealed_row *row, struct token_resealed *counts)
{
	struct seal_place place = place_of(row);
	char text[SEALED_MAX];
	enum status status;

	status =
	    keyring_open_sealed(ring, &place, row->bytes, row->length, text);
	if (status == STATUS_OK) {
		status = keyring_shut(ring, &place, text,
		    row->length - SEAL_MORE_BYTES, row->bytes);
		counts->resealed++;
	} else if (status != STATUS_IO) {
		/* No key opens it, or it was changed: it is fetched anew. */
		row->length = 0;
		counts->dropped++;
		status = STATUS_OK;
	}
	OPENSSL_cleanse(text, sizeof text);
	return status;
}

enum status token_reseal(
    struct db *db, struct keyring *ring, struct token_resealed *counts)
{
	struct sealed_row row = {.length = 0};
	enum status status;
	bool found;

	*counts = (struct token_resealed){0};
	status = read_next(db, &row, &found);
	while (status == STATUS_OK && found) {
		if (keyring_is_newest(ring, row.bytes, row.length)) {
			counts->newest++;
		} else {
			status = reseal(ring, &row, counts);
			if (status == STATUS_OK)
				status = write_back(db, &row);
		}
		if (status == STATUS_OK)
			status = read_next(db, &row, &found);
	}
	return status;
}
