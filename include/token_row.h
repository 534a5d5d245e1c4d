#ifndef TOKEN_ROW_H
#define TOKEN_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "keyring.h"
#include "status.h"

#define TOKEN_TEXT_MAX 8192 /* bytes of an access token */

/*
 * The longest time for which nobody asks after a failure. A row that says
 * longer is from before the clock was put back, and holds nobody.
 */
#define TOKEN_PAUSE_MAX_US INT64_C(300000000)

/* What a claim or a save found. */
enum token_claim {
	TOKEN_HAVE,  /* text, version, obtained_us, expires_us are set */
	TOKEN_LEASE, /* fetch one: the lease with this fence is ours */
	TOKEN_WAIT,  /* another process fetches; ask again soon */
	TOKEN_FAILED /* the endpoint failed lately; failure says how */
};

/*
 * Transactions on the row that all processes share for one token URL and
 * client. The struct belongs to the store's thread while one runs, and so
 * does the keyring. Times are wall time.
 *
 * The token is sealed in the row. One that cannot be opened, because the key
 * was changed, counts as none: it is fetched anew.
 */
struct token_row {
	const char *token_url;
	const char *client_id;
	const char *owner;       /* names this process among all */
	struct keyring *keyring; /* seals and opens the token */

	int64_t newer_than;  /* claim, save: a rejected version, or 0 */
	int64_t lease_us;    /* claim: how long the lease shall last */
	int64_t fence;       /* claim gives it; save and fail show it */
	int64_t lifetime_us; /* save: of the token in text */
	int64_t pause_us;    /* fail: nobody asks; to TOKEN_PAUSE_MAX_US */
	enum status failure; /* fail, and TOKEN_FAILED */

	enum token_claim claim;        /* the result */
	char text[TOKEN_TEXT_MAX + 1]; /* save: the new token */
	int64_t version;
	int64_t obtained_us;
	int64_t expires_us;
	int64_t not_opened; /* the version that was told so in the log */
};

/*
 * When a token of this age should be replaced: its last 10 %, but no more
 * than the last minute, are the margin.
 */
int64_t token_row_refresh_us(const struct token_row *row);

/*
 * To be run inside a transaction of the store.
 * claim: a fresh token that is newer than newer_than; or, while somebody
 * else fetches or may not, a good one near its end; or the lease.
 * save: keeps text under a new version if the fence still holds, else
 * TOKEN_WAIT. The very token that was rejected keeps its version and gives
 * TOKEN_FAILED, so that nobody runs in a circle.
 * fail: gives the lease back and notes the failure.
 * reject: notes that CXone rejected version although a refresh had given
 * it: nobody fetches another till it is 10 s old. Does nothing when there is
 * a newer one already.
 */
enum status token_row_claim(struct db *db, struct token_row *row);
enum status token_row_save(struct db *db, struct token_row *row);
enum status token_row_fail(struct db *db, struct token_row *row);
enum status token_row_reject(struct db *db, const struct token_row *row);

#endif
