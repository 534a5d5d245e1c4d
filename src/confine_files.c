/* confine_files.c: the settings -> what Landlock leaves of files and ports */
#include "confine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log_sink.h"

/*
 * The kernel's interface as of version 6, which is younger than the headers
 * of many systems. The kernel takes a shorter struct for zeros at its end.
 */
struct ruleset {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};

#define RULE_PORT    2
#define TRUNCATE     (UINT64_C(1) << 14)
#define IOCTL_DEVICE (UINT64_C(1) << 15)
#define BIND_TCP     (UINT64_C(1) << 0)
#define CONNECT_TCP  (UINT64_C(1) << 1)
#define SCOPES       UINT64_C(3) /* abstract sockets, signals */
#define PORT_DNS     53

/* The rights over files that each version added, by their last one. */
static const uint64_t newest[] = {
    LANDLOCK_ACCESS_FS_MAKE_SYM, /* version 1 */
    LANDLOCK_ACCESS_FS_REFER,
    TRUNCATE,
    TRUNCATE, /* version 4 added ports */
    IOCTL_DEVICE,
};

#define OF_FILE                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    TRUNCATE)
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define KEEP_DATABASE                                                          \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE |                     \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

#define ADD_TO_LOG (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)

/*
 * What name resolution, TLS and the C library may read at any time. What is
 * not there on this system is passed over. /run has resolv.conf where a
 * daemon writes it.
 */
static const char *const readable[] = {"/etc", "/lib", "/lib64", "/usr/lib",
    "/usr/lib64", "/usr/local/lib", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", "/var/lib/ca-certificates",
    "/usr/share/zoneinfo", "/run/systemd/resolve", "/run/NetworkManager",
    "/run/resolvconf", "/run/connman", "/dev/urandom", "/dev/random"};

/* What is being made. */
struct making {
	int rules;
	uint64_t handled;
};

int confine_files_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

/*
 * A right that this kernel does not know it would refuse. The bits were given
 * out one after another: twice the newest less one is that and all before.
 */
static struct ruleset handled_by(int version)
{
	int known = (int)(sizeof newest / sizeof *newest);
	struct ruleset handled = {0};

	handled.files = newest[(version < known ? version : known) - 1] * 2 - 1;
	if (version >= 4)
		handled.ports = BIND_TCP | CONNECT_TCP;
	if (version >= 6)
		handled.scopes = SCOPES;
	return handled;
}

/* STATUS_OK as well when there is no such path. */
static enum status allow_path(
    const struct making *making, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {0};
	struct stat about;
	long failed;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return STATUS_OK;
	rule.allowed_access = rights & making->handled;
	if (fstat(rule.parent_fd, &about) == 0 && !S_ISDIR(about.st_mode))
		rule.allowed_access &= OF_FILE;
	failed = syscall(SYS_landlock_add_rule, making->rules,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return failed == 0 ? STATUS_OK : STATUS_IO;
}

/* Of where the file really is, and of where it was said to be: a new one
 * comes as a file or as a link. */
static enum status allow_folder_of(
    const struct making *making, const char *file, uint64_t rights)
{
	char named[CONFIG_TEXT_BYTES];
	char real[PATH_MAX];
	enum status status;

	if (file[0] == '\0')
		return STATUS_OK;
	snprintf(named, sizeof named, "%s", file);
	status = allow_path(making, dirname(named), rights);
	if (status != STATUS_OK || realpath(file, real) == NULL)
		return status;
	return allow_path(making, dirname(real), rights);
}

/* To make the file again once it was renamed. A socket needs no right. */
static enum status allow_log(
    const struct making *making, const struct config *config)
{
	char path[LOG_SINK_PATH_BYTES];

	if (!log_sink_is_file(config->log_to, path))
		return STATUS_OK;
	return allow_folder_of(making, path, ADD_TO_LOG);
}

static enum status allow_files(
    const struct making *making, const struct config *config)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
		if (status == STATUS_OK)
			status = allow_path(making, readable[i], READ);
	}
	if (status == STATUS_OK)
		status = allow_folder_of(making, config->db, KEEP_DATABASE);
	if (status == STATUS_OK)
		status = allow_log(making, config);
	if (status == STATUS_OK)
		status =
		    allow_folder_of(making, config->upstream_ca_file, READ);
	if (status == STATUS_OK)
		status =
		    allow_folder_of(making, config->upstream_client_cert, READ);
	if (status == STATUS_OK)
		status =
		    allow_folder_of(making, config->upstream_client_key, READ);
	return status;
}

/* 0: there is no URL. unnamed: the port of http without one. */
static uint64_t port_of(const char *url, uint64_t unnamed)
{
	const char *host = strstr(url, "://");
	const char *end;

	if (host == NULL)
		return 0;
	host += 3;
	end = *host == '[' ? strchr(host, ']') : host;
	end = end != NULL ? end + strcspn(end, ":/") : host;
	if (*end == ':' && end[1] != '\0' && end[1] != '/')
		return strtoul(end + 1, NULL, 10);
	return strncasecmp(url, "https", 5) == 0 ? 443 : unnamed;
}

static enum status allow_port(const struct making *making, uint64_t port)
{
	/* The kernel's struct: what is allowed, and where. */
	const uint64_t rule[] = {CONNECT_TCP, port};
	long failed = 0;

	if (port > 0)
		failed = syscall(
		    SYS_landlock_add_rule, making->rules, RULE_PORT, rule, 0);
	return failed == 0 ? STATUS_OK : STATUS_IO;
}

static enum status allow_ports(
    const struct making *making, const struct config *config)
{
	/* 1080 is what curl takes for a proxy. */
	const uint64_t ports[] = {PORT_DNS, port_of(config->cxone_base_url, 80),
	    port_of(config->inventory_api_url, 80),
	    port_of(config->upstream_proxy, 1080)};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		if (status == STATUS_OK)
			status = allow_port(making, ports[i]);
	}
	return status;
}

enum status confine_files_open(const struct config *config, int *rules)
{
	struct ruleset handled;
	struct making making;
	enum status status;
	int version = confine_files_version();
	int why;

	if (version == 0)
		return STATUS_IO;
	handled = handled_by(version);
	making.handled = handled.files;
	/* Before version 6 the struct's end is 0, and may be there. */
	making.rules = (int)syscall(
	    SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
	if (making.rules < 0)
		return STATUS_IO;
	status = allow_files(&making, config);
	if (status == STATUS_OK && handled.ports != 0)
		status = allow_ports(&making, config);
	if (status == STATUS_OK) {
		*rules = making.rules;
		return status;
	}
	why = errno;
	close(making.rules);
	errno = why;
	return status;
}

enum status confine_files_enter(int rules)
{
	return syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? STATUS_OK
								  : STATUS_IO;
}
