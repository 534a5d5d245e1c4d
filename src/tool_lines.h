#ifndef TOOL_LINES_H
#define TOOL_LINES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The lines of a file with one JSON object on each. Standard input, and what
 * else cannot be read twice, is read to its end before the first line is
 * given, so that the lines can be counted, and that nothing waits for who
 * writes them.
 */
#define TOOL_LINE_MAX (8 << 20) /* bytes, without the line's end */

struct tool_lines {
	FILE *in;
	char *line;     /* without its end */
	size_t length;  /* with all NULs that stand in it */
	bool too_long;  /* then line is its beginning */
	int64_t number; /* of this line, from 1 */
	int64_t total;  /* in the file */
};

/*
 * Opens the file, or standard input for "-". False: the reason was printed,
 * with command in front. Close with tool_lines_close in every case.
 */
bool tool_lines_open(
    struct tool_lines *lines, const char *path, const char *command);
void tool_lines_close(struct tool_lines *lines);

/*
 * Reads the next line that is not blank into line, which holds until the next
 * call. False at the end, and where the file cannot be read any further.
 */
bool tool_lines_next(struct tool_lines *lines);

/* Begins again with the first line. */
void tool_lines_rewind(struct tool_lines *lines);

#endif
