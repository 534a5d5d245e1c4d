/* chart_text.c: numbers -> bars and lines of characters */
#include "chart_text.h"

#define EIGHTHS 8

/* From nothing to the whole place. */
static const char *const lying[EIGHTHS + 1] = {" ", "\u258f", "\u258e",
    "\u258d", "\u258c", "\u258b", "\u258a", "\u2589", "\u2588"};
static const char *const standing[EIGHTHS + 1] = {" ", "\u2581", "\u2582",
    "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
static const char *const standing_ascii[EIGHTHS + 1] = {
    " ", "_", ".", ":", "-", "=", "+", "*", "#"};

/* Of so many steps; the smallest value is one. */
static size_t steps_of(double value, double most, size_t steps)
{
	size_t taken;

	if (value <= 0 || most <= 0)
		return 0;
	/* Also when most is too small: a bar is never longer than its place. */
	if (value >= most)
		return steps;
	taken = (size_t)(value / most * (double)steps + 0.5);
	return taken == 0 ? 1 : taken;
}

void chart_bar(
    struct text *text, double value, double most, size_t width, bool unicode)
{
	/* Counted in eighths of a place, or in places: whole ones come first,
	 * and what is left makes the last. */
	size_t fine = unicode ? EIGHTHS : 1;
	size_t steps = steps_of(value, most, width * fine);

	for (size_t i = 0; i < width; i++) {
		size_t here = steps < fine ? steps : fine;

		if (unicode)
			text_add(text, lying[here]);
		else
			text_add(text, here == 0 ? " " : "#");
		steps -= here;
	}
}

void chart_line(
    struct text *text, const double *values, size_t count, bool unicode)
{
	const char *const *marks = unicode ? standing : standing_ascii;
	double most = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i] > most)
			most = values[i];
	for (size_t i = 0; i < count; i++)
		text_add(text, marks[steps_of(values[i], most, EIGHTHS)]);
}
