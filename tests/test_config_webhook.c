/* test_config_webhook.c: who may post is checked before anybody does */
#include "config_place.h"

#define SYMMETRIC "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define PUBLIC    "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g="
#define TEXT      "0123456789abcdef"

static void several_secrets_stand_in_one_setting(void **state)
{
	struct place *place = *state;
	const struct webhook_secrets *secrets;

	set_required();
	setenv("WEBHOOK_AUTH", "bearer", 1);
	setenv("WEBHOOK_SECRETS", ", " TEXT "1,  " TEXT "2 " TEXT "3,", 1);
	load_well(place);
	secrets = &place->config->webhook_secrets;
	assert_int_equal(secrets->count, 3);
	assert_string_equal(secrets->items[0].text, TEXT "1");
	assert_string_equal(secrets->items[0].id, "1");
	assert_string_equal(secrets->items[2].text, TEXT "3");
	assert_string_equal(secrets->items[2].id, "3");
	assert_int_equal(secrets->items[2].not_before_us, 0);
	assert_true(secrets->items[2].not_after_us == INT64_MAX);
}

static void they_can_come_from_a_file(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("WEBHOOK_AUTH", "bearer", 1);
	write_file(place->secret, BYTES(TEXT "1 " TEXT "2\n"));
	setenv("WEBHOOK_SECRETS_FILE", place->secret, 1);
	load_well(place);
	assert_int_equal(place->config->webhook_secrets.count, 2);
	setenv("WEBHOOK_SECRETS", TEXT, 1);
	expect_problem(place, "WEBHOOK_SECRETS (environment): WEBHOOK_SECRETS_"
			      "FILE is set too: remove one of them\n");
}

static void eleven_secrets_are_too_many(void **state)
{
	struct place *place = *state;
	char list[11 * 18] = "";
	int i;

	set_required();
	setenv("WEBHOOK_AUTH", "bearer", 1);
	for (i = 0; i < 10; i++)
		strcat(list, TEXT " ");
	setenv("WEBHOOK_SECRETS", list, 1);
	load_well(place);
	strcat(list, TEXT);
	setenv("WEBHOOK_SECRETS", list, 1);
	expect_problem(place,
	    "WEBHOOK_SECRETS (environment): has too many secrets: give "
	    "1 to 10 secrets, apart by spaces or commas, 16 to 4095 "
	    "bytes without control characters\n");
}

#define HMAC   "\"webhook_auth\":\"hmac\","
#define BEARER "\"webhook_auth\":\"bearer\","

/* What stands before the settings of a test, in place of REQUIRED. */
static void write_with(struct place *place, const char *members)
{
	char json[4096];

	snprintf(json, sizeof json,
	    "{\n%s\n\"cxone_base_url\":\"https://cxone.example\",\n"
	    "\"cxone_client_id\":\"client\",\n"
	    "\"cxone_client_secret\":\"" SECRET "\",\n"
	    "\"inventory_api_url\":\"https://inventory.example\"}",
	    members);
	write_settings(place, json);
}

static void a_list_names_its_secrets_and_their_times(void **state)
{
	struct place *place = *state;
	const struct webhook_secret *items;

	write_with(place, HMAC "\"webhook_secrets\":["
			       "{\"id\":\"2025\",\"secret\":\"" SYMMETRIC
			       "\",\"not_after\":\"2026-02-01T00:00:00Z\"},"
			       "{\"id\":\"2026\",\"secret\":\"" PUBLIC
			       "\",\"not_before\":\"2026-01-31T23:59:58Z\"}],");
	load_well(place);
	assert_int_equal(place->config->webhook_secrets.count, 2);
	items = place->config->webhook_secrets.items;
	assert_string_equal(items[0].id, "2025");
	assert_string_equal(items[0].text, SYMMETRIC);
	assert_int_equal(items[0].not_before_us, 0);
	assert_int_equal(items[0].not_after_us, INT64_C(1769904000) * 1000000);
	assert_string_equal(items[1].id, "2026");
	assert_int_equal(items[1].not_before_us, INT64_C(1769903998) * 1000000);
	assert_true(items[1].not_after_us == INT64_MAX);
}

static void the_operators_tokens_are_set_like_the_senders_secrets(void **state)
{
	struct place *place = *state;

	set_required();
	load_well(place);
	assert_int_equal(place->config->admin_tokens.count, 0);
	setenv("ADMIN_TOKEN", TEXT "1 " TEXT "2", 1);
	load_well(place);
	assert_int_equal(place->config->admin_tokens.count, 2);
	assert_string_equal(
	    place->config->admin_tokens.items[1].text, TEXT "2");
	assert_int_equal(place->config->webhook_secrets.count, 0);
	setenv("ADMIN_TOKEN", "fifteen-bytes-1", 1);
	expect_problem(
	    place, "ADMIN_TOKEN (environment): has a secret that is too short");
}

static void the_operators_token_is_none_of_the_senders(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("WEBHOOK_AUTH", "bearer", 1);
	setenv("WEBHOOK_SECRET", TEXT "1", 1);
	setenv("WEBHOOK_SECRETS", TEXT "2 " TEXT "3", 1);
	setenv("ADMIN_TOKEN", TEXT "4", 1);
	load_well(place);
	setenv("ADMIN_TOKEN", TEXT "4 " TEXT "3", 1);
	expect_problem(
	    place, "ADMIN_TOKEN (environment): holds a secret of the senders");
	setenv("ADMIN_TOKEN", TEXT "1", 1);
	expect_problem(
	    place, "ADMIN_TOKEN (environment): holds a secret of the senders");
}

static void the_operators_tokens_can_stand_in_a_list(void **state)
{
	struct place *place = *state;
	const char *key = NULL;
	char path[CONFIG_TEXT_BYTES];
	char members[512];

	write_file(place->secret, BYTES(TEXT "3\n"));
	snprintf(members, sizeof members,
	    BEARER "\"webhook_secret\":\"" TEXT "\",\"admin_token\":["
		   "{\"id\":\"a\",\"secret_file\":\"%s\"}],",
	    place->secret);
	write_with(place, members);
	load_well(place);
	assert_string_equal(
	    place->config->admin_tokens.items[0].text, TEXT "3");
	assert_true(config_secret_file(place->config, 0, &key, path));
	assert_string_equal(key, "ADMIN_TOKEN");
	assert_string_equal(path, place->secret);
	write_with(place, BEARER "\"webhook_secret\":\"" TEXT "\","
				 "\"admin_token\":[{\"id\":\"a\"}],");
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&place->problems),
	    "/admin_token, line 2): item 1: give either secret or secret_file"
	    "\n"));
}

static void a_secret_of_a_list_can_stand_in_a_file(void **state)
{
	struct place *place = *state;
	char members[512];

	write_file(place->secret, BYTES(TEXT "9\n"));
	snprintf(members, sizeof members,
	    BEARER "\"webhook_secrets\":[{\"id\":\"a\",\"secret_file\":"
		   "\"%s\"}],",
	    place->secret);
	write_with(place, members);
	load_well(place);
	assert_string_equal(
	    place->config->webhook_secrets.items[0].text, TEXT "9");
	assert_int_equal(unlink(place->secret), 0);
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&place->problems),
	    "item 1: secret_file names a file that cannot be opened: No such "
	    "file or directory\n"));
}

static void a_secret_file_of_a_list_is_told_what_is_wrong_with_it(void **state)
{
	struct place *place = *state;
	char members[512];

	write_file(place->secret, BYTES(TEXT "9\n"));
	assert_int_equal(chmod(place->secret, 0644), 0);
	snprintf(members, sizeof members,
	    BEARER "\"webhook_secrets\":[{\"id\":\"a\",\"secret_file\":"
		   "\"%s\"}],",
	    place->secret);
	write_with(place, members);
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&place->problems),
	    "item 1: secret_file names a file that can be read or changed by "
	    "every user of this machine: run chmod 600 on it\n"));
	write_file(place->secret, BYTES("short\n"));
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&place->problems),
	    "item 1: secret_file names a file that is too short or too long: "
	    "give 16 to 4095 bytes\n"));
}

/* Each begins behind the place. */
static const struct {
	const char *list;
	const char *problem;
} wrong_lists[] = {
    {"{}", "item 1: it has no id: name it, as the log will\n"},
    {"\"x\"", "item 1: is no object: give it as"},
    {"{\"id\":\"a\"}", "item 1: give either secret or secret_file\n"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT "\",\"secret_file\":\"/dev/null\"}",
	"item 1: secret_file names a file that is not a regular file\n"},
    {"{\"id\":\"a\",\"secret\":\"short\"}",
	"item 1: secret is too short or too long: give 16 to 4095 bytes\n"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT "\\n\"}",
	"item 1: secret holds a control character: remove it\n"},
    {"{\"id\":\"a\",\"secret\":17}",
	"item 1: secret is no string: give one in quotes\n"},
    {"{\"id\":\"a b\",\"secret\":\"" TEXT "\"}", "item 1: id is no id: give"},
    {"{\"id\":\"\",\"secret\":\"" TEXT "\"}", "item 1: id is no id: give"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT "\",\"secrt\":\"\"}",
	"item 1: it has a member that is not known: give id, secret or "
	"secret_file, not_before, not_after\n"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT "\"},{\"id\":\"a\",\"secret\":\"" TEXT
     "\"}",
	"item 2: its id is that of another: change one\n"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT "\",\"not_after\":\"2026-02-01\"}",
	"item 1: not_after is no time: give it in UTC as "
	"2026-01-31T00:00:00Z\n"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT
     "\",\"not_after\":\"2026-02-30T00:00:00Z\"}",
	"item 1: not_after is no time"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT
     "\",\"not_after\":\"2026-2-1T00:00:00Z\"}",
	"item 1: not_after is no time"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT
     "\",\"not_before\":\"2026-02-01T00:00:00+01:00\"}",
	"item 1: not_before is no time"},
    {"{\"id\":\"a\",\"secret\":\"" TEXT
     "\",\"not_before\":\"2026-02-01T00:00:00Z\","
     "\"not_after\":\"2026-02-01T00:00:00Z\"}",
	"item 1: not_before must come before not_after\n"},
};

static void each_wrong_item_of_a_list_is_told(void **state)
{
	static const char start[] =
	    "WEBHOOK_SECRETS (FILE: /webhook_secrets, line 2): ";
	struct place *place = *state;
	char members[1024];
	size_t i;

	for (i = 0; i < COUNT(wrong_lists); i++) {
		const char *problems;

		snprintf(members, sizeof members,
		    BEARER "\"webhook_secrets\":[%s],", wrong_lists[i].list);
		write_with(place, members);
		assert_int_equal(load(place), STATUS_CONFIG_INVALID);
		problems = text_string(&place->problems);
		assert_int_equal(count_lines(problems), 1);
		assert_null(strstr(problems, TEXT));
		if (!strstr(problems, wrong_lists[i].problem))
			fail_msg("%s: %s", wrong_lists[i].list, problems);
		assert_non_null(strstr(problems, strstr(start, ": /webhook")));
	}
}

struct setting {
	const char *name;
	const char *value;
};

struct together_case {
	struct setting settings[6];
	const char *problem; /* the whole one line's start; NULL: it is right */
};

#define ABOUT_SECRET "WEBHOOK_SECRET (environment): "
static const struct together_case together_cases[] = {
    /* The secrets are keys. */
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC}}, NULL},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", PUBLIC}}, NULL},
    {{{"WEBHOOK_AUTH", "hmac"}},
	"WEBHOOK_SECRET (not set): give a secret, 16 to"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", "whsec_"}},
	ABOUT_SECRET "is too short: give a secret, 16 to"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT}},
	ABOUT_SECRET "is no key of Standard Webhooks: give whsec_... or "
		     "whpk_..., or set WEBHOOK_SCHEME to how it signs\n"},
    {{{"WEBHOOK_AUTH", "hmac"},
	 {"WEBHOOK_SECRET", "whsk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248"}},
	ABOUT_SECRET "is the sender's private key: give its public key"},
    {{{"WEBHOOK_AUTH", "hmac"},
	 {"WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"}},
	ABOUT_SECRET "is not base 64 of at most 64 bytes behind"},
    {{{"WEBHOOK_AUTH", "hmac"},
	 {"WEBHOOK_SECRET", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="}},
	ABOUT_SECRET "is less than 24 bytes: have the sender make a"},
    {{{"WEBHOOK_AUTH", "hmac"},
	 {"WEBHOOK_SECRET",
	     "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJyg"
	     "pKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="}},
	NULL},
    {{{"WEBHOOK_AUTH", "hmac"},
	 {"WEBHOOK_SECRET",
	     "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJyg"
	     "pKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="}},
	ABOUT_SECRET "is not base 64 of at most 64 bytes"},
    {{{"WEBHOOK_AUTH", "hmac"},
	 {"WEBHOOK_SECRET", "whpk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"}},
	ABOUT_SECRET "is not 32 bytes, as an Ed25519 key is: copy"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRETS", SYMMETRIC " " TEXT}},
	"WEBHOOK_SECRETS (environment): item 2: the secret is no key of"},
    {{{"WEBHOOK_AUTH", "basic"}, {"WEBHOOK_SECRET", TEXT}},
	ABOUT_SECRET "has no colon: give user:password\n"},
    {{{"WEBHOOK_AUTH", "basic"}, {"WEBHOOK_SECRET", "user:" TEXT}}, NULL},
    {{{"WEBHOOK_AUTH", "none"}, {"WEBHOOK_SECRET", TEXT}}, NULL},
    /* Schemes and what they need. */
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "github"}},
	NULL},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "GitHub"}},
	"WEBHOOK_SCHEME (environment): \"GitHub\" is not one of its words: "},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "custom"}},
	"WEBHOOK_HEADER (not set): give the name of a header, of letters, "
	"digits and hyphens, 1 to 64 bytes"},
    {{{"WEBHOOK_AUTH", "header"}, {"WEBHOOK_SECRET", TEXT}},
	"WEBHOOK_HEADER (not set): give the name of a header"},
    {{{"WEBHOOK_AUTH", "header"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_HEADER", "X-Api-Key"}},
	NULL},
    {{{"WEBHOOK_AUTH", "header"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_HEADER", "X_Api_Key"}},
	"WEBHOOK_HEADER (environment): \"X_Api_Key\" is not the name of a "
	"header: give the name of a header"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC},
	 {"WEBHOOK_PREFIX", "v1="}},
	"WEBHOOK_PREFIX (environment): counts only with "
	"WEBHOOK_SCHEME=custom: remove it, or set that\n"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "custom"}, {"WEBHOOK_HEADER", "X-Sig"},
	 {"WEBHOOK_TEMPLATE", "{time}.{body}"}},
	"WEBHOOK_TEMPLATE (environment): has a { that begins none of {id}, "
	"{timestamp} and {body}\n"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "custom"}, {"WEBHOOK_HEADER", "X-Sig"},
	 {"WEBHOOK_TEMPLATE", "{timestamp}.{body}"}},
	"WEBHOOK_TIMESTAMP_HEADER (not set): give the name of a header"},
    /* Only what is wrong with it: that it is set is seen. */
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "custom"}, {"WEBHOOK_HEADER", "X-Sig"},
	 {"WEBHOOK_TEMPLATE", "{timestamp}.{body}"},
	 {"WEBHOOK_TIMESTAMP_HEADER", "X_Time"}},
	"WEBHOOK_TIMESTAMP_HEADER (environment): \"X_Time\" is not the name "
	"of a header: "},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "custom"}, {"WEBHOOK_HEADER", "X-Sig"},
	 {"WEBHOOK_ID_HEADER", "X-Id"}},
	"WEBHOOK_ID_HEADER (environment): is not signed, since "
	"WEBHOOK_TEMPLATE leaves it out: remove it here or put it there\n"},
    /* Nothing is forgotten while its signature is good. */
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC},
	 {"CLAIM_WINDOW_S", "600"}},
	NULL},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC},
	 {"CLAIM_WINDOW_S", "599"}},
	"CLAIM_WINDOW_S (environment): is less than "
	"WEBHOOK_TOLERANCE_PAST_S and _FUTURE_S together, 600: a signed "},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC},
	 {"CLAIM_WINDOW_S", "0"}},
	"CLAIM_WINDOW_S (environment): is less than"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC},
	 {"WEBHOOK_TOLERANCE_PAST_S", "3301"}},
	"CLAIM_WINDOW_S (default): is less than"},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", TEXT},
	 {"WEBHOOK_SCHEME", "github"}, {"CLAIM_WINDOW_S", "0"}},
	NULL},
    {{{"WEBHOOK_AUTH", "bearer"}, {"WEBHOOK_SECRET", TEXT},
	 {"CLAIM_WINDOW_S", "0"}},
	NULL},
    {{{"WEBHOOK_AUTH", "hmac"}, {"WEBHOOK_SECRET", SYMMETRIC},
	 {"WEBHOOK_TOLERANCE_PAST_S", "0"}},
	"WEBHOOK_TOLERANCE_PAST_S (environment): \"0\" is out of range: "},
};

static void what_does_not_fit_together_is_refused(void **state)
{
	struct place *place = *state;
	size_t i;
	size_t j;

	for (i = 0; i < COUNT(together_cases); i++) {
		const struct together_case *now = &together_cases[i];

		clearenv();
		set_required();
		for (j = 0; j < COUNT(now->settings); j++)
			if (now->settings[j].name)
				setenv(now->settings[j].name,
				    now->settings[j].value, 1);
		if (now->problem)
			expect_problem(place, now->problem);
		else
			load_well(place);
		assert_null(strstr(text_string(&place->problems), TEXT));
		assert_null(strstr(text_string(&place->problems), "MfKQ"));
	}
}

static void printing_names_the_secrets_and_shows_none(void **state)
{
	struct place *place = *state;
	char printed[20000];
	FILE *out;

	write_with(place,
	    BEARER "\"webhook_secrets\":[{\"id\":\"old\",\"secret\":\"" TEXT
		   "1\"},{\"id\":\"new\",\"secret\":\"" TEXT "2\"}],");
	load_well(place);
	out = fmemopen(printed, sizeof printed, "w");
	config_print(place->config, out);
	fclose(out);
	assert_null(strstr(printed, TEXT));
	assert_non_null(strstr(printed,
	    "WEBHOOK_SECRETS             file         (set: old, new)\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(several_secrets_stand_in_one_setting),
	    IN_PLACE(they_can_come_from_a_file),
	    IN_PLACE(eleven_secrets_are_too_many),
	    IN_PLACE(a_list_names_its_secrets_and_their_times),
	    IN_PLACE(the_operators_tokens_are_set_like_the_senders_secrets),
	    IN_PLACE(the_operators_token_is_none_of_the_senders),
	    IN_PLACE(the_operators_tokens_can_stand_in_a_list),
	    IN_PLACE(a_secret_of_a_list_can_stand_in_a_file),
	    IN_PLACE(a_secret_file_of_a_list_is_told_what_is_wrong_with_it),
	    IN_PLACE(each_wrong_item_of_a_list_is_told),
	    IN_PLACE(what_does_not_fit_together_is_refused),
	    IN_PLACE(printing_names_the_secrets_and_shows_none),
	};

	return cmocka_run_group_tests_name("config_webhook", tests, NULL, NULL);
}
