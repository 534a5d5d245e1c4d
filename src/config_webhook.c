/* config_webhook.c: the settings of who may post -> do they fit together */
#include "config_webhook.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth_key.h"
#include "auth_scheme.h"
#include "clock.h"

#define SEPARATORS  " ,"
#define WORDS_MAX   512
#define STAMP_BYTES sizeof "2026-01-31T00:00:00Z"

/*
 * Reads one member of an item of the list. NULL, or what is wrong in words
 * that follow the member's name: constant ones, or those that words then has.
 */
typedef const char *read_member(
    const char *text, struct webhook_secret *secret, struct text *words);

static read_member read_id, read_text, read_text_file;
static read_member read_not_before, read_not_after;

static const struct {
	const char *name;
	read_member *read;
} members[] = {
    {"id", read_id},
    {"secret", read_text},
    {"secret_file", read_text_file},
    {"not_before", read_not_before},
    {"not_after", read_not_after},
};

/* ---- Several secrets in one text ----------------------------------------- */

static const char *check_lengths(const struct config_key *key, const char *text)
{
	size_t count = 0;

	for (text += strspn(text, SEPARATORS); *text != '\0';
	     text += strspn(text, SEPARATORS)) {
		size_t length = strcspn(text, SEPARATORS);

		if (length < (size_t)key->min)
			return "has a secret that is too short";
		if (length > (size_t)key->max)
			return "has a secret that is too long";
		if (++count > WEBHOOK_SECRETS_MAX)
			return "has too many secrets";
		text += length;
	}
	return NULL;
}

/* Looked through before the first is taken: a field is set whole or not. */
const char *config_set_secrets(
    const struct config_key *key, const char *text, void *field)
{
	struct webhook_secrets *secrets = field;
	const char *wrong = check_lengths(key, text);

	if (wrong)
		return wrong;
	if (config_has_control(text))
		return "holds a control character";
	secrets->count = 0;
	for (text += strspn(text, SEPARATORS); *text != '\0';
	     text += strspn(text, SEPARATORS)) {
		struct webhook_secret *secret =
		    &secrets->items[secrets->count++];
		size_t length = strcspn(text, SEPARATORS);

		snprintf(secret->id, sizeof secret->id, "%zu", secrets->count);
		memcpy(secret->text, text, length);
		secret->text[length] = '\0';
		secret->file[0] = '\0';
		secret->not_before_us = 0;
		secret->not_after_us = INT64_MAX;
		text += length;
	}
	return NULL;
}

/* ---- A list in the file ---------------------------------------------- */

static const char *read_id(
    const char *text, struct webhook_secret *secret, struct text *words)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(text);

	(void)words;
	if (length == 0 || length > WEBHOOK_SECRET_ID_MAX ||
	    text[strspn(text, allowed)] != '\0')
		return "is no id: give 1 to 32 letters, digits, dots, hyphens "
		       "and underscores";
	strcpy(secret->id, text);
	return NULL;
}

static const char *read_text(
    const char *text, struct webhook_secret *secret, struct text *words)
{
	/* Those of ADMIN_TOKEN have the same limits. */
	const struct config_key *key = &config_keys[KEY_WEBHOOK_SECRETS];
	size_t length = strlen(text);

	(void)words;
	if (length < (size_t)key->min || length > (size_t)key->max)
		return "is too short or too long: give 16 to 4095 bytes";
	if (config_has_control(text))
		return "holds a control character: remove it";
	memcpy(secret->text, text, length + 1);
	return NULL;
}

static const char *read_text_file(
    const char *text, struct webhook_secret *secret, struct text *words)
{
	char bytes[CONFIG_SECRET_BYTES];
	const char *wrong = "could not be read: memory ran out";
	enum status status;

	snprintf(secret->file, sizeof secret->file, "%s", text);
	text_add(words, "names a file that ");
	status = config_secret_read(text, bytes, sizeof bytes, words);
	if (status == STATUS_OK)
		wrong = read_text(bytes, secret, words);
	OPENSSL_cleanse(bytes, sizeof bytes);
	if (!wrong)
		return NULL;
	/* What is wrong with the file itself stands in words already. */
	if (status != STATUS_CONFIG_INVALID)
		text_add(words, wrong);
	return text_string(words);
}

/*
 * strptime takes shorter numbers, and days that no month has; neither is
 * written back as it was.
 */
static const char *read_moment(const char *text, int64_t *us)
{
	static const char form[] = "%Y-%m-%dT%H:%M:%SZ";
	char back[STAMP_BYTES];
	struct tm parts = {0};
	const char *end = strptime(text, form, &parts);
	time_t seconds;

	if (end && *end == '\0') {
		seconds = timegm(&parts);
		if (gmtime_r(&seconds, &parts) &&
		    strftime(back, sizeof back, form, &parts) > 0 &&
		    strcmp(back, text) == 0) {
			*us = seconds * CLOCK_SECOND;
			return NULL;
		}
	}
	return "is no time: give it in UTC as 2026-01-31T00:00:00Z";
}

static const char *read_not_before(
    const char *text, struct webhook_secret *secret, struct text *words)
{
	(void)words;
	return read_moment(text, &secret->not_before_us);
}

static const char *read_not_after(
    const char *text, struct webhook_secret *secret, struct text *words)
{
	(void)words;
	return read_moment(text, &secret->not_after_us);
}

/* An item of a list; items are counted from 1. */
struct item {
	struct loading *loading;
	const struct config_key *key;
	size_t number;
};

static void blame(const struct item *item, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tells which item something is wrong with. */
static void blame(const struct item *item, const char *format, ...)
{
	char words[WORDS_MAX];
	char line[WORDS_MAX + 32];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	snprintf(line, sizeof line, "item %zu: %s", item->number, words);
	report_clash(item->loading, item->key, line);
}

/* False: it was reported. */
static bool take_member(const struct item *item, const char *name,
    const json_t *value, struct webhook_secret *secret)
{
	const char *wrong;
	struct text words;
	size_t i;

	for (i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(members[i].name, name) == 0)
			break;
	if (i == sizeof members / sizeof *members) {
		blame(item,
		    "it has a member that is not known: give id, secret or "
		    "secret_file, not_before, not_after");
		return false;
	}
	text_init(&words, WORDS_MAX);
	wrong = json_is_string(value)
		    ? members[i].read(json_string_value(value), secret, &words)
		    : "is no string: give one in quotes";
	if (wrong)
		blame(item, "%s %s", members[i].name, wrong);
	text_done(&words);
	return !wrong;
}

static const char *item_wrong(
    const struct webhook_secrets *secrets, const json_t *object)
{
	const struct webhook_secret *secret = &secrets->items[secrets->count];
	bool has_file = json_object_get(object, "secret_file");
	bool has_text = json_object_get(object, "secret");
	size_t i;

	if (secret->id[0] == '\0')
		return "it has no id: name it, as the log will";
	if (has_file == has_text)
		return "give either secret or secret_file";
	if (secret->not_before_us >= secret->not_after_us)
		return "not_before must come before not_after";
	for (i = 0; i < secrets->count; i++)
		if (strcmp(secrets->items[i].id, secret->id) == 0)
			return "its id is that of another: change one";
	return NULL;
}

/*
 * Made in the first free seat of the list, which counts only when all of it
 * is right. What is left in a seat that does not is wiped with the rest of the
 * configuration.
 */
static void take_item(const struct item *item, struct webhook_secrets *secrets,
    const json_t *object)
{
	struct webhook_secret *secret = &secrets->items[secrets->count];
	const char *wrong;
	const char *name;
	json_t *value;
	bool good = true;

	*secret = (struct webhook_secret){.not_after_us = INT64_MAX};
	/* What is no object has no members; it is told below. */
	json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
		good = take_member(item, name, value, secret) && good;
	}
	if (!good)
		return;
	wrong = json_is_object(object)
		    ? item_wrong(secrets, object)
		    : "is no object: give it as {\"id\": ..., \"secret\": ...}";
	if (wrong)
		blame(item, "%s", wrong);
	else
		secrets->count++;
}

void config_take_secrets(
    struct loading *loading, const struct config_key *key, const json_t *list)
{
	void *field = (char *)loading->config + key->offset;
	struct item item = {.loading = loading, .key = key};

	if (json_array_size(list) > WEBHOOK_SECRETS_MAX) {
		report_clash(loading, key,
		    "has more than 10 items: remove those that are not used");
		return;
	}
	for (item.number = 1; item.number <= json_array_size(list);
	     item.number++)
		take_item(&item, field, json_array_get(list, item.number - 1));
}

/* ---- What fits what --------------------------------------------------- */

static void check_secrets(struct loading *loading)
{
	const struct config *config = loading->config;
	const struct webhook_secrets *secrets = &config->webhook_secrets;
	const char *wrong = NULL;
	size_t i;

	if (loading->wrong[KEY_WEBHOOK_SECRET] ||
	    loading->wrong[KEY_WEBHOOK_SECRETS])
		return;
	if (config->webhook_secret[0] == '\0' && secrets->count == 0)
		report_unset(loading, &config_keys[KEY_WEBHOOK_SECRET]);
	if (config->webhook_secret[0] != '\0')
		wrong = auth_key_wrong(config, config->webhook_secret);
	if (wrong)
		report_clash(loading, &config_keys[KEY_WEBHOOK_SECRET], wrong);
	/* No item was refused, so the seats are the items of the list. */
	for (i = 0; i < secrets->count; i++) {
		struct item item = {
		    loading, &config_keys[KEY_WEBHOOK_SECRETS], i + 1};

		wrong = auth_key_wrong(config, secrets->items[i].text);
		if (wrong)
			blame(&item, "the secret %s", wrong);
	}
}

static bool is_senders(const struct config *config, const char *token)
{
	const struct webhook_secrets *secrets = &config->webhook_secrets;

	for (size_t i = 0; i < secrets->count; i++)
		if (strcmp(secrets->items[i].text, token) == 0)
			return true;
	return strcmp(config->webhook_secret, token) == 0;
}

/* Senders of events are not to see what came of all of them. */
static void check_tokens(struct loading *loading)
{
	const struct webhook_secrets *tokens = &loading->config->admin_tokens;

	for (size_t i = 0; i < tokens->count; i++)
		if (is_senders(loading->config, tokens->items[i].text))
			report_clash(loading, &config_keys[KEY_ADMIN_TOKEN],
			    "holds a secret of the senders: they could see the "
			    "pages; take another");
}

/* A header that is signed must be named, and one that is named be signed. */
static void check_piece(struct loading *loading,
    const struct auth_scheme *scheme, enum auth_piece_kind kind,
    enum config_key_number number, const char *header)
{
	bool is_signed = auth_scheme_signs(scheme, kind);

	/* Set, but wrong, which was reported: the field is empty then. */
	if (loading->wrong[number])
		return;
	if (is_signed && *header == '\0')
		report_unset(loading, &config_keys[number]);
	if (!is_signed && *header != '\0')
		report_clash(loading, &config_keys[number],
		    "is not signed, since WEBHOOK_TEMPLATE leaves it out: "
		    "remove it here or put it there");
}

static void check_custom(struct loading *loading)
{
	const struct config *config = loading->config;
	struct auth_scheme scheme;
	const char *wrong = auth_scheme_init(&scheme, config);

	if (config->webhook_header[0] == '\0' &&
	    !loading->wrong[KEY_WEBHOOK_HEADER])
		report_unset(loading, &config_keys[KEY_WEBHOOK_HEADER]);
	if (loading->wrong[KEY_WEBHOOK_TEMPLATE])
		return;
	if (wrong) {
		report_clash(
		    loading, &config_keys[KEY_WEBHOOK_TEMPLATE], wrong);
		return;
	}
	check_piece(loading, &scheme, AUTH_PIECE_TIMESTAMP,
	    KEY_WEBHOOK_TIMESTAMP_HEADER, config->webhook_timestamp_header);
	check_piece(loading, &scheme, AUTH_PIECE_ID, KEY_WEBHOOK_ID_HEADER,
	    config->webhook_id_header);
}

/* Who set one of these believes that it counts. */
static void check_preset(struct loading *loading)
{
	static const enum config_key_number custom_only[] = {KEY_WEBHOOK_HEADER,
	    KEY_WEBHOOK_PREFIX, KEY_WEBHOOK_HASH, KEY_WEBHOOK_ENCODING,
	    KEY_WEBHOOK_TEMPLATE, KEY_WEBHOOK_TIMESTAMP_HEADER,
	    KEY_WEBHOOK_ID_HEADER};
	size_t i;

	for (i = 0; i < sizeof custom_only / sizeof *custom_only; i++) {
		enum config_key_number number = custom_only[i];

		if (loading->config->origin[number] == CONFIG_FROM_DEFAULT)
			continue;
		report_clash(loading, &config_keys[number],
		    "counts only with WEBHOOK_SCHEME=custom: remove it, or "
		    "set that");
	}
}

/* From too early to too late: so long can one signature be used. */
static void check_window(struct loading *loading)
{
	const struct config *config = loading->config;
	int64_t least_s = config->webhook_tolerance_past_s +
			  config->webhook_tolerance_future_s;
	struct auth_scheme scheme;
	char words[WORDS_MAX];

	/*
	 * A tolerance that was refused is 0 here, which asks for less; a
	 * template that is wrong was told by check_custom.
	 */
	if (loading->wrong[KEY_CLAIM_WINDOW] ||
	    config->claim_window_s >= least_s ||
	    auth_scheme_init(&scheme, config) ||
	    !auth_scheme_signs(&scheme, AUTH_PIECE_TIMESTAMP))
		return;
	snprintf(words, sizeof words,
	    "is less than WEBHOOK_TOLERANCE_PAST_S and _FUTURE_S together, "
	    "%lld: a signed event could be played again once it is "
	    "forgotten; raise it or lower those",
	    (long long)least_s);
	report_clash(loading, &config_keys[KEY_CLAIM_WINDOW], words);
}

/* What depends on a setting that was refused is not judged: it is unknown. */
void config_check_webhook(struct loading *loading)
{
	const struct config *config = loading->config;

	/* Whatever WEBHOOK_AUTH says, the pages are ADMIN_TOKEN's. */
	check_tokens(loading);
	if (loading->wrong[KEY_WEBHOOK_AUTH] ||
	    config->webhook_auth == WEBHOOK_AUTH_NONE)
		return;
	if (!loading->wrong[KEY_WEBHOOK_SCHEME])
		check_secrets(loading);
	if (config->webhook_auth == WEBHOOK_AUTH_HEADER &&
	    config->webhook_header[0] == '\0' &&
	    !loading->wrong[KEY_WEBHOOK_HEADER])
		report_unset(loading, &config_keys[KEY_WEBHOOK_HEADER]);
	if (config->webhook_auth != WEBHOOK_AUTH_HMAC ||
	    loading->wrong[KEY_WEBHOOK_SCHEME])
		return;
	if (config->webhook_scheme == WEBHOOK_SCHEME_CUSTOM)
		check_custom(loading);
	else
		check_preset(loading);
	check_window(loading);
}
