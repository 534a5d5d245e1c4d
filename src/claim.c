/* claim.c: an event -> ours to decide, or the answer it already had */
#include "claim.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hex.h"

#define DIGEST_BYTES 32
#define KEY_BYTES    16 /* of the digest; as good as an id for a day's events */
#define NAMED_MAX    (3 * (EVENT_TEXT_MAX + 1)) /* what is digested */
/* Not felt by who waits, while a hundred who wait cost little: one group. */
#define POLL_US (20 * CLOCK_MS)
/* The claim of a dead process ends this much after its event's deadline. */
#define LEASE_SPARE_US (5 * CLOCK_SECOND)

/*
 * One for all claims. A claim is ASKING (its job is the store's, whose thread
 * writes row meanwhile) or WAITING (its timer is armed, as another request had
 * the event in hand at the last look): never both, and neither before
 * claim_take nor when done was called.
 */
struct claims {
	const struct config *config;
	struct loop *loop;
	struct store *store;
	bool stopping;
	int64_t salt; /* at random, so that no two processes' holders meet */
	int64_t last_holder;
	EVP_MD *sha256; /* fetched once: a third of what a digest costs */
};

struct claims *claims_new(
    const struct config *config, struct loop *loop, struct store *store)
{
	struct claims *claims = calloc(1, sizeof *claims);
	uint64_t first = 0;

	if (!claims)
		return NULL;
	claims->config = config;
	claims->loop = loop;
	claims->store = store;
	claims->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!claims->sha256) {
		free(claims);
		return NULL;
	}
	/* Without random bytes, the microsecond alone parts two processes. */
	RAND_bytes((unsigned char *)&first, sizeof first);
	claims->salt = (int64_t)(first % CLAIM_SALTS);
	return claims;
}

void claims_free(struct claims *claims)
{
	if (claims)
		EVP_MD_free(claims->sha256);
	free(claims);
}

/* One that was signed comes before one that stands in the event. */
static const char *trusted_id(
    const struct config *config, const struct event *event)
{
	if (event->signed_id)
		return event->signed_id;
	if (config->webhook_auth == WEBHOOK_AUTH_NONE)
		return "";
	return event->event_id;
}

/* With the NULs between them, so that no two events write the same. */
static bool digest_event(const struct claims *claims, const struct event *event,
    unsigned char digest[DIGEST_BYTES])
{
	const char *const with_id[] = {event->signed_id ? "signed id" : "id",
	    trusted_id(claims->config, event)};
	const char *const without[] = {
	    event->event_type, event->interaction_id, event->timestamp};
	bool has_id = with_id[1][0] != '\0';
	const char *const *parts = has_id ? with_id : without;
	size_t count = has_id ? 2 : 3;
	char all[NAMED_MAX];
	size_t length = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		size_t bytes = strlen(parts[i]) + 1;

		memcpy(all + length, parts[i], bytes);
		length += bytes;
	}
	return EVP_Digest(all, length, digest, NULL, claims->sha256, NULL) == 1;
}

/* Grows with time, in one process always: see schema_3_claim.sql. */
static int64_t name_holder(struct claims *claims)
{
	int64_t holder = clock_wall_us() * CLAIM_SALTS + claims->salt;

	if (holder <= claims->last_holder)
		holder = claims->last_holder + CLAIM_SALTS;
	claims->last_holder = holder;
	return holder;
}

/*
 * What the event is named by begins with a time mostly, as many ids do. Put
 * first, it makes new keys neighbours: random ones cost a page each, to be
 * read, written and copied back, an eighth of what an event costs.
 */
static char *begin_key(
    const struct config *config, const struct event *event, char *key)
{
	const char *text = trusted_id(config, event);
	char *end = key;

	if (*text == '\0')
		text = event->timestamp;
	for (; *text != '\0' && end < key + CLAIM_TIME_BYTES; text++)
		if (isalnum((unsigned char)*text))
			*end++ = *text;
	return end;
}

void claim_name(
    struct claims *claims, struct claim *claim, const struct event *event)
{
	struct claim_row *row = &claim->row;
	unsigned char digest[DIGEST_BYTES];

	row->key[0] = '\0';
	row->holder = name_holder(claims);
	row->window_us = claims->config->claim_window_s * CLOCK_SECOND;
	row->lease_us = claims->config->event_deadline_us + LEASE_SPARE_US;
	if (row->window_us == 0 || !digest_event(claims, event, digest))
		return;
	hex_write(
	    digest, KEY_BYTES, begin_key(claims->config, event, row->key));
}

static enum status take_body(struct db *db, void *arg)
{
	struct claim *claim = arg;

	return claim_row_take(db, &claim->row);
}

static void ask(void *arg);

/* A look that would come after the deadline is not waited for. */
static void asked(void *arg, enum status status)
{
	struct claim *claim = arg;
	int64_t now_us = clock_mono_us();

	if (status != STATUS_OK || claim->row.found != CLAIM_IN_HAND) {
		claim->done(claim->arg, status);
		return;
	}
	if (claim->in_hand_us == 0)
		claim->in_hand_us = now_us;
	if (claim->claims->stopping || now_us + POLL_US >= claim->deadline_us ||
	    loop_timer_set(claim->claims->loop, &claim->timer,
		now_us + POLL_US) != STATUS_OK)
		claim->done(claim->arg, STATUS_IN_FLIGHT);
}

static void ask(void *arg)
{
	struct claim *claim = arg;

	claim->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = take_body,
	    .done = asked,
	    .arg = claim,
	};
	store_submit(claim->claims->store, &claim->job);
}

void claim_take(struct claims *claims, struct claim *claim, int64_t deadline_us,
    claim_done *done, void *arg)
{
	claim->claims = claims;
	claim->deadline_us = deadline_us;
	claim->done = done;
	claim->arg = arg;
	claim->in_hand_us = 0;
	loop_timer_init(&claim->timer, ask, claim);
	ask(claim);
}

void claims_stop(struct claims *claims)
{
	claims->stopping = true;
}
