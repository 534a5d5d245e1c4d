#ifndef LISTENER_H
#define LISTENER_H

#include "status.h"

/*
 * Opens a listening descriptor, non-blocking. path NULL: descriptor 0, as
 * web servers hand it to the programs they start. Else a unix socket with
 * mode 0660 is made at path: a socket file left by a dead process is
 * replaced, one that a living process answers on is refused, and so is any
 * other kind of file.
 * STATUS_IO: the reason was logged; *fd is untouched. Give back with
 * listener_close.
 */
enum status listener_open(const char *path, int *fd);

/*
 * Closes what listener_open gave, but not descriptor 0, whose number would
 * then be reused. The socket file stays: it may already be a successor's.
 */
void listener_close(int fd);

#endif
