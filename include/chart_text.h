#ifndef CHART_TEXT_H
#define CHART_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/*
 * Charts of characters. unicode: with block elements (U+2581 to U+258F),
 * which are an eighth of a place fine; otherwise in ASCII.
 */

/*
 * Adds a bar that is value of most as long as width places, filled up with
 * blanks to width. What is more than nothing shows.
 */
void chart_bar(
    struct text *text, double value, double most, size_t width, bool unicode);

/*
 * Adds a place for each value, as high as it is of the greatest: a
 * sparkline. A value below 0 is not known: a blank, as for 0.
 */
void chart_line(
    struct text *text, const double *values, size_t count, bool unicode);

#endif
