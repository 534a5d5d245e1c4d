/* test_inventory_kept.c: one answer for several lookups, at once or later */
#include "inventory.h"
#include "test_help.h"

#define MANY 50

struct shop {
	struct world *world;
	struct routing *routing;
	struct inventory *inventory;
};

/* again: asks the same once more from within its answer. */
struct asked {
	struct inventory_question question;
	struct waits waits;
	struct shop *shop;
	int *calls;
	struct asked *again;
	bool returned;
	bool too_early;
};

static void begin(
    struct shop *shop, struct asked *asked, const char *sku, int64_t left_us);

static void got_stock(void *arg)
{
	struct asked *asked = arg;

	asked->too_early = !asked->returned;
	++*asked->calls;
	if (asked->again)
		begin(asked->shop, asked->again, asked->question.sku,
		    10 * CLOCK_SECOND);
}

static void begin(
    struct shop *shop, struct asked *asked, const char *sku, int64_t left_us)
{
	asked->shop = shop;
	text_init(&asked->question.url, INVENTORY_URL_MAX);
	asked->question.sku = sku;
	asked->question.waits = &asked->waits;
	asked->question.deadline_us = clock_mono_us() + left_us;
	asked->question.done = got_stock;
	asked->question.arg = asked;
	inventory_ask(shop->inventory, &asked->question);
	asked->returned = true;
}

static struct inventory_stock end(struct asked *asked)
{
	assert_false(asked->too_early);
	text_done(&asked->question.url);
	return asked->question.stock;
}

static struct inventory_stock ask(struct shop *shop, const char *sku)
{
	int calls = 0;
	struct asked asked = {.calls = &calls};

	begin(shop, &asked, sku, 10 * CLOCK_SECOND);
	assert_true(run_until(shop->world->loop, &calls, 1, HELP_WAIT_MS));
	return end(&asked);
}

static struct shop open_shop(void **state, int64_t cache_ms, int64_t stale_s)
{
	struct shop shop = {.world = *state};
	struct config *config = &shop.world->config;

	config->inventory_cache_us = cache_ms * CLOCK_MS;
	config->inventory_stale_s = stale_s;
	assert_int_equal(
	    routing_load(NULL, "", NULL, &shop.routing), STATUS_OK);
	shop.inventory = inventory_new(
	    config, shop.world->loop, shop.world->breaker, shop.routing);
	assert_non_null(shop.inventory);
	return shop;
}

static void close_shop(struct shop *shop)
{
	inventory_free(shop->inventory);
	routing_free(shop->routing);
}

static int open_inventory(void **state)
{
	struct world *world = *state;

	world_open(state);
	world->http = http_new(world->loop, 64, 64);
	assert_non_null(world->http);
	world->breaker =
	    breaker_new(&world->config, world->loop, NULL, world->http);
	assert_non_null(world->breaker);
	return 0;
}

static void is_word(const struct inventory_stock *stock, const char *word,
    enum status result, int attempts)
{
	assert_string_equal(stock->word, word);
	assert_string_equal(status_name(stock->result), status_name(result));
	assert_int_equal(stock->attempts, attempts);
}

static void a_young_answer_is_used_again_unasked(void **state)
{
	struct shop shop = open_shop(state, 60000, 0);
	struct inventory_stock stock = ask(&shop, "A");

	is_word(&stock, "in_stock", STATUS_OK, 1);
	for (int i = 0; i < 3; i++) {
		stock = ask(&shop, "A");
		is_word(&stock, "in_stock", STATUS_OK, 0);
		assert_int_equal(stock.http, 0);
		assert_false(stock.stale);
	}
	assert_int_equal(sim_stat(shop.world, "inventory"), 1);
	stock = ask(&shop, "B");
	is_word(&stock, "in_stock", STATUS_OK, 1);
	close_shop(&shop);
}

static void an_answer_not_young_any_more_is_asked_for(void **state)
{
	struct shop shop = open_shop(state, 50, 0);
	struct inventory_stock stock;

	ask(&shop, "A");
	help_nap_ms(60);
	sim_tell(shop.world, "PUT", "stock", "{\"A\":\"low_stock\"}");
	stock = ask(&shop, "A");
	is_word(&stock, "low_stock", STATUS_OK, 1);
	close_shop(&shop);
}

static void nothing_is_kept_unless_told_so(void **state)
{
	struct shop shop = open_shop(state, 0, 0);
	struct inventory_stock stock;

	ask(&shop, "A");
	stock = ask(&shop, "A");
	is_word(&stock, "in_stock", STATUS_OK, 1);
	sim_faults(shop.world, "{\"inventory\":[{\"status\":503}]}");
	stock = ask(&shop, "A");
	is_word(&stock, "timeout", STATUS_UPSTREAM_FAILED, 1);
	assert_false(stock.stale);
	close_shop(&shop);
}

static void only_words_that_choose_a_route_are_kept(void **state)
{
	static const char *const words[] = {"unknown", "timeout", "sold"};
	struct shop shop = open_shop(state, 60000, 60);
	struct inventory_stock stock;
	char all[64];

	for (int i = 0; i < 3; i++) {
		snprintf(all, sizeof all, "{\"A\":\"%s\"}", words[i]);
		sim_tell(shop.world, "PUT", "stock", all);
		stock = ask(&shop, "A");
		is_word(&stock, words[i], STATUS_OK, 1);
	}
	sim_faults(shop.world, "{\"inventory\":[{\"status\":404}]}");
	stock = ask(&shop, "A");
	is_word(&stock, "unknown", STATUS_UPSTREAM_REFUSED, 1);
	sim_faults(shop.world, "{\"inventory\":[{\"status\":500}]}");
	stock = ask(&shop, "A");
	is_word(&stock, "timeout", STATUS_UPSTREAM_FAILED, 1);
	close_shop(&shop);
}

static void a_stale_word_stands_in_while_the_inventory_fails(void **state)
{
	static const struct {
		const char *faults;
		enum status result;
	} cases[] = {
	    {"{\"inventory\":[{\"status\":503}]}", STATUS_UPSTREAM_FAILED},
	    {"{\"inventory\":[{\"fault\":\"hang\"}]}", STATUS_TIMEOUT},
	    {"{\"inventory\":[{\"fault\":\"reset\",\"times\":0}]}",
		STATUS_TRANSPORT},
	};
	struct shop shop = open_shop(state, 0, 60);
	struct inventory_stock stock = ask(&shop, "A");

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		sim_faults(shop.world, cases[i].faults);
		stock = ask(&shop, "A");
		is_word(&stock, "in_stock", cases[i].result, 1);
		assert_true(stock.stale);
	}
	strcpy(shop.world->config.inventory_api_url, "http://127.0.0.1:1/x");
	stock = ask(&shop, "A");
	is_word(&stock, "in_stock", STATUS_UNREACHABLE, 1);
	assert_true(stock.stale);
	stock = ask(&shop, "B");
	is_word(&stock, "unknown", STATUS_UNREACHABLE, 1);
	assert_false(stock.stale);
	close_shop(&shop);
}

static void no_stale_word_hides_what_the_inventory_says(void **state)
{
	static const struct {
		const char *faults;
		enum status result;
	} cases[] = {
	    {"{\"inventory\":[{\"status\":401}]}", STATUS_UPSTREAM_REFUSED},
	    {"{\"inventory\":[{\"status\":429}]}", STATUS_UPSTREAM_REFUSED},
	    {"{\"inventory\":[{\"fault\":\"garbage\"}]}",
		STATUS_ANSWER_INVALID},
	    {"{\"inventory\":[{\"status\":404}]}", STATUS_UPSTREAM_REFUSED},
	};
	struct shop shop = open_shop(state, 0, 60);
	struct inventory_stock stock = ask(&shop, "A");

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		sim_faults(shop.world, cases[i].faults);
		stock = ask(&shop, "A");
		is_word(&stock, "unknown", cases[i].result, 1);
		assert_false(stock.stale);
	}
	/* 404 was news of the product: what was known before is over. */
	sim_faults(shop.world, "{\"inventory\":[{\"status\":503}]}");
	stock = ask(&shop, "A");
	is_word(&stock, "timeout", STATUS_UPSTREAM_FAILED, 1);
	close_shop(&shop);
}

static void a_word_too_old_does_not_stand_in(void **state)
{
	struct shop shop = open_shop(state, 0, 1);
	struct inventory_stock stock = ask(&shop, "A");

	help_nap_ms(1010);
	sim_faults(shop.world, "{\"inventory\":[{\"status\":503}]}");
	stock = ask(&shop, "A");
	is_word(&stock, "timeout", STATUS_UPSTREAM_FAILED, 1);
	assert_false(stock.stale);
	close_shop(&shop);
}

/* Begins so many lookups of A at once and runs until all are answered. */
static void ask_many(struct shop *shop, struct asked *many, int *calls)
{
	for (int i = 0; i < MANY; i++) {
		many[i] = (struct asked){.calls = calls};
		begin(shop, &many[i], "A", 10 * CLOCK_SECOND);
	}
	assert_true(run_until(shop->world->loop, calls, MANY, HELP_WAIT_MS));
	assert_int_equal(*calls, MANY);
}

/* For the 200 ms that the one that asked was answered late. */
static void is_told_to_wait(const struct asked *asked, bool waited)
{
	const char *at = asked->waits.text;
	struct waits_entry entry;

	assert_int_equal(waits_next(&at, &entry), waited);
	if (!waited)
		return;
	assert_string_equal(entry.step, "inventory");
	assert_string_equal(entry.what, "other_lookup");
	assert_in_range(entry.duration_us, 150 * CLOCK_MS, 2 * CLOCK_SECOND);
}

static void lookups_of_one_product_share_a_request(void **state)
{
	struct shop shop = open_shop(state, 0, 0);
	struct asked many[MANY];
	struct inventory_stock stock;
	int calls = 0;

	sim_faults(shop.world, "{\"inventory\":[{\"delay_ms\":200}]}");
	ask_many(&shop, many, &calls);
	for (int i = 0; i < MANY; i++) {
		stock = end(&many[i]);
		is_word(&stock, "in_stock", STATUS_OK, i == 0);
		assert_int_equal(stock.http, 200);
		is_told_to_wait(&many[i], i > 0);
	}
	assert_int_equal(sim_stat(shop.world, "inventory"), 1);
	stock = ask(&shop, "A");
	is_word(&stock, "in_stock", STATUS_OK, 1);
	close_shop(&shop);
}

static void lookups_that_wait_get_the_failure_too(void **state)
{
	struct shop shop = open_shop(state, 0, 0);
	struct asked many[MANY];
	struct inventory_stock stock;
	int calls = 0;

	sim_faults(
	    shop.world, "{\"inventory\":[{\"delay_ms\":100,\"status\":503}]}");
	ask_many(&shop, many, &calls);
	for (int i = 0; i < MANY; i++) {
		stock = end(&many[i]);
		is_word(&stock, "timeout", STATUS_UPSTREAM_FAILED, i == 0);
		assert_int_equal(stock.http, 503);
	}
	assert_int_equal(sim_stat(shop.world, "inventory"), 1);
	close_shop(&shop);
}

static void who_waits_is_not_kept_past_its_own_deadline(void **state)
{
	struct shop shop = open_shop(state, 0, 0);
	struct asked first = {0};
	struct asked second = {0};
	int first_calls = 0;
	int second_calls = 0;
	struct inventory_stock stock;

	first.calls = &first_calls;
	second.calls = &second_calls;
	sim_faults(shop.world, "{\"inventory\":[{\"delay_ms\":200}]}");
	begin(&shop, &first, "A", 10 * CLOCK_SECOND);
	begin(&shop, &second, "A", 50 * CLOCK_MS);
	assert_true(run_until(shop.world->loop, &second_calls, 1, 150));
	stock = end(&second);
	is_word(&stock, "timeout", STATUS_TIMEOUT, 0);
	assert_int_equal(first_calls, 0);
	assert_true(run_until(shop.world->loop, &first_calls, 1, HELP_WAIT_MS));
	stock = end(&first);
	is_word(&stock, "in_stock", STATUS_OK, 1);
	assert_int_equal(second_calls, 1);
	close_shop(&shop);
}

/* All get the result of the first; what is asked then is a new request. */
static void who_asks_again_from_its_answer_is_asked_for_anew(void **state)
{
	struct shop shop = open_shop(state, 0, 0);
	struct asked asked[4] = {0};
	struct inventory_stock stock;
	int calls = 0;

	for (int i = 0; i < 4; i++)
		asked[i].calls = &calls;
	asked[0].again = &asked[2];
	asked[1].again = &asked[3];
	sim_faults(
	    shop.world, "{\"inventory\":[{\"delay_ms\":50,\"status\":503}]}");
	begin(&shop, &asked[0], "A", 10 * CLOCK_SECOND);
	begin(&shop, &asked[1], "A", 10 * CLOCK_SECOND);
	assert_true(run_until(shop.world->loop, &calls, 4, HELP_WAIT_MS));
	for (int i = 0; i < 4; i++) {
		stock = end(&asked[i]);
		is_word(&stock, i < 2 ? "timeout" : "in_stock",
		    i < 2 ? STATUS_UPSTREAM_FAILED : STATUS_OK, i % 2 == 0);
	}
	assert_int_equal(sim_stat(shop.world, "inventory"), 2);
	close_shop(&shop);
}

static void a_stop_answers_all_that_wait(void **state)
{
	struct shop shop = open_shop(state, 0, 0);
	struct asked asked[2] = {0};
	struct inventory_stock stock;
	int calls = 0;

	sim_faults(shop.world, "{\"inventory\":[{\"fault\":\"hang\"}]}");
	for (int i = 0; i < 2; i++) {
		asked[i].calls = &calls;
		begin(&shop, &asked[i], "A", 10 * CLOCK_SECOND);
	}
	http_stop(shop.world->http);
	loop_hurry(shop.world->loop);
	assert_true(run_until(shop.world->loop, &calls, 2, 200));
	for (int i = 0; i < 2; i++) {
		stock = end(&asked[i]);
		is_word(&stock, "unknown", STATUS_STOPPING, i == 0);
	}
	close_shop(&shop);
}

#define IN_STOCK(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_inventory, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_STOCK(a_young_answer_is_used_again_unasked),
	    IN_STOCK(an_answer_not_young_any_more_is_asked_for),
	    IN_STOCK(nothing_is_kept_unless_told_so),
	    IN_STOCK(only_words_that_choose_a_route_are_kept),
	    IN_STOCK(a_stale_word_stands_in_while_the_inventory_fails),
	    IN_STOCK(no_stale_word_hides_what_the_inventory_says),
	    IN_STOCK(a_word_too_old_does_not_stand_in),
	    IN_STOCK(lookups_of_one_product_share_a_request),
	    IN_STOCK(lookups_that_wait_get_the_failure_too),
	    IN_STOCK(who_waits_is_not_kept_past_its_own_deadline),
	    IN_STOCK(who_asks_again_from_its_answer_is_asked_for_anew),
	    IN_STOCK(a_stop_answers_all_that_wait),
	};

	return cmocka_run_group_tests_name(
	    "inventory kept", tests, world_start, world_end);
}
