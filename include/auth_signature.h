#ifndef AUTH_SIGNATURE_H
#define AUTH_SIGNATURE_H

#include "auth_key.h"
#include "auth_scheme.h"
#include "auth_verdict.h"
#include "config.h"
#include "gateway.h"

/*
 * Senders that sign their events (HMAC, or Ed25519 for v1a of Standard
 * Webhooks 1.0). Each key is tried against each signature of the header, so
 * that both sides can change keys without losing an event.
 *
 * What a wrong request costs is bounded: nothing is hashed before headers
 * and timestamp are right; then the body is once for each key, and at most
 * AUTH_ED25519_MAX signatures of Ed25519 are verified.
 */
#define AUTH_SIGNATURES_MAX 16 /* in one header; more are refused */
#define AUTH_ED25519_MAX    8
#define AUTH_ID_MAX         128 /* bytes */

struct auth_signature {
	struct auth_scheme scheme;
	const struct auth_keys *keys;
	int64_t past_s;
	int64_t future_s;
	unsigned char *message; /* all that is signed, for Ed25519; or NULL */
	size_t message_max;
	EVP_MD_CTX *verifier; /* NULL as message is */
};

/*
 * Borrows both for the life of signature. False: memory ran out; call
 * auth_signature_done in every case.
 */
bool auth_signature_init(struct auth_signature *signature,
    const struct config *config, const struct auth_keys *keys);
void auth_signature_done(struct auth_signature *signature);

/*
 * Verifies the raw bytes of the body, which must be there. Fills verdict;
 * borrows all until return.
 */
void auth_signature_check(const struct auth_signature *signature,
    const struct gateway_request *request, int64_t now_us,
    struct auth_verdict *verdict);

#endif
