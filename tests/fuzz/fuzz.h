#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * What every fuzz target has in common. libFuzzer calls LLVMFuzzerTest-
 * OneInput with bytes of its own making; a target gives them to a function
 * that reads what comes from outside, and holds its answer against the
 * function's contract.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For what a target makes ready before its first input. */
#define FUZZ_BEGIN __attribute__((constructor)) static void

/* Ends the run; libFuzzer then keeps the input. */
#define must(condition) fuzz_must(condition, #condition, __FILE__, __LINE__)

static inline void fuzz_must(
    bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

/* The bytes as a string, which the caller frees. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)data[i];
	text[size] = '\0';
	return text;
}

/*
 * The next of several strings, which stand in the input with a newline
 * between them. *rest is NULL after the last.
 */
static inline char *fuzz_line(char **rest)
{
	char *line = *rest;
	char *end = line;

	if (line == NULL)
		return NULL;
	while (*end != '\0' && *end != '\n')
		end++;
	*rest = *end == '\n' ? end + 1 : NULL;
	*end = '\0';
	return line;
}

#endif
