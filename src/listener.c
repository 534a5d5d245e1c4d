/* listener.c: a path, or descriptor 0 -> a listening socket */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

/*
 * As many as lighttpd's default: it answers 500 to what does not fit. The
 * kernel cuts it to net.core.somaxconn.
 */
#define BACKLOG 1024

static enum status failed(const char *path, const char *what)
{
	log_line(LOG_ERROR, NULL, "cannot listen on %s: %s", path, what);
	return STATUS_IO;
}

/* What is set on a TCP listener, its connections inherit. */
static void tune_tcp(int fd)
{
	int domain = 0;
	int on = 1;
	socklen_t size = sizeof domain;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (domain != AF_INET && domain != AF_INET6)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static enum status adopt_stdin(int *fd)
{
	int listening = 0;
	int flags;
	socklen_t size = sizeof listening;

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening,
		&size) < 0 ||
	    listening == 0)
		return failed("descriptor 0", "it is no listening socket");
	/* Set for all processes on the socket: each has to expect EAGAIN. */
	flags = fcntl(STDIN_FILENO, F_GETFL);
	if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		return failed("descriptor 0", strerror(errno));
	tune_tcp(STDIN_FILENO);
	*fd = STDIN_FILENO;
	return STATUS_OK;
}

/*
 * Makes the path free when a socket without a listener occupies it. The
 * probe does not block: EAGAIN means a living process with a full queue.
 */
static enum status clear_path(int probe, const struct sockaddr_un *address)
{
	struct stat file;

	if (lstat(address->sun_path, &file) < 0)
		return errno == ENOENT
			   ? STATUS_OK
			   : failed(address->sun_path, strerror(errno));
	if (!S_ISSOCK(file.st_mode))
		return failed(address->sun_path, "a file is there");
	if (connect(probe, (const struct sockaddr *)address, sizeof *address) ==
		0 ||
	    errno == EAGAIN)
		return failed(address->sun_path, "a process serves it");
	if (errno != ECONNREFUSED || unlink(address->sun_path) < 0)
		return failed(address->sun_path, strerror(errno));
	return STATUS_OK;
}

/*
 * Nobody can connect before listen, so the mode is right from the start.
 * bind itself goes by the umask, which confine_begin has made 077.
 */
static enum status bind_path(int fd, const struct sockaddr_un *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
	    chmod(address->sun_path, 0660) < 0 || listen(fd, BACKLOG) < 0)
		return failed(address->sun_path, strerror(errno));
	return STATUS_OK;
}

static enum status open_path(const char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	enum status status;
	int listener = -1;
	int probe = -1;

	if (strlen(path) >= sizeof address.sun_path)
		return failed(path, "the path is too long");
	memcpy(address.sun_path, path, strlen(path) + 1);
	listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0 || probe < 0) {
		status = failed(path, strerror(errno));
		goto out;
	}
	status = clear_path(probe, &address);
	if (status != STATUS_OK)
		goto out;
	status = bind_path(listener, &address);
	if (status != STATUS_OK)
		goto out;
	*fd = listener;
	listener = -1;
out:
	if (probe >= 0)
		close(probe);
	if (listener >= 0)
		close(listener);
	return status;
}

enum status listener_open(const char *path, int *fd)
{
	if (path == NULL)
		return adopt_stdin(fd);
	return open_path(path, fd);
}

void listener_close(int fd)
{
	if (fd != STDIN_FILENO)
		close(fd);
}
