#ifndef CONFINE_FILES_H
#define CONFINE_FILES_H

#include <stdbool.h>

#include "config.h"
#include "status.h"

/*
 * Files and ports, by Landlock (landlock(7)). What stays:
 *
 * - the database's folder, to read, write, make and remove files in;
 * - the folder of LOG_TO=file:, to write and make files in;
 * - to read: /etc, the libraries, certificates and time zones of the
 *   system, and the folders of UPSTREAM_CA_FILE, UPSTREAM_CLIENT_CERT and
 *   UPSTREAM_CLIENT_KEY, which curl reads at each new connection. Folders,
 *   not files: a rule holds for the file that is there now, and
 *   /etc/resolv.conf and certificates are replaced by new ones;
 * - from version 4 on: TCP connections to the ports of CXone, the inventory
 *   and the proxy, and to 53, for long answers of name servers. No TCP
 *   socket can be made to listen;
 * - from version 6 on: signals to, and abstract sockets of, oneself only.
 *
 * What is open stays open. Rights of the user are not widened. The domain
 * is that of the thread that enters it and those it starts.
 */

/* The version that this kernel has; 0: none, or it is switched off. */
int confine_files_version(void);

/*
 * Makes the rules for config. STATUS_OK: *rules is given, close it.
 * STATUS_IO: errno says why; *rules is untouched.
 */
enum status confine_files_open(const struct config *config, int *rules);

/* Puts the calling thread under them, for good. PR_SET_NO_NEW_PRIVS must
 * have been set. STATUS_IO: errno says why. */
enum status confine_files_enter(int rules);

#endif
