/* sku.c: an event -> the SKU of the product it is about */
#include "sku.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define SUFFIX_CHARACTERS 6

/* ASCII only: toupper() would ask the locale, and tear what is not ASCII. */
static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void make_upper(char *text)
{
	for (; *text != '\0'; text++)
		*text = upper(*text);
}

/* The last characters of a UTF-8 text: a sequence is never torn. */
static const char *last_characters(const char *text, int count)
{
	const char *at = text + strlen(text);

	while (at > text && count > 0) {
		at--;
		if (((unsigned char)*at & 0xc0) != 0x80)
			count--;
	}
	return at;
}

static void media_suffix(const struct event *event, char sku[SKU_MAX + 1])
{
	char media[EVENT_MEDIA_MAX + 1];

	memcpy(media, event->media_type, sizeof media);
	make_upper(media);
	snprintf(sku, SKU_MAX + 1, "SKU-%s-%s", media,
	    last_characters(event->interaction_id, SUFFIX_CHARACTERS));
}

static void channel_default(const struct event *event, char sku[SKU_MAX + 1])
{
	const char *media = event->media_type;

	if (strcmp(media, "chat") == 0 || strcmp(media, "email") == 0)
		snprintf(sku, SKU_MAX + 1, "SKU-%s",
		    last_characters(event->interaction_id, SUFFIX_CHARACTERS));
	else
		snprintf(sku, SKU_MAX + 1, "SKU-DEFAULT-%s", media);
	make_upper(sku);
}

static enum status refuse(
    struct event_problem *problem, const struct config *config, const char *was)
{
	/* field tells where: a pointer cut here could tear a character. */
	problem->field = config->sku_pointer;
	snprintf(problem->text, sizeof problem->text,
	    "the SKU, found where SKU_POINTER says, %s", was);
	return STATUS_FIELD_INVALID;
}

/* STATUS_PENDING: the event names no product; a rule must make the SKU. */
static enum status from_event(const struct config *config,
    const struct event *event, char sku[SKU_MAX + 1],
    struct event_problem *problem)
{
	const json_t *value = json_at(event->json, config->sku_pointer);
	const char *text = json_string_value(value);
	size_t i;

	/*
	 * Article numbers often are numbers; a real would be ambiguous. Where
	 * the pointer names nothing, value is NULL, which jansson takes for
	 * neither an integer nor a text.
	 */
	if (json_is_integer(value)) {
		snprintf(sku, SKU_MAX + 1, "%lld",
		    (long long)json_integer_value(value));
		return STATUS_OK;
	}
	if (!text || text[0] == '\0')
		return STATUS_PENDING;
	if (strlen(text) > SKU_MAX)
		return refuse(
		    problem, config, "is too long; expected at most 256 bytes");
	for (i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return refuse(problem, config,
			    "has a control character; expected none");
	strcpy(sku, text);
	return STATUS_OK;
}

/* As in the brackets of a regular expression: A-Z is a range. */
static bool is_letter(const char *alphabet, char c)
{
	const char *at = alphabet;

	while (*at != '\0') {
		bool range = at[1] == '-' && at[2] != '\0';

		if (range ? c >= at[0] && c <= at[2] : c == at[0])
			return true;
		at += range ? 3 : 1;
	}
	return false;
}

/* Told what it is made of, since a rule takes it from elsewhere. */
static enum status check_alphabet(
    const char *alphabet, const char *sku, struct event_problem *problem)
{
	if (alphabet[0] == '\0')
		return STATUS_OK;
	for (; *sku != '\0'; sku++) {
		if (is_letter(alphabet, *sku))
			continue;
		snprintf(problem->text, sizeof problem->text,
		    "the SKU has a character that SKU_ALPHABET does not; "
		    "expected only %s",
		    alphabet);
		return STATUS_FIELD_INVALID;
	}
	return STATUS_OK;
}

/* Named as in the configuration. */
static const char *make(const struct config *config, const struct event *event,
    char sku[SKU_MAX + 1])
{
	if (config->sku_rule == SKU_RULE_CHANNEL_DEFAULT) {
		channel_default(event, sku);
		return "channel-default";
	}
	media_suffix(event, sku);
	return "media-suffix";
}

enum status sku_find(const struct config *config, const struct event *event,
    char sku[SKU_MAX + 1], const char **rule, struct event_problem *problem)
{
	enum status status = STATUS_PENDING;

	*rule = "pointer";
	problem->field = config->sku_pointer;
	if (config->sku_pointer[0] != '\0')
		status = from_event(config, event, sku, problem);
	if (status == STATUS_PENDING) {
		*rule = make(config, event, sku);
		problem->field = "/data/interactionId";
		status = STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	/* No rule makes these: only what the event told can be. */
	if (strcmp(sku, ".") == 0 || strcmp(sku, "..") == 0)
		return refuse(problem, config,
		    "is . or .., which no URL can carry as a product");
	return check_alphabet(config->sku_alphabet, sku, problem);
}
