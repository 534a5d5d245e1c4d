#ifndef TOKEN_RESEAL_H
#define TOKEN_RESEAL_H

#include "db.h"
#include "keyring.h"
#include "status.h"

/* What became of the tokens. */
struct token_resealed {
	int resealed;
	int newest;  /* were sealed with the newest key already */
	int dropped; /* no key opens them, or their bytes were changed: they are
			fetched anew */
};

/*
 * Seals all tokens with the newest key of ring. To be run inside a
 * transaction. After a failure, STATUS_STORE_* or STATUS_IO, roll back: some
 * rows are done by then, and counts means nothing.
 */
enum status token_reseal(
    struct db *db, struct keyring *ring, struct token_resealed *counts);

#endif
