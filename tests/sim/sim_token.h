#ifndef SIM_TOKEN_H
#define SIM_TOKEN_H

#include <stdbool.h>

struct tokens;
struct request;

enum token_state { TOKEN_BAD, TOKEN_NO_SCOPE, TOKEN_GOOD, TOKEN_COUNT };

/* Borrows the strings until tokens_free. A NULL client_id or client_secret
 * accepts every one that is not empty. */
struct tokens *tokens_new(
    const char *client_id, const char *client_secret, int lifetime_s);
void tokens_free(struct tokens *tokens);

/* Plays POST /oauth/token (RFC 6749 4.4). */
void token_play(struct request *request);

/* What an Authorization header (NULL: none) is worth now. The last 16,384
 * tokens are remembered; older ones are bad. */
enum token_state tokens_check(struct tokens *tokens, const char *header);

/* Makes every token issued so far bad. */
void tokens_revoke(struct tokens *tokens);

#endif
