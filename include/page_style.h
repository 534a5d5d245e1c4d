#ifndef PAGE_STYLE_H
#define PAGE_STYLE_H

#include <stdbool.h>

#include "text.h"

/*
 * What all pages for people have in common. Style and script stand inside
 * the page; the Content-Security-Policy names both by their digests, and a
 * browser runs nothing else.
 */
extern const char page_style[];
extern const char page_script[];

/* Of where a page is, seen from its own address. */
struct page_frame {
	const char *title;  /* of the window; escaped here */
	const char *report; /* the relative address of /report */
	bool refreshes;     /* itself, see page_script */
};

/* Everything up to and including <body>; and from </main> on. */
void page_begin(const struct page_frame *frame, struct text *text);
void page_end(const struct page_frame *frame, struct text *text);

/* The form that leads to the story of one event. */
void page_add_search(
    const struct page_frame *frame, const char *id, struct text *text);

#endif
