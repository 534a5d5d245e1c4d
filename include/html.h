#ifndef HTML_H
#define HTML_H

#include "text.h"

/*
 * The one way into a page for what strangers sent. In what these write is no
 * byte that HTML takes for markup, in a text or in a quoted attribute: < > &
 * and both quotes are escaped; control characters, and bytes that are no
 * UTF-8, show as U+FFFD.
 */

/* Adds a string; NULL adds nothing. */
void html_add_text(struct text *text, const char *string);

/*
 * Adds markup of ours, and in the place of each %s a string as html_add_text
 * does. Besides %s there may be %d, %lld, %zu, %.2f and its like, and %%.
 * format is ours alone, and never from outside.
 */
void html_add(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
