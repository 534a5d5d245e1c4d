/* test_config_file.c: the JSON file and secret files are read or refused */
#include "config_place.h"

static void the_file_is_read_and_the_environment_wins(void **state)
{
	struct place *place = *state;
	const char *word;

	write_settings(place,
	    "{" REQUIRED ",\"cxone_timeout_ms\":700,\"cxone_retries\":1,"
	    "\"log_level\":\"warn\",\"routing\":{\"in_stock\":7}}");
	setenv("CXONE_RETRIES", "2", 1);
	load_well(place);
	assert_string_equal(place->config->file, place->file);
	assert_string_equal(
	    place->config->cxone_base_url, "https://cxone.example");
	assert_string_equal(place->config->cxone_client_secret, SECRET);
	assert_int_equal(place->config->cxone_timeout_us, 700000);
	assert_int_equal(place->config->cxone_retries, 2);
	assert_int_equal(place->config->log_level, LOG_WARN);
	assert_int_equal(json_integer_value(json_object_get(
			     place->config->routing, "in_stock")),
	    7);
	word = place->config->cxone_client_id;
	assert_string_equal(word, "client");
}

static void the_web_server_may_name_the_file(void **state)
{
	struct place *place = *state;
	char other[] = "/nonexistent/other.json";

	write_settings(place, "{" REQUIRED ",\"cxone_retries\":1}");
	unsetenv("STOCKROUTE_CONFIG");
	assert_int_equal(
	    config_load(place->file, &place->config, &place->problems),
	    STATUS_OK);
	assert_int_equal(place->config->cxone_retries, 1);
	config_free(place->config);
	place->config = NULL;
	setenv("STOCKROUTE_CONFIG", place->file, 1);
	assert_int_equal(
	    config_load(other, &place->config, &place->problems), STATUS_OK);
	config_free(place->config);
	place->config = NULL;
	setenv("STOCKROUTE_CONFIG", "", 1);
	assert_int_equal(config_load(other, &place->config, &place->problems),
	    STATUS_CONFIG_INVALID);
	assert_non_null(strstr(text_string(&place->problems),
	    "STOCKROUTE_CONFIG (SetEnv of the web server): "
	    "\"/nonexistent/other.json\" cannot be opened: No such file"));
}

static void problems_of_all_sources_come_together(void **state)
{
	struct place *place = *state;
	const char *problems;

	write_settings(place,
	    "{\"cxone_retries\":\"3\",\n\"colour\":1,\n\"max_inflight\":0}");
	setenv("WEBHOOK_AUTH", "bearer", 1);
	setenv("CXONE_TIMEOUT_MS", "x", 1);
	setenv("CXONE_BASE_URL", "x", 1);
	setenv("INVENTORY_TIMEOUT_MS", "3000", 1);
	setenv("EVENT_DEADLINE_MS", "2000", 1);
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	problems = text_string(&place->problems);
	/* Three in the file, two in the environment, one between two keys, and
	   four keys that are not set. */
	if (count_lines(problems) != 10)
		fail_msg("%s", problems);
}

struct file_case {
	const char *json;
	const char *problem;
};

static const struct file_case file_cases[] = {
    {"{" REQUIRED ",\n\"cxone_retries\":\"3\"}",
	"/cxone_retries, line 2): is a string: give a whole number from 0 to "
	"10, without quotes\n"},
    {"{" REQUIRED ",\n\n\"cxone_retries\":3.0}",
	"/cxone_retries, line 3): is a number with a fraction"},
    {"{" REQUIRED ",\"cxone_retries\":true}",
	"/cxone_retries, line 1): is true: "},
    {"{" REQUIRED ",\"cxone_retries\":null}", "): is null: "},
    {"{" REQUIRED ",\"cxone_retries\":[3]}", "): is a list: "},
    {"{" REQUIRED ",\"cxone_retries\":{\"a\":3}}", "): is an object: "},
    {"{" REQUIRED ",\"log_level\":2}", "): is a number: give one of error "},
    {"{" REQUIRED ",\"cxone_retries\":11}", "): \"11\" is out of range"},
    {"{" REQUIRED ",\"stockroute_db\":\"\"}", "): is empty: "},
    {"{" REQUIRED ",\"stockroute_db\":\"/a\\nb\"}", "holds a control"},
    {"{" REQUIRED ",\n\"cxone_timout_ms\":1}",
	"/cxone_timout_ms, line 2: is no known key, perhaps "
	"\"cxone_timeout_ms\" is meant: correct or remove it"},
    {"{" REQUIRED ",\"CXONE_RETRIES\":1}", "perhaps \"cxone_retries\" is"},
    {"{" REQUIRED ",\"rooting\":{}}", "perhaps \"routing\" is meant"},
    {"{" REQUIRED ",\"colour\":1}", "/colour, line 1: is no known key: "},
    {"{" REQUIRED ",\"a/b~\\u0007\":1}", "/a~1b~0?: is no known key: "},
    {"{" REQUIRED ",\"stockroute_config\":\"/x\"}",
	"/stockroute_config, line 1: is no known key"},
    {"{" REQUIRED ",\n\"cxone_retries\":1,\n\"cxone_retries\":1}",
	"is not valid JSON: line 3, column 15: duplicate object key"},
    {"{\"cxone_client_secret\": \"" SECRET,
	"is not valid JSON: line 1, column "},
    {"{\"cxone_client_secret\": " SECRET "}",
	"is not valid JSON: line 1, column "},
    {"{\"cxone_client_secret\": \"\\u" SECRET "\"}",
	"is not valid JSON: line 1, column "},
    {"", "is not valid JSON: the text is empty"},
    {"[]", "must hold one JSON object"},
    {"{} {}", "is not valid JSON: line 1, column 4: end of file expected\n"},
    {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
	"is not valid JSON: line 1, column 17: nested deeper than 16\n"},
};

static void the_file_is_checked_and_problems_have_their_line(void **state)
{
	struct place *place = *state;
	size_t i;

	for (i = 0; i < COUNT(file_cases); i++) {
		write_settings(place, file_cases[i].json);
		expect_problem(place, "");
		assert_non_null(
		    strstr(text_string(&place->problems), place->file));
		if (strstr(text_string(&place->problems),
			file_cases[i].problem) == NULL)
			fail_msg(
			    "case %zu: %s", i, text_string(&place->problems));
	}
}

/* Half of a surrogate pair: the parser's words quote it in its escapes. */
static void a_secret_in_broken_json_is_not_quoted(void **state)
{
	static const char *const texts[] = {
	    "{\"cxone_client_secret\":\"\\ud812\\u0041\"}",
	    "{\"cxone_client_secret\":\"\\ud812\"}",
	    "{\"cxone_client_secret\":\"\\udc12\"}",
	    "{\"cxone_client_secret\":d812}",
	};
	struct place *place = *state;
	const char *problem;
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		write_settings(place, texts[i]);
		expect_problem(place, "STOCKROUTE_CONFIG (environment): ");
		problem = strstr(text_string(&place->problems), "JSON: ");
		assert_non_null(problem);
		assert_null(strcasestr(problem, "d812"));
		assert_null(strcasestr(problem, "dc12"));
	}
}

static void a_line_is_that_of_the_outermost_member(void **state)
{
	struct place *place = *state;

	write_settings(place,
	    "{\"routing\":\n{\"cxone_retries\":\n1},\n"
	    "\"cxone_client_id\":\"cxone_retries\\\"{\",\n"
	    "\"cxone_retries\"\n : -1,"
	    "\"cxone_base_url\":\"https://c\",\"cxone_client_secret\":\"s\","
	    "\"inventory_api_url\":\"https://i\",\"webhook_auth\":\"none\"}");
	expect_problem(place, "CXONE_RETRIES (");
	assert_non_null(
	    strstr(text_string(&place->problems), "/cxone_retries, line 5): "));
}

static void a_file_that_cannot_be_used_is_the_only_problem(void **state)
{
	struct place *place = *state;

	setenv("STOCKROUTE_CONFIG", place->file, 1);
	expect_problem(place, "STOCKROUTE_CONFIG (environment): ");
	setenv("STOCKROUTE_CONFIG", place->directory, 1);
	expect_problem(place, "STOCKROUTE_CONFIG (environment): ");
	assert_non_null(
	    strstr(text_string(&place->problems), "is not a regular file"));
	write_settings(place, "{" REQUIRED "}");
	chmod(place->file, 0602);
	expect_problem(place, "STOCKROUTE_CONFIG (environment): ");
	assert_non_null(strstr(text_string(&place->problems), "run chmod o-w"));
	chmod(place->file, 0600);
	assert_int_equal(truncate(place->file, 1024 * 1024 + 1), 0);
	expect_problem(place, "STOCKROUTE_CONFIG (environment): ");
	assert_non_null(
	    strstr(text_string(&place->problems), "larger than 1 MiB"));
}

static void a_pipe_is_refused_without_waiting_for_it(void **state)
{
	struct place *place = *state;

	set_required();
	assert_int_equal(mkfifo(place->file, 0600), 0);
	setenv("STOCKROUTE_CONFIG", place->file, 1);
	expect_problem(place, "STOCKROUTE_CONFIG (environment): ");
}

static void secrets_come_from_files_without_their_newline(void **state)
{
	static const char *const contents[] = {
	    SECRET, SECRET "\n", SECRET "\r\n"};
	struct place *place = *state;
	size_t i;

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	setenv("CXONE_CLIENT_SECRET_FILE", place->secret, 1);
	for (i = 0; i < COUNT(contents); i++) {
		write_file(place->secret, contents[i], strlen(contents[i]));
		load_well(place);
		assert_string_equal(place->config->cxone_client_secret, SECRET);
	}
}

struct secret_case {
	const char *bytes;
	size_t length;
	const char *problem;
};

static void secret_files_that_hold_no_secret_are_refused(void **state)
{
	static const struct secret_case cases[] = {
	    {BYTES(""), "is empty: write the secret into it"},
	    {BYTES("\n"), "is empty"},
	    {BYTES(SECRET "\nmore\n"), "has more than one line"},
	    {BYTES("\n" SECRET), "has more than one line"},
	    {BYTES(SECRET "\n\n"), "has more than one line"},
	    {BYTES(SECRET "\0"), "holds a NUL byte"},
	    {BYTES(SECRET "\t"), "holds a control character"},
	};
	struct place *place = *state;
	size_t i;

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	setenv("CXONE_CLIENT_SECRET_FILE", place->secret, 1);
	for (i = 0; i < COUNT(cases); i++) {
		write_file(place->secret, cases[i].bytes, cases[i].length);
		expect_problem(
		    place, "CXONE_CLIENT_SECRET (CXONE_CLIENT_SECRET_FILE): ");
		if (strstr(text_string(&place->problems), cases[i].problem) ==
		    NULL)
			fail_msg(
			    "case %zu: %s", i, text_string(&place->problems));
	}
}

static void secret_files_are_limited_and_must_be_readable(void **state)
{
	struct place *place = *state;
	char secret[4200];

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	setenv("CXONE_CLIENT_SECRET_FILE", place->secret, 1);
	expect_problem(
	    place, "CXONE_CLIENT_SECRET (CXONE_CLIENT_SECRET_FILE): \"");
	assert_non_null(strstr(text_string(&place->problems),
	    "cannot be opened: No such file or directory"));
	memset(secret, 'x', sizeof secret);
	secret[4095] = '\r';
	secret[4096] = '\n';
	write_file(place->secret, secret, 4097);
	load_well(place);
	secret[4095] = 'x';
	write_file(place->secret, secret, 4097);
	expect_problem(place, "CXONE_CLIENT_SECRET (");
	assert_non_null(strstr(
	    text_string(&place->problems), "holds more than 4095 bytes"));
	write_file(place->secret, secret, sizeof secret);
	expect_problem(place, "CXONE_CLIENT_SECRET (");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(the_file_is_read_and_the_environment_wins),
	    IN_PLACE(the_web_server_may_name_the_file),
	    IN_PLACE(problems_of_all_sources_come_together),
	    IN_PLACE(the_file_is_checked_and_problems_have_their_line),
	    IN_PLACE(a_secret_in_broken_json_is_not_quoted),
	    IN_PLACE(a_line_is_that_of_the_outermost_member),
	    IN_PLACE(a_file_that_cannot_be_used_is_the_only_problem),
	    IN_PLACE(a_pipe_is_refused_without_waiting_for_it),
	    IN_PLACE(secrets_come_from_files_without_their_newline),
	    IN_PLACE(secret_files_that_hold_no_secret_are_refused),
	    IN_PLACE(secret_files_are_limited_and_must_be_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
