/* tool_lines.c: a file, or what is piped in -> its lines, one at a time */
#include "tool_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With room for the line's end and the NUL. */
#define BUFFER_BYTES (TOOL_LINE_MAX + 3)

static bool copy_stdin(FILE *copy)
{
	char bytes[16384];
	size_t count;

	do {
		count = fread(bytes, 1, sizeof bytes, stdin);
		if (fwrite(bytes, 1, count, copy) != count)
			return false;
	} while (count > 0);
	return !ferror(stdin) && fseek(copy, 0, SEEK_SET) == 0;
}

static FILE *open_input(const char *path)
{
	FILE *copy;

	if (strcmp(path, "-") != 0)
		return fopen(path, "re");
	copy = tmpfile();
	if (copy == NULL)
		return NULL;
	if (copy_stdin(copy))
		return copy;
	fclose(copy);
	return NULL;
}

/* A NUL within the line hides the rest of it: that is no JSON either. */
static void end_line(struct tool_lines *lines)
{
	int byte;

	lines->length = strcspn(lines->line, "\n");
	lines->too_long =
	    lines->line[lines->length] != '\n' && !feof(lines->in);
	lines->line[lines->length] = '\0';
	if (lines->length > 0 && lines->line[lines->length - 1] == '\r')
		lines->line[--lines->length] = '\0';
	if (!lines->too_long)
		return;
	do
		byte = getc(lines->in);
	while (byte != '\n' && byte != EOF);
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t")] == '\0';
}

bool tool_lines_next(struct tool_lines *lines)
{
	while (fgets(lines->line, BUFFER_BYTES, lines->in) != NULL) {
		end_line(lines);
		lines->number++;
		if (lines->too_long || !is_blank(lines->line))
			return true;
	}
	return false;
}

void tool_lines_rewind(struct tool_lines *lines)
{
	rewind(lines->in);
	lines->number = 0;
}

bool tool_lines_open(
    struct tool_lines *lines, const char *path, const char *command)
{
	*lines = (struct tool_lines){.line = malloc(BUFFER_BYTES)};
	if (lines->line != NULL)
		lines->in = open_input(path);
	if (lines->line == NULL || lines->in == NULL) {
		fprintf(stderr, "stockroute %s: cannot read %s: %s\n", command,
		    path, strerror(errno));
		return false;
	}
	while (tool_lines_next(lines))
		lines->total++;
	if (ferror(lines->in)) {
		fprintf(stderr, "stockroute %s: cannot read %s: %s\n", command,
		    path, strerror(errno));
		return false;
	}
	tool_lines_rewind(lines);
	return true;
}

void tool_lines_close(struct tool_lines *lines)
{
	if (lines->in != NULL)
		fclose(lines->in);
	free(lines->line);
	*lines = (struct tool_lines){0};
}
