#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

/*
 * Where the tests of the configuration run: an empty environment, a
 * directory of their own, and what was loaded or refused there.
 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET       "s3cr3t-of-the-client"
#define REQUIRED                                                               \
	"\"cxone_base_url\":\"https://cxone.example\","                        \
	"\"cxone_client_id\":\"client\","                                      \
	"\"cxone_client_secret\":\"" SECRET "\","                              \
	"\"inventory_api_url\":\"https://inventory.example\","                 \
	"\"webhook_auth\":\"none\""

struct place {
	char directory[64];
	char file[96];   /* the JSON file */
	char secret[96]; /* a NAME_FILE */
	struct text problems;
	struct config *config;
};

/* Every test begins with an environment that holds nothing. */
static inline int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	strcpy(place->directory, "/tmp/stockroute-config-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->file, sizeof place->file, "%s/settings.json",
	    place->directory);
	snprintf(
	    place->secret, sizeof place->secret, "%s/secret", place->directory);
	text_init(&place->problems, 100000);
	assert_int_equal(clearenv(), 0);
	log_set_level(LOG_ERROR);
	*state = place;
	return 0;
}

static inline int tear_down(void **state)
{
	struct place *place = *state;

	config_free(place->config);
	text_done(&place->problems);
	unlink(place->file);
	unlink(place->secret);
	rmdir(place->directory);
	free(place);
	return 0;
}

/* The least that serves. */
static inline void set_required(void)
{
	setenv("CXONE_BASE_URL", "https://cxone.example", 1);
	setenv("CXONE_CLIENT_ID", "client", 1);
	setenv("CXONE_CLIENT_SECRET", SECRET, 1);
	setenv("INVENTORY_API_URL", "https://inventory.example", 1);
	setenv("WEBHOOK_AUTH", "none", 1);
}

static inline void write_file(
    const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static inline void write_settings(struct place *place, const char *json)
{
	write_file(place->file, json, strlen(json));
	setenv("STOCKROUTE_CONFIG", place->file, 1);
}

/* Loads again; what an earlier load left is freed first. */
static inline enum status load(struct place *place)
{
	config_free(place->config);
	place->config = NULL;
	text_clear(&place->problems);
	return config_load(NULL, &place->config, &place->problems);
}

static inline void load_well(struct place *place)
{
	if (load(place) != STATUS_OK)
		fail_msg("%s", text_string(&place->problems));
	assert_int_equal(place->problems.length, 0);
	assert_non_null(place->config);
}

/* Exactly one problem, which begins with FILE replaced by the path. */
static inline void expect_problem(struct place *place, const char *start)
{
	const char *problems;
	char wanted[512];

	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	assert_null(place->config);
	problems = text_string(&place->problems);
	if (strncmp(start, "FILE", 4) == 0)
		snprintf(wanted, sizeof wanted, "%s%s", place->file, start + 4);
	else
		snprintf(wanted, sizeof wanted, "%s", start);
	if (strncmp(problems, wanted, strlen(wanted)) != 0)
		fail_msg("wanted \"%s\", got \"%s\"", wanted, problems);
	if (strchr(problems, '\n') != problems + strlen(problems) - 1)
		fail_msg("not one line: %s", problems);
	assert_null(strstr(problems, SECRET));
}

static inline size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define BYTES(literal) literal, sizeof(literal) - 1

#endif
