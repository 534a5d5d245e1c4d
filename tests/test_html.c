/* test_html.c: what strangers sent is text in a page, and nothing else */
#include "html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void shows_as(const char *string, const char *expected)
{
	struct text text;

	text_init(&text, 1000);
	html_add_text(&text, string);
	assert_string_equal(text_string(&text), expected);
	text_done(&text);
}

static void plain_text_stays_as_it_is(void **state)
{
	(void)state;
	shows_as("a1b2c3d4-e5f6-7890", "a1b2c3d4-e5f6-7890");
	shows_as("SKU VOICE (1.5%)", "SKU VOICE (1.5%)");
	shows_as("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
	    "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
	shows_as("", "");
	shows_as(NULL, "");
}

static void markup_is_escaped(void **state)
{
	(void)state;
	shows_as("<script>alert('1')</script>",
	    "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
	shows_as("\" onload=\"x", "&quot; onload=&quot;x");
	shows_as("&lt;&#60;", "&amp;lt;&amp;#60;");
	shows_as("--><!--", "--&gt;&lt;!--");
}

static void control_characters_are_shown_as_such(void **state)
{
	(void)state;
	shows_as("a\x01"
		 "b\x1b[31m\x7f\xc2\x85",
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd");
	shows_as("a\tb\n", "a\tb\n");
}

static void bytes_that_are_no_utf8_are_shown_as_such(void **state)
{
	(void)state;
	shows_as("a\xff", "a\xef\xbf\xbd");
	shows_as("\xc3", "\xef\xbf\xbd");
	shows_as("\xc3<b>", "\xef\xbf\xbd&lt;b&gt;");
	shows_as("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
	shows_as("\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd"); /* "<", overlong */
	shows_as("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void strings_in_markup_are_escaped_and_numbers_written(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 1000);
	html_add(&text, "<td title=\"%s\">%s %d %lld %.2f %zu 100%%</td>",
	    "\"><b>", "<i>", -3, 5000000000LL, 1.005, (size_t)7);
	assert_string_equal(text_string(&text),
	    "<td title=\"&quot;&gt;&lt;b&gt;\">&lt;i&gt; -3 5000000000 "
	    "1.00 7 100%</td>");
	text_done(&text);
}

static void a_text_that_does_not_fit_is_marked(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 10);
	html_add(&text, "%s", "<<<<<<<<");
	assert_true(text_failed(&text));
	text_done(&text);
}

static void the_length_of_each_character_is_known(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
	} cases[] = {{"", 0}, {"a", 1}, {"\x7f", 1}, {"\xc3\xa9", 2},
	    {"\xe2\x82\xac", 3}, {"\xf0\x9f\x98\x80", 4},
	    {"\xf4\x8f\xbf\xbf", 4}, {"\x80", 0}, {"\xc1\xbf", 0},
	    {"\xe0\x9f\xbf", 0}, {"\xed\xbf\xbf", 0}, {"\xf0\x8f\xbf\xbf", 0},
	    {"\xf4\x90\x80\x80", 0}, {"\xf5\x80\x80\x80", 0}, {"\xc3", 0},
	    {"\xe2\x82", 0}, {"\xf0\x9f\x98", 0}, {"\xc3(", 0}};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(utf8_bytes(cases[i].text), cases[i].bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_stays_as_it_is),
	    cmocka_unit_test(markup_is_escaped),
	    cmocka_unit_test(control_characters_are_shown_as_such),
	    cmocka_unit_test(bytes_that_are_no_utf8_are_shown_as_such),
	    cmocka_unit_test(strings_in_markup_are_escaped_and_numbers_written),
	    cmocka_unit_test(a_text_that_does_not_fit_is_marked),
	    cmocka_unit_test(the_length_of_each_character_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
