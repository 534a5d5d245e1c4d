/* auth_scheme.c: WEBHOOK_SCHEME and its settings -> how events are signed */
#include "auth_scheme.h"

#include <stdio.h>
#include <string.h>

/* A scheme as it is described: with headers, prefix and template. */
struct description {
	const char *signature;
	const char *id;
	const char *timestamp; /* the signature's header: inside it */
	const char *prefix;
	enum webhook_encoding encoding;
	const char *template;
};

/*
 * Each as its own documents say; custom, which has no row, is described by
 * the settings. "" is what is not signed there.
 */
static const struct description presets[] = {
    [WEBHOOK_SCHEME_STANDARD] = {"webhook-signature", "webhook-id",
	"webhook-timestamp", "v1,", WEBHOOK_ENCODING_BASE64,
	"{id}.{timestamp}.{body}"},
    [WEBHOOK_SCHEME_GITHUB] = {"X-Hub-Signature-256", "", "",
	"sha256=", WEBHOOK_ENCODING_HEX, "{body}"},
    [WEBHOOK_SCHEME_STRIPE] = {"Stripe-Signature", "", "Stripe-Signature",
	"v1=", WEBHOOK_ENCODING_HEX, "{timestamp}.{body}"},
    [WEBHOOK_SCHEME_NEXUS] = {"X-Nexus-Signature-256", "", "X-Nexus-Timestamp",
	"sha256=", WEBHOOK_ENCODING_HEX, "{timestamp}.{body}"},
};

static const struct {
	const char *word;
	enum auth_piece_kind kind;
} words[] = {
    {"{id}", AUTH_PIECE_ID},
    {"{timestamp}", AUTH_PIECE_TIMESTAMP},
    {"{body}", AUTH_PIECE_BODY},
};

static struct description describe(const struct config *config)
{
	if (config->webhook_scheme != WEBHOOK_SCHEME_CUSTOM)
		return presets[config->webhook_scheme];
	return (struct description){
	    .signature = config->webhook_header,
	    .id = config->webhook_id_header,
	    .timestamp = config->webhook_timestamp_header,
	    .prefix = config->webhook_prefix,
	    .encoding = config->webhook_encoding,
	    .template = config->webhook_template,
	};
}

void auth_param(const char *header, char param[AUTH_PARAM_BYTES])
{
	size_t i;

	param[0] = '\0';
	if (*header == '\0')
		return;
	snprintf(param, AUTH_PARAM_BYTES, "HTTP_%s", header);
	for (i = 0; param[i] != '\0'; i++) {
		if (param[i] == '-')
			param[i] = '_';
		else if (param[i] >= 'a' && param[i] <= 'z')
			param[i] = (char)(param[i] - 'a' + 'A');
	}
}

/* The piece that text begins with. NULL, or what is wrong. */
static const char *read_piece(const char *text, struct auth_piece *piece)
{
	size_t i;

	*piece = (struct auth_piece){.kind = AUTH_PIECE_TEXT,
	    .text = text,
	    .length = strcspn(text, "{")};
	if (piece->length > 0)
		return NULL;
	for (i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i].word);

		if (strncmp(text, words[i].word, length) != 0)
			continue;
		piece->kind = words[i].kind;
		piece->length = length;
		return NULL;
	}
	return "has a { that begins none of {id}, {timestamp} and {body}";
}

/* The text behind {id} that tells where it ends: see auth_signature.c. */
static char end_of_id(const struct auth_scheme *scheme)
{
	size_t i;

	for (i = 1; i < scheme->pieces_count; i++)
		if (scheme->pieces[i - 1].kind == AUTH_PIECE_ID &&
		    scheme->pieces[i].kind == AUTH_PIECE_TEXT)
			return scheme->pieces[i].text[0];
	return '\0';
}

static const char *read_template(
    struct auth_scheme *scheme, const char *template)
{
	scheme->pieces_count = 0;
	while (*template != '\0') {
		struct auth_piece *piece =
		    &scheme->pieces[scheme->pieces_count];
		const char *wrong;

		if (scheme->pieces_count == AUTH_PIECES_MAX)
			return "has more than 8 parts";
		wrong = read_piece(template, piece);
		if (wrong)
			return wrong;
		template += piece->length;
		scheme->pieces_count++;
	}
	scheme->id_end = end_of_id(scheme);
	if (!auth_scheme_signs(scheme, AUTH_PIECE_BODY))
		return "has no {body}: anything could stand in the event";
	return NULL;
}

const char *auth_scheme_init(
    struct auth_scheme *scheme, const struct config *config)
{
	struct description is = describe(config);

	*scheme = (struct auth_scheme){.encoding = is.encoding};
	auth_param(is.signature, scheme->signature_param);
	auth_param(is.id, scheme->id_param);
	auth_param(is.timestamp, scheme->timestamp_param);
	/* As variables: X-Sig and x-sig are one header. */
	if (is.timestamp[0] != '\0' &&
	    strcmp(scheme->timestamp_param, scheme->signature_param) == 0) {
		scheme->timestamp_inside = true;
		scheme->timestamp_param[0] = '\0';
	}
	scheme->prefix = is.prefix;
	/* A comma of the prefix parts nothing; two headers come joined by
	 * ", ", and then it is left over at an end. */
	scheme->separators = strchr(is.prefix, ',') ? " " : " ,";
	scheme->has_ed25519 = config->webhook_scheme == WEBHOOK_SCHEME_STANDARD;
	return read_template(scheme, is.template);
}

bool auth_scheme_signs(
    const struct auth_scheme *scheme, enum auth_piece_kind kind)
{
	size_t i;

	for (i = 0; i < scheme->pieces_count; i++)
		if (scheme->pieces[i].kind == kind)
			return true;
	return false;
}
