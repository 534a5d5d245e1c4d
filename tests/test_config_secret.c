/* test_config_secret.c: secrets come from one place, which is for us alone */
#include "config_place.h"

#include <sys/wait.h>

#define OTHER_USER 65534 /* nobody */

/* The credential CXONE_CLIENT_SECRET of a service. */
static void write_credential(struct place *place, char path[128])
{
	snprintf(path, 128, "%s/cxone_client_secret", place->directory);
	write_file(path, BYTES(SECRET "\n"));
	setenv("CREDENTIALS_DIRECTORY", place->directory, 1);
}

static void a_credential_of_systemd_is_taken(void **state)
{
	struct place *place = *state;
	char path[128];

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	write_credential(place, path);
	/* As systemd makes it. */
	assert_int_equal(chmod(path, 0400), 0);
	load_well(place);
	assert_string_equal(place->config->cxone_client_secret, SECRET);
	unlink(path);
}

static void a_credential_that_is_not_there_is_none(void **state)
{
	struct place *place = *state;

	set_required();
	setenv("CREDENTIALS_DIRECTORY", place->directory, 1);
	load_well(place);
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	load_well(place);
}

static void several_secrets_come_as_a_credential_too(void **state)
{
	struct place *place = *state;
	char path[128];

	set_required();
	snprintf(path, sizeof path, "%s/webhook_secrets", place->directory);
	write_file(path, BYTES("0123456789abcdef,fedcba9876543210\n"));
	setenv("CREDENTIALS_DIRECTORY", place->directory, 1);
	load_well(place);
	assert_int_equal(place->config->webhook_secrets.count, 2);
	unlink(path);
}

struct pair_case {
	bool value;
	bool file;
	bool credential;
	bool member;
	const char *problem; /* FILE: the path of the JSON file */
};

static const struct pair_case pair_cases[] = {
    {true, true, false, false,
	"CXONE_CLIENT_SECRET (environment): CXONE_CLIENT_SECRET_FILE is set "
	"too: remove one of them\n"},
    {true, false, true, false,
	"CXONE_CLIENT_SECRET (environment): there is a credential "
	"cxone_client_secret too: remove one of them\n"},
    {true, false, false, true,
	"CXONE_CLIENT_SECRET (environment): \"cxone_client_secret\" stands in "
	"/"},
    {false, true, true, false,
	"CXONE_CLIENT_SECRET (CXONE_CLIENT_SECRET_FILE): there is a credential "
	"cxone_client_secret too: remove one of them\n"},
    {false, true, false, true,
	"CXONE_CLIENT_SECRET (CXONE_CLIENT_SECRET_FILE): "
	"\"cxone_client_secret\" stands in /"},
    {false, false, true, true,
	"CXONE_CLIENT_SECRET (credential): \"cxone_client_secret\" stands in "
	"/"},
};

/* Also when both are the same: nobody could say which one counts later. */
static void a_secret_in_two_places_is_refused_with_both(void **state)
{
	struct place *place = *state;
	char path[128];

	for (size_t i = 0; i < COUNT(pair_cases); i++) {
		const struct pair_case *c = &pair_cases[i];

		clearenv();
		set_required();
		write_credential(place, path);
		if (!c->value)
			unsetenv("CXONE_CLIENT_SECRET");
		if (c->file)
			setenv("CXONE_CLIENT_SECRET_FILE", path, 1);
		if (!c->credential)
			unsetenv("CREDENTIALS_DIRECTORY");
		if (c->member)
			write_settings(place, "{\"cxone_client_secret\":"
					      "\"" SECRET "\"}");
		expect_problem(place, c->problem);
		unlink(path);
	}
}

static void what_is_not_secret_may_stand_in_two_places(void **state)
{
	struct place *place = *state;

	set_required();
	write_settings(place, "{\"cxone_client_id\":\"other\"}");
	load_well(place);
	assert_string_equal(place->config->cxone_client_id, "client");
}

struct mode_case {
	mode_t mode;
	const char *problem; /* NULL: it is taken */
};

static const struct mode_case mode_cases[] = {
    {0400, NULL},
    {0600, NULL},
    {0700, NULL},
    {0640, "can be read or changed by its group: run chmod 600 on it\n"},
    {0620, "can be read or changed by its group"},
    {0604, "can be read or changed by every user of this machine: run chmod "
	   "600 on it\n"},
    {0602, "can be read or changed by every user"},
    {0644, "can be read or changed by every user"},
    {0666, "can be read or changed by every user"},
};

/* What the configuration says to another user than root, which tests may be
 * run by; wanted is a part of it, or NULL when all is well. */
static void expect_as_other_user(struct place *place, const char *wanted)
{
	int how = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		bool as_wanted;

		if (setegid(OTHER_USER) != 0 || seteuid(OTHER_USER) != 0)
			_exit(2);
		as_wanted = wanted == NULL
				? load(place) == STATUS_OK
				: load(place) == STATUS_CONFIG_INVALID &&
				      strstr(text_string(&place->problems),
					  wanted) != NULL;
		if (!as_wanted)
			fprintf(stderr, "%s", text_string(&place->problems));
		_exit(as_wanted ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

/* A file of one line, of this owner; only root can give one away. */
static void give_secret(struct place *place, uid_t owner)
{
	if (geteuid() != 0)
		skip();
	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	setenv("CXONE_CLIENT_SECRET_FILE", place->secret, 1);
	write_file(place->secret, BYTES(SECRET));
	assert_int_equal(chmod(place->directory, 0755), 0);
	assert_int_equal(chown(place->secret, owner, OTHER_USER), 0);
}

static void secret_files_must_be_for_us_alone(void **state)
{
	struct place *place = *state;

	give_secret(place, OTHER_USER);
	for (size_t i = 0; i < COUNT(mode_cases); i++) {
		assert_int_equal(chmod(place->secret, mode_cases[i].mode), 0);
		expect_as_other_user(place, mode_cases[i].problem);
	}
}

static void root_may_give_a_file_to_our_group(void **state)
{
	struct place *place = *state;

	give_secret(place, 0);
	assert_int_equal(chmod(place->secret, 0440), 0);
	expect_as_other_user(place, NULL);
	assert_int_equal(chmod(place->secret, 0640), 0);
	expect_as_other_user(place, NULL);
	assert_int_equal(chmod(place->secret, 0660), 0);
	expect_as_other_user(place, "can be read or changed by its group");
}

static void a_strangers_file_is_refused(void **state)
{
	struct place *place = *state;

	give_secret(place, OTHER_USER - 1);
	assert_int_equal(chmod(place->secret, 0640), 0);
	expect_as_other_user(place,
	    "belongs to another user: make this user or root its owner\n");
}

/* `sudo stockroute check` looks at what the service will read. */
static void root_may_look_at_the_file_of_a_service(void **state)
{
	struct place *place = *state;

	give_secret(place, OTHER_USER);
	load_well(place);
	assert_int_equal(chmod(place->secret, 0640), 0);
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
}

static void a_json_file_that_all_can_read_holds_no_secret(void **state)
{
	struct place *place = *state;

	write_settings(place, "{\n" REQUIRED "}");
	assert_int_equal(chmod(place->file, 0640), 0);
	load_well(place);
	assert_int_equal(chmod(place->file, 0644), 0);
	expect_problem(place, "CXONE_CLIENT_SECRET (/");
	assert_non_null(strstr(text_string(&place->problems),
	    ": /cxone_client_secret, line 2): every user of this machine can "
	    "read that file: run chmod o-r on it\n"));
	/* The rest of it may be read by all. */
	write_settings(place, "{\"cxone_retries\":2}");
	assert_int_equal(chmod(place->file, 0644), 0);
	set_required();
	load_well(place);
}

static void the_place_is_shown_and_not_the_secret(void **state)
{
	struct place *place = *state;
	char printed[20000];
	char path[128];
	FILE *out = fmemopen(printed, sizeof printed, "w");

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	write_credential(place, path);
	load_well(place);
	assert_non_null(out);
	config_print(place->config, out);
	fclose(out);
	assert_null(strstr(printed, SECRET));
	assert_non_null(strstr(printed, "credential"));
	assert_non_null(strstr(printed, "(set, 20 bytes)\n"));
	unlink(path);
}

static void every_file_of_a_secret_is_named(void **state)
{
	struct place *place = *state;
	char credential[128];
	char path[CONFIG_TEXT_BYTES];
	char listed[128];
	char settings[512];
	const char *key;

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	write_credential(place, credential);
	snprintf(listed, sizeof listed, "%s/senders", place->directory);
	write_file(listed, BYTES("0123456789abcdef\n"));
	snprintf(settings, sizeof settings,
	    "{\"webhook_secrets\":[{\"id\":\"a\",\"secret\":"
	    "\"0123456789abcdef\"},{\"id\":\"b\",\"secret_file\":\"%s\"}]}",
	    listed);
	write_settings(place, settings);
	load_well(place);
	assert_true(config_secret_file(place->config, 0, &key, path));
	assert_string_equal(key, "CXONE_CLIENT_SECRET");
	assert_string_equal(path, credential);
	assert_true(config_secret_file(place->config, 1, &key, path));
	assert_string_equal(key, "WEBHOOK_SECRETS");
	assert_string_equal(path, listed);
	assert_false(config_secret_file(place->config, 2, &key, path));
	unlink(credential);
	unlink(listed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(a_credential_of_systemd_is_taken),
	    IN_PLACE(a_credential_that_is_not_there_is_none),
	    IN_PLACE(several_secrets_come_as_a_credential_too),
	    IN_PLACE(a_secret_in_two_places_is_refused_with_both),
	    IN_PLACE(what_is_not_secret_may_stand_in_two_places),
	    IN_PLACE(secret_files_must_be_for_us_alone),
	    IN_PLACE(root_may_give_a_file_to_our_group),
	    IN_PLACE(a_strangers_file_is_refused),
	    IN_PLACE(root_may_look_at_the_file_of_a_service),
	    IN_PLACE(a_json_file_that_all_can_read_holds_no_secret),
	    IN_PLACE(the_place_is_shown_and_not_the_secret),
	    IN_PLACE(every_file_of_a_secret_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
