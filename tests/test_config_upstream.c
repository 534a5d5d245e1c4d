/* test_config_upstream.c: is what reaches the upstreams safe, and whole? */
#include "config_place.h"

/* ---- The URLs ------------------------------------------------------------ */

static const struct {
	const char *url;
	bool allowed;
} scheme_cases[] = {
    {"https://inventory.example/v1", true},
    {"HTTPS://inventory.example/v1", true},
    {"http://localhost:8080/v1", true},
    {"http://LOCALHOST", true},
    {"http://127.0.0.1", true},
    {"http://127.1.2.3:80/v1", true},
    {"http://[::1]:8080/v1", true},
    {"http://inventory.example/v1", false},
    {"HTTP://inventory.example/v1", false},
    {"http://10.0.0.1:8080", false},
    {"http://128.0.0.1", false},
    {"http://[::2]", false},
    {"http://[::ffff:10.0.0.1]", false},
    {"http://127.0.0.1.example", false},
    {"http://127.example", false},
    {"http://localhost.example", false},
    {"http://localhostess", false},
    {"http://example/127.0.0.1", false},
};

static void http_is_for_this_machine(void **state)
{
	struct place *place = *state;

	set_required();
	for (size_t i = 0; i < COUNT(scheme_cases); i++) {
		setenv("INVENTORY_API_URL", scheme_cases[i].url, 1);
		if (scheme_cases[i].allowed)
			load_well(place);
		else
			expect_problem(place,
			    "INVENTORY_API_URL (environment): begins with "
			    "http, and what is sent there could be read on "
			    "the way: give an https URL, or set "
			    "UPSTREAM_HTTP=on");
	}
}

static void both_upstreams_are_looked_at(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("CXONE_BASE_URL", "http://cxone.example", 1);
	expect_problem(place, "CXONE_BASE_URL (environment): begins with http");
}

static void http_may_be_allowed(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("CXONE_BASE_URL", "http://cxone.example", 1);
	setenv("UPSTREAM_HTTP", "on", 1);
	load_well(place);
	assert_int_equal(place->config->upstream_http, CONFIG_ON);
	setenv("UPSTREAM_HTTP", "yes", 1);
	expect_problem(place, "UPSTREAM_HTTP (environment): \"yes\" is not");
}

static void a_proxy_is_a_url_or_none(void **state)
{
	struct place *place = *state;

	set_required();
	load_well(place);
	assert_string_equal(place->config->upstream_proxy, "");
	setenv("UPSTREAM_PROXY", "", 1);
	load_well(place);
	setenv("UPSTREAM_PROXY", "http://proxy.example:3128/", 1);
	load_well(place);
	assert_string_equal(
	    place->config->upstream_proxy, "http://proxy.example:3128");
	setenv("UPSTREAM_PROXY", "proxy.example:3128", 1);
	expect_problem(place,
	    "UPSTREAM_PROXY (environment): \"proxy.example:3128\" does not "
	    "begin with http:// or https://: give an http or https URL");
	setenv("UPSTREAM_PROXY", "http://u:" SECRET "@proxy", 1);
	expect_problem(place, "UPSTREAM_PROXY (environment): holds a user");
}

/* ---- The files ----------------------------------------------------------- */

/* Makes what the script says in the place's directory. */
static void make_files(const struct place *place, const char *script)
{
	char command[1024];

	snprintf(command, sizeof command,
	    "exec 2>/dev/null; set -e; PATH=/usr/bin:/bin; cd %s; %s",
	    place->directory, script);
	assert_int_equal(system(command), 0);
}

static void use(const struct place *place, const char *key, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", place->directory, name);
	setenv(key, path, 1);
}

#define MAKE(name, days)                                                       \
	"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days " days    \
	" -keyout " name ".key -out " name ".pem;"

static void the_files_of_tls_must_hold_what_they_should(void **state)
{
	struct place *place = *state;

	set_required();
	make_files(place,
	    MAKE("us", "1") MAKE(
		"others", "1") "cat us.pem us.key >both; chmod 600 both; echo "
			       "rubbish >rubbish;"
			       "openssl rsa -aes128 -passout pass:x -in us.key "
			       "-out locked");
	use(place, "UPSTREAM_CA_FILE", "others.pem");
	use(place, "UPSTREAM_CLIENT_CERT", "both");
	load_well(place);
	use(place, "UPSTREAM_CLIENT_CERT", "us.pem");
	expect_problem(place, "UPSTREAM_CLIENT_CERT (environment): \"");
	use(place, "UPSTREAM_CLIENT_KEY", "us.key");
	load_well(place);
	use(place, "UPSTREAM_CLIENT_KEY", "others.key");
	expect_problem(place, "UPSTREAM_CLIENT_KEY (environment): \"");
	assert_non_null(strstr(
	    text_string(&place->problems), "the key of another certificate"));
	use(place, "UPSTREAM_CLIENT_KEY", "locked");
	expect_problem(place, "UPSTREAM_CLIENT_KEY (environment): \"");
	assert_non_null(strstr(
	    text_string(&place->problems), "private key that has no pass"));
	use(place, "UPSTREAM_CLIENT_KEY", "us.key");
	use(place, "UPSTREAM_CA_FILE", "rubbish");
	expect_problem(place, "UPSTREAM_CA_FILE (environment): \"");
	assert_non_null(strstr(
	    text_string(&place->problems), "-----BEGIN CERTIFICATE-----"));
	make_files(place, "rm -f *");
}

static void the_key_of_our_certificate_is_for_us_alone(void **state)
{
	struct place *place = *state;

	set_required();
	make_files(place, MAKE("us", "1") "cat us.pem us.key >both");
	use(place, "UPSTREAM_CLIENT_CERT", "us.pem");
	use(place, "UPSTREAM_CLIENT_KEY", "us.key");
	load_well(place);
	make_files(place, "chmod 644 us.key both");
	expect_problem(place, "UPSTREAM_CLIENT_KEY (environment): \"");
	assert_non_null(strstr(
	    text_string(&place->problems), "by every user of this machine"));
	unsetenv("UPSTREAM_CLIENT_KEY");
	use(place, "UPSTREAM_CLIENT_CERT", "both");
	expect_problem(place, "UPSTREAM_CLIENT_CERT (environment): \"");
	assert_non_null(strstr(text_string(&place->problems), "chmod 600"));
	make_files(place, "chmod 600 both");
	load_well(place);
	make_files(place, "rm -f *");
}

/* Which would wait for its writer, and for ever. */
static void a_pipe_is_no_certificate(void **state)
{
	struct place *place = *state;

	set_required();
	make_files(place, "mkfifo pipe");
	use(place, "UPSTREAM_CA_FILE", "pipe");
	expect_problem(place, "UPSTREAM_CA_FILE (environment): \"");
	assert_non_null(
	    strstr(text_string(&place->problems), "is not a regular file"));
	make_files(place, "rm -f *");
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("UPSTREAM_CA_FILE", "/no/where.pem", 1);
	expect_problem(place,
	    "UPSTREAM_CA_FILE (environment): \"/no/where.pem\" cannot be "
	    "opened: "
	    "No such file or directory: give the path of a PEM file that "
	    "this user may read\n");
	setenv("UPSTREAM_CA_FILE", "where.pem", 1);
	expect_problem(place,
	    "UPSTREAM_CA_FILE (environment): \"where.pem\" is not an absolute");
}

static void a_key_without_its_certificate_is_refused(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("UPSTREAM_CLIENT_KEY", "/no/where.key", 1);
	expect_problem(place,
	    "UPSTREAM_CLIENT_KEY (environment): is of no use without "
	    "UPSTREAM_CLIENT_CERT: set that too, or remove this\n");
}

/* What stands in the file of settings is named by its member. */
static void members_of_the_file_are_named_by_their_place(void **state)
{
	struct place *place = *state;

	write_settings(
	    place, "{\"upstream_ca_file\":\"/no/where\"," REQUIRED "}");
	expect_problem(place, "UPSTREAM_CA_FILE (/tmp/stockroute-config-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(http_is_for_this_machine),
	    IN_PLACE(both_upstreams_are_looked_at),
	    IN_PLACE(http_may_be_allowed),
	    IN_PLACE(a_proxy_is_a_url_or_none),
	    IN_PLACE(the_files_of_tls_must_hold_what_they_should),
	    IN_PLACE(the_key_of_our_certificate_is_for_us_alone),
	    IN_PLACE(a_pipe_is_no_certificate),
	    IN_PLACE(files_that_cannot_be_read_are_named),
	    IN_PLACE(a_key_without_its_certificate_is_refused),
	    IN_PLACE(members_of_the_file_are_named_by_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
