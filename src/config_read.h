#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "status.h"
#include "text.h"

/*
 * The files that settings come from. Private to the config_*.c files.
 * Problems are added as words, without a newline.
 */
#define CONFIG_FILE_MAX (1024 * 1024)

/* The JSON file: all NULL and zero when there is none. */
struct config_file {
	char *bytes; /* kept to find the lines of members */
	size_t length;
	json_t *root;     /* an object */
	bool others_read; /* everybody may read the file */
};

/*
 * Reads and parses path. STATUS_CONFIG_INVALID: problem has the words.
 * STATUS_MEMORY. Release with config_file_done whatever came back.
 */
enum status config_file_read(
    const char *path, struct config_file *file, struct text *problem);

/* Wipes what was read, then frees it. */
void config_file_done(struct config_file *file);

/* The line of the outermost object's member, or 0 when it is not found. */
int config_file_line(const struct config_file *file, const char *member);

/*
 * Reads a secret of at most size - 1 bytes from a file of one line that is
 * for us alone, see file_check_private; one newline at its end is dropped.
 * Statuses and words as above.
 */
enum status config_secret_read(
    const char *path, char *secret, size_t size, struct text *problem);

#endif
