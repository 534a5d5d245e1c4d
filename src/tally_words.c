/* tally_words.c: a count's numbers -> the words it is kept and shown by */
#include "tally_words.h"

#include <assert.h>
#include <stdio.h>

#include "auth.h"
#include "auth_key.h"
#include "breaker.h"
#include "circuit.h"

static const int http_codes[TALLY_HTTP_OTHER] = {
    [TALLY_HTTP_200] = 200,
    [TALLY_HTTP_202] = 202,
    [TALLY_HTTP_400] = 400,
    [TALLY_HTTP_401] = 401,
    [TALLY_HTTP_404] = 404,
    [TALLY_HTTP_405] = 405,
    [TALLY_HTTP_413] = 413,
    [TALLY_HTTP_500] = 500,
    [TALLY_HTTP_503] = 503,
};
static const char *const http_words[TALLY_HTTP_COUNT] = {
    "200", "202", "400", "401", "404", "405", "413", "500", "503", "other"};
static const char *const door_words[TALLY_DOOR_COUNT] = {
    [TALLY_DOOR_WEBHOOK] = "webhook",
    [TALLY_DOOR_ADMIN] = "admin",
};
static const char *const key_words[TALLY_KEY_COUNT] = {
    [TALLY_KEY_ACCEPTED] = "accepted",
    [TALLY_KEY_NOT_VALID] = "not_valid",
};
static const char *const shed_words[TALLY_SHED_COUNT] = {
    [TALLY_SHED_ROWS] = "rows",
    [TALLY_SHED_BYTES] = "bytes",
    [TALLY_SHED_AGE] = "age",
    [TALLY_SHED_DISK] = "disk",
    [TALLY_SHED_STORE] = "store",
    [TALLY_SHED_IN_FLIGHT] = "in_flight",
    [TALLY_SHED_STOPPING] = "stopping",
    [TALLY_SHED_OTHER] = "other",
};
static const char *const duplicate_words[TALLY_DUPLICATE_COUNT] = {
    [TALLY_DUPLICATE_ANSWERED] = "answered",
    [TALLY_DUPLICATE_IN_FLIGHT] = "in_flight",
};
static const char *const answer_words[TALLY_ANSWER_COUNT] = {
    [TALLY_ANSWER_1XX] = "1xx",
    [TALLY_ANSWER_2XX] = "2xx",
    [TALLY_ANSWER_3XX] = "3xx",
    [TALLY_ANSWER_4XX] = "4xx",
    [TALLY_ANSWER_5XX] = "5xx",
    [TALLY_ANSWER_TIMEOUT] = "timeout",
    [TALLY_ANSWER_UNREACHABLE] = "unreachable",
    [TALLY_ANSWER_TRANSPORT] = "transport",
    [TALLY_ANSWER_OTHER] = "other",
};
static const char *const retry_words[TALLY_RETRY_COUNT] = {
    [TALLY_RETRY_THROTTLED] = "throttled",
    [TALLY_RETRY_TRANSIENT] = "transient",
    [TALLY_RETRY_UNAUTHORIZED] = "unauthorized",
};
static const char *const token_words[TALLY_TOKEN_COUNT] = {
    [TALLY_TOKEN_OK] = "ok",
    [TALLY_TOKEN_REFUSED] = "refused",
    [TALLY_TOKEN_BREAKER] = "breaker_open",
    [TALLY_TOKEN_FAILED] = "failed",
};
static const char *const checkpoint_words[TALLY_CHECKPOINT_COUNT] = {
    [TALLY_CHECKPOINT_COMPLETE] = "complete",
    [TALLY_CHECKPOINT_PARTIAL] = "partial",
    [TALLY_CHECKPOINT_FAILED] = "failed",
};
static const char *const none[] = {""};

static const char *reason_word(int what)
{
	return auth_reason_name((enum auth_reason)what);
}

static const char *state_word(int what)
{
	return circuit_state_name((enum circuit_state)what);
}

/*
 * who is NULL where there is one label at most; whats are their words, or,
 * where another module has these, the function that tells them.
 */
struct kind {
	const char *name;
	const char *const *whos;
	int who_count;
	const char *const *whats;
	const char *(*what_word)(int what);
	int what_first; /* smaller ones are never counted */
	int what_count; /* keys: as many as are configured */
};

#define WORDS(words) .whats = (words), .what_count = COUNT(words)
#define WHOS(words)  .whos = (words), .who_count = COUNT(words)
#define UPSTREAMS(n) .whos = breaker_upstreams, .who_count = (n)
#define COUNT(words) (int)(sizeof(words) / sizeof *(words))

/* Only updates of CXone are ever repeated: the inventory has a fallback. */
static const struct kind kinds[TALLY_NAME_COUNT] = {
    [TALLY_WEBHOOK] = {.name = "webhook_requests", WORDS(http_words)},
    [TALLY_REFUSED] =
	{
	    .name = "auth_failures",
	    WHOS(door_words),
	    .what_word = reason_word,
	    .what_first = AUTH_OK + 1,
	    .what_count = AUTH_REASON_COUNT,
	},
    [TALLY_KEYS] = {.name = "auth_key_requests", WHOS(key_words)},
    [TALLY_SHED] = {.name = "requests_shed", WORDS(shed_words)},
    [TALLY_DUPLICATES] = {.name = "duplicates", WORDS(duplicate_words)},
    [TALLY_UPSTREAM] = {.name = "upstream_requests",
	UPSTREAMS(HTTP_UPSTREAM_COUNT),
	WORDS(answer_words)},
    [TALLY_RETRIES] = {.name = "retries", UPSTREAMS(1), WORDS(retry_words)},
    [TALLY_TOKEN] = {.name = "token_refresh", WORDS(token_words)},
    [TALLY_BREAKER] =
	{
	    .name = "breaker_transitions",
	    UPSTREAMS(HTTP_UPSTREAM_COUNT),
	    .what_word = state_word,
	    .what_count = CIRCUIT_STATE_COUNT,
	},
    [TALLY_COMMITS] = {.name = "store_commits", WORDS(none)},
    [TALLY_COMMIT_US] = {.name = "store_commit_us", WORDS(none)},
    [TALLY_GATE_WAITS] = {.name = "store_gate_waits", WORDS(none)},
    [TALLY_GATE_WAIT_US] = {.name = "store_gate_wait_us", WORDS(none)},
    [TALLY_CHECKPOINTS] = {.name = "checkpoints", WORDS(checkpoint_words)},
};

static_assert((int)AUTH_REASON_COUNT <= TALLY_WHAT_MAX, "reasons have room");
static_assert(AUTH_KEYS_MAX <= TALLY_WHAT_MAX, "keys have room");
static_assert((int)HTTP_UPSTREAM_COUNT <= TALLY_WHO_MAX, "upstreams have room");

const char *tally_word(enum tally_name name)
{
	return kinds[name].name;
}

/* NULL: there is no such count. */
static const char *what_word(
    const struct config *config, enum tally_name name, int what)
{
	const struct kind *kind = &kinds[name];

	if (name == TALLY_KEYS)
		return auth_key_id(config, (size_t)what);
	if (what < kind->what_first || what >= kind->what_count)
		return NULL;
	return kind->what_word ? kind->what_word(what) : kind->whats[what];
}

bool tally_label(const struct config *config, enum tally_name name, int who,
    int what, char label[TALLY_LABEL_BYTES])
{
	const struct kind *kind = &kinds[name];
	const char *word = what_word(config, name, what);

	if (!word || (kind->whos ? who >= kind->who_count : who > 0))
		return false;
	snprintf(label, TALLY_LABEL_BYTES, "%s%s%s",
	    kind->whos ? kind->whos[who] : "", kind->whos ? " " : "", word);
	return true;
}

enum tally_http tally_http(int http)
{
	int i;

	for (i = 0; i < TALLY_HTTP_OTHER && http_codes[i] != http; i++)
		;
	return (enum tally_http)i;
}
