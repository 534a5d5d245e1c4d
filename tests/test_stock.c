/* test_stock.c: what is known of a product, how long, and who waits */
#include "stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static int open_table(void **state)
{
	*state = stock_new(STOCK_NEAR);
	return *state == NULL;
}

static int close_table(void **state)
{
	stock_free(*state);
	return 0;
}

/* The table of the tests is so small that every place is near. */
static struct stock_item *find_nth(struct stock *stock, int n)
{
	char sku[16];

	snprintf(sku, sizeof sku, "SKU-%d", n);
	return stock_find(stock, sku);
}

static void a_product_is_found_again(void **state)
{
	struct stock_item *first = stock_find(*state, "A");

	stock_learn(first, "in_stock", SECOND);
	assert_ptr_not_equal(stock_find(*state, "B"), first);
	assert_ptr_equal(stock_find(*state, "A"), first);
	assert_string_equal(stock_word(first, 1, SECOND), "in_stock");
}

static void a_word_is_given_while_it_is_young(void **state)
{
	struct stock_item *item = stock_find(*state, "A");

	assert_null(stock_word(item, SECOND, 0));
	stock_learn(item, "in_stock", 5 * SECOND);
	assert_string_equal(
	    stock_word(item, SECOND, 6 * SECOND - 1), "in_stock");
	assert_null(stock_word(item, SECOND, 6 * SECOND));
	assert_null(stock_word(item, 0, 5 * SECOND));
	stock_learn(item, "low_stock", 6 * SECOND);
	assert_string_equal(stock_word(item, SECOND, 6 * SECOND), "low_stock");
	stock_forget(item);
	assert_null(stock_word(item, SECOND, 6 * SECOND));
}

static void the_oldest_word_gives_its_place(void **state)
{
	struct stock_item *items[STOCK_NEAR];
	struct stock_item *found;

	for (int i = 0; i < STOCK_NEAR; i++) {
		items[i] = find_nth(*state, i);
		stock_learn(items[i], "in_stock", (10 + i) * SECOND);
	}
	stock_learn(items[0], "in_stock", 30 * SECOND);
	found = stock_find(*state, "new");
	assert_ptr_equal(found, items[1]);
	assert_string_equal(found->sku, "new");
	assert_null(stock_word(found, 100 * SECOND, 30 * SECOND));
	assert_ptr_equal(find_nth(*state, 0), items[0]);
}

static void a_place_without_a_word_is_given_first(void **state)
{
	struct stock_item *items[STOCK_NEAR];

	for (int i = 0; i < STOCK_NEAR; i++) {
		items[i] = find_nth(*state, i);
		stock_learn(items[i], "in_stock", (10 + i) * SECOND);
	}
	stock_forget(items[5]);
	assert_ptr_equal(stock_find(*state, "new"), items[5]);
}

static void a_product_asked_for_keeps_its_place(void **state)
{
	struct stock_item *items[STOCK_NEAR];

	for (int i = 0; i < STOCK_NEAR; i++) {
		items[i] = find_nth(*state, i);
		items[i]->asked = true;
	}
	assert_null(stock_find(*state, "new"));
	assert_ptr_equal(find_nth(*state, 3), items[3]);
	stock_end(items[3]);
	assert_ptr_equal(stock_find(*state, "new"), items[3]);
}

static void the_longest_sku_fits_and_no_longer_one(void **state)
{
	char sku[SKU_MAX + 2];

	memset(sku, 'x', sizeof sku);
	sku[SKU_MAX + 1] = '\0';
	assert_null(stock_find(*state, sku));
	sku[SKU_MAX] = '\0';
	assert_string_equal(stock_find(*state, sku)->sku, sku);
}

static void a_full_table_still_finds_what_is_new(void **state)
{
	struct stock *stock = stock_new(4096);

	(void)state;
	assert_non_null(stock);
	for (int i = 0; i < 20000; i++) {
		struct stock_item *item = find_nth(stock, i);

		stock_learn(item, "in_stock", i);
		assert_ptr_equal(find_nth(stock, i), item);
	}
	stock_free(stock);
}

static void those_that_wait_are_given_in_their_order(void **state)
{
	struct stock_item *item = stock_find(*state, "A");
	struct stock_wait waits[5];
	struct stock_wait *wait;

	item->asked = true;
	for (int i = 0; i < 5; i++)
		stock_wait(item, &waits[i]);
	stock_leave(item, &waits[0]);
	stock_leave(item, &waits[2]);
	stock_leave(item, &waits[4]);
	stock_leave(item, &waits[4]);
	stock_wait(item, &waits[0]);
	wait = stock_end(item);
	assert_ptr_equal(wait, &waits[1]);
	assert_ptr_equal(wait->next, &waits[3]);
	assert_ptr_equal(wait->next->next, &waits[0]);
	assert_null(wait->next->next->next);
	assert_false(item->asked);
	assert_null(stock_end(item));
}

static void the_last_that_leaves_empties_the_line(void **state)
{
	struct stock_item *item = stock_find(*state, "A");
	struct stock_wait wait;

	stock_wait(item, &wait);
	stock_leave(item, &wait);
	assert_null(stock_end(item));
	stock_wait(item, &wait);
	assert_ptr_equal(stock_end(item), &wait);
}

static void one_line_a_minute_is_written(void **state)
{
	struct stock_item *item = stock_find(*state, "A");

	assert_true(stock_may_warn(item, 5 * SECOND));
	assert_false(stock_may_warn(item, 5 * SECOND));
	assert_false(stock_may_warn(item, 65 * SECOND - 1));
	assert_true(stock_may_warn(item, 65 * SECOND));
	assert_true(stock_may_warn(stock_find(*state, "B"), 65 * SECOND));
}

#define TABLE(test)                                                            \
	cmocka_unit_test_setup_teardown(test, open_table, close_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TABLE(a_product_is_found_again),
	    TABLE(a_word_is_given_while_it_is_young),
	    TABLE(the_oldest_word_gives_its_place),
	    TABLE(a_place_without_a_word_is_given_first),
	    TABLE(a_product_asked_for_keeps_its_place),
	    TABLE(the_longest_sku_fits_and_no_longer_one),
	    TABLE(a_full_table_still_finds_what_is_new),
	    TABLE(those_that_wait_are_given_in_their_order),
	    TABLE(the_last_that_leaves_empties_the_line),
	    TABLE(one_line_a_minute_is_written),
	};

	return cmocka_run_group_tests_name("stock", tests, NULL, NULL);
}
