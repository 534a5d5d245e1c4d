/* tool_doctor_settings.c: process and settings -> are they as safe as can be */
#include "tool_doctor.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "confine_calls.h"
#include "confine_files.h"
#include "db.h"
#include "http.h"

/* Below it a secret made by hand can be guessed: 24 random bytes are what
 * Standard Webhooks 1.0 asks for at least. */
#define SECRET_BYTES_MIN 24
#define SOON_US          (INT64_C(14) * 24 * 3600 * CLOCK_SECOND)

/* ---- The process --------------------------------------------------------- */

static void check_user(struct doctor *doctor)
{
	if (geteuid() == 0)
		doctor_tell(doctor, DOCTOR_WARN, "user",
		    "run it as the program's user: sudo -u www-data ...",
		    "root, whom no mode keeps out: this tells little of what "
		    "the program may do");
	else
		doctor_tell(doctor, DOCTOR_OK, "user", "", "uid %ju, not root",
		    (uintmax_t)geteuid());
}

static void check_umask(struct doctor *doctor)
{
	/*
	 * It can only be read by being set. No other thread makes files
	 * meanwhile: this is the first check, and none is started yet.
	 */
	mode_t mask = umask(077);

	umask(mask);
	if ((mask & 022) == 022)
		doctor_tell(
		    doctor, DOCTOR_OK, "umask", "", "%04o", (unsigned)mask);
	else
		doctor_tell(doctor, DOCTOR_WARN, "umask", "set umask 027",
		    "%04o: what is made by hand, others could change",
		    (unsigned)mask);
}

/* The program and `queue drain` forbid their own; other commands do not. */
static void check_core(struct doctor *doctor)
{
	struct rlimit limit = {0, 0};

	getrlimit(RLIMIT_CORE, &limit);
	if (limit.rlim_cur == 0)
		doctor_tell(doctor, DOCTOR_OK, "core limit", "", "0");
	else
		doctor_tell(doctor, DOCTOR_WARN, "core limit", "ulimit -c 0",
		    "a crash of this tool would write secrets to a file");
}

static void check_sqlite(struct doctor *doctor)
{
	const char *version = db_sqlite_version();

	if (db_engine_is_fixed(db_sqlite_number()))
		doctor_tell(doctor, DOCTOR_OK, "SQLite", "", "%s: %s", version,
		    db_engine());
	else
		doctor_tell(doctor, DOCTOR_WARN, "SQLite",
		    "let no other program write to the database, or install "
		    "3.51.3 or later",
		    "%s: %s", version, db_engine());
}

/* Headers of 3.0.2 and a library of 3.0.1: what was mended is not there. */
static void check_libraries(struct doctor *doctor)
{
	if (OpenSSL_version_num() < OPENSSL_VERSION_NUMBER)
		doctor_tell(doctor, DOCTOR_WARN, "libraries",
		    "install it, or build the program here",
		    "%s is older than the %s that the program was built with",
		    OpenSSL_version(OPENSSL_VERSION), OPENSSL_VERSION_TEXT);
	else
		doctor_tell(
		    doctor, DOCTOR_OK, "libraries", "", "%s", http_version());
}

void doctor_check_process(struct doctor *doctor)
{
	check_user(doctor);
	check_umask(doctor);
	check_core(doctor);
	check_sqlite(doctor);
	check_libraries(doctor);
}

/* ---- The ways to the upstreams ------------------------------------------- */

static void check_upstream(struct doctor *doctor, const char *check,
    const char *url, enum doctor_verdict verdict)
{
	if (config_is_in_the_clear(url))
		doctor_tell(doctor, verdict, check,
		    "give an https URL and take UPSTREAM_HTTP=on away",
		    "http: what is sent there can be read on the way");
	else
		doctor_tell(doctor, DOCTOR_OK, check, "", "%s",
		    strncmp(url, "https", 5) == 0 ? "https"
						  : "on this machine");
}

/* ---- The secrets of the senders ------------------------------------------ */

/* What is secret of a secret: not the name, and not the prefix. */
static size_t secret_bytes(const struct config *config, const char *secret)
{
	const char *colon = strchr(secret, ':');

	if (config->webhook_auth == WEBHOOK_AUTH_BASIC && colon)
		return strlen(colon + 1);
	if (config->webhook_auth == WEBHOOK_AUTH_HMAC &&
	    config->webhook_scheme == WEBHOOK_SCHEME_STANDARD &&
	    strncmp(secret, "whsec_", 6) == 0)
		/*
		 * In base64 four characters are three bytes; = only fills up.
		 */
		return (strcspn(secret, "=") - 6) * 3 / 4;
	return strlen(secret);
}

static bool is_public(const struct config *config, const char *secret)
{
	return config->webhook_auth == WEBHOOK_AUTH_HMAC &&
	       strncmp(secret, "whpk_", 5) == 0;
}

static void check_length(
    struct doctor *doctor, const char *check, const char *secret)
{
	size_t bytes = secret_bytes(doctor->config, secret);

	if (is_public(doctor->config, secret))
		doctor_tell(
		    doctor, DOCTOR_OK, check, "", "a public key, no secret");
	else if (bytes < SECRET_BYTES_MIN)
		doctor_tell(doctor, DOCTOR_WARN, check,
		    "make one with openssl rand -base64 32",
		    "%zu bytes, less than %d", bytes, SECRET_BYTES_MIN);
	else
		doctor_tell(doctor, DOCTOR_OK, check, "", "%zu bytes", bytes);
}

/* One that is not yet to be used is not told of: it is the next one. */
static void check_time(struct doctor *doctor, const char *check,
    const struct webhook_secret *secret)
{
	int64_t now_us = clock_wall_us();
	char stamp[CLOCK_STAMP_BYTES];

	if (secret->not_after_us == INT64_MAX)
		return;
	clock_stamp(secret->not_after_us, stamp);
	if (secret->not_after_us <= now_us)
		doctor_tell(doctor, DOCTOR_WARN, check, "take it away",
		    "its time ended %s: it lets nobody in", stamp);
	else if (secret->not_after_us < now_us + SOON_US)
		doctor_tell(doctor, DOCTOR_WARN, check,
		    "have the senders use the next one before",
		    "its time ends %s", stamp);
	else
		doctor_tell(
		    doctor, DOCTOR_OK, check, "", "its time ends %s", stamp);
}

static bool is_valid(const struct webhook_secret *secret, int64_t now_us)
{
	return now_us >= secret->not_before_us && now_us < secret->not_after_us;
}

static void check_secrets(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	/* That one has no times: where it is set, somebody is let in. */
	bool valid = config->webhook_secret[0] != '\0';
	int64_t now_us = clock_wall_us();

	if (valid)
		check_length(doctor, "WEBHOOK_SECRET", config->webhook_secret);
	for (size_t i = 0; i < config->webhook_secrets.count; i++) {
		const struct webhook_secret *secret =
		    &config->webhook_secrets.items[i];
		char check[64];

		snprintf(check, sizeof check, "webhook secret %s", secret->id);
		check_length(doctor, check, secret->text);
		check_time(doctor, check, secret);
		valid = valid || is_valid(secret, now_us);
	}
	if (!valid)
		doctor_tell(doctor, DOCTOR_FAIL, "WEBHOOK_SECRETS",
		    "add one that is",
		    "none is within its time: every event is refused");
}

/* ---- What a process that was taken over could do ------------------------- */

static void check_confined(struct doctor *doctor, const char *check,
    enum config_switch wanted, bool known)
{
	if (wanted == CONFIG_OFF)
		doctor_tell(doctor, DOCTOR_WARN, check, "take that away",
		    "off: whoever takes the program over can do what its user "
		    "can");
	else if (!known)
		doctor_tell(doctor, DOCTOR_WARN, check,
		    "use a kernel that has it, or the units in profiles/",
		    "this kernel has none");
	else
		doctor_tell(
		    doctor, DOCTOR_OK, check, "", "on, and the kernel has it");
}

void doctor_check_settings(struct doctor *doctor)
{
	const struct config *config = doctor->config;

	/* The client's secret goes to CXone, to the inventory none does. */
	check_upstream(
	    doctor, "CXONE_BASE_URL", config->cxone_base_url, DOCTOR_FAIL);
	check_upstream(doctor, "INVENTORY_API_URL", config->inventory_api_url,
	    DOCTOR_WARN);
	check_confined(
	    doctor, "LANDLOCK", config->landlock, confine_files_version() > 0);
	check_confined(
	    doctor, "SECCOMP", config->seccomp, confine_calls_known());
	if (config->webhook_auth == WEBHOOK_AUTH_NONE) {
		doctor_tell(doctor, DOCTOR_FAIL, "WEBHOOK_AUTH",
		    "set it to bearer, basic, header or hmac",
		    "none: whoever reaches the webhook can re-route "
		    "interactions");
		return;
	}
	doctor_tell(doctor, DOCTOR_OK, "WEBHOOK_AUTH", "",
	    config->webhook_auth == WEBHOOK_AUTH_HMAC
		? "events are signed"
		: "senders show a secret");
	check_secrets(doctor);
}
