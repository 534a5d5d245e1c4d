/* test_page_event.c: known decisions -> the story of one, as in tests/golden */
#include "page_event.h"

#include "page_place.h"

static void the_story_is_as_it_was(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask(bench, page_event, &(struct page_ask){.below = "/call-030"});
	assert_int_equal(bench->page.http, 200);
	is_golden(bench, "page-event.html");
}

static void a_story_is_found_by_number_and_by_interaction(void **state)
{
	struct bench *bench = *state;
	const char *page;

	fill(bench);
	page = ask(bench, page_event, &(struct page_ask){.below = "/31"});
	has(page, "call-030");
	has(page, "href=\"../../report\"");
	page = ask_query(bench, page_event, "id=call-030");
	has(page, "Routed to the fallback");
	has(page, "href=\"../report\"");
	page = ask_query(bench, page_event, "id=call-9");
	has(page, "Not decided yet");
}

static void an_outcome_of_a_newer_program_is_shown_as_it_is(void **state)
{
	struct bench *bench = *state;
	const char *page;

	decide(bench, 5, OUTCOME_ROUTED);
	run(bench, "UPDATE decision SET outcome = 'postponed'");
	page = ask_query(bench, page_event, "id=1");
	has(page, "<h2 id=\"verdict\"><b>postponed</b>");
	has_not(page, "it is in the queue");
}

static void an_event_that_nobody_knows_is_not_found(void **state)
{
	static const char *const queries[] = {"id=nobody", "id=", "", "id=%00"};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		has(ask_query(bench, page_event, queries[i]),
		    "Nothing is known of it");
		assert_int_equal(bench->page.http, 404);
	}
}

static void a_program_gets_the_story_as_json(void **state)
{
	struct bench *bench = *state;

	fill(bench);
	ask(bench, page_event,
	    &(struct page_ask){.below = "/31", .accept = "application/json"});
	assert_string_equal(bench->page.type, "application/json");
	json_decref(must_load(bench));
	ask(bench, page_event,
	    &(struct page_ask){
		.below = "/x", .accept = "text/html,application/json"});
	assert_string_equal(bench->page.type, "text/html; charset=utf-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_bench(the_story_is_as_it_was),
	    on_bench(a_story_is_found_by_number_and_by_interaction),
	    on_bench(an_outcome_of_a_newer_program_is_shown_as_it_is),
	    on_bench(an_event_that_nobody_knows_is_not_found),
	    on_bench(a_program_gets_the_story_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
