#ifndef KEYRING_H
#define KEYRING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "seal.h"
#include "status.h"
#include "text.h"

/*
 * The keys of this process: one seals, all of them open. They come from
 * STOCKROUTE_KEY, or, when that is not set, from the key file beside the
 * database, named like it with ".key" behind. STOCKROUTE_KEY_OLD opens too.
 *
 * A key file is read again when something turns up that no key opens: the
 * keys were changed meanwhile, `stockroute token reseal`. For one thread at
 * a time.
 */
struct keyring;

/*
 * make: make the key file when it is needed and not there. Borrows config
 * until return. STATUS_CONFIG_INVALID, STATUS_IO: a line of problems tells.
 * STATUS_MEMORY.
 */
enum status keyring_open(const struct config *config, bool make,
    struct keyring **ring, struct text *problems);

/* Wipes and frees. NULL is allowed. */
void keyring_free(struct keyring *ring);

/* Where the key file is, or would be made. */
void keyring_find_file(const struct config *config, char path[PATH_MAX]);

/* The path of the key file, "" when STOCKROUTE_KEY is used. */
const char *keyring_path(const struct keyring *ring);

/* As seal_shut, with the newest key. */
enum status keyring_shut(struct keyring *ring, const struct seal_place *place,
    const char *text, size_t length, unsigned char *sealed);

/* As seal_open, with the key that sealed it. */
enum status keyring_open_sealed(struct keyring *ring,
    const struct seal_place *place, const unsigned char *sealed, size_t length,
    char *text);

/* Did the newest key seal it? */
bool keyring_is_newest(
    const struct keyring *ring, const unsigned char *sealed, size_t length);

/*
 * Puts a new key into the key file; the one before still opens. Only where
 * there is a key file. Statuses as keyring_open; after a failure all is as
 * it was.
 */
enum status keyring_renew(struct keyring *ring, struct text *problems);

#endif
