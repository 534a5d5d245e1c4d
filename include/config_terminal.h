#ifndef CONFIG_TERMINAL_H
#define CONFIG_TERMINAL_H

#include <stdbool.h>

/*
 * What may be written to where the output goes, by the environment of who
 * reads it. Piped, it is plain: no colour, ASCII, and TERMINAL_COLUMNS wide
 * whatever terminal it was typed at, unless COLUMNS is set.
 */
enum terminal_color {
	TERMINAL_COLOR_AUTO, /* on a terminal, unless NO_COLOR is set to
				something (no-color.org) or TERM is dumb */
	TERMINAL_COLOR_ALWAYS,
	TERMINAL_COLOR_NEVER,
	TERMINAL_COLOR_COUNT
};

#define TERMINAL_COLUMNS     80
#define TERMINAL_COLUMNS_MIN 40
#define TERMINAL_COLUMNS_MAX 400

struct terminal {
	bool color;
	bool unicode; /* block elements; a terminal with a UTF-8 locale */
	int columns;  /* COLUMNS; else the terminal's own; else 80. Within
			 TERMINAL_COLUMNS_MIN and _MAX */
};

/* Reads auto, always or never; false: it is none. */
bool config_terminal_color(const char *word, enum terminal_color *color);

/* Looks at the file that fd is open on, and at the environment. */
struct terminal config_terminal(int fd, enum terminal_color color);

#endif
