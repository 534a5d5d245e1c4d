/* tool_doctor_files.c: files and folders -> who else may read or change them */
#include "tool_doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "db.h"
#include "file.h"
#include "log_sink.h"

#define OWNER_BYTES 64
#define WORDS_MAX   512

/* A cast that holds for the mode bits alone, for printing. */
static unsigned mode_bits(const struct stat *facts)
{
	return (unsigned)(facts->st_mode & 07777);
}

static const char *owner(const struct stat *facts, char name[OWNER_BYTES])
{
	const struct passwd *user = getpwuid(facts->st_uid);

	if (user)
		snprintf(name, OWNER_BYTES, "%s", user->pw_name);
	else
		snprintf(
		    name, OWNER_BYTES, "uid %ju", (uintmax_t)facts->st_uid);
	return name;
}

static void tell_mode(struct doctor *doctor, const char *check,
    const char *path, const struct stat *facts)
{
	char name[OWNER_BYTES];

	doctor_tell(doctor, DOCTOR_OK, check, "", "%s: mode %04o, owner %s",
	    path, mode_bits(facts), owner(facts, name));
}

static bool is_ours_or_roots(const struct stat *facts)
{
	return facts->st_uid == geteuid() || facts->st_uid == 0;
}

/* The folder that a path names its last part of. */
static void folder_of(const char *path, char folder[CONFIG_TEXT_BYTES])
{
	char copy[CONFIG_TEXT_BYTES];

	snprintf(copy, sizeof copy, "%s", path);
	snprintf(folder, CONFIG_TEXT_BYTES, "%s", dirname(copy));
}

/* ---- All the files ------------------------------------------------------- */

/*
 * Who may not enter a folder sees no file in it. The folder is looked at by
 * itself, and secrets were read when the configuration was loaded.
 */
static void visit_if_there(struct doctor *doctor, doctor_visit *visit,
    void *arg, const char *what, const char *path)
{
	if (*path != '\0' && access(path, F_OK) == 0)
		visit(doctor, arg, what, path);
}

static void each_database_file(
    struct doctor *doctor, doctor_visit *visit, void *arg)
{
	/*
	 * Log and index are SQLite's, and not always there; the gate is
	 * writegate.c's, the key keyfile.c's.
	 */
	static const char *const suffixes[] = {
	    "", "-wal", "-shm", "-gate", ".key"};
	char path[CONFIG_TEXT_BYTES + 8];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(
		    path, sizeof path, "%s%s", doctor->config->db, suffixes[i]);
		visit_if_there(doctor, visit, arg, "database", path);
	}
}

void doctor_each_file(struct doctor *doctor, doctor_visit *visit, void *arg)
{
	const struct config *config = doctor->config;
	char path[CONFIG_TEXT_BYTES];
	const char *key;

	visit_if_there(doctor, visit, arg, "configuration file", config->file);
	for (size_t i = 0; config_secret_file(config, i, &key, path); i++)
		visit_if_there(doctor, visit, arg, key, path);
	visit_if_there(doctor, visit, arg, "UPSTREAM_CLIENT_KEY",
	    config->upstream_client_key);
	/* Without a file for the key it is in the certificate's (http.h). */
	if (config->upstream_client_key[0] == '\0')
		visit_if_there(doctor, visit, arg, "UPSTREAM_CLIENT_CERT",
		    config->upstream_client_cert);
	each_database_file(doctor, visit, arg);
	if (log_sink_is_file(config->log_to, path))
		visit_if_there(doctor, visit, arg, "log", path);
}

/* ---- Owner and mode ------------------------------------------------------ */

/* That it holds no secret which others read, the loading has seen to. */
static void check_config_file(
    struct doctor *doctor, const char *path, const struct stat *facts)
{
	static const char check[] = "configuration file";
	char name[OWNER_BYTES];

	if (!is_ours_or_roots(facts))
		doctor_tell(doctor, DOCTOR_FAIL, check,
		    "give it to root or to the program's user",
		    "%s: %s owns it and can change every setting", path,
		    owner(facts, name));
	else if ((facts->st_mode & S_IWGRP) != 0)
		doctor_tell(doctor, DOCTOR_WARN, check, "chmod g-w",
		    "%s: mode %04o lets the group change every setting", path,
		    mode_bits(facts));
	else
		tell_mode(doctor, check, path, facts);
}

/* The service makes all of them 0600. */
static void check_database_file(
    struct doctor *doctor, const char *path, const struct stat *facts)
{
	char name[OWNER_BYTES];

	if (facts->st_uid != geteuid())
		doctor_tell(doctor, DOCTOR_FAIL, "database",
		    "run this as the program's user, or give it to that one",
		    "%s: %s owns it", path, owner(facts, name));
	else if ((facts->st_mode & 077) != 0)
		doctor_tell(doctor, DOCTOR_FAIL, "database", "chmod 600",
		    "%s: mode %04o is not for its owner alone", path,
		    mode_bits(facts));
	else
		tell_mode(doctor, "database", path, facts);
}

static void check_secret_file(struct doctor *doctor, const char *what,
    const char *path, const struct stat *facts)
{
	struct text problem;

	text_init(&problem, WORDS_MAX);
	if (file_check_private(facts, &problem) == STATUS_OK)
		tell_mode(doctor, what, path, facts);
	else
		/* The words name the remedy themselves (file.h). */
		doctor_tell(doctor, DOCTOR_FAIL, what, "", "%s %s", path,
		    text_string(&problem));
	text_done(&problem);
}

/* It tells who called, and of what product. */
static void check_log_file(
    struct doctor *doctor, const char *path, const struct stat *facts)
{
	if (access(path, W_OK) != 0)
		doctor_tell(doctor, DOCTOR_FAIL, "log",
		    "run this as the program's user, or give it to that one",
		    "%s: %s", path, strerror(errno));
	else if ((facts->st_mode & 07) != 0)
		doctor_tell(doctor, DOCTOR_WARN, "log", "chmod o-rwx",
		    "%s: mode %04o is for every user of this machine", path,
		    mode_bits(facts));
	else
		tell_mode(doctor, "log", path, facts);
}

/* what tells which file it is: that of a secret has its setting's name. */
static void check_file(
    struct doctor *doctor, void *arg, const char *what, const char *path)
{
	struct stat facts;

	(void)arg;
	if (stat(path, &facts) != 0)
		doctor_tell(doctor, DOCTOR_FAIL, what,
		    "run this as the program's user", "%s: %s", path,
		    strerror(errno));
	else if (strcmp(what, "configuration file") == 0)
		check_config_file(doctor, path, &facts);
	else if (strcmp(what, "database") == 0)
		check_database_file(doctor, path, &facts);
	else if (strcmp(what, "log") == 0)
		check_log_file(doctor, path, &facts);
	else
		check_secret_file(doctor, what, path, &facts);
}

/* Who may write into a folder may put a file of his own in place of ours. */
static void check_folder(
    struct doctor *doctor, const char *check, const char *path)
{
	char folder[CONFIG_TEXT_BYTES];
	char name[OWNER_BYTES];
	struct stat facts;

	folder_of(path, folder);
	if (stat(folder, &facts) != 0)
		doctor_tell(doctor, DOCTOR_FAIL, check,
		    "make it: install -d -m 750", "%s: %s", folder,
		    strerror(errno));
	else if (!is_ours_or_roots(&facts))
		doctor_tell(doctor, DOCTOR_FAIL, check,
		    "run this as the program's user, or give it to that one",
		    "%s: %s owns it", folder, owner(&facts, name));
	else if ((facts.st_mode & S_IWOTH) != 0)
		doctor_tell(doctor, DOCTOR_FAIL, check, "chmod o-w",
		    "%s: mode %04o lets every user of this machine change it",
		    folder, mode_bits(&facts));
	else if ((facts.st_mode & S_IWGRP) != 0)
		doctor_tell(doctor, DOCTOR_WARN, check, "chmod g-w",
		    "%s: mode %04o lets the group change it", folder,
		    mode_bits(&facts));
	else
		tell_mode(doctor, check, folder, &facts);
}

/* Who can connect there is to the program what the web server is. */
static void check_socket(struct doctor *doctor)
{
	const char *path = doctor->config->socket;
	struct stat facts;

	if (*path == '\0')
		return;
	check_folder(doctor, "socket folder", path);
	if (stat(path, &facts) != 0)
		return;
	if ((facts.st_mode & 07) != 0)
		doctor_tell(doctor, DOCTOR_FAIL, "socket", "chmod 660",
		    "%s: mode %04o lets every user of this machine post "
		    "as the web server does",
		    path, mode_bits(&facts));
	else
		tell_mode(doctor, "socket", path, &facts);
}

/* ---- The disk ------------------------------------------------------------ */

static void check_filesystem(struct doctor *doctor, const char *folder)
{
	struct statfs about;
	const char *name;
	bool network = false;

	if (statfs(folder, &about) != 0)
		return; /* told as the folder's */
	name = db_filesystem(about.f_type, &network);
	if (!name)
		doctor_tell(doctor, DOCTOR_OK, "local disk", "",
		    "%s is on a local file system", folder);
	else
		doctor_tell(doctor, network ? DOCTOR_FAIL : DOCTOR_WARN,
		    "local disk", "set STOCKROUTE_DB to a path on a local disk",
		    "%s is on %s", folder, name);
}

static void check_space(struct doctor *doctor, const char *folder)
{
	const struct config *config = doctor->config;
	struct statvfs about;
	int64_t free_bytes;

	if (statvfs(folder, &about) != 0)
		return;
	/* What is kept for root does not count: the program is not root. */
	free_bytes = (int64_t)(about.f_bavail * about.f_frsize);
	if (free_bytes < config->disk_min_bytes)
		doctor_tell(doctor, DOCTOR_FAIL, "free space",
		    "free some, or lower DISK_MIN_BYTES",
		    "%" PRId64 " bytes, less than DISK_MIN_BYTES: no event is "
		    "queued",
		    free_bytes);
	else if (free_bytes - config->disk_min_bytes < config->queue_max_bytes)
		doctor_tell(doctor, DOCTOR_WARN, "free space",
		    "free some, or lower QUEUE_MAX_BYTES",
		    "%" PRId64 " bytes: the queue cannot grow to "
		    "QUEUE_MAX_BYTES",
		    free_bytes);
	else
		doctor_tell(doctor, DOCTOR_OK, "free space", "",
		    "%" PRId64 " bytes", free_bytes);
}

static void check_disk(struct doctor *doctor)
{
	char folder[CONFIG_TEXT_BYTES];

	folder_of(doctor->config->db, folder);
	check_filesystem(doctor, folder);
	check_space(doctor, folder);
}

/* ---- What the web server shows ------------------------------------------- */

const char *doctor_place(const struct doctor *doctor, const char *path,
    const char **docroot, char place[CONFIG_TEXT_BYTES])
{
	char file[PATH_MAX];
	char root[PATH_MAX];

	if (!realpath(path, file))
		return NULL;
	for (size_t i = 0; i < doctor->docroots.count; i++) {
		size_t length;

		if (!realpath(doctor->docroots.items[i], root))
			continue;
		/*
		 * Resolved paths end without a slash, but for the root itself.
		 * The byte after it must be one, or /var/www2 would lie in
		 * /var/www.
		 */
		length = strcmp(root, "/") == 0 ? 0 : strlen(root);
		if (strncmp(file, root, length) != 0 || file[length] != '/')
			continue;
		snprintf(place, CONFIG_TEXT_BYTES, "%.*s",
		    CONFIG_TEXT_BYTES - 1, file + length);
		*docroot = doctor->docroots.items[i];
		return place;
	}
	return NULL;
}

static void check_exposed(
    struct doctor *doctor, void *arg, const char *what, const char *path)
{
	size_t *exposed = arg;
	char place[CONFIG_TEXT_BYTES];
	const char *docroot;

	if (!doctor_place(doctor, path, &docroot, place))
		return;
	++*exposed;
	doctor_tell(doctor, DOCTOR_FAIL, "document root",
	    "move it out of there", "%s %s lies in %s, which is for the world",
	    what, path, docroot);
}

/*
 * On shared hosting it must lie there, beside the .htaccess that keeps it.
 * Whether the server heeds that, only --url shows.
 */
static void check_program(struct doctor *doctor, const char *folder)
{
	char path[CONFIG_TEXT_BYTES + 64];
	char guard[CONFIG_TEXT_BYTES + 64];

	snprintf(path, sizeof path, "%s/stockroute.fcgi", folder);
	snprintf(guard, sizeof guard, "%s/.htaccess", folder);
	if (access(path, F_OK) != 0)
		return;
	if (access(guard, F_OK) == 0)
		doctor_tell(doctor, DOCTOR_OK, "document root", "",
		    "%s has a .htaccess beside it; --url tells whether "
		    "the server heeds it",
		    path);
	else
		doctor_tell(doctor, DOCTOR_FAIL, "document root",
		    "move it out of there, or put cgi-bin/.htaccess beside it",
		    "%s could be fetched by everybody", path);
}

static void check_docroot(struct doctor *doctor, const char *docroot)
{
	static const char *const folders[] = {
	    "", "/cgi-bin", "/webhook", "/stockroute/cgi-bin"};
	char path[CONFIG_TEXT_BYTES + 32];

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s%s", docroot, folders[i]);
		check_program(doctor, path);
	}
}

static void check_docroots(struct doctor *doctor)
{
	char resolved[PATH_MAX];
	const char *first = NULL; /* of those that are there */
	size_t there = 0;
	size_t exposed = 0;

	for (size_t i = 0; i < doctor->docroots.count; i++) {
		const char *docroot = doctor->docroots.items[i];

		if (!realpath(docroot, resolved)) {
			doctor_tell(doctor, DOCTOR_FAIL, "document root",
			    "give the folder that the server shows", "%s: %s",
			    docroot, strerror(errno));
			continue;
		}
		check_docroot(doctor, docroot);
		first = first ? first : docroot;
		there++;
	}
	doctor_each_file(doctor, check_exposed, &exposed);
	if (exposed == 0 && there > 0)
		doctor_tell(doctor, DOCTOR_OK, "document root", "",
		    "no settings, secrets, database or log lie in %s%s", first,
		    there > 1 ? " or the others" : "");
}

void doctor_check_files(struct doctor *doctor)
{
	char log[LOG_SINK_PATH_BYTES];

	doctor_each_file(doctor, check_file, NULL);
	check_folder(doctor, "database folder", doctor->config->db);
	if (log_sink_is_file(doctor->config->log_to, log))
		check_folder(doctor, "log folder", log);
	check_disk(doctor);
	check_socket(doctor);
	check_docroots(doctor);
}
