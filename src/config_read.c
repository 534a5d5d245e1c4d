/* config_read.c: path -> parsed JSON file, or the secret in a file */
#include "config_read.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "json.h"

#define DEPTH_MAX 16 /* a routing map needs 3 */

static enum status refuse(struct text *problem, const char *words)
{
	text_add(problem, words);
	return STATUS_CONFIG_INVALID;
}

static enum status refuse_errno(struct text *problem, const char *words)
{
	text_add_format(problem, "%s: %s", words, strerror(errno));
	return STATUS_CONFIG_INVALID;
}

/*
 * All may read the file, as long as it holds no secret: config_check_readers
 * sees to that when it is known which keys come from it.
 */
static enum status check_mode(const struct stat *facts, struct text *problem)
{
	if ((facts->st_mode & S_IWOTH) != 0)
		return refuse(problem,
		    "can be changed by every user of this machine: run "
		    "chmod o-w on it");
	if (facts->st_size > CONFIG_FILE_MAX)
		return refuse(problem, "is larger than 1 MiB");
	return STATUS_OK;
}

static enum status read_config(
    int fd, struct config_file *file, struct text *problem)
{
	/* One byte more shows a file that has grown meanwhile. */
	file->bytes = calloc(1, CONFIG_FILE_MAX + 1);
	if (file->bytes == NULL)
		return STATUS_MEMORY;
	if (!file_read(fd, file->bytes, CONFIG_FILE_MAX + 1, &file->length))
		return refuse_errno(problem, "cannot be read");
	if (file->length > CONFIG_FILE_MAX)
		return refuse(problem, "is larger than 1 MiB");
	return STATUS_OK;
}

/* The parser's words quote the file, which may hold secrets, from here. */
static void cut_quotation(char *words)
{
	static const char *const quotations[] = {" near ", " '\\u"};
	size_t i;

	for (i = 0; i < sizeof quotations / sizeof quotations[0]; i++) {
		char *quotation = strstr(words, quotations[i]);

		if (quotation != NULL)
			*quotation = '\0';
	}
}

/* The file may hold secrets, so the parser's own copies are wiped. */
static enum status parse_config(struct config_file *file, struct text *problem)
{
	char words[JSON_PROBLEM_BYTES];
	enum status status;

	status = json_parse_secret(
	    file->bytes, file->length, DEPTH_MAX, &file->root, words);
	if (status == STATUS_MALFORMED) {
		cut_quotation(words);
		text_add_format(problem, "is not valid JSON: %s", words);
		return STATUS_CONFIG_INVALID;
	}
	if (status == STATUS_OK && !json_is_object(file->root))
		return refuse(problem,
		    "must hold one JSON object, as {\"log_level\": \"info\"}");
	return status;
}

enum status config_file_read(
    const char *path, struct config_file *file, struct text *problem)
{
	enum status status;
	struct stat facts;
	int fd = -1;

	*file = (struct config_file){0};
	status = file_open(path, &fd, &facts, problem);
	if (status != STATUS_OK)
		return status;
	file->others_read = (facts.st_mode & S_IROTH) != 0;
	status = check_mode(&facts, problem);
	if (status == STATUS_OK)
		status = read_config(fd, file, problem);
	close(fd);
	if (status == STATUS_OK)
		status = parse_config(file, problem);
	return status;
}

void config_file_done(struct config_file *file)
{
	json_free_secret(file->root);
	/* Whole: a read that failed half-way told no length. */
	if (file->bytes != NULL)
		OPENSSL_cleanse(file->bytes, CONFIG_FILE_MAX + 1);
	free(file->bytes);
	*file = (struct config_file){0};
}

/*
 * Passes the string that begins at bytes[i]; the index of its last quote. A
 * string has no line break in it: JSON has it escaped.
 */
static size_t end_of_string(const struct config_file *file, size_t i)
{
	for (i++; i < file->length && file->bytes[i] != '"'; i++) {
		if (file->bytes[i] == '\\')
			i++;
	}
	return i;
}

/* True when the string from first to last quote is member and a colon. */
static bool is_member(const struct config_file *file, size_t first, size_t last,
    const char *member)
{
	size_t length = strlen(member);
	size_t i = last + 1;

	if (last - first - 1 != length ||
	    memcmp(file->bytes + first + 1, member, length) != 0)
		return false;
	while (i < file->length && strchr(" \t\r\n", file->bytes[i]) != NULL)
		i++;
	return i < file->length && file->bytes[i] == ':';
}

int config_file_line(const struct config_file *file, const char *member)
{
	int line = 1;
	int depth = 0;
	size_t i;

	/* The text has been parsed, so it is JSON without errors. */
	for (i = 0; i < file->length; i++) {
		char byte = file->bytes[i];

		if (byte == '\n') {
			line++;
		} else if (byte == '{' || byte == '[') {
			depth++;
		} else if (byte == '}' || byte == ']') {
			depth--;
		} else if (byte == '"') {
			size_t last = end_of_string(file, i);

			if (depth == 1 && is_member(file, i, last, member))
				return line;
			i = last;
		}
	}
	return 0;
}

/* Editors and echo add one; more than one is not by accident. */
static size_t without_newline(const char *secret, size_t length)
{
	if (length > 0 && secret[length - 1] == '\n')
		length--;
	if (length > 0 && secret[length - 1] == '\r')
		length--;
	return length;
}

static enum status check_secret(
    const char *secret, size_t length, struct text *problem)
{
	if (length == 0)
		return refuse(problem, "is empty: write the secret into it");
	/* A C string would end there, and be another secret. */
	if (memchr(secret, '\0', length) != NULL)
		return refuse(problem, "holds a NUL byte: keep it as text");
	if (memchr(secret, '\n', length) != NULL)
		return refuse(problem,
		    "has more than one line: keep only the secret in it");
	return STATUS_OK;
}

/* The secret, one newline of two bytes, and one byte that is too much. */
enum status config_secret_read(
    const char *path, char *secret, size_t size, struct text *problem)
{
	size_t room = size - 1 + 3;
	char *bytes = NULL;
	size_t length = 0;
	enum status status;
	struct stat facts;
	int fd = -1;

	status = file_open(path, &fd, &facts, problem);
	if (status != STATUS_OK)
		return status;
	status = file_check_private(&facts, problem);
	if (status != STATUS_OK)
		goto out;
	status = STATUS_MEMORY;
	bytes = calloc(1, room);
	if (bytes == NULL)
		goto out;
	status = STATUS_CONFIG_INVALID;
	if (!file_read(fd, bytes, room, &length)) {
		refuse_errno(problem, "cannot be read");
		goto out;
	}
	length = without_newline(bytes, length);
	if (length > size - 1) {
		text_add_format(problem, "holds more than %zu bytes", size - 1);
		goto out;
	}
	status = check_secret(bytes, length, problem);
	if (status == STATUS_OK) {
		memcpy(secret, bytes, length);
		secret[length] = '\0';
	}
out:
	if (bytes != NULL)
		OPENSSL_cleanse(bytes, room);
	free(bytes);
	close(fd);
	return status;
}
