#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "status.h"
#include "text.h"

/*
 * Files that settings, secrets and keys are read from. problem gets what is
 * wrong and the remedy, in words that follow the path, without a newline.
 */

/*
 * Opens the regular file at path for reading; *facts is about the open file,
 * not about the path, which may change meanwhile. STATUS_CONFIG_INVALID: it
 * cannot be opened, or is no regular file. The caller closes *fd.
 */
enum status file_open(
    const char *path, int *fd, struct stat *facts, struct text *problem);

/* Reads up to size bytes; fewer only at the end of the file. False: errno. */
bool file_read(int fd, char *bytes, size_t size, size_t *length);

/*
 * Is it for us alone? STATUS_CONFIG_INVALID: its owner is neither this user
 * nor root, or group or others may read or change it. Of root's files the
 * group may read: that is how root gives one to a service (0640, or 0440 as
 * systemd's credentials have it), and it could not read it otherwise. To
 * root, who looks after services, any owner is good.
 */
enum status file_check_private(const struct stat *facts, struct text *problem);

#endif
