/* test_sku.c: an event's SKU comes from where it says, else from a rule */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sku.h"

#define BODY_BYTES 4096

/* What sku_find made of data's members, given without their braces. */
struct found {
	enum status status;
	char sku[SKU_MAX + 1];
	const char *rule;
	struct event_problem problem;
};

static struct found find(
    enum sku_rule rule, const char *pointer, const char *members)
{
	struct config config = {.sku_rule = rule};
	/* What stood in sku before must not count. */
	struct found found = {.status = STATUS_OK, .sku = "."};
	struct event event = {0};
	char body[BODY_BYTES];

	strcpy(config.sku_pointer, pointer);
	snprintf(body, sizeof body, "{\"data\":{%s}}", members);
	assert_int_equal(
	    event_read(body, strlen(body), &event, &found.problem), STATUS_OK);
	found.status =
	    sku_find(&config, &event, found.sku, &found.rule, &found.problem);
	/* field points into the config, which ends here. */
	if (found.status != STATUS_OK)
		assert_string_equal(found.problem.field, pointer);
	event_done(&event);
	return found;
}

static void makes(
    enum sku_rule rule, const char *media, const char *id, const char *sku)
{
	char members[BODY_BYTES / 2];
	struct found found;

	snprintf(members, sizeof members,
	    "\"mediaType\":\"%s\",\"interactionId\":\"%s\"", media, id);
	found = find(rule, "", members);
	assert_int_equal(found.status, STATUS_OK);
	assert_string_equal(found.sku, sku);
	assert_string_equal(found.rule,
	    rule == SKU_RULE_MEDIA_SUFFIX ? "media-suffix" : "channel-default");
}

static void media_suffix_is_media_type_and_last_six_characters(void **state)
{
	static const struct {
		const char *media;
		const char *id;
		const char *sku;
	} cases[] = {
	    {"voice", "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
		"SKU-VOICE-567890"},
	    {"Chat", "abcdefGhIj", "SKU-CHAT-efGhIj"},
	    {"voice", "567890", "SKU-VOICE-567890"},
	    {"voice", "42", "SKU-VOICE-42"},
	    {"voice", "\xc3\xa9", "SKU-VOICE-\xc3\xa9"},
	    {"voice", "x\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80y\xc3\xbfz",
		"SKU-VOICE-\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80y\xc3\xbfz"},
	    {"social.\xc3\xa9", "a/../b", "SKU-SOCIAL.\xc3\xa9-a/../b"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		makes(SKU_RULE_MEDIA_SUFFIX, cases[i].media, cases[i].id,
		    cases[i].sku);
}

static void channel_default_knows_chat_and_email(void **state)
{
	static const struct {
		const char *media;
		const char *id;
		const char *sku;
	} cases[] = {
	    {"chat", "0000abcdef", "SKU-ABCDEF"},
	    {"email", "0000-12cd", "SKU-0-12CD"},
	    {"email", "7", "SKU-7"},
	    {"chat",
		"\xc3\xa9"
		"a",
		"SKU-\xc3\xa9"
		"A"},
	    {"voice", "0000abcdef", "SKU-DEFAULT-VOICE"},
	    {"Chat", "0000abcdef", "SKU-DEFAULT-CHAT"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		makes(SKU_RULE_CHANNEL_DEFAULT, cases[i].media, cases[i].id,
		    cases[i].sku);
}

static void the_longest_fields_make_a_whole_sku(void **state)
{
	char media[EVENT_MEDIA_MAX + 1] = "";
	char id[EVENT_ID_MAX + 1] = "";
	char sku[SKU_MAX + 1];
	int i;

	(void)state;
	memset(media, 'M', EVENT_MEDIA_MAX);
	for (i = 0; i < EVENT_ID_MAX / 4; i++)
		strcat(id, "\xf0\x9f\x98\x80");
	snprintf(sku, sizeof sku, "SKU-%s-%s", media, id + EVENT_ID_MAX - 24);
	makes(SKU_RULE_MEDIA_SUFFIX, media, id, sku);
}

/* Members of data with a further one, whose JSON value is given. */
static struct found find_at(const char *pointer, const char *value)
{
	char members[BODY_BYTES / 2];

	snprintf(members, sizeof members,
	    "\"mediaType\":\"voice\",\"interactionId\":\"xx123456\","
	    "\"customData\":{\"sku\":%s}",
	    value);
	return find(SKU_RULE_MEDIA_SUFFIX, pointer, members);
}

static void where_the_event_names_a_product_that_is_it(void **state)
{
	static const char pointer[] = "/data/customData/sku";
	char longest[SKU_MAX + 3] = "\"";

	(void)state;
	assert_string_equal(
	    find_at(pointer, "\"AB-1 /\xc3\xa9\"").sku, "AB-1 /\xc3\xa9");
	assert_string_equal(find_at(pointer, "90210").sku, "90210");
	assert_string_equal(find_at(pointer, "90210").rule, "pointer");
	assert_string_equal(find_at(pointer, "-1").sku, "-1");
	assert_string_equal(
	    find_at(pointer, "9223372036854775807").sku, "9223372036854775807");
	assert_string_equal(find_at(pointer, "\"...\"").sku, "...");
	memset(longest + 1, 'p', SKU_MAX);
	strcat(longest, "\"");
	assert_int_equal(find_at(pointer, longest).status, STATUS_OK);
	assert_int_equal(strlen(find_at(pointer, longest).sku), SKU_MAX);
}

static void an_event_that_names_none_gets_the_rule_s(void **state)
{
	static const char *const values[] = {
	    "null", "true", "1.5", "\"\"", "[]", "{\"x\":1}"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof values / sizeof *values; i++)
		assert_string_equal(
		    find_at("/data/customData/sku", values[i]).sku,
		    "SKU-VOICE-123456");
	assert_string_equal(
	    find_at("/data/nowhere/sku", "\"A\"").sku, "SKU-VOICE-123456");
	assert_string_equal(
	    find_at("/data/customData/sku/0", "[\"A\"]").sku, "A");
}

static void a_product_that_no_url_can_carry_is_refused(void **state)
{
	static const struct {
		const char *value;
		const char *words;
	} cases[] = {
	    {"\".\"", "is . or ..,"},
	    {"\"..\"", "is . or ..,"},
	    {"\"a\\nb\"", "has a control character"},
	    {"\"\\u007f\"", "has a control character"},
	};
	char too_long[SKU_MAX + 4] = "\"";
	struct found found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		found = find_at("/data/customData/sku", cases[i].value);
		assert_int_equal(found.status, STATUS_FIELD_INVALID);
		assert_non_null(strstr(found.problem.text, cases[i].words));
	}
	memset(too_long + 1, 'p', SKU_MAX + 1);
	strcat(too_long, "\"");
	found = find_at("/data/customData/sku", too_long);
	assert_int_equal(found.status, STATUS_FIELD_INVALID);
	assert_non_null(strstr(found.problem.text, "is too long"));
}

/* The problem becomes a JSON string: no character of it may be torn. */
static void a_long_pointer_leaves_the_problem_whole_utf_8(void **state)
{
	static const char *const shifts[] = {"", "x", "xy"};
	char members[BODY_BYTES / 2];
	char pointer[256] = "/data/";
	char *name = pointer + strlen(pointer);
	struct found found;
	json_t *string;
	int shift, i;

	(void)state;
	for (shift = 0; shift < 3; shift++) {
		strcpy(name, shifts[shift]);
		for (i = 0; i < 60; i++)
			strcat(name, "\xe2\x82\xac");
		snprintf(members, sizeof members,
		    "\"mediaType\":\"v\",\"interactionId\":\"i\","
		    "\"%s\":\"..\"",
		    name);
		found = find(SKU_RULE_MEDIA_SUFFIX, pointer, members);
		assert_int_equal(found.status, STATUS_FIELD_INVALID);
		string = json_string(found.problem.text);
		if (string == NULL)
			fail_msg("torn: %s", found.problem.text);
		json_decref(string);
	}
}

static void in_alphabet(const char *alphabet, const char *sku, bool fits)
{
	struct config config = {.sku_rule = SKU_RULE_MEDIA_SUFFIX};
	struct event_problem problem;
	struct event event = {0};
	char found[SKU_MAX + 1];
	const char *rule;
	char body[BODY_BYTES];

	strcpy(config.sku_pointer, "/data/sku");
	strcpy(config.sku_alphabet, alphabet);
	snprintf(body, sizeof body,
	    "{\"data\":{\"mediaType\":\"voice\",\"interactionId\":\"i:1\","
	    "\"sku\":\"%s\"}}",
	    sku);
	assert_int_equal(
	    event_read(body, strlen(body), &event, &problem), STATUS_OK);
	assert_int_equal(sku_find(&config, &event, found, &rule, &problem),
	    fits ? STATUS_OK : STATUS_FIELD_INVALID);
	if (!fits) {
		assert_string_equal(problem.field,
		    sku[0] == '\0' ? "/data/interactionId" : "/data/sku");
		assert_non_null(strstr(problem.text, alphabet));
	}
	event_done(&event);
}

static void only_characters_of_the_alphabet_are_taken(void **state)
{
	(void)state;
	in_alphabet("A-Za-z0-9_-", "AB-1_z", true);
	in_alphabet("A-Za-z0-9_-", "AB.1", false);
	in_alphabet("A-Za-z0-9_-", "AB/1", false);
	in_alphabet("A-C", "ABC", true);
	in_alphabet("A-C", "D", false);
	in_alphabet("A-C", "-", false);
	in_alphabet("-A", "-A-", true);
	in_alphabet("-A", "B", false);
	in_alphabet("a-a", "aa", true);
	in_alphabet("A-Za-z0-9_-", "\xc3\xa4", false);
	in_alphabet("", "\xc3\xa4/..", true);
	/* Made by the rule, of an id with a colon. */
	in_alphabet("A-Z0-9-", "", false);
	in_alphabet("A-Z0-9a-z:-", "", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		media_suffix_is_media_type_and_last_six_characters),
	    cmocka_unit_test(channel_default_knows_chat_and_email),
	    cmocka_unit_test(the_longest_fields_make_a_whole_sku),
	    cmocka_unit_test(where_the_event_names_a_product_that_is_it),
	    cmocka_unit_test(an_event_that_names_none_gets_the_rule_s),
	    cmocka_unit_test(a_product_that_no_url_can_carry_is_refused),
	    cmocka_unit_test(a_long_pointer_leaves_the_problem_whole_utf_8),
	    cmocka_unit_test(only_characters_of_the_alphabet_are_taken),
	};

	return cmocka_run_group_tests_name("sku", tests, NULL, NULL);
}
