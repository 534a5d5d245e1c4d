/* test_http_multi.c: a handle that nobody uses is let go, under http_multi.h */
#include "http_multi.h"

#include <dirent.h>

#include "test_help.h"

#define IDLE_MS 900

/* A call as http.c makes it. */
struct one {
	struct http_call call; /* first, so that its end leads here */
	char url[96];
	int ended;
	CURLcode result;
};

static void ended(struct http_call *call, CURLcode result)
{
	struct one *one = (struct one *)(void *)call;

	one->ended++;
	one->result = result;
}

static void ask(struct world *world, struct http_multi *multi, struct one *one)
{
	one->ended = 0;
	one->call.request.url = one->url;
	one->call.request.method = "GET";
	snprintf(one->url, sizeof one->url, "%s/inventory/A", world->url);
	assert_true(http_call_prepare(&one->call, HELP_WAIT_MS * CLOCK_MS));
	assert_true(http_multi_add(multi, &one->call));
	assert_int_equal(multi->running, 1);
	assert_true(run_until(world->loop, &one->ended, 1, HELP_WAIT_MS));
	assert_int_equal(one->result, CURLE_OK);
	assert_int_equal(multi->running, 0);
}

static int count_sockets(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char target[32] = "";

		if (readlinkat(dirfd(folder), entry->d_name, target,
			sizeof target - 1) > 0)
			count += strncmp(target, "socket:", 7) == 0;
	}
	closedir(folder);
	return count;
}

static void connections_close_once_nobody_used_them_for_long(void **state)
{
	const struct http_way way = {"", "", "", ""};
	struct world *world = *state;
	int sockets = count_sockets();
	struct one one = {.call.way = &way};
	struct http_multi multi;

	http_multi_init(&multi, world->loop, ended);
	multi.idle_us = IDLE_MS * CLOCK_MS;
	assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	ask(world, &multi, &one);
	run_for(world->loop, IDLE_MS * 2 / 3);
	/* Used again, it stays for as long again. */
	ask(world, &multi, &one);
	run_for(world->loop, IDLE_MS * 2 / 3);
	assert_non_null(multi.curl);
	assert_true(count_sockets() > sockets);
	run_for(world->loop, IDLE_MS);
	assert_null(multi.curl);
	assert_int_equal(count_sockets(), sockets);
	/* Nothing is left of it that could hinder the next. */
	ask(world, &multi, &one);
	http_multi_done(&multi);
	http_call_done(&one.call);
	assert_int_equal(count_sockets(), sockets);
}

/* Memory runs out when curl copies just this text; NULL: it does not. */
static const char *refused;

static char *copy(const char *text)
{
	return refused && strcmp(text, refused) == 0 ? NULL : strdup(text);
}

static bool prepares_without(struct http_call *call, const char *text)
{
	bool good;

	refused = text;
	good = http_call_prepare(call, CLOCK_SECOND);
	refused = NULL;
	return good;
}

static void what_finds_no_memory_is_never_left_out_of_a_request(void **state)
{
	static const char *const texts[] = {
	    "http://proxy:1", "/ca.pem", "/cert.pem", "/key.pem", "PATCH"};
	const struct http_way way = {
	    "/ca.pem", "/cert.pem", "/key.pem", "http://proxy:1"};
	struct http_call call = {
	    .way = &way,
	    .request = {.url = "http://upstream/", .method = "PATCH"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(prepares_without(&call, texts[i]));
		assert_true(prepares_without(&call, NULL));
		http_call_done(&call);
		call = (struct http_call){.way = &way, .request = call.request};
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(connections_close_once_nobody_used_them_for_long),
	    cmocka_unit_test(
		what_finds_no_memory_is_never_left_out_of_a_request),
	};

	/* The first to set it up says where curl's memory comes from. */
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free, realloc,
		copy, calloc) != CURLE_OK)
		return 1;
	return cmocka_run_group_tests_name(
	    "http_multi", tests, world_start, world_end);
}
