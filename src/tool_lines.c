/* tool_lines.c: a file, or what is piped in -> its lines, one at a time */
#include "tool_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With room for a return at the line's end, and the NUL. */
#define BUFFER_BYTES (TOOL_LINE_MAX + 2)

static bool copy_all(FILE *from, FILE *copy)
{
	char bytes[16384];
	size_t count;

	do {
		count = fread(bytes, 1, sizeof bytes, from);
		if (fwrite(bytes, 1, count, copy) != count)
			return false;
	} while (count > 0);
	return !ferror(from) && fseek(copy, 0, SEEK_SET) == 0;
}

static FILE *copy_of(FILE *from)
{
	FILE *copy = tmpfile();

	if (copy == NULL || copy_all(from, copy))
		return copy;
	fclose(copy);
	return NULL;
}

/*
 * The lines are read twice and more. A pipe that has a name is opened as a
 * file is, but gives nothing the second time, and rewind would not tell.
 */
static FILE *open_input(const char *path)
{
	FILE *copy;
	FILE *in;

	if (strcmp(path, "-") == 0)
		return copy_of(stdin);
	in = fopen(path, "re");
	if (in == NULL || fseek(in, 0, SEEK_SET) == 0)
		return in;
	copy = copy_of(in);
	fclose(in);
	return copy;
}

/*
 * By bytes, not with fgets: that does not tell how many it read, so that a
 * NUL would look like the end of a line that was cut. What is too long is
 * passed over up to its end.
 */
static bool read_line(struct tool_lines *lines)
{
	size_t length = 0;
	int byte = getc_unlocked(lines->in);
	bool any = byte != EOF;

	lines->too_long = false;
	for (; byte != EOF && byte != '\n'; byte = getc_unlocked(lines->in)) {
		if (length < BUFFER_BYTES - 1)
			lines->line[length++] = (char)byte;
		else
			lines->too_long = true;
	}
	if (length > 0 && lines->line[length - 1] == '\r')
		length--;
	lines->line[length] = '\0';
	lines->length = length;
	lines->too_long = lines->too_long || length > TOOL_LINE_MAX;
	return any && !ferror(lines->in);
}

static bool is_blank(const struct tool_lines *lines)
{
	return strspn(lines->line, " \t") == lines->length;
}

bool tool_lines_next(struct tool_lines *lines)
{
	while (read_line(lines)) {
		lines->number++;
		if (lines->too_long || !is_blank(lines))
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
	/* Counted first: a bar needs to know how many there will be. */
	while (tool_lines_next(lines))
		lines->total++;
	/* A folder can be opened, too: it shows only when it is read. */
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
