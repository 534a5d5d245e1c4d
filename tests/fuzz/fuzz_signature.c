/* fuzz_signature.c: a request's headers and body -> only what was signed */
#include "fuzz.h"

#include <string.h>

#include "auth.h"
#include "clock.h"
#include "log.h"

/* The published vector of Standard Webhooks 1.0, the only thing signed. */
#define SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIMESTAMP "1614265330"
#define BODY      "{\"test\": 2432232314}"
#define AT_S      INT64_C(1614265330)
#define SHOWN     "let me in"
#define WAYS      7

/* Instead of the gateway's. */
struct gateway_request {
	const char *id;
	const char *timestamp;
	const char *signature;
	const char *body;
};

int64_t clock_wall_us(void)
{
	return AT_S * CLOCK_SECOND;
}

int64_t clock_mono_us(void)
{
	return clock_wall_us();
}

void clock_stamp(int64_t wall_us, char stamp[CLOCK_STAMP_BYTES])
{
	(void)wall_us;
	strcpy(stamp, "-");
}

const char *gateway_param(
    const struct gateway_request *request, const char *name)
{
	if (strstr(name, "ID"))
		return request->id;
	if (strstr(name, "TIMESTAMP"))
		return request->timestamp;
	return request->signature;
}

const char *gateway_body(const struct gateway_request *request, size_t *length)
{
	*length = strlen(request->body);
	return request->body;
}

static struct auth *make_way(int way)
{
	static struct config configs[WAYS];
	struct config *config = &configs[way];
	struct webhook_secret *secret = &config->webhook_secrets.items[0];

	config->webhook_tolerance_past_s = 300;
	config->webhook_tolerance_future_s = 300;
	config->body_max_bytes = 65536;
	strcpy(config->webhook_template, "{body}");
	config->webhook_secrets.count = 1;
	strcpy(secret->id, "one");
	secret->not_after_us = INT64_MAX;
	config->webhook_auth = WEBHOOK_AUTH_HMAC;
	strcpy(secret->text, way == 0 ? SECRET : SHOWN);
	if (way < WEBHOOK_SCHEME_CUSTOM)
		config->webhook_scheme = (enum webhook_scheme)way;
	else
		config->webhook_auth = (enum webhook_auth)(
		    WEBHOOK_AUTH_BEARER + way - WEBHOOK_SCHEME_CUSTOM);
	if (config->webhook_auth == WEBHOOK_AUTH_BASIC)
		strcpy(secret->text, "user:" SHOWN);
	if (config->webhook_auth == WEBHOOK_AUTH_HEADER)
		strcpy(config->webhook_header, "X-Secret");
	return auth_new(config);
}

static struct auth *ways[WAYS];

FUZZ_BEGIN make_ready(void)
{
	log_set_level(LOG_ERROR);
	for (int way = 0; way < WAYS; way++) {
		ways[way] = make_way(way);
		must(ways[way] != NULL);
	}
}

static bool is_same(const char *text, const char *expected)
{
	return text && strcmp(text, expected) == 0;
}

/* Who is let in has shown the secret, or repeats what was signed. */
static void is_let_in_rightly(int way, const struct gateway_request *request)
{
	if (way == 0) {
		must(is_same(request->id, ID));
		must(is_same(request->timestamp, TIMESTAMP));
		must(is_same(request->body, BODY));
	} else {
		must(way >= WEBHOOK_SCHEME_CUSTOM);
		must(request->signature &&
		     strlen(request->signature) >= strlen(SHOWN));
	}
}

/* The first byte chooses the way to be let in. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gateway_request request = {.id = NULL};
	const char *signed_id;
	char *all, *rest;
	int way;

	if (size == 0)
		return 0;
	way = data[0] % WAYS;
	all = fuzz_string(data + 1, size - 1);
	rest = all;
	request.id = fuzz_line(&rest);
	request.timestamp = fuzz_line(&rest);
	request.signature = fuzz_line(&rest);
	request.body = rest ? rest : "";
	if (auth_check(ways[way], &request, NULL, &signed_id) == STATUS_OK)
		is_let_in_rightly(way, &request);
	else
		must(signed_id == NULL);
	free(all);
	return 0;
}
