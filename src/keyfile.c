/* keyfile.c: a path -> the keys in its file, made when there is none */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "hex.h"

#define LINE_BYTES  (2 * SEAL_KEY_BYTES + 1) /* hex digits and a newline */
#define FILE_BYTES  (KEYFILE_KEYS * LINE_BYTES)
#define TEMP_SUFFIX ".XXXXXX"

static enum status refuse(struct text *problem, const char *words)
{
	text_add(problem, words);
	return STATUS_CONFIG_INVALID;
}

static enum status fail(struct text *problem, const char *words)
{
	text_add_format(problem, "%s: %s", words, strerror(errno));
	return STATUS_IO;
}

static enum status no_random(struct text *problem)
{
	text_add(problem, "needs random bytes, and there are none");
	return STATUS_IO;
}

/* ---- Reading ------------------------------------------------------------- */

/* bytes has room for a NUL behind its length. */
static enum status read_keys(
    char *bytes, size_t length, struct keyfile *file, struct text *problem)
{
	static const char words[] =
	    "holds something else than one or two lines of 64 hex digits or "
	    "base 64: restore it, or remove it and the token is fetched anew";
	char *line;
	char *rest;

	bytes[length] = '\0';
	file->count = 0;
	if (length > FILE_BYTES || strlen(bytes) != length)
		return refuse(problem, words);
	for (line = strtok_r(bytes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (file->count == KEYFILE_KEYS ||
		    !seal_key_read(line, file->keys[file->count]))
			return refuse(problem, words);
		file->count++;
	}
	return file->count > 0 ? STATUS_OK : refuse(problem, words);
}

enum status keyfile_read(
    const char *path, struct keyfile *file, struct text *problem)
{
	char bytes[FILE_BYTES + 2]; /* one too many shows, and a NUL */
	size_t length = 0;
	enum status status;
	struct stat facts;
	int fd = -1;

	*file = (struct keyfile){0};
	status = file_open(path, &fd, &facts, problem);
	if (status != STATUS_OK)
		return status;
	status = file_check_private(&facts, problem);
	if (status == STATUS_OK &&
	    !file_read(fd, bytes, FILE_BYTES + 1, &length))
		status = refuse(problem, "cannot be read");
	if (status == STATUS_OK)
		status = read_keys(bytes, length, file, problem);
	OPENSSL_cleanse(bytes, sizeof bytes);
	close(fd);
	return status;
}

/* ---- Writing ------------------------------------------------------------- */

static void write_line(const unsigned char key[SEAL_KEY_BYTES], char *line)
{
	line[hex_write(key, SEAL_KEY_BYTES, line)] = '\n';
}

/* A name is on the disk when its folder is. dirname writes into folder. */
static bool sync_folder(const char *path)
{
	char folder[PATH_MAX];
	bool synced;
	int fd;

	snprintf(folder, sizeof folder, "%s", path);
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	synced = fsync(fd) == 0;
	close(fd);
	return synced;
}

/*
 * Root may be the first to start the tool; the service must be able to read
 * what it makes there.
 */
static bool give_to(int fd, const struct stat *owner)
{
	return geteuid() != 0 || fchown(fd, owner->st_uid, owner->st_gid) == 0;
}

/* The owner of what stands at path or, when nothing does, of its folder. */
static bool find_owner(const char *path, struct stat *owner)
{
	char folder[PATH_MAX];

	if (stat(path, owner) == 0)
		return true;
	snprintf(folder, sizeof folder, "%s", path);
	return stat(dirname(folder), owner) == 0;
}

/*
 * Writes a file of another name, which temp gets, with mode 0600 and on the
 * disk. Statuses as keyfile_make; after a failure there is none.
 */
static enum status write_temp(const char *path, const struct keyfile *file,
    char temp[PATH_MAX], struct text *problem)
{
	char bytes[FILE_BYTES];
	size_t length = file->count * LINE_BYTES;
	struct stat owner;
	bool written;
	int fd;

	if (snprintf(temp, PATH_MAX, "%s" TEMP_SUFFIX, path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return fail(problem, "cannot be made");
	}
	fd = find_owner(path, &owner) ? mkostemp(temp, O_CLOEXEC) : -1;
	if (fd < 0)
		return fail(problem,
		    "cannot be made, the directory must be writable to this "
		    "user");
	for (size_t i = 0; i < file->count; i++)
		write_line(file->keys[i], bytes + i * LINE_BYTES);
	written = give_to(fd, &owner) &&
		  write(fd, bytes, length) == (ssize_t)length && fsync(fd) == 0;
	OPENSSL_cleanse(bytes, sizeof bytes);
	if (!written) {
		/* First: unlink may change errno. */
		fail(problem, "cannot be written");
		unlink(temp);
	}
	close(fd);
	return written ? STATUS_OK : STATUS_IO;
}

/* A link is made only where there is nothing yet, unlike a rename. */
enum status keyfile_make(const char *path, struct text *problem)
{
	struct keyfile file = {.count = 1};
	char temp[PATH_MAX];
	enum status status;

	if (access(path, F_OK) == 0)
		return STATUS_OK;
	if (RAND_bytes(file.keys[0], SEAL_KEY_BYTES) != 1)
		return no_random(problem);
	status = write_temp(path, &file, temp, problem);
	OPENSSL_cleanse(&file, sizeof file);
	if (status != STATUS_OK)
		return status;
	/* EEXIST: another process was faster, and its key is as good. */
	if (link(temp, path) != 0 && errno != EEXIST)
		status = fail(problem, "cannot be made");
	unlink(temp);
	if (status == STATUS_OK && !sync_folder(path))
		status = fail(problem, "cannot be put on the disk");
	return status;
}

enum status keyfile_renew(const char *path, struct text *problem)
{
	struct keyfile file;
	char temp[PATH_MAX];
	enum status status;

	status = keyfile_read(path, &file, problem);
	if (status != STATUS_OK)
		goto out;
	file.count = KEYFILE_KEYS;
	memcpy(file.keys[1], file.keys[0], SEAL_KEY_BYTES);
	if (RAND_bytes(file.keys[0], SEAL_KEY_BYTES) != 1) {
		status = no_random(problem);
		goto out;
	}
	status = write_temp(path, &file, temp, problem);
	if (status != STATUS_OK)
		goto out;
	/* Before the rename, which cannot be taken back, as well as after. */
	if (!sync_folder(path) || rename(temp, path) != 0) {
		status = fail(problem, "cannot be replaced");
		unlink(temp);
	} else if (!sync_folder(path)) {
		status = fail(problem, "cannot be put on the disk");
	}
out:
	OPENSSL_cleanse(&file, sizeof file);
	return status;
}
