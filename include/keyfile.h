#ifndef KEYFILE_H
#define KEYFILE_H

#include <stddef.h>

#include "seal.h"
#include "status.h"
#include "text.h"

/*
 * The key that seals, in a file of its own: a line of 64 hex digits, and
 * below it the key that was used before, which opens what other processes
 * still seal with it. For nobody but its owner (mode 0600). It is never
 * changed in place: another file takes its name, so that readers find the
 * old one or the new one, whole.
 *
 * problem gets what is wrong and the remedy, in words that follow the path.
 */
#define KEYFILE_KEYS 2

struct keyfile {
	size_t count;
	unsigned char keys[KEYFILE_KEYS][SEAL_KEY_BYTES]; /* newest first */
};

/*
 * STATUS_CONFIG_INVALID: it is not there, not for us alone (see
 * file_check_private), or holds no keys. The caller wipes *file.
 */
enum status keyfile_read(
    const char *path, struct keyfile *file, struct text *problem);

/*
 * Makes the file with a random key, on the disk before this returns, unless
 * it is there: of many processes that start at once one makes it, and all
 * find the same. Made by root it belongs to the folder's owner, for that is
 * the service. STATUS_IO: it cannot be made, or there are no random bytes.
 */
enum status keyfile_make(const char *path, struct text *problem);

/*
 * Puts a random key first; the one that was first becomes the second, the
 * second is forgotten. Callers come one at a time. Statuses of both above;
 * after a failure the file is as it was, unless "cannot be put on the disk"
 * was it: then the new file is there, and may be lost with the power.
 */
enum status keyfile_renew(const char *path, struct text *problem);

#endif
