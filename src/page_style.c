/* page_style.c: a title and a place -> the frame that all pages share */
#include "page_style.h"

#include "html.h"
#include "version.h"

#define REFRESH_S "30" /* without a script */

/* A picture of three bars, so that nobody asks for /favicon.ico. */
static const char icon[] =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' "
    "viewBox='0 0 16 16'%3E%3Cpath d='M2 9h3v6H2zM6.5 5h3v10h-3zM11 1h3v14"
    "h-3z' fill='%233f7fc4'/%3E%3C/svg%3E";

/*
 * What a browser needs to know before the first byte of content comes. The
 * style, as the script in page_end, stands between its tags without a byte
 * more, not even a newline, and without escapes: a browser compares the digest
 * of all that stands there with the one in the headers (admin.c).
 */
void page_begin(const struct page_frame *frame, struct text *text)
{
	text_add(text, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" "
		       "content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n");
	html_add(text, "<title>%s</title>\n<link rel=\"icon\" href=\"",
	    frame->title);
	text_add(text, icon);
	text_add(text, "\">\n<style>");
	text_add(text, page_style);
	text_add(text, "</style>\n");
	if (frame->refreshes)
		text_add(text, "<noscript><meta http-equiv=\"refresh\" "
			       "content=\"" REFRESH_S "\"></noscript>\n");
	text_add(text,
	    "</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the "
	    "content</a>\n");
}

void page_end(const struct page_frame *frame, struct text *text)
{
	html_add(
	    text, "<footer><span>stockroute %s</span>", STOCKROUTE_VERSION);
	/* Hidden until the script shows it: without one it would do nothing. */
	if (frame->refreshes)
		text_add(text,
		    "<label hidden><input type=\"checkbox\" id=\"live\" "
		    "checked> refresh every 10 s</label>"
		    "<span id=\"note\" role=\"status\"></span>");
	text_add(text, "</footer>\n<script>");
	text_add(text, page_script);
	text_add(text, "</script>\n</body>\n</html>\n");
}

/* By GET, so that a story has an address to pass on. */
void page_add_search(
    const struct page_frame *frame, const char *id, struct text *text)
{
	html_add(text,
	    "<form role=\"search\" action=\"%s/event\">"
	    "<label>Interaction id, or a decision's number"
	    "<input type=\"search\" name=\"id\" value=\"%s\" required "
	    "maxlength=\"128\" autocomplete=\"off\" spellcheck=\"false\">"
	    "</label><button>Show its story</button></form>\n",
	    frame->report, id);
}
