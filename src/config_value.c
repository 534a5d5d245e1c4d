/* config_value.c: the text of one setting -> checked field, and back */
#include "config_key.h"
#include "config_webhook.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "log_sink.h"

/* Checks a text and puts it into the field; NULL or what is wrong. */
typedef const char *set_value(
    const struct config_key *key, const char *text, void *field);

static set_value set_text, set_path, set_url, set_pointer, set_header;
static set_value set_alphabet, set_log_to, set_words, set_number, set_ms;

static set_value *const setters[CONFIG_TYPE_COUNT] = {
    [CONFIG_TEXT] = set_text,
    [CONFIG_PATH] = set_path,
    [CONFIG_URL] = set_url,
    [CONFIG_POINTER] = set_pointer,
    [CONFIG_HEADER] = set_header,
    [CONFIG_ALPHABET] = set_alphabet,
    [CONFIG_LOG_TO] = set_log_to,
    [CONFIG_SECRET] = set_text,
    [CONFIG_SECRETS] = config_set_secrets,
    [CONFIG_WORDS] = set_words,
    [CONFIG_COUNT] = set_number,
    [CONFIG_BYTES] = set_number,
    [CONFIG_MS] = set_ms,
};

_Static_assert(sizeof(enum log_level) == sizeof(int) &&
		   sizeof(enum log_format) == sizeof(int) &&
		   sizeof(enum webhook_auth) == sizeof(int) &&
		   sizeof(enum webhook_scheme) == sizeof(int) &&
		   sizeof(enum webhook_hash) == sizeof(int) &&
		   sizeof(enum webhook_encoding) == sizeof(int) &&
		   sizeof(enum routing_mode) == sizeof(int) &&
		   sizeof(enum config_switch) == sizeof(int) &&
		   sizeof(enum sku_rule) == sizeof(int),
    "set_words writes an int");

const char *config_set(
    struct config *config, const struct config_key *key, const char *text)
{
	void *field = (char *)config + key->offset;

	/* Only what is empty by default may be emptied. */
	if (*text == '\0' && (key->fallback == NULL || *key->fallback != '\0'))
		return "is empty";
	return setters[key->type](key, text, field);
}

bool config_has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

/* The table's max is below the size of the field. */
static const char *set_text(
    const struct config_key *key, const char *text, void *field)
{
	size_t length = strlen(text);

	if (config_has_control(text))
		return "holds a control character";
	if (length > (size_t)key->max)
		return "is too long";
	if (length > 0 && length < (size_t)key->min)
		return "is too short";
	memcpy(field, text, length + 1);
	return NULL;
}

/* Processes with several working directories must mean one file. */
static const char *set_path(
    const struct config_key *key, const char *text, void *field)
{
	if (*text != '\0' && *text != '/')
		return "is not an absolute path";
	return set_text(key, text, field);
}

static const char *set_pointer(
    const struct config_key *key, const char *text, void *field)
{
	if (!json_pointer_is_valid(text))
		return "is not a JSON Pointer";
	return set_text(key, text, field);
}

/*
 * Fewer bytes than HTTP allows: these are what every web server hands on as
 * a CGI variable that no other name leads to.
 */
static const char *set_header(
    const struct config_key *key, const char *text, void *field)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	if (text[strspn(text, allowed)] != '\0')
		return "is not the name of a header";
	return set_text(key, text, field);
}

/* A hyphen is itself where it has nothing on one side. */
static const char *set_alphabet(
    const struct config_key *key, const char *text, void *field)
{
	const char *at;

	for (at = text; *at != '\0'; at++) {
		if (*at <= ' ' || *at > '~')
			return "has a character that is not visible ASCII";
		if (at > text && at[0] == '-' && at[1] != '\0' &&
		    at[-1] > at[1])
			return "has a range that ends before it begins";
	}
	return set_text(key, text, field);
}

static const char *set_log_to(
    const struct config_key *key, const char *text, void *field)
{
	enum log_place place;

	if (!log_sink_parse(text, &place, NULL))
		return "is no place for a log";
	return set_text(key, text, field);
}

/* Five digits at most, so that strtol cannot overflow. */
static bool is_port(const char *text, size_t length)
{
	long port;

	if (length < 1 || length > 5 || strspn(text, "0123456789") != length)
		return false;
	port = strtol(text, NULL, 10);
	return port >= 1 && port <= 65535;
}

/*
 * Host and port of length bytes, then "/" or the end. An address of IPv6
 * stands in brackets, because it holds colons itself.
 */
static const char *check_authority(const char *text, size_t length)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	size_t host = strspn(text, name);

	if (*text == '[') {
		host = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
		if (host < 3 || text[host] != ']')
			return "has no valid host";
		host++;
	}
	if (host == 0)
		return "has no valid host";
	if (host == length)
		return NULL;
	if (text[host] != ':')
		return "has no valid host";
	if (!is_port(text + host + 1, length - host - 1))
		return "has no valid port";
	return NULL;
}

/*
 * What is beyond ASCII must come percent-encoded, or as an A-label in the
 * host (RFC 3986 section 2, RFC 5890).
 */
static bool is_all_visible(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

/* The bytes of "http://" or "https://" that text begins with, or 0. */
static size_t scheme_length(const char *text)
{
	if (strncasecmp(text, "https://", 8) == 0)
		return 8;
	if (strncasecmp(text, "http://", 7) == 0)
		return 7;
	return 0;
}

static const char *check_url(const char *text)
{
	size_t scheme = scheme_length(text);
	const char *authority = text + scheme;
	size_t length = strcspn(authority, "/?#");

	if (!is_all_visible(text))
		return "holds a space or a byte that is not ASCII";
	if (scheme == 0)
		return "does not begin with http:// or https://";
	/* Only here is "@" a mark; in a path it is an ordinary byte. */
	if (memchr(authority, '@', length) != NULL)
		return "holds a user name or password";
	if (strchr(text, '?') != NULL)
		return "has a query";
	if (strchr(text, '#') != NULL)
		return "has a fragment";
	return check_authority(authority, length);
}

/* Paths are appended with their own slash, so ours go. Empty is what may be
 * so by config_set. */
static const char *set_url(
    const struct config_key *key, const char *text, void *field)
{
	const char *wrong = *text == '\0' ? NULL : check_url(text);
	char *url = field;
	size_t length;

	if (wrong == NULL)
		wrong = set_text(key, text, field);
	if (wrong != NULL || *text == '\0')
		return wrong;
	/* A host is there, so the loop ends before the scheme's slashes. */
	length = strlen(url);
	while (url[length - 1] == '/')
		url[--length] = '\0';
	return NULL;
}

static const char *set_words(
    const struct config_key *key, const char *text, void *field)
{
	int i;

	for (i = 0; key->words[i].word != NULL; i++) {
		if (strcmp(key->words[i].word, text) == 0) {
			memcpy(field, &i, sizeof i);
			return NULL;
		}
	}
	return "is not one of its words";
}

/*
 * strtoll alone would take leading spaces, a plus sign and what follows
 * the digits. A number too large for it saturates, and is out of range.
 */
static const char *check_number(
    const struct config_key *key, const char *text, int64_t *number)
{
	const char *digits = *text == '-' ? text + 1 : text;
	size_t length = strspn(digits, "0123456789");
	long long value;

	if (length == 0 || digits[length] != '\0')
		return "is not a whole number";
	value = strtoll(text, NULL, 10);
	if (value < key->min || value > key->max)
		return "is out of range";
	*number = value;
	return NULL;
}

static const char *set_number(
    const struct config_key *key, const char *text, void *field)
{
	return check_number(key, text, field);
}

static const char *set_ms(
    const struct config_key *key, const char *text, void *field)
{
	int64_t *us = field;
	const char *wrong = check_number(key, text, us);

	if (wrong == NULL)
		*us *= 1000;
	return wrong;
}

static void add_words(struct text *text, const struct config_key *key)
{
	const struct config_word *word;

	for (word = key->words; word->word != NULL; word++) {
		text_add(text, word == key->words ? " " : ", ");
		text_add_format(text, "%s (%s)", word->word, word->meaning);
	}
}

void config_add_wanted(struct text *text, const struct config_key *key)
{
	static const char *const wanted[CONFIG_TYPE_COUNT] = {
	    [CONFIG_TEXT] = "a text",
	    [CONFIG_PATH] = "a path that begins with /",
	    [CONFIG_URL] = "an http or https URL of scheme, host and path "
			   "only, such as https://api.example.com",
	    [CONFIG_POINTER] = "a JSON Pointer (RFC 6901) into the event, "
			       "such as /data/sku",
	    [CONFIG_HEADER] = "the name of a header, of letters, digits and "
			      "hyphens",
	    [CONFIG_ALPHABET] = "characters, and ranges such as A-Z; a hyphen "
				"last",
	    [CONFIG_LOG_TO] = "stderr, syslog, journal, or file: with a path "
			      "that begins with /",
	    [CONFIG_SECRET] = "a secret",
	    [CONFIG_SECRETS] = "1 to 10 secrets, apart by spaces or commas",
	    [CONFIG_WORDS] = "one of",
	    [CONFIG_COUNT] = "a whole number",
	    [CONFIG_BYTES] = "a whole number of bytes",
	    [CONFIG_MS] = "a whole number of milliseconds",
	};
	long long min = key->min;
	long long max = key->max;

	text_add_format(text, "give %s", wanted[key->type]);
	if (key->type == CONFIG_WORDS)
		add_words(text, key);
	else if (config_is_number(key))
		text_add_format(text, " from %lld to %lld", min, max);
	else
		text_add_format(text,
		    ", %lld to %lld bytes without control characters", min,
		    max);
}

void config_add_value(struct text *text, const struct config *config,
    const struct config_key *key)
{
	const char *field = (const char *)config + key->offset;
	int64_t number;
	int word;

	/* memcpy, because a field's type is known only by the key's. */
	switch (key->type) {
	case CONFIG_WORDS:
		memcpy(&word, field, sizeof word);
		text_add(text, key->words[word].word);
		return;
	case CONFIG_COUNT:
	case CONFIG_BYTES:
	case CONFIG_MS:
		memcpy(&number, field, sizeof number);
		text_add_int(
		    text, key->type == CONFIG_MS ? number / 1000 : number);
		return;
	default:
		text_add(text, field);
	}
}
