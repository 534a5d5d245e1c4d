#ifndef CONFINE_CALLS_H
#define CONFINE_CALLS_H

#include <stdbool.h>

#include "status.h"

/*
 * System calls, by a seccomp filter (seccomp(2)), for all threads of the
 * process. Three kinds:
 *
 * - what the program and its libraries need after the start: allowed. Of
 *   some only in part: sockets are local, IP or netlink, memory is never
 *   both writable and executable, clone makes threads only, signals go to
 *   this process only;
 * - what only someone who has taken the program over would call: starting
 *   programs, tracing, mounting, modules, other users, namespaces, io_uring
 *   (whose work no filter sees). It ends the process with SIGSYS, which the
 *   kernel's audit log tells where auditing is on;
 * - all others: ENOSYS. A libc newer than this list then takes the older
 *   call, as on an older kernel. EPERM it would take for an answer: no
 *   thread would start, as clone3 is among them, whose flags no filter can
 *   see. The event's path goes on, where killing would lose events to a
 *   library's whim.
 *
 * The kernel decides calls that are allowed whatever their arguments from a
 * bitmap (5.11 and later), so that the filter costs them next to nothing.
 */

/* Has this kernel got it? */
bool confine_calls_known(void);

/*
 * From now on. STATUS_IO: errno says why. STATUS_MEMORY. After both nothing
 * has changed.
 */
enum status confine_calls_enter(void);

#endif
