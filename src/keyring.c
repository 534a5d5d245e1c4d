/* keyring.c: the configuration -> the keys that seal and open secrets */
#include "keyring.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyfile.h"
#include "log.h"

#define KEYS_MAX    (KEYFILE_KEYS + 1) /* and STOCKROUTE_KEY_OLD */
#define PROBLEM_MAX 512

/*
 * keys[0] seals; there is always one. path is "" when keys come from the
 * settings alone; otherwise old, when has_old, is added to the file's.
 */
struct keyring {
	struct seal_key *keys[KEYS_MAX];
	size_t count;
	char path[PATH_MAX];
	unsigned char old[SEAL_KEY_BYTES];
	bool has_old;
};

static enum status add(
    struct keyring *ring, const unsigned char bytes[SEAL_KEY_BYTES])
{
	struct seal_key *key = seal_key_new(bytes);

	if (!key)
		return STATUS_MEMORY;
	ring->keys[ring->count++] = key;
	return STATUS_OK;
}

static void drop_keys(struct keyring *ring)
{
	while (ring->count > 0)
		seal_key_free(ring->keys[--ring->count]);
}

/*
 * Takes the file's keys instead of those at hand, and the old one. The new
 * ones are all made before one of the others goes, so that without memory the
 * ring still opens what it did.
 */
static enum status take_file(struct keyring *ring, const struct keyfile *file)
{
	struct keyring taken = {.count = 0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < file->count && status == STATUS_OK; i++)
		status = add(&taken, file->keys[i]);
	if (status == STATUS_OK && ring->has_old)
		status = add(&taken, ring->old);
	if (status != STATUS_OK) {
		drop_keys(&taken);
		return status;
	}
	drop_keys(ring);
	memcpy(ring->keys, taken.keys, sizeof ring->keys);
	ring->count = taken.count;
	return STATUS_OK;
}

/* On failure the keys at hand stay. */
static enum status read_file(struct keyring *ring, struct text *problem)
{
	struct keyfile file;
	enum status status = keyfile_read(ring->path, &file, problem);

	if (status == STATUS_OK)
		status = take_file(ring, &file);
	OPENSSL_cleanse(&file, sizeof file);
	return status;
}

/* By the database's true path, so that all who use it find one file. */
void keyring_find_file(const struct config *config, char path[PATH_MAX])
{
	char *resolved = realpath(config->db, NULL);

	snprintf(path, PATH_MAX, "%s.key", resolved ? resolved : config->db);
	free(resolved);
}

static enum status open_file(
    struct keyring *ring, bool make, struct text *problems)
{
	enum status status = STATUS_OK;
	struct text problem;

	text_init(&problem, PROBLEM_MAX);
	if (make)
		status = keyfile_make(ring->path, &problem);
	if (status == STATUS_OK)
		status = read_file(ring, &problem);
	if (status != STATUS_OK && status != STATUS_MEMORY)
		text_add_format(problems, "the key file %s %s\n", ring->path,
		    text_string(&problem));
	text_done(&problem);
	return status;
}

/* Where one is set, config_load has seen to it that it is a key. */
static enum status open_keys(struct keyring *ring, const struct config *config,
    bool make, struct text *problems)
{
	unsigned char bytes[SEAL_KEY_BYTES];
	enum status status;

	ring->has_old = seal_key_read(config->key_old, ring->old);
	if (!seal_key_read(config->key, bytes)) {
		keyring_find_file(config, ring->path);
		return open_file(ring, make, problems);
	}
	status = add(ring, bytes);
	if (status == STATUS_OK && ring->has_old)
		status = add(ring, ring->old);
	OPENSSL_cleanse(bytes, sizeof bytes);
	return status;
}

enum status keyring_open(const struct config *config, bool make,
    struct keyring **ring, struct text *problems)
{
	struct keyring *made = calloc(1, sizeof *made);
	enum status status;

	if (!made)
		return STATUS_MEMORY;
	status = open_keys(made, config, make, problems);
	if (status == STATUS_OK)
		*ring = made;
	else
		keyring_free(made);
	return status;
}

void keyring_free(struct keyring *ring)
{
	if (!ring)
		return;
	drop_keys(ring);
	OPENSSL_cleanse(ring, sizeof *ring);
	free(ring);
}

const char *keyring_path(const struct keyring *ring)
{
	return ring->path;
}

enum status keyring_shut(struct keyring *ring, const struct seal_place *place,
    const char *text, size_t length, unsigned char *sealed)
{
	return seal_shut(ring->keys[0], place, text, length, sealed);
}

static struct seal_key *find(
    const struct keyring *ring, const unsigned char *sealed, size_t length)
{
	for (size_t i = 0; i < ring->count; i++)
		if (seal_is_by(ring->keys[i], sealed, length))
			return ring->keys[i];
	return NULL;
}

/* What is wrong with the file was told at the start, or will be at the next:
 * here it means that nothing more can be opened. */
static void read_again(struct keyring *ring)
{
	struct text problem;

	if (ring->path[0] == '\0')
		return;
	text_init(&problem, PROBLEM_MAX);
	if (read_file(ring, &problem) != STATUS_OK)
		log_line(LOG_WARN, NULL, "the key file %s %s", ring->path,
		    text_string(&problem));
	text_done(&problem);
}

enum status keyring_open_sealed(struct keyring *ring,
    const struct seal_place *place, const unsigned char *sealed, size_t length,
    char *text)
{
	struct seal_key *key = find(ring, sealed, length);

	if (!key) {
		/* The process that sealed it may have renewed the file. */
		read_again(ring);
		key = find(ring, sealed, length);
	}
	if (!key)
		return STATUS_KEY_UNKNOWN;
	return seal_open(key, place, sealed, length, text);
}

bool keyring_is_newest(
    const struct keyring *ring, const unsigned char *sealed, size_t length)
{
	return seal_is_by(ring->keys[0], sealed, length);
}

enum status keyring_renew(struct keyring *ring, struct text *problems)
{
	enum status status;
	struct text problem;

	text_init(&problem, PROBLEM_MAX);
	status = keyfile_renew(ring->path, &problem);
	if (status == STATUS_OK)
		status = read_file(ring, &problem);
	if (status != STATUS_OK)
		text_add_format(problems, "the key file %s %s\n", ring->path,
		    text_string(&problem));
	text_done(&problem);
	return status;
}
