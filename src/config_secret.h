#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include <limits.h>

#include "config_report.h"

/*
 * Where a secret comes from. Private to the config_*.c files. There are four
 * places: the environment; the file that NAME_FILE names; systemd's
 * credential of the member's name, a file in the directory that
 * CREDENTIALS_DIRECTORY names (systemd.exec(5), LoadCredential=); the JSON
 * file.
 */
struct secret_source {
	enum config_origin origin; /* CONFIG_FROM_DEFAULT: there is none */
	const char *value;         /* of the environment; borrowed from it */
	char path[PATH_MAX];       /* of the secret file or the credential */
};

/*
 * Finds the one place that has the secret. False: two have it, which was
 * reported with the names of both, since nobody could say which is meant.
 */
bool config_find_secret(struct loading *loading, const struct config_key *key,
    struct secret_source *source);

/*
 * Reports the secrets that stand in a JSON file that every user of this
 * machine can read.
 */
void config_check_readers(struct loading *loading);

/* Reports STOCKROUTE_KEY and _OLD when they cannot be keys. */
void config_check_keys(struct loading *loading);

#endif
