/* test_inventory.c: a product's word, or the fallback's, always in time */
#include "inventory.h"
#include "test_help.h"

struct asked {
	struct inventory_question question;
	int calls;
	bool returned;
	bool too_early;
	int64_t took_us;
	int64_t asked_us;
};

struct shop {
	struct routing *routing;
	struct inventory *inventory;
};

static struct shop open_shop(struct world *world)
{
	struct shop shop = {0};

	assert_int_equal(
	    routing_load(NULL, "", NULL, &shop.routing), STATUS_OK);
	shop.inventory = inventory_new(
	    &world->config, world->loop, world->breaker, shop.routing);
	assert_non_null(shop.inventory);
	return shop;
}

static void close_shop(struct shop *shop)
{
	inventory_free(shop->inventory);
	routing_free(shop->routing);
}

static void got_stock(void *arg)
{
	struct asked *asked = arg;

	asked->calls++;
	asked->too_early = !asked->returned;
	asked->took_us = clock_mono_us() - asked->asked_us;
}

static int open_inventory(void **state)
{
	struct world *world = *state;

	world_open(state);
	world->http = http_new(world->loop, 4, 4);
	assert_non_null(world->http);
	world->breaker =
	    breaker_new(&world->config, world->loop, NULL, world->http);
	assert_non_null(world->breaker);
	return 0;
}

/* Asks for a product from beginning to end, with so much time left. */
static struct asked ask_in(
    struct world *world, const char *sku, int64_t left_us)
{
	struct shop shop = open_shop(world);
	struct asked asked = {.asked_us = clock_mono_us()};

	text_init(&asked.question.url, INVENTORY_URL_MAX);
	asked.question.sku = sku;
	asked.question.deadline_us = asked.asked_us + left_us;
	asked.question.done = got_stock;
	asked.question.arg = &asked;
	inventory_ask(shop.inventory, &asked.question);
	asked.returned = true;
	assert_true(run_until(world->loop, &asked.calls, 1, HELP_WAIT_MS));
	assert_int_equal(asked.calls, 1);
	assert_false(asked.too_early);
	assert_int_equal(asked.question.stock.attempts, 1);
	text_done(&asked.question.url);
	close_shop(&shop);
	return asked;
}

static struct inventory_stock ask(struct world *world, const char *sku)
{
	return ask_in(world, sku, 10 * CLOCK_SECOND).question.stock;
}

static void is_word(const struct inventory_stock *stock, const char *word,
    enum status result, int http)
{
	assert_string_equal(stock->word, word);
	assert_string_equal(status_name(stock->result), status_name(result));
	assert_int_equal(stock->http, http);
}

static void the_word_in_status_is_given_as_it_stands(void **state)
{
	static const char *const words[] = {
	    "in_stock", "low_stock", "Back Ordered \xc3\xa9!", "unknown"};
	struct world *world = *state;
	char stock[256];
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		struct inventory_stock found;

		snprintf(stock, sizeof stock, "{\"SKU-A\":\"%s\"}", words[i]);
		sim_tell(world, "PUT", "stock", stock);
		found = ask(world, "SKU-A");
		is_word(&found, words[i], STATUS_OK, 200);
	}
}

static void the_sku_goes_as_one_percent_encoded_segment(void **state)
{
	static const struct {
		const char *sku;
		const char *path;
	} cases[] = {
	    {"SKU-VOICE-567890", "/inventory/SKU-VOICE-567890"},
	    {"a/b?c#d", "/inventory/a%2Fb%3Fc%23d"},
	    {"../../admin", "/inventory/..%2F..%2Fadmin"},
	    {"50% \xc3\xa9", "/inventory/50%25%20%C3%A9"},
	    {"a%2Fb", "/inventory/a%252Fb"},
	};
	struct world *world = *state;
	json_t *journal;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		ask(world, cases[i].sku);
	journal = sim_journal(world);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(journal_text(journal, i, "method"), "GET");
		assert_string_equal(
		    journal_text(journal, i, "path"), cases[i].path);
		assert_string_equal(
		    journal_header(journal, i, "accept"), "application/json");
		assert_string_equal(
		    journal_header(journal, i, "authorization"), "");
	}
	json_decref(journal);
}

static void the_longest_sku_is_asked_for_whole(void **state)
{
	struct world *world = *state;
	char sku[257];
	json_t *journal;

	memset(sku, '/', 256);
	sku[256] = '\0';
	ask(world, sku);
	journal = sim_journal(world);
	assert_int_equal(strlen(journal_text(journal, 0, "path")),
	    strlen("/inventory/") + 3 * 256);
	json_decref(journal);
}

static void too_slow_is_the_word_timeout_within_the_limit(void **state)
{
	struct world *world = *state;
	struct asked asked;

	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\"}]}");
	asked = ask_in(world, "A", 10 * CLOCK_SECOND);
	is_word(&asked.question.stock, "timeout", STATUS_TIMEOUT, 0);
	assert_took(asked.took_us, 300, 700);
	sim_faults(world, "{\"inventory\":[{\"fault\":\"drip\"}]}");
	asked = ask_in(world, "A", 10 * CLOCK_SECOND);
	is_word(&asked.question.stock, "timeout", STATUS_TIMEOUT, 0);
}

/* Without the room for it, it would be another product's. */
static void a_url_that_does_not_fit_is_not_asked_for(void **state)
{
	struct world *world = *state;
	struct shop shop = open_shop(world);
	struct asked asked;

	memset(&asked, 0, sizeof asked);
	text_init(&asked.question.url, strlen(world->url) + 12);
	asked.question.sku = "SKU-VOICE-123456";
	asked.question.deadline_us = clock_mono_us() + CLOCK_SECOND;
	asked.question.done = got_stock;
	asked.question.arg = &asked;
	inventory_ask(shop.inventory, &asked.question);
	asked.returned = true;
	assert_true(run_until(world->loop, &asked.calls, 1, HELP_WAIT_MS));
	assert_string_equal(asked.question.stock.word, "unknown");
	assert_int_equal(sim_stat(world, "inventory"), 0);
	text_done(&asked.question.url);
	close_shop(&shop);
}

static void the_deadline_comes_before_the_limit(void **state)
{
	struct world *world = *state;
	struct asked asked;

	sim_faults(world, "{\"inventory\":[{\"fault\":\"hang\"}]}");
	asked = ask_in(world, "A", 60 * CLOCK_MS);
	is_word(&asked.question.stock, "timeout", STATUS_TIMEOUT, 0);
	assert_took(asked.took_us, 60, 280);
	/* A deadline that is over: an answer at once, and no request. */
	asked = ask_in(world, "A", -1);
	is_word(&asked.question.stock, "timeout", STATUS_TIMEOUT, 0);
	assert_int_equal(sim_stat(world, "inventory"), 1);
}

static void a_slow_but_timely_answer_counts(void **state)
{
	struct world *world = *state;
	struct inventory_stock stock;

	sim_faults(world, "{\"inventory\":[{\"delay_ms\":150}]}");
	stock = ask(world, "A");
	is_word(&stock, "in_stock", STATUS_OK, 200);
}

static void every_other_http_answer_is_a_fallback(void **state)
{
	static const struct {
		int http;
		const char *word;
		enum status result;
	} cases[] = {
	    {500, "timeout", STATUS_UPSTREAM_FAILED},
	    {502, "timeout", STATUS_UPSTREAM_FAILED},
	    {503, "timeout", STATUS_UPSTREAM_FAILED},
	    {404, "unknown", STATUS_UPSTREAM_REFUSED},
	    {401, "unknown", STATUS_UPSTREAM_REFUSED},
	    {429, "unknown", STATUS_UPSTREAM_REFUSED},
	    {301, "unknown", STATUS_UPSTREAM_REFUSED},
	    {204, "unknown", STATUS_UPSTREAM_REFUSED},
	};
	struct world *world = *state;
	char faults[128];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct inventory_stock stock;

		snprintf(faults, sizeof faults,
		    "{\"inventory\":[{\"status\":%d}]}", cases[i].http);
		sim_faults(world, faults);
		stock = ask(world, "A");
		is_word(&stock, cases[i].word, cases[i].result, cases[i].http);
	}
}

static void an_answer_without_a_usable_word_is_unknown(void **state)
{
	static const char *const bodies[] = {
	    "\"\"",
	    "\"<html>\"",
	    "[]",
	    "{}",
	    "{\"status\":null}",
	    "{\"status\":7}",
	    "{\"status\":\"\"}",
	    "{\"status\":[\"in_stock\"]}",
	    "{\"stock\":{\"status\":\"in_stock\"}}",
	    "\"{\\\"status\\\":\\\"a\\\",\\\"status\\\":\\\"b\\\"}\"",
	    "\"{\\\"status\\\":\\\"a\\\\u0000b\\\"}\"",
	    ("{\"status\":\"0123456789012345678901234567890123456789"
	     "0123456789012345678901234\"}"),
	};
	struct world *world = *state;
	struct inventory_stock stock;
	char faults[256];
	size_t i;

	for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		snprintf(faults, sizeof faults,
		    "{\"inventory\":[{\"body\":%s}]}", bodies[i]);
		sim_faults(world, faults);
		stock = ask(world, "A");
		if (strcmp(stock.word, "unknown") != 0)
			fail_msg("%s: %s", bodies[i], stock.word);
		is_word(&stock, "unknown", STATUS_ANSWER_INVALID, 200);
	}
	sim_faults(world, "{\"inventory\":[{\"fault\":\"garbage\"}]}");
	stock = ask(world, "A");
	is_word(&stock, "unknown", STATUS_ANSWER_INVALID, 200);
}

static void a_word_of_64_bytes_is_the_longest(void **state)
{
	struct world *world = *state;
	struct inventory_stock stock;

	sim_tell(world, "PUT", "stock",
	    "{\"*\":\"0123456789012345678901234567890123456789"
	    "012345678901234567890123\"}");
	stock = ask(world, "A");
	assert_int_equal(stock.result, STATUS_OK);
	assert_int_equal(strlen(stock.word), ROUTING_WORD_MAX);
}

static void a_broken_or_missing_upstream_is_unknown(void **state)
{
	static const struct {
		const char *faults;
		enum status result;
	} cases[] = {
	    {"{\"inventory\":[{\"fault\":\"reset\",\"times\":0}]}",
		STATUS_TRANSPORT},
	    {"{\"inventory\":[{\"fault\":\"truncate\",\"times\":0}]}",
		STATUS_TRANSPORT},
	    {"{\"inventory\":[{\"fault\":\"huge\",\"times\":0}]}",
		STATUS_ANSWER_TOO_LARGE},
	};
	struct world *world = *state;
	struct inventory_stock stock;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		sim_faults(world, cases[i].faults);
		stock = ask(world, "A");
		is_word(&stock, "unknown", cases[i].result, 0);
	}
	strcpy(world->config.inventory_api_url, "http://127.0.0.1:1/x");
	stock = ask(world, "A");
	is_word(&stock, "unknown", STATUS_UNREACHABLE, 0);
}

static void a_stop_still_gives_a_word(void **state)
{
	struct world *world = *state;
	struct inventory_stock stock;

	http_stop(world->http);
	stock = ask(world, "A");
	is_word(&stock, "unknown", STATUS_STOPPING, 0);
}

#define IN_STOCK(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_inventory, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_STOCK(the_word_in_status_is_given_as_it_stands),
	    IN_STOCK(the_sku_goes_as_one_percent_encoded_segment),
	    IN_STOCK(the_longest_sku_is_asked_for_whole),
	    IN_STOCK(too_slow_is_the_word_timeout_within_the_limit),
	    IN_STOCK(a_url_that_does_not_fit_is_not_asked_for),
	    IN_STOCK(the_deadline_comes_before_the_limit),
	    IN_STOCK(a_slow_but_timely_answer_counts),
	    IN_STOCK(every_other_http_answer_is_a_fallback),
	    IN_STOCK(an_answer_without_a_usable_word_is_unknown),
	    IN_STOCK(a_word_of_64_bytes_is_the_longest),
	    IN_STOCK(a_broken_or_missing_upstream_is_unknown),
	    IN_STOCK(a_stop_still_gives_a_word),
	};

	return cmocka_run_group_tests_name(
	    "inventory", tests, world_start, world_end);
}
