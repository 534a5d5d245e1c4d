/* sim_token.c: client credentials -> tokens, and what each is worth */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "sim.h"
#include "sim_token.h"

enum { TOKENS_MAX = 16384, TOKEN_BYTES = 48, FORM_BYTES = 4096 };

static const char write_scope[] = "routing:interaction:write";
static const char usual_scope[] =
    "routing:interaction:read routing:interaction:write";

/* Tokens are numbered from 1 and carry their number in their text, so that
 * one is found without a search: number n lies in ring[n % TOKENS_MAX]. All
 * below first_good are revoked. last is 0 before the first. */
struct tokens {
	pthread_mutex_t lock;
	const char *client_id;
	const char *client_secret;
	int lifetime_s;
	unsigned long last;
	unsigned long first_good;
	struct token {
		char text[TOKEN_BYTES];
		time_t expires_s;
		bool may_write;
	} ring[TOKENS_MAX];
};

struct form {
	char grant_type[128];
	char client_id[1024];
	char client_secret[1024];
};

struct tokens *tokens_new(
    const char *client_id, const char *client_secret, int lifetime_s)
{
	struct tokens *tokens = calloc(1, sizeof *tokens);

	if (!tokens)
		return NULL;
	pthread_mutex_init(&tokens->lock, NULL);
	tokens->client_id = client_id;
	tokens->client_secret = client_secret;
	tokens->lifetime_s = lifetime_s;
	tokens->first_good = 1;
	return tokens;
}

void tokens_free(struct tokens *tokens)
{
	if (!tokens)
		return;
	pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

void tokens_revoke(struct tokens *tokens)
{
	pthread_mutex_lock(&tokens->lock);
	tokens->first_good = tokens->last + 1;
	pthread_mutex_unlock(&tokens->lock);
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Whether the space-separated list has the word that allows a PATCH. */
static bool has_write_scope(const char *scope)
{
	const size_t length = sizeof write_scope - 1;

	while (*scope) {
		size_t word = strcspn(scope, " ");

		if (word == length && memcmp(scope, write_scope, word) == 0)
			return true;
		scope += word;
		scope += strspn(scope, " ");
	}
	return false;
}

/* A new token's text, or with again the text issued last. */
static void issue(
    struct tokens *tokens, const char *scope, bool again, char *text)
{
	struct token *token;
	unsigned long long chance = 0;

	if (getrandom(&chance, sizeof chance, 0) < 0)
		chance = 0; /* the number alone makes it new */
	pthread_mutex_lock(&tokens->lock);
	if (!again || tokens->last == 0) {
		tokens->last++;
		token = &tokens->ring[tokens->last % TOKENS_MAX];
		snprintf(token->text, TOKEN_BYTES, "sim-%lu-%016llx",
		    tokens->last, chance);
		token->expires_s = now_s() + tokens->lifetime_s;
		token->may_write = has_write_scope(scope);
	}
	memcpy(text, tokens->ring[tokens->last % TOKENS_MAX].text, TOKEN_BYTES);
	pthread_mutex_unlock(&tokens->lock);
}

static enum token_state check_text(struct tokens *tokens, const char *text)
{
	unsigned long number;
	const struct token *token;
	char *rest;

	if (strncmp(text, "sim-", 4) != 0)
		return TOKEN_BAD;
	number = strtoul(text + 4, &rest, 10);
	if (*rest != '-')
		return TOKEN_BAD;
	token = &tokens->ring[number % TOKENS_MAX];
	/* The number only finds the place; a later token may lie there. */
	if (number < tokens->first_good || strcmp(token->text, text) != 0)
		return TOKEN_BAD;
	if (now_s() >= token->expires_s)
		return TOKEN_BAD;
	return token->may_write ? TOKEN_GOOD : TOKEN_NO_SCOPE;
}

enum token_state tokens_check(struct tokens *tokens, const char *header)
{
	enum token_state state;

	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return TOKEN_BAD;
	pthread_mutex_lock(&tokens->lock);
	state = check_text(tokens, header + 7);
	pthread_mutex_unlock(&tokens->lock);
	return state;
}

static bool form_field(char *room, size_t room_bytes, char *value)
{
	for (char *c = value; *c; c++) {
		if (*c == '+')
			*c = ' ';
	}
	MHD_http_unescape(value);
	if (strlen(value) >= room_bytes)
		return false;
	strcpy(room, value);
	return true;
}

/* Fields of other names are passed over, as RFC 6749 3.2 asks. */
static bool read_form(const struct request *request, struct form *form)
{
	char text[FORM_BYTES];
	char *rest = text, *pair;
	bool good = request->body_bytes < sizeof text;

	if (!good || !request->body)
		return good;
	memcpy(text, request->body, request->body_bytes);
	text[request->body_bytes] = '\0';
	for (pair = strsep(&rest, "&"); pair && good;
	     pair = strsep(&rest, "&")) {
		char *name = strsep(&pair, "=");

		if (!pair)
			continue;
		if (strcmp(name, "grant_type") == 0)
			good = form_field(
			    form->grant_type, sizeof form->grant_type, pair);
		else if (strcmp(name, "client_id") == 0)
			good = form_field(
			    form->client_id, sizeof form->client_id, pair);
		else if (strcmp(name, "client_secret") == 0)
			good = form_field(form->client_secret,
			    sizeof form->client_secret, pair);
	}
	return good;
}

static bool is_accepted(const char *expected, const char *given)
{
	return expected ? strcmp(expected, given) == 0 : *given != '\0';
}

/* Lays the members of set over the answer; null takes one away. */
static void lay_over(json_t *answer, json_t *set)
{
	const char *key;
	json_t *value;

	json_object_foreach (set, key, value) {
		const char *text = json_string_value(value);

		if (json_is_null(value))
			json_object_del(answer, key);
		else if (!text || strcmp(text, "@same") != 0)
			json_object_set(answer, key, value);
	}
}

static void play_good(struct request *request)
{
	struct tokens *tokens = request->sim->tokens;
	const struct fault *fault = request->fault;
	const char *scope = usual_scope, *wish = NULL;
	json_t *answer;
	char text[TOKEN_BYTES];

	if (fault && fault->scope)
		scope = fault->scope;
	if (fault && fault->set)
		wish = json_string_value(
		    json_object_get(fault->set, "access_token"));
	issue(tokens, scope, wish && strcmp(wish, "@same") == 0, text);
	answer =
	    json_pack("{s:s,s:s,s:i,s:s}", "access_token", text, "token_type",
		"Bearer", "expires_in", tokens->lifetime_s, "scope", scope);
	if (fault && fault->set)
		lay_over(answer, fault->set);
	reply_json(&request->reply, 200, answer);
}

void token_play(struct request *request)
{
	struct tokens *tokens = request->sim->tokens;
	struct form form = {0};

	if (!read_form(request, &form))
		reply_error(&request->reply, 400, "invalid_request");
	else if (strcmp(form.grant_type, "client_credentials") != 0)
		reply_error(&request->reply, 400, "unsupported_grant_type");
	else if (!is_accepted(tokens->client_id, form.client_id) ||
		 !is_accepted(tokens->client_secret, form.client_secret))
		reply_error(&request->reply, 401, "invalid_client");
	else
		play_good(request);
}
