#ifndef CONFINE_H
#define CONFINE_H

#include <stdio.h>

#include "config.h"
#include "store.h"

/*
 * The confinement of a process: what it can no longer do, whatever its code
 * is led to by bytes from outside. Two steps, because what is opened at the
 * start needs more than what follows. Neither can be undone.
 */

/*
 * Before anything else: no core file and no debugger may see the secrets
 * (RLIMIT_CORE 0, PR_SET_DUMPABLE 0), no program that is started gains
 * rights (PR_SET_NO_NEW_PRIVS), and files are made for this user alone
 * (umask 077). Nothing of it can fail where the program runs.
 */
void confine_begin(void);

/*
 * When configuration, store, listener and network are open: files and ports
 * (confine_files.h) with LANDLOCK=on, system calls (confine_calls.h) with
 * SECCOMP=on, for all threads. What the kernel does not have is left out:
 * the process goes on, and one line of the log says what it has and why not
 * the rest: of that level, or a warning when something that is on failed.
 * Waits until the store's thread is between two groups.
 */
void confine(
    const struct config *config, struct store *store, enum log_level level);

/* Prints what this kernel has of it, for `stockroute check`. */
void confine_print(const struct config *config, FILE *out);

#endif
