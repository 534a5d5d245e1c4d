/* problem.c: a wrong value or name -> words that help to set it right */
#include "problem.h"

#include <string.h>

#define SHOWN_MAX 80

static char printable(char byte)
{
	return byte >= ' ' && byte <= '~' ? byte : '?';
}

void problem_add_quoted(struct text *problems, const char *value)
{
	size_t i;

	text_add(problems, "\"");
	for (i = 0; value[i] != '\0' && i < SHOWN_MAX; i++) {
		char byte = printable(value[i]);

		text_add_bytes(problems, &byte, 1);
	}
	text_add(problems, value[i] != '\0' ? "...\"" : "\"");
}

void problem_add_token(struct text *problems, const char *name)
{
	size_t i;

	text_add(problems, "/");
	for (i = 0; name[i] != '\0' && i < SHOWN_MAX; i++) {
		char byte = printable(name[i]);

		if (byte == '~')
			text_add(problems, "~0");
		else if (byte == '/')
			text_add(problems, "~1");
		else
			text_add_bytes(problems, &byte, 1);
	}
	if (name[i] != '\0')
		text_add(problems, "...");
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Levenshtein's distance with one row: costs[j] is the distance between
 * what of word has been passed and the first j bytes of name. Only word is a
 * stranger's; name is of the program, and no longer than PROBLEM_NAME_MAX.
 */
static size_t distance(const char *word, const char *name)
{
	size_t costs[PROBLEM_NAME_MAX + 1];
	size_t length = strlen(name);
	size_t i, j;

	for (j = 0; j <= length; j++)
		costs[j] = j;
	for (i = 0; word[i] != '\0'; i++) {
		size_t diagonal = costs[0];

		costs[0] = i + 1;
		for (j = 1; j <= length; j++) {
			bool differ = lower(word[i]) != lower(name[j - 1]);
			size_t change = diagonal + differ;

			diagonal = costs[j];
			costs[j] = smaller(costs[j], costs[j - 1]) + 1;
			costs[j] = smaller(costs[j], change);
		}
	}
	return costs[length];
}

const char *problem_nearest(
    const char *word, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	size_t least = PROBLEM_NAME_MAX;
	size_t i;

	if (strlen(word) > PROBLEM_NAME_MAX)
		return NULL;
	for (i = 0; i < count; i++) {
		size_t d = distance(word, names[i]);

		/* A third of the letters: "skils", not "colour". */
		if (d < least && d * 3 <= strlen(names[i])) {
			nearest = names[i];
			least = d;
		}
	}
	return nearest;
}
