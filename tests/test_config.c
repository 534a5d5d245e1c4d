/* test_config.c: settings are checked, and shown without secrets */
#include "config_place.h"

static void defaults_fill_what_is_not_set(void **state)
{
	struct place *place = *state;
	const struct config *config;

	set_required();
	load_well(place);
	config = place->config;
	assert_string_equal(config->file, "");
	assert_string_equal(config->db, "/var/lib/stockroute/stockroute.db");
	assert_string_equal(config->socket, "");
	assert_int_equal(config->cxone_timeout_us, 5000000);
	assert_int_equal(config->cxone_retries, 3);
	assert_int_equal(config->cxone_backoff_us, 1000000);
	assert_int_equal(config->cxone_jitter_us, 500000);
	assert_int_equal(config->inventory_timeout_us, 2000000);
	assert_string_equal(config->sku_pointer, "");
	assert_int_equal(config->sku_rule, SKU_RULE_MEDIA_SUFFIX);
	assert_int_equal(config->routing_mode, ROUTING_MODE_SYNC);
	assert_int_equal(config->event_deadline_us, 25000000);
	assert_int_equal(config->webhook_auth, WEBHOOK_AUTH_NONE);
	assert_string_equal(config->webhook_secret, "");
	assert_int_equal(config->body_max_bytes, 65536);
	assert_int_equal(config->gather_us, 10000000);
	assert_int_equal(config->inflight_max, 256);
	assert_int_equal(config->transfers_max, 192);
	assert_int_equal(config->log_level, LOG_INFO);
	assert_null(config->routing);
}

static void the_environment_sets_every_field(void **state)
{
	struct place *place = *state;
	const struct config *config;

	set_required();
	setenv("CXONE_BASE_URL", "https://api.cxone.example:8443/base//", 1);
	setenv("STOCKROUTE_DB", "/srv/x.db", 1);
	setenv("STOCKROUTE_SOCKET", "/run/x.sock", 1);
	setenv("CXONE_TIMEOUT_MS", "100", 1);
	setenv("CXONE_RETRIES", "0", 1);
	setenv("CXONE_BACKOFF_MS", "60000", 1);
	setenv("CXONE_JITTER_MS", "0", 1);
	setenv("INVENTORY_TIMEOUT_MS", "50", 1);
	setenv("SKU_POINTER", "/data/customData/sku", 1);
	setenv("SKU_RULE", "channel-default", 1);
	setenv("EVENT_DEADLINE_MS", "1000", 1);
	setenv("WEBHOOK_AUTH", "bearer", 1);
	setenv("WEBHOOK_SECRET", "0123456789abcdef", 1);
	setenv("BODY_MAX_BYTES", "98304", 1);
	setenv("GATHER_TIMEOUT_MS", "100", 1);
	setenv("MAX_INFLIGHT", "4096", 1);
	setenv("MAX_TRANSFERS", "1", 1);
	setenv("LOG_LEVEL", "debug", 1);
	load_well(place);
	config = place->config;
	assert_string_equal(
	    config->cxone_base_url, "https://api.cxone.example:8443/base");
	assert_string_equal(config->cxone_client_secret, SECRET);
	assert_string_equal(config->db, "/srv/x.db");
	assert_string_equal(config->socket, "/run/x.sock");
	assert_int_equal(config->cxone_timeout_us, 100000);
	assert_int_equal(config->cxone_retries, 0);
	assert_int_equal(config->cxone_backoff_us, 60000000);
	assert_int_equal(config->cxone_jitter_us, 0);
	assert_int_equal(config->inventory_timeout_us, 50000);
	assert_string_equal(config->sku_pointer, "/data/customData/sku");
	assert_int_equal(config->sku_rule, SKU_RULE_CHANNEL_DEFAULT);
	assert_int_equal(config->event_deadline_us, 1000000);
	assert_int_equal(config->webhook_auth, WEBHOOK_AUTH_BEARER);
	assert_string_equal(config->webhook_secret, "0123456789abcdef");
	assert_int_equal(config->body_max_bytes, 98304);
	assert_int_equal(config->gather_us, 100000);
	assert_int_equal(config->inflight_max, 4096);
	assert_int_equal(config->transfers_max, 1);
	assert_int_equal(config->log_level, LOG_DEBUG);
}

struct environment_case {
	const char *name;
	const char *value;
	const char *problem; /* its start; NULL: the value is right */
};

static const struct environment_case environment_cases[] = {
    {"CXONE_RETRIES", "", "CXONE_RETRIES (environment): is empty: give a "},
    {"CXONE_RETRIES", "3x",
	"CXONE_RETRIES (environment): \"3x\" is not a whole number: give a "
	"whole number from 0 to 10\n"},
    {"CXONE_RETRIES", " 3", "CXONE_RETRIES (environment): \" 3\" is not a"},
    {"CXONE_RETRIES", "3 ", "CXONE_RETRIES (environment): \"3 \" is not a"},
    {"CXONE_RETRIES", "+3", "CXONE_RETRIES (environment): \"+3\" is not a"},
    {"CXONE_RETRIES", "-", "CXONE_RETRIES (environment): \"-\" is not a"},
    {"CXONE_RETRIES", "3.0", "CXONE_RETRIES (environment): \"3.0\" is not"},
    {"CXONE_RETRIES", "0x3", "CXONE_RETRIES (environment): \"0x3\" is not"},
    {"CXONE_RETRIES", "-1", "CXONE_RETRIES (environment): \"-1\" is out of"},
    {"CXONE_RETRIES", "11", "CXONE_RETRIES (environment): \"11\" is out of"},
    {"CXONE_RETRIES", "99999999999999999999999",
	"CXONE_RETRIES (environment): \"99999999999999999999999\" is out of"},
    {"CXONE_RETRIES", "10", NULL},
    {"CXONE_TIMEOUT_MS", "5s",
	"CXONE_TIMEOUT_MS (environment): \"5s\" is not a whole number: give a "
	"whole number of milliseconds from 100 to 20000\n"},
    {"CXONE_TIMEOUT_MS", "99", "CXONE_TIMEOUT_MS (environment): \"99\" is"},
    {"BODY_MAX_BYTES", "98305",
	"BODY_MAX_BYTES (environment): \"98305\" is out of range: give a "
	"whole number of bytes from 1024 to 98304\n"},
    {"LOG_LEVEL", "INFO",
	"LOG_LEVEL (environment): \"INFO\" is not one of its words: give one "
	"of error (what failed), warn ("},
    {"LOG_LEVEL", "", "LOG_LEVEL (environment): is empty: "},
    {"LOG_FORMAT", "json", NULL},
    {"LOG_FORMAT", "text",
	"LOG_FORMAT (environment): \"text\" is not one of its words: give one "
	"of logfmt (key=value), json (one object a line)"},
    {"LOG_TO", "file:/var/log/stockroute/stockroute.log", NULL},
    {"LOG_TO", "journal", NULL},
    {"LOG_TO", "/var/log/stockroute.log",
	"LOG_TO (environment): \"/var/log/stockroute.log\" is no place for a "
	"log: give stderr, syslog, journal, or file: with a path that begins "
	"with /, 6 to 1023 bytes"},
    {"LOG_TO", "file:/a\nb",
	"LOG_TO (environment): \"file:/a?b\" holds a control character"},
    {"SKU_RULE", "none", "SKU_RULE (environment): \"none\" is not one of"},
    {"SKU_POINTER", "data/sku",
	"SKU_POINTER (environment): \"data/sku\" is not a JSON Pointer: give "
	"a JSON Pointer (RFC 6901) into the event, such as /data/sku"},
    {"SKU_POINTER", "/a~", "SKU_POINTER (environment): \"/a~\" is not a"},
    {"SKU_POINTER", "", NULL},
    {"SKU_ALPHABET", "A-Za-z0-9_-", NULL},
    {"SKU_ALPHABET", "-", NULL},
    {"SKU_ALPHABET", "", NULL},
    {"SKU_ALPHABET", "Z-A",
	"SKU_ALPHABET (environment): \"Z-A\" has a range that ends before it "
	"begins: give characters, and ranges such as A-Z; a hyphen last, 1 "
	"to 127 bytes"},
    {"SKU_ALPHABET", "a b",
	"SKU_ALPHABET (environment): \"a b\" has a character that is not "
	"visible ASCII"},
    {"STOCKROUTE_DB", "x.db",
	"STOCKROUTE_DB (environment): \"x.db\" is not an absolute path: "},
    {"STOCKROUTE_DB", "/a\tb",
	"STOCKROUTE_DB (environment): \"/a?b\" holds a control character: "},
    {"STOCKROUTE_SOCKET", "", NULL},
    {"CXONE_CLIENT_ID", "", "CXONE_CLIENT_ID (environment): is empty: "},
    {"CXONE_CLIENT_ID", "a\r\nb",
	"CXONE_CLIENT_ID (environment): \"a??b\" holds a control character"},
    {"CXONE_CLIENT_SECRET", SECRET "\n",
	"CXONE_CLIENT_SECRET (environment): holds a control character: give "
	"a secret, 1 to 4095 bytes"},
    {"WEBHOOK_SECRET", "short",
	"WEBHOOK_SECRET (environment): is too short: give a secret, 16 to "
	"4095 bytes"},
    {"WEBHOOK_AUTH", "digest",
	"WEBHOOK_AUTH (environment): \"digest\" is not one of its words: give "
	"one of none (everybody who reaches the address is served), bearer "
	"("},
    {"WEBHOOK_AUTH", "bearer",
	"WEBHOOK_SECRET (not set): give a secret, 16 to 4095 bytes without "
	"control characters; set WEBHOOK_SECRET in the environment, or "
	"WEBHOOK_SECRET_FILE to the path of a file that holds it, or "
	"\"webhook_secret\" in the JSON file that STOCKROUTE_CONFIG names\n"},
    {"INVENTORY_TIMEOUT_MS", "20000", NULL},
    {"CXONE_BACKOFF_MS", "25000",
	"CXONE_BACKOFF_MS (environment): must be less than "
	"EVENT_DEADLINE_MS, which is 25000: lower it or raise that\n"},
    {"EVENT_DEADLINE_MS", "2000",
	"INVENTORY_TIMEOUT_MS (default): must be less than "
	"EVENT_DEADLINE_MS, which is 2000: "},
};

static void values_of_the_environment_are_checked(void **state)
{
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(environment_cases); i++) {
		const struct environment_case *c = &environment_cases[i];

		clearenv();
		set_required();
		setenv(c->name, c->value, 1);
		if (c->problem == NULL)
			load_well(place);
		else
			expect_problem(place, c->problem);
	}
}

struct url_case {
	const char *url;
	const char *result; /* what is kept, or what is wrong */
	bool valid;
};

static const struct url_case url_cases[] = {
    {"http://a", "http://a", true},
    {"HTTPS://A.example/", "HTTPS://A.example", true},
    {"http://127.0.0.1:8080/v1/stock/", "http://127.0.0.1:8080/v1/stock", true},
    {"http://[::1]:80/x", "http://[::1]:80/x", true},
    {"http://a_b-c.example:65535", "http://a_b-c.example:65535", true},
    {"http://a/b%20c@d", "http://a/b%20c@d", true},
    {"", "is empty", false},
    {"a.example", "does not begin with", false},
    {"ftp://a", "does not begin with", false},
    {"http:/a", "does not begin with", false},
    {"http://", "has no valid host", false},
    {"http:///path", "has no valid host", false},
    {"http://:80", "has no valid host", false},
    {"http://a,b", "has no valid host", false},
    {"http://[::1", "has no valid host", false},
    {"http://[]", "has no valid host", false},
    {"http://[::1]x", "has no valid host", false},
    {"http://a:", "has no valid port", false},
    {"http://a:0", "has no valid port", false},
    {"http://a:65536", "has no valid port", false},
    {"http://a:8x/y", "has no valid port", false},
    {"http://a:123456", "has no valid port", false},
    {"http://u:p@a", "holds a user name or password", false},
    {"http://u@a/b", "holds a user name or password", false},
    {"http://a/b?key=k", "has a query", false},
    {"http://a?key=k", "has a query", false},
    {"http://a/b#c", "has a fragment", false},
    {"http://a/b c", "holds a space", false},
    {" http://a", "holds a space", false},
    {"http://a\n", "holds a space", false},
    {"http://\xc3\xbc.example", "holds a space or a byte that is not", false},
};

static void urls_are_checked_and_lose_their_last_slashes(void **state)
{
	struct place *place = *state;
	size_t i;

	set_required();
	setenv("UPSTREAM_HTTP", "on", 1);
	for (i = 0; i < COUNT(url_cases); i++) {
		const struct url_case *c = &url_cases[i];

		setenv("INVENTORY_API_URL", c->url, 1);
		if (c->valid) {
			load_well(place);
			assert_string_equal(
			    place->config->inventory_api_url, c->result);
			continue;
		}
		expect_problem(place, "INVENTORY_API_URL (environment): ");
		if (strstr(text_string(&place->problems), c->result) == NULL)
			fail_msg(
			    "%s: %s", c->url, text_string(&place->problems));
	}
}

static void a_url_with_a_password_or_a_query_is_not_shown(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("INVENTORY_API_URL", "https://u:" SECRET "@host/", 1);
	expect_problem(place, "INVENTORY_API_URL (environment): holds a user");
	setenv("INVENTORY_API_URL", "https://host/?key=" SECRET, 1);
	expect_problem(place, "INVENTORY_API_URL (environment): has a query");
}

static void texts_are_limited_by_their_fields(void **state)
{
	struct place *place = *state;
	char text[5000];

	set_required();
	memset(text, 'x', sizeof text);
	text[107] = '\0';
	setenv("STOCKROUTE_SOCKET", text, 1);
	load_well(place);
	text[107] = 'x';
	text[108] = '\0';
	setenv("STOCKROUTE_SOCKET", text, 1);
	expect_problem(place, "STOCKROUTE_SOCKET (environment): \"xxx");
	unsetenv("STOCKROUTE_SOCKET");
	text[108] = 'x';
	text[4095] = '\0';
	setenv("CXONE_CLIENT_SECRET", text, 1);
	load_well(place);
	assert_int_equal(strlen(place->config->cxone_client_secret), 4095);
	text[4095] = 'x';
	text[4096] = '\0';
	setenv("CXONE_CLIENT_SECRET", text, 1);
	expect_problem(place, "CXONE_CLIENT_SECRET (environment): is too long");
}

static void what_is_not_set_is_all_named_with_its_remedy(void **state)
{
	static const char *const names[] = {"CXONE_BASE_URL", "CXONE_CLIENT_ID",
	    "CXONE_CLIENT_SECRET", "INVENTORY_API_URL", "WEBHOOK_AUTH"};
	struct place *place = *state;
	const char *problems;
	size_t i;

	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	problems = text_string(&place->problems);
	assert_int_equal(count_lines(problems), COUNT(names));
	for (i = 0; i < COUNT(names); i++) {
		char start[64];

		snprintf(start, sizeof start, "%s (not set): give ", names[i]);
		assert_non_null(strstr(problems, start));
	}
	assert_non_null(strstr(problems,
	    "WEBHOOK_AUTH (not set): give one of none (everybody who reaches "
	    "the address is served), bearer (senders must show "
	    "WEBHOOK_SECRET as Authorization: Bearer), basic (the same as "));
	assert_non_null(strstr(problems,
	    "see WEBHOOK_SCHEME); set WEBHOOK_AUTH in the environment, or "
	    "\"webhook_auth\" in the JSON file"));
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void reports_need_no_secrets(void **state)
{
	struct place *place = *state;

	write_settings(
	    place, "{\"stockroute_db\":\"/srv/a.db\",\"webhook_auth\":\"x\"}");
	assert_int_equal(
	    config_load_reader(&place->config, &place->problems), STATUS_OK);
	assert_string_equal(place->config->db, "/srv/a.db");
	assert_int_equal(place->config->log_level, LOG_INFO);
	config_free(place->config);
	place->config = NULL;
	setenv("STOCKROUTE_DB", "relative", 1);
	assert_int_equal(config_load_reader(&place->config, &place->problems),
	    STATUS_CONFIG_INVALID);
	assert_int_equal(count_lines(text_string(&place->problems)), 1);
	assert_null(place->config);
}

static void what_seals_must_not_stand_where_everybody_reads(void **state)
{
	struct place *place = *state;

	write_settings(place,
	    "{\"stockroute_key\":\"0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\",\"webhook_secret\":\"x\"}");
	assert_int_equal(
	    config_load_keys(&place->config, &place->problems), STATUS_OK);
	config_free(place->config);
	place->config = NULL;
	assert_int_equal(chmod(place->file, 0644), 0);
	assert_int_equal(config_load_keys(&place->config, &place->problems),
	    STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&place->problems),
	    "every user of this machine can read that file"));
	assert_int_equal(count_lines(text_string(&place->problems)), 1);
	/* Whoever needs no secret is not held up by one. */
	assert_int_equal(
	    config_load_reader(&place->config, &place->problems), STATUS_OK);
}

static void the_environment_tells_whether_it_is_enough(void **state)
{
	(void)state;
	assert_false(config_in_environment());
	setenv("STOCKROUTE_CONFIG", "", 1);
	assert_false(config_in_environment());
	setenv("STOCKROUTE_CONFIG", "/x", 1);
	assert_true(config_in_environment());
	clearenv();
	setenv("WEBHOOK_AUTH", "", 1);
	assert_true(config_in_environment());
}

static void print_to(char *printed, size_t size, const struct config *config)
{
	FILE *out = fmemopen(printed, size, "w");

	assert_non_null(out);
	if (config != NULL)
		config_print(config, out);
	else
		config_print_markdown(out);
	assert_int_equal(fclose(out), 0);
}

/* The Markdown table has a row for each key, below two of its own. */
static int count_keys(void)
{
	char printed[20000];

	print_to(printed, sizeof printed, NULL);
	return (int)count_lines(printed) - 2;
}

static void printing_shows_origins_and_no_secret(void **state)
{
	struct place *place = *state;
	char printed[10000];

	write_settings(place,
	    "{\"cxone_client_secret\":\"" SECRET "\",\"cxone_retries\":9}");
	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	write_file(place->secret, BYTES("another-" SECRET));
	setenv("WEBHOOK_SECRET_FILE", place->secret, 1);
	setenv("CXONE_TIMEOUT_MS", "1234", 1);
	setenv("LOG_LEVEL", "debug", 1);
	load_well(place);
	print_to(printed, sizeof printed, place->config);
	assert_null(strstr(printed, SECRET));
	assert_null(strstr(printed, "s3cr"));
	assert_non_null(strstr(printed,
	    "CXONE_CLIENT_SECRET         file         (set, 20 bytes)\n"));
	assert_non_null(strstr(printed,
	    "WEBHOOK_SECRET              secret file  (set, 28 bytes)\n"));
	assert_non_null(
	    strstr(printed, "CXONE_RETRIES               file         9\n"));
	assert_non_null(
	    strstr(printed, "CXONE_TIMEOUT_MS            environment  1234\n"));
	assert_non_null(strstr(
	    printed, "LOG_LEVEL                   environment  debug\n"));
	assert_non_null(strstr(
	    printed, "SKU_POINTER                 default      (not set)\n"));
	assert_int_equal(count_lines(printed), count_keys());
}

static void the_markdown_table_has_four_columns_in_each_row(void **state)
{
	char printed[20000];
	const char *at;
	int bars = 0;

	(void)state;
	print_to(printed, sizeof printed, NULL);
	for (at = printed; *at != '\0'; at++) {
		bars += *at == '|';
		if (*at == '\n') {
			assert_int_equal(bars, 5);
			bars = 0;
		}
	}
	assert_non_null(
	    strstr(printed, "| `CXONE_TIMEOUT_MS` | `5000` | 100 to 20000 | "));
	assert_non_null(strstr(
	    printed, "| `CXONE_CLIENT_SECRET` (or `_FILE`) | must be set | "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(defaults_fill_what_is_not_set),
	    IN_PLACE(the_environment_sets_every_field),
	    IN_PLACE(values_of_the_environment_are_checked),
	    IN_PLACE(urls_are_checked_and_lose_their_last_slashes),
	    IN_PLACE(a_url_with_a_password_or_a_query_is_not_shown),
	    IN_PLACE(texts_are_limited_by_their_fields),
	    IN_PLACE(what_is_not_set_is_all_named_with_its_remedy),
	    IN_PLACE(reports_need_no_secrets),
	    IN_PLACE(what_seals_must_not_stand_where_everybody_reads),
	    IN_PLACE(the_environment_tells_whether_it_is_enough),
	    IN_PLACE(printing_shows_origins_and_no_secret),
	    IN_PLACE(the_markdown_table_has_four_columns_in_each_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
