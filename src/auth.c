/* auth.c: a request's credentials -> may it post events */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_key.h"
#include "auth_secret.h"
#include "auth_signature.h"
#include "clock.h"
#include "log.h"

#define HEADER_BYTES 128

/*
 * secret or signature is used, as config->webhook_auth says; the other one
 * stays zero.
 */
struct auth {
	const struct config *config;
	struct auth_keys keys;
	struct auth_secret secret;
	struct auth_signature signature;
	char param[AUTH_PARAM_BYTES]; /* of WEBHOOK_AUTH=header */
	uint64_t counts[AUTH_REASON_COUNT];
	uint64_t accepted[AUTH_KEYS_MAX];
	uint64_t not_valid[AUTH_KEYS_MAX];
	struct tally *tally; /* NULL: nobody asks */
};

/* The word, and what the operator reads behind it. */
static const struct {
	const char *word;
	const char *meaning;
} reasons[AUTH_REASON_COUNT] = {
    [AUTH_OK] = {"ok", ""},
    [AUTH_HEADER_MISSING] = {"header_missing", "it did not come"},
    [AUTH_SCHEME_WRONG] = {"scheme_wrong", "it is of another scheme"},
    [AUTH_SECRET_WRONG] = {"secret_wrong", "it holds none of our secrets"},
    [AUTH_ID_INVALID] = {"id_invalid",
	"it is empty, longer than 128 bytes, or has a byte that no id has"},
    [AUTH_TIMESTAMP_INVALID] = {"timestamp_invalid",
	"it has no whole number of seconds"},
    [AUTH_TIMESTAMP_OLD] = {"timestamp_old",
	"older than WEBHOOK_TOLERANCE_PAST_S: a replay, or a clock that is "
	"wrong"},
    [AUTH_TIMESTAMP_FUTURE] = {"timestamp_future",
	"ahead by more than WEBHOOK_TOLERANCE_FUTURE_S: a clock is wrong"},
    [AUTH_SIGNATURE_INVALID] = {"signature_invalid",
	"it has no signature of the kind that is set, or more than 16"},
    [AUTH_SIGNATURE_WRONG] = {"signature_wrong",
	"none of it is of our keys over these bytes"},
    [AUTH_KEY_NOT_VALID] = {"key_not_valid",
	"right, but not within the time of its key"},
};

const char *auth_reason_name(enum auth_reason reason)
{
	return reasons[reason].word;
}

static bool init(struct auth *auth)
{
	const struct config *config = auth->config;

	if (!auth_keys_init(&auth->keys, config))
		return false;
	auth_param(config->webhook_header, auth->param);
	auth->secret = (struct auth_secret){
	    .auth = config->webhook_auth,
	    .param = config->webhook_auth == WEBHOOK_AUTH_HEADER
			 ? auth->param
			 : "HTTP_AUTHORIZATION",
	    .keys = &auth->keys,
	};
	return config->webhook_auth != WEBHOOK_AUTH_HMAC ||
	       auth_signature_init(&auth->signature, config, &auth->keys);
}

struct auth *auth_new(const struct config *config)
{
	struct auth *auth = calloc(1, sizeof *auth);

	if (!auth)
		return NULL;
	auth->config = config;
	if (init(auth))
		return auth;
	/* What init did not come to is zeroed, which frees as nothing. */
	auth_free(auth);
	return NULL;
}

void auth_count_into(struct auth *auth, struct tally *tally)
{
	auth->tally = tally;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	auth_signature_done(&auth->signature);
	auth_keys_done(&auth->keys);
	free(auth);
}

bool auth_needs_body(const struct auth *auth)
{
	return auth->config->webhook_auth == WEBHOOK_AUTH_HMAC;
}

/*
 * HTTP_X_HUB_SIGNATURE_256 as X-HUB-SIGNATURE-256, which is easier found.
 * auth_param has made it, or it is HTTP_AUTHORIZATION: the prefix is there.
 */
static void write_header(const char *param, char header[HEADER_BYTES])
{
	size_t i;

	snprintf(header, HEADER_BYTES, "%s", param + strlen("HTTP_"));
	for (i = 0; header[i] != '\0'; i++)
		if (header[i] == '_')
			header[i] = '-';
}

/*
 * Neither secret nor signature nor anything else that came. Apache keeps
 * Authorization to itself unless it is told otherwise, lighttpd does not.
 */
static void log_refusal(const struct auth *auth,
    const struct auth_verdict *verdict, const struct trace *trace)
{
	bool apache = verdict->reason == AUTH_HEADER_MISSING &&
		      strcmp(verdict->header, "HTTP_AUTHORIZATION") == 0;
	char header[HEADER_BYTES];
	const char *key = "";

	write_header(verdict->header, header);
	if (verdict->key != AUTH_NO_KEY)
		key = auth->keys.items[verdict->key].id;
	log_event(LOG_WARN, NULL, trace,
	    "webhook refused: %s: header %s: %s%s%s%s",
	    reasons[verdict->reason].word, header,
	    reasons[verdict->reason].meaning,
	    apache ? " (Apache needs CGIPassAuth On)" : "",
	    *key != '\0' ? ", key " : "", key);
}

/* The first time tells that senders have begun to use a new key. */
static void count_key(struct auth *auth, const struct auth_verdict *verdict)
{
	const struct auth_key *key;

	if (verdict->key == AUTH_NO_KEY)
		return;
	tally_count(auth->tally, TALLY_KEYS,
	    verdict->reason == AUTH_OK ? TALLY_KEY_ACCEPTED
				       : TALLY_KEY_NOT_VALID,
	    (int)verdict->key);
	key = &auth->keys.items[verdict->key];
	if (verdict->reason != AUTH_OK)
		auth->not_valid[verdict->key]++;
	else if (auth->accepted[verdict->key]++ == 0 && auth->keys.count > 1)
		log_line(LOG_INFO, NULL,
		    "webhook secret %s lets in for the first time in this "
		    "process",
		    key->id);
}

enum status auth_check(struct auth *auth, const struct gateway_request *request,
    const struct trace *trace, const char **signed_id)
{
	struct auth_verdict verdict = {.reason = AUTH_OK, .key = AUTH_NO_KEY};

	/* With WEBHOOK_AUTH=none the verdict stays as it is. */
	if (auth->config->webhook_auth == WEBHOOK_AUTH_HMAC)
		auth_signature_check(
		    &auth->signature, request, clock_wall_us(), &verdict);
	else if (auth->config->webhook_auth != WEBHOOK_AUTH_NONE)
		auth_secret_check(
		    &auth->secret, request, clock_wall_us(), &verdict);
	auth->counts[verdict.reason]++;
	count_key(auth, &verdict);
	*signed_id = verdict.signed_id;
	if (verdict.reason == AUTH_OK)
		return STATUS_OK;
	tally_count(auth->tally, TALLY_REFUSED, TALLY_DOOR_WEBHOOK,
	    (int)verdict.reason);
	log_refusal(auth, &verdict, trace);
	return STATUS_UNAUTHENTICATED;
}

/* The last two are no registered schemes, but a 401 must name one. */
const char *auth_challenge(const struct auth *auth)
{
	switch (auth->config->webhook_auth) {
	case WEBHOOK_AUTH_BASIC:
		return "WWW-Authenticate: Basic realm=\"stockroute\"\r\n";
	case WEBHOOK_AUTH_HMAC:
		return "WWW-Authenticate: Signature\r\n";
	case WEBHOOK_AUTH_HEADER:
		return "WWW-Authenticate: Header\r\n";
	default:
		return "WWW-Authenticate: Bearer\r\n";
	}
}

uint64_t auth_count(const struct auth *auth, enum auth_reason reason)
{
	return auth->counts[reason];
}

bool auth_key_counts(
    const struct auth *auth, size_t number, struct auth_key_count *count)
{
	if (number >= auth->keys.count)
		return false;
	*count = (struct auth_key_count){
	    .id = auth->keys.items[number].id,
	    .accepted = auth->accepted[number],
	    .not_valid = auth->not_valid[number],
	};
	return true;
}
