#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <microhttpd.h>

struct sim;

/* Listens on 127.0.0.1:port; port 0 takes a free one. Gives the socket, to be
 * handed to server_start, and the port; -1 when it cannot. */
int server_listen(int port, int *bound_port);

/* Raises the number of open files to what the system allows. Returns how many
 * connections can be held then. */
unsigned server_connections_max(void);

/* Serves on a listening socket with this many threads. Borrows sim until
 * MHD_stop_daemon, which also closes the socket. NULL when it cannot. */
struct MHD_Daemon *server_start(
    struct sim *sim, int socket_fd, unsigned threads, unsigned connections_max);

#endif
