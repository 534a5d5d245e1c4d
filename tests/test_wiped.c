/* test_wiped.c: of a secret that is no longer needed nothing is in memory */
#include "config_place.h"

#include <fcntl.h>
#include <openssl/crypto.h>

#include "keyring.h"
#include "seal.h"
#include "token_answer.h"
#include "token_held.h"
#include "token_request.h"

/*
 * The secret is put together only while it is used, and looked for in the
 * heap, where what was freed lies until it is used again. Its beginning may
 * have been overwritten by the allocator's own notes: its end is looked for.
 */
#define HALF      "0f-that-must-not-be-f0und"
#define MARK_MAX  64
#define TAIL_FROM 28

static void make_mark(char mark[MARK_MAX])
{
	snprintf(mark, MARK_MAX, "a-secret-%d-%s-%s", 4711, HALF, "end");
}

/* Where the heap is. */
static void find_heap(char **from, char **to)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	static char buffer[BUFSIZ]; /* not in the heap that is looked at */
	char line[512];

	assert_non_null(maps);
	setvbuf(maps, buffer, _IOFBF, sizeof buffer);
	*from = NULL;
	*to = NULL;
	while (fgets(line, sizeof line, maps) != NULL)
		if (strstr(line, "[heap]") != NULL)
			assert_int_equal(
			    sscanf(line, "%p-%p", (void **)from, (void **)to),
			    2);
	fclose(maps);
}

/* Sanitizers and valgrind have memory of their own: nothing is shown then. */
static bool is_seen(const char *from, const char *to)
{
	char *probe = malloc(100);
	bool seen = probe >= from && probe < to;

	free(probe);
	return seen;
}

/* The mark's end is in the heap so many times. */
static void is_left(size_t least, size_t most)
{
	char mark[MARK_MAX];
	size_t count = 0;
	char *from;
	char *to;

	find_heap(&from, &to);
	if (!is_seen(from, to))
		return;
	make_mark(mark);
	for (;;) {
		from = memmem(from, (size_t)(to - from), mark + TAIL_FROM,
		    strlen(mark) - TAIL_FROM);
		if (from == NULL)
			break;
		count++;
		from++;
	}
	OPENSSL_cleanse(mark, sizeof mark);
	assert_in_range(count, least, most);
}

static void nothing_is_left(void)
{
	is_left(0, 0);
}

static void something_is_left(void)
{
	is_left(1, 100);
}

/* The search finds what is there, also when it was freed. */
static void what_is_freed_unwiped_is_found(void **state)
{
	char *copy = malloc(200);

	(void)state;
	assert_non_null(copy);
	make_mark(copy + 64);
	free(copy);
	something_is_left();
	/* malloc, unlike calloc, gives the same place again. */
	copy = malloc(200);
	assert_non_null(copy);
	OPENSSL_cleanse(copy, 200);
	free(copy);
	nothing_is_left();
}

/* Without stdio, whose buffers would keep it. */
static void put_file(const char *path, const char *bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	close(fd);
}

static void a_configuration_of_a_json_file_is_wiped(void **state)
{
	struct place *place = *state;
	char json[4 * MARK_MAX + 600];
	char mark[MARK_MAX];

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	make_mark(mark);
	snprintf(json, sizeof json,
	    "{\"cxone_client_secret\":\"%s\",\"webhook_secret\":\"%s\","
	    "\"webhook_secrets\":[{\"id\":\"a\",\"secret\":\"%s\"},"
	    "{\"id\":\"b\",\"secret\":\"\\u0061%s\"}]}",
	    mark, mark, mark, mark);
	put_file(place->file, json);
	OPENSSL_cleanse(json, sizeof json);
	setenv("STOCKROUTE_CONFIG", place->file, 1);
	load_well(place);
	assert_string_equal(place->config->cxone_client_secret, mark);
	something_is_left();
	config_free(place->config);
	place->config = NULL;
	nothing_is_left();
}

static void a_configuration_of_secret_files_is_wiped(void **state)
{
	struct place *place = *state;
	char mark[MARK_MAX];

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	make_mark(mark);
	put_file(place->secret, mark);
	setenv("CXONE_CLIENT_SECRET_FILE", place->secret, 1);
	load_well(place);
	something_is_left();
	config_free(place->config);
	place->config = NULL;
	nothing_is_left();
}

/* One that is refused was in memory as well. */
static void a_configuration_that_is_refused_is_wiped(void **state)
{
	struct place *place = *state;
	char mark[MARK_MAX];
	char json[4 * MARK_MAX];

	set_required();
	unsetenv("CXONE_CLIENT_SECRET");
	make_mark(mark);
	snprintf(json, sizeof json,
	    "{\"cxone_client_secret\":\"%s\",\"webhook_secret\":[\"%s\"]}",
	    mark, mark);
	put_file(place->file, json);
	setenv("STOCKROUTE_CONFIG", place->file, 1);
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	nothing_is_left();
	snprintf(json, sizeof json, "{\"cxone_client_secret\":\"%s\",", mark);
	put_file(place->file, json);
	assert_int_equal(load(place), STATUS_CONFIG_INVALID);
	nothing_is_left();
}

static void the_answer_with_a_token_is_wiped(void **state)
{
	struct token_row *row = calloc(1, sizeof *row);
	struct http_answer answer = {.code = 200};
	char body[4 * MARK_MAX];
	char mark[MARK_MAX];
	struct token_held *held;

	(void)state;
	assert_non_null(row);
	make_mark(mark);
	snprintf(body, sizeof body,
	    "{\"access_token\":\"%s\",\"expires_in\":60}", mark);
	answer.body = body;
	answer.body_bytes = strlen(body);
	assert_int_equal(token_answer_read(&answer, row), STATUS_OK);
	assert_string_equal(row->text, mark);
	held = token_held_new(row);
	assert_non_null(held);
	OPENSSL_cleanse(row->text, sizeof row->text);
	is_left(1, 1);
	token_held_return(held);
	nothing_is_left();
	free(row);
}

/* A text that grows, here by each %2B, must not leave copies behind. */
static void the_form_with_the_clients_secret_is_wiped(void **state)
{
	struct config *config = calloc(1, sizeof *config);
	char *place = malloc(256);
	char *guard = malloc(256);
	struct token_request request;

	(void)state;
	assert_non_null(config);
	assert_non_null(place);
	assert_non_null(guard);
	strcpy(config->cxone_client_id, "client");
	make_mark(config->cxone_client_secret);
	memset(
	    config->cxone_client_secret + strlen(config->cxone_client_secret),
	    '+', 1000);
	place[0] = guard[0] = '\0';
	free(place);
	assert_true(token_request_init(&request, config));
	OPENSSL_cleanse(
	    config->cxone_client_secret, sizeof config->cxone_client_secret);
	is_left(1, 1);
	token_request_done(&request);
	nothing_is_left();
	free(guard);
	free(config);
}

static void a_key_is_wiped(void **state)
{
	unsigned char bytes[SEAL_KEY_BYTES];
	char mark[MARK_MAX];
	struct seal_key *key;

	(void)state;
	make_mark(mark);
	memcpy(bytes, mark + strlen(mark) - SEAL_KEY_BYTES, sizeof bytes);
	key = seal_key_new(bytes);
	assert_non_null(key);
	seal_key_free(key);
	/* Of a key there is no more than 32 bytes. */
	nothing_is_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(what_is_freed_unwiped_is_found),
	    IN_PLACE(a_configuration_of_a_json_file_is_wiped),
	    IN_PLACE(a_configuration_of_secret_files_is_wiped),
	    IN_PLACE(a_configuration_that_is_refused_is_wiped),
	    IN_PLACE(the_answer_with_a_token_is_wiped),
	    IN_PLACE(the_form_with_the_clients_secret_is_wiped),
	    IN_PLACE(a_key_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
