#ifndef AUTH_SCHEME_H
#define AUTH_SCHEME_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/*
 * How events are signed: where signature, id and timestamp stand, how they
 * are written and what is signed. Standard Webhooks is one such scheme, the
 * settings of WEBHOOK_SCHEME=custom describe others.
 */
#define AUTH_PARAM_BYTES 136 /* HTTP_ and the longest header */
#define AUTH_PIECES_MAX  8

enum auth_piece_kind {
	AUTH_PIECE_TEXT,
	AUTH_PIECE_ID,
	AUTH_PIECE_TIMESTAMP,
	AUTH_PIECE_BODY
};

/* A part of what is signed; text is borrowed from the template. */
struct auth_piece {
	enum auth_piece_kind kind;
	const char *text; /* of AUTH_PIECE_TEXT */
	size_t length;
};

/*
 * id_param and timestamp_param are "" when these are not signed; a
 * timestamp that is inside stands in the signature's header, as Stripe's
 * "t=1614265330,v1=...", and has no param either.
 */
struct auth_scheme {
	char signature_param[AUTH_PARAM_BYTES]; /* HTTP_WEBHOOK_SIGNATURE */
	char id_param[AUTH_PARAM_BYTES];
	char timestamp_param[AUTH_PARAM_BYTES];
	bool timestamp_inside;
	const char *prefix; /* of a MAC: "v1," or "sha256=" or "" */
	bool has_ed25519;   /* "v1a," as well */
	enum webhook_encoding encoding;
	const char *separators; /* between the signatures of one header */
	char id_end; /* what follows the id, and may not be in it; or NUL */
	struct auth_piece pieces[AUTH_PIECES_MAX];
	size_t pieces_count;
};

/*
 * Makes the scheme that the settings ask for. Borrows config for the life
 * of scheme. NULL, or what is wrong with WEBHOOK_TEMPLATE in words.
 */
const char *auth_scheme_init(
    struct auth_scheme *scheme, const struct config *config);

/* True when the template has a piece of that kind. */
bool auth_scheme_signs(
    const struct auth_scheme *scheme, enum auth_piece_kind kind);

/* The name of a header's CGI variable (RFC 3875 4.1.18). */
void auth_param(const char *header, char param[AUTH_PARAM_BYTES]);

#endif
