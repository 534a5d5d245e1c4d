/* file.c: a path -> the bytes of a regular file, and who else may touch it */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static enum status refuse(struct text *problem, const char *words)
{
	text_add(problem, words);
	return STATUS_CONFIG_INVALID;
}

/* Not blocking, because opening a pipe would wait for its writer. */
enum status file_open(
    const char *path, int *fd, struct stat *facts, struct text *problem)
{
	int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (opened < 0) {
		text_add_format(
		    problem, "cannot be opened: %s", strerror(errno));
		return STATUS_CONFIG_INVALID;
	}
	if (fstat(opened, facts) != 0 || !S_ISREG(facts->st_mode)) {
		close(opened);
		return refuse(problem, "is not a regular file");
	}
	*fd = opened;
	return STATUS_OK;
}

bool file_read(int fd, char *bytes, size_t size, size_t *length)
{
	size_t done = 0;
	ssize_t got = 1;

	while (done < size && got != 0) {
		got = read(fd, bytes + done, size - done);
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			done += (size_t)got;
	}
	*length = done;
	return true;
}

/* Running and searching say nothing about what is in a file. */
enum status file_check_private(const struct stat *facts, struct text *problem)
{
	bool roots = facts->st_uid == 0;

	if (!roots && geteuid() != 0 && facts->st_uid != geteuid())
		return refuse(problem,
		    "belongs to another user: make this user or root its "
		    "owner");
	if ((facts->st_mode & (S_IROTH | S_IWOTH)) != 0)
		return refuse(problem,
		    "can be read or changed by every user of this machine: "
		    "run chmod 600 on it");
	if ((facts->st_mode & S_IWGRP) != 0 ||
	    (!roots && (facts->st_mode & S_IRGRP) != 0))
		return refuse(problem,
		    "can be read or changed by its group: run chmod 600 on "
		    "it");
	return STATUS_OK;
}
