/* auth_signature.c: a request's signatures -> is one of them ours */
#include "auth_signature.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "clock.h"
#include "hex.h"

#define MAC_BYTES_MAX    64 /* SHA-512 */
#define MAC_TEXT_MAX     (2 * MAC_BYTES_MAX)
#define ED25519_BYTES    64
#define ED25519_PREFIX   "v1a,"
#define TIMESTAMP_INSIDE "t="
#define TIMESTAMP_DIGITS 12 /* the year 33658 */
#define TIMESTAMP_BYTES  (TIMESTAMP_DIGITS + 1)

/* A part of a header. */
struct span {
	const char *text;
	size_t length;
};

/*
 * What one request brings. macs and ed25519 are the signatures behind their
 * prefixes, as they came.
 */
struct message {
	const char *id; /* "" when it is not signed, as the timestamp */
	char timestamp[TIMESTAMP_BYTES];
	const char *body;
	size_t body_length;
	struct span macs[AUTH_SIGNATURES_MAX];
	size_t macs_count;
	struct span ed25519[AUTH_SIGNATURES_MAX];
	size_t ed25519_count;
};

bool auth_signature_init(struct auth_signature *signature,
    const struct config *config, const struct auth_keys *keys)
{
	bool has_public = false;
	size_t i;

	if (auth_scheme_init(&signature->scheme, config))
		return false;
	signature->keys = keys;
	signature->past_s = config->webhook_tolerance_past_s;
	signature->future_s = config->webhook_tolerance_future_s;
	for (i = 0; i < keys->count; i++)
		has_public = has_public || keys->items[i].public_key;
	if (!has_public)
		return true;
	/* Ed25519 wants its message in one piece. */
	signature->message_max = AUTH_ID_MAX + TIMESTAMP_BYTES + strlen("..") +
				 (size_t)config->body_max_bytes;
	signature->message = calloc(1, signature->message_max);
	signature->verifier = EVP_MD_CTX_new();
	return signature->message && signature->verifier;
}

void auth_signature_done(struct auth_signature *signature)
{
	free(signature->message);
	EVP_MD_CTX_free(signature->verifier);
	*signature = (struct auth_signature){0};
}

/* ---- What the headers say ------------------------------------------- */

/*
 * The next part of a list, which is moved behind it. A comma at its end is
 * left over from two headers that the web server joined.
 */
static bool next_item(
    const struct auth_scheme *scheme, const char **list, struct span *item)
{
	item->text = *list + strspn(*list, scheme->separators);
	item->length = strcspn(item->text, scheme->separators);
	*list = item->text + item->length;
	while (item->length > 0 && item->text[item->length - 1] == ',')
		item->length--;
	return **list != '\0' || item->length > 0;
}

/* Takes prefix away from where item begins with it. */
static bool cut_prefix(struct span *item, const char *prefix)
{
	size_t length = strlen(prefix);

	if (item->length < length || memcmp(item->text, prefix, length) != 0)
		return false;
	item->text += length;
	item->length -= length;
	return true;
}

/*
 * A signature that is none of a known length is not looked at. More than
 * anybody sends are refused, so that nobody pays for them.
 */
static enum auth_reason collect(
    const struct auth_scheme *scheme, const char *list, struct message *message)
{
	struct span item;

	while (next_item(scheme, &list, &item)) {
		if (message->macs_count == AUTH_SIGNATURES_MAX ||
		    message->ed25519_count == AUTH_SIGNATURES_MAX)
			return AUTH_SIGNATURE_INVALID;
		if (scheme->has_ed25519 && cut_prefix(&item, ED25519_PREFIX))
			message->ed25519[message->ed25519_count++] = item;
		else if (cut_prefix(&item, scheme->prefix) && item.length > 0 &&
			 item.length <= MAC_TEXT_MAX)
			message->macs[message->macs_count++] = item;
	}
	if (message->macs_count + message->ed25519_count == 0)
		return AUTH_SIGNATURE_INVALID;
	return AUTH_OK;
}

/*
 * What ends the id in what is signed may not be in the id: else it could be
 * moved between id and timestamp without changing the signature. A byte over
 * 127 is refused whether char has a sign or not.
 */
static bool is_id(const struct auth_scheme *scheme, const char *id)
{
	size_t i;

	for (i = 0; id[i] != '\0'; i++)
		if (i == AUTH_ID_MAX || id[i] <= ' ' || id[i] > '~' ||
		    id[i] == scheme->id_end)
			return false;
	return i > 0;
}

static enum auth_reason read_id(const struct auth_scheme *scheme,
    const struct gateway_request *request, struct message *message)
{
	message->id = "";
	if (scheme->id_param[0] == '\0')
		return AUTH_OK;
	message->id = gateway_param(request, scheme->id_param);
	if (!message->id)
		return AUTH_HEADER_MISSING;
	return is_id(scheme, message->id) ? AUTH_OK : AUTH_ID_INVALID;
}

/* Digits alone, and none too many: no sign, space, fraction or exponent. */
static bool copy_timestamp(
    const struct span *text, char timestamp[TIMESTAMP_BYTES])
{
	size_t i;

	if (text->length == 0 || text->length > TIMESTAMP_DIGITS)
		return false;
	for (i = 0; i < text->length; i++)
		if (text->text[i] < '0' || text->text[i] > '9')
			return false;
	memcpy(timestamp, text->text, text->length);
	timestamp[text->length] = '\0';
	return true;
}

/* The first "t=" of the signature's header, wherever it stands there. */
static bool find_inside(
    const struct auth_scheme *scheme, const char *list, struct span *found)
{
	while (next_item(scheme, &list, found))
		if (cut_prefix(found, TIMESTAMP_INSIDE))
			return true;
	return false;
}

static enum auth_reason check_age(const struct auth_signature *signature,
    const char *timestamp, int64_t now_us)
{
	int64_t age_s = now_us / CLOCK_SECOND - strtoll(timestamp, NULL, 10);

	if (age_s > signature->past_s)
		return AUTH_TIMESTAMP_OLD;
	if (-age_s > signature->future_s)
		return AUTH_TIMESTAMP_FUTURE;
	return AUTH_OK;
}

/*
 * Where the timestamp stands: list is the signature's header. AUTH_OK with
 * a NULL text when none is signed.
 */
static enum auth_reason find_timestamp(const struct auth_scheme *scheme,
    const struct gateway_request *request, const char *list, struct span *found)
{
	if (scheme->timestamp_inside)
		return find_inside(scheme, list, found)
			   ? AUTH_OK
			   : AUTH_TIMESTAMP_INVALID;
	found->text = NULL;
	if (scheme->timestamp_param[0] == '\0')
		return AUTH_OK;
	found->text = gateway_param(request, scheme->timestamp_param);
	if (!found->text)
		return AUTH_HEADER_MISSING;
	found->length = strlen(found->text);
	return AUTH_OK;
}

static enum auth_reason read_timestamp(const struct auth_signature *signature,
    const struct gateway_request *request, const char *list,
    struct message *message, int64_t now_us)
{
	enum auth_reason reason;
	struct span span;

	message->timestamp[0] = '\0';
	reason = find_timestamp(&signature->scheme, request, list, &span);
	if (reason != AUTH_OK || !span.text)
		return reason;
	if (!copy_timestamp(&span, message->timestamp))
		return AUTH_TIMESTAMP_INVALID;
	return check_age(signature, message->timestamp, now_us);
}

/* In the order of what they cost. verdict->header: what it was about. */
static enum auth_reason read_headers(const struct auth_signature *signature,
    const struct gateway_request *request, int64_t now_us,
    struct message *message, struct auth_verdict *verdict)
{
	const struct auth_scheme *scheme = &signature->scheme;
	const char *list = gateway_param(request, scheme->signature_param);
	enum auth_reason reason;

	verdict->header = scheme->signature_param;
	if (!list)
		return AUTH_HEADER_MISSING;
	reason = read_id(scheme, request, message);
	if (reason != AUTH_OK) {
		verdict->header = scheme->id_param;
		return reason;
	}
	reason = read_timestamp(signature, request, list, message, now_us);
	if (reason != AUTH_OK) {
		if (!scheme->timestamp_inside)
			verdict->header = scheme->timestamp_param;
		return reason;
	}
	return collect(scheme, list, message);
}

/* ---- What the keys say ----------------------------------------------- */

/* One request before the keys. */
struct trial {
	const struct auth_signature *signature;
	const struct message *message;
	size_t whole;    /* bytes of signature->message; 0: not made yet */
	size_t verified; /* of Ed25519, so far */
};

static struct span piece_bytes(
    const struct message *message, const struct auth_piece *piece)
{
	switch (piece->kind) {
	case AUTH_PIECE_ID:
		return (struct span){message->id, strlen(message->id)};
	case AUTH_PIECE_TIMESTAMP:
		return (struct span){
		    message->timestamp, strlen(message->timestamp)};
	case AUTH_PIECE_BODY:
		return (struct span){message->body, message->body_length};
	default:
		return (struct span){piece->text, piece->length};
	}
}

/*
 * A copy of the key's context: OpenSSL before 3.0.3 cannot begin anew with
 * the same key. 0.7 us for an event, against 1.3 of HMAC().
 */
static bool make_mac(const struct trial *trial, const struct auth_key *key,
    unsigned char mac[MAC_BYTES_MAX], size_t *length)
{
	const struct auth_scheme *scheme = &trial->signature->scheme;
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(key->mac);
	bool made = context;
	size_t i;

	for (i = 0; made && i < scheme->pieces_count; i++) {
		struct span span =
		    piece_bytes(trial->message, &scheme->pieces[i]);

		made = EVP_MAC_update(context, (const unsigned char *)span.text,
			   span.length) == 1;
	}
	made = made && EVP_MAC_final(context, mac, length, MAC_BYTES_MAX) == 1;
	EVP_MAC_CTX_free(context);
	return made;
}

/* As ours is written: hexadecimal digits in lower case. */
static void copy_signature(
    const struct auth_scheme *scheme, const struct span *span, char *copy)
{
	bool lower = scheme->encoding == WEBHOOK_ENCODING_HEX;
	size_t i;

	for (i = 0; i < span->length; i++) {
		char byte = span->text[i];

		copy[i] = lower && byte >= 'A' && byte <= 'F'
			      ? (char)(byte - 'A' + 'a')
			      : byte;
	}
}

static bool is_among(const struct trial *trial, const char *ours, size_t length)
{
	const struct message *message = trial->message;
	char theirs[MAC_TEXT_MAX];
	bool found = false;
	size_t i;

	for (i = 0; i < message->macs_count; i++) {
		const struct span *span = &message->macs[i];

		if (span->length != length)
			continue;
		copy_signature(&trial->signature->scheme, span, theirs);
		if (CRYPTO_memcmp(theirs, ours, length) == 0)
			found = true;
	}
	return found;
}

static bool matches_mac(const struct trial *trial, const struct auth_key *key)
{
	unsigned char mac[MAC_BYTES_MAX];
	char text[MAC_TEXT_MAX + 1];
	size_t length;

	if (trial->message->macs_count == 0 ||
	    !make_mac(trial, key, mac, &length))
		return false;
	if (trial->signature->scheme.encoding == WEBHOOK_ENCODING_HEX)
		length = hex_write(mac, length, text);
	else
		length = base64_encode(mac, length, text);
	return is_among(trial, text, length);
}

/* The pieces in a row; message_max has room for the longest ones. */
static void make_whole(struct trial *trial)
{
	const struct auth_signature *signature = trial->signature;
	size_t i;

	for (i = 0; i < signature->scheme.pieces_count; i++) {
		struct span span =
		    piece_bytes(trial->message, &signature->scheme.pieces[i]);

		if (span.length > signature->message_max - trial->whole)
			return;
		memcpy(
		    signature->message + trial->whole, span.text, span.length);
		trial->whole += span.length;
	}
}

static bool verifies(struct trial *trial, const struct auth_key *key,
    const unsigned char signed_by[ED25519_BYTES])
{
	EVP_MD_CTX *verifier = trial->signature->verifier;
	bool good;

	if (trial->whole == 0)
		make_whole(trial);
	good = EVP_DigestVerifyInit(
		   verifier, NULL, NULL, NULL, key->public_key) == 1 &&
	       EVP_DigestVerify(verifier, signed_by, ED25519_BYTES,
		   trial->signature->message, trial->whole) == 1;
	EVP_MD_CTX_reset(verifier);
	return good;
}

static bool matches_ed25519(struct trial *trial, const struct auth_key *key)
{
	const struct message *message = trial->message;
	unsigned char bytes[ED25519_BYTES];
	size_t length;
	size_t i;

	for (i = 0; i < message->ed25519_count; i++) {
		const struct span *span = &message->ed25519[i];

		if (!base64_decode(span->text, span->length, bytes,
			sizeof bytes, &length) ||
		    length != sizeof bytes)
			continue;
		if (trial->verified == AUTH_ED25519_MAX)
			return false;
		trial->verified++;
		if (verifies(trial, key, bytes))
			return true;
	}
	return false;
}

/* The first key that matches, of those that are valid now or are not. */
static bool find_key(
    struct trial *trial, bool valid, int64_t now_us, size_t *number)
{
	const struct auth_keys *keys = trial->signature->keys;
	size_t i;

	for (i = 0; i < keys->count; i++) {
		const struct auth_key *key = &keys->items[i];

		if (auth_key_is_valid(key, now_us) != valid)
			continue;
		if (key->public_key ? matches_ed25519(trial, key)
				    : matches_mac(trial, key)) {
			*number = i;
			return true;
		}
	}
	return false;
}

/* The keys out of their time are tried only to name them in the log. */
void auth_signature_check(const struct auth_signature *signature,
    const struct gateway_request *request, int64_t now_us,
    struct auth_verdict *verdict)
{
	struct message message = {0};
	struct trial trial = {.signature = signature, .message = &message};

	*verdict = (struct auth_verdict){.key = AUTH_NO_KEY};
	verdict->reason =
	    read_headers(signature, request, now_us, &message, verdict);
	if (verdict->reason != AUTH_OK)
		return;
	message.body = gateway_body(request, &message.body_length);
	if (message.body && find_key(&trial, true, now_us, &verdict->key))
		verdict->reason = AUTH_OK;
	else if (message.body && find_key(&trial, false, now_us, &verdict->key))
		verdict->reason = AUTH_KEY_NOT_VALID;
	else
		verdict->reason = AUTH_SIGNATURE_WRONG;
	if (verdict->reason == AUTH_OK && message.id[0] != '\0')
		verdict->signed_id = message.id;
}
