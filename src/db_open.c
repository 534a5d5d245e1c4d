/* db_open.c: a path -> a connection with today's schema, or why not */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "clock.h"
#include "db_inside.h"
#include "log.h"

#define APPLICATION_ID 0x73726f74 /* "srot", in the file's header */
#define OPEN_WAIT_US   (5 * CLOCK_SECOND)
#define PATH_BYTES     (PATH_MAX + NAME_MAX + 2)

/* Room for a name in the problem's text. */
#define PATH_SHOWN "%.120s"

/* Schema version n is made by the first n of these. Never change one. */
static const enum sql migrations[] = {
    SQL_schema_1_decision,
    SQL_schema_2_token,
    SQL_schema_3_claim,
    SQL_schema_4_throttle,
    SQL_schema_5_breaker,
    SQL_schema_6_outbox,
    SQL_schema_7_attempt,
    SQL_schema_8_size,
    SQL_schema_9_outbox_parked,
    SQL_schema_10_trace,
    SQL_schema_11_replaced,
    SQL_schema_12_claim_created,
    SQL_schema_13_pause_since,
    SQL_schema_14_token_sealed,
    SQL_schema_15_rollup,
    SQL_schema_16_story,
    SQL_schema_17_tally,
    SQL_schema_18_views,
    SQL_schema_19_interaction,
    SQL_schema_20_decision,
    SQL_schema_21_prune_held,
};
#define SCHEMA_VERSION ((int)(sizeof migrations / sizeof *migrations))
#define SEALED_SINCE   14 /* tokens stood in the clear before */

static const struct {
	int64_t magic;
	const char *name;
	bool network;
} filesystems[] = {
    {NFS_SUPER_MAGIC, "NFS", true},
    {SMB_SUPER_MAGIC, "SMB", true},
    {CIFS_SUPER_MAGIC, "CIFS", true},
    {SMB2_SUPER_MAGIC, "SMB 2", true},
    {AFS_SUPER_MAGIC, "AFS", true},
    {AFS_FS_MAGIC, "AFS", true},
    {CODA_SUPER_MAGIC, "Coda", true},
    {CEPH_SUPER_MAGIC, "Ceph", true},
    {V9FS_MAGIC, "9p", true},
    {FUSE_SUPER_MAGIC, "FUSE", false},
};

/* What opening works on; paths are resolved, so that all who come through
 * different links meet at one gate. */
struct opening {
	enum db_mode mode;
	char path[PATH_BYTES];
	struct db *db;
	char *problem;
};

const char *db_filesystem(int64_t magic, bool *network)
{
	size_t count = sizeof filesystems / sizeof *filesystems;

	for (size_t i = 0; i < count; i++) {
		/* f_type is signed and may be 32 bits wide. */
		if ((uint32_t)filesystems[i].magic != (uint32_t)magic)
			continue;
		*network = filesystems[i].network;
		return filesystems[i].name;
	}
	return NULL;
}

const char *db_sqlite_version(void)
{
	return sqlite3_libversion();
}

int db_sqlite_number(void)
{
	return sqlite3_libversion_number();
}

bool db_engine_is_fixed(int number)
{
	return number >= 3051003 || (number >= 3050007 && number < 3051000) ||
	       (number >= 3044006 && number < 3045000);
}

const char *db_engine(void)
{
	if (db_engine_is_fixed(db_sqlite_number()))
		return "the WAL-reset bug is fixed in this version, and the "
		       "write gate keeps it out as well";
	return "this version has the WAL-reset bug, which the write gate "
	       "keeps out";
}

/* Says what could not be done with the path, why, and what helps. */
static enum status problem(struct opening *opening, const char *what,
    const char *why, const char *remedy)
{
	snprintf(opening->problem, DB_PROBLEM_BYTES,
	    "%s " PATH_SHOWN ": %.80s; %s", what, opening->path, why, remedy);
	return STATUS_STORE_UNAVAILABLE;
}

/* The directory's true path and the file's name: the file may not exist. */
static enum status resolve_new(struct opening *opening, const char *path)
{
	char parent[PATH_BYTES];
	char name[PATH_BYTES];
	char resolved[PATH_MAX];

	snprintf(parent, sizeof parent, "%s", path);
	snprintf(name, sizeof name, "%s", path);
	if (realpath(dirname(parent), resolved) == NULL)
		return problem(opening, "cannot reach the directory of",
		    strerror(errno), "make it, or set STOCKROUTE_DB");
	snprintf(opening->path, sizeof opening->path, "%s/%.*s", resolved,
	    NAME_MAX, basename(name));
	return STATUS_OK;
}

static enum status resolve(struct opening *opening, const char *path)
{
	char resolved[PATH_MAX];

	snprintf(opening->path, sizeof opening->path, "%s", path);
	if (path[0] == '\0' || strlen(path) >= PATH_MAX)
		return problem(opening, "cannot use the path",
		    "it is empty or too long", "set STOCKROUTE_DB");
	if (realpath(path, resolved) != NULL) {
		snprintf(opening->path, sizeof opening->path, "%s", resolved);
		return STATUS_OK;
	}
	if (errno == ENOENT && opening->mode == DB_SERVE)
		return resolve_new(opening, path);
	return problem(opening, "cannot read", strerror(errno),
	    "the service makes it when it first starts; is STOCKROUTE_DB "
	    "set as it is there?");
}

static enum status judge_filesystem(struct opening *opening)
{
	char parent[PATH_BYTES];
	struct statfs about;
	const char *name;
	bool network = false;

	snprintf(parent, sizeof parent, "%s", opening->path);
	if (statfs(dirname(parent), &about) != 0)
		return problem(opening, "cannot examine the directory of",
		    strerror(errno), "check its rights");
	name = db_filesystem(about.f_type, &network);
	if (name != NULL && network) {
		problem(opening, "cannot keep the database at", name,
		    "processes share it through memory, which needs a "
		    "local disk; set STOCKROUTE_DB");
		return STATUS_STORE_NETWORK_FS;
	}
	if (name != NULL)
		log_line(LOG_WARN, NULL,
		    "store: %s is on %s; it must not be "
		    "reached from two machines",
		    opening->path, name);
	return STATUS_OK;
}

static enum status enter_gate(struct opening *opening)
{
	char path[PATH_BYTES + 8];
	enum status status;

	snprintf(path, sizeof path, "%s-gate", opening->path);
	status = writegate_open(path, &opening->db->gate);
	if (status == STATUS_OK)
		status = writegate_take(opening->db->gate, OPEN_WAIT_US);
	if (status == STATUS_STORE_BUSY)
		problem(opening, "cannot open", "its write gate stays taken",
		    "see who holds it: fuser -v FILE-gate");
	else if (status != STATUS_OK)
		problem(opening, "cannot lock the gate of", strerror(errno),
		    "the directory must be writable to this user");
	return status;
}

/*
 * Makes the file when it is not there. Never opens one that is: closing it
 * would drop the locks of other connections of this process.
 */
static enum status make_file(struct opening *opening)
{
	int fd =
	    open(opening->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		return problem(opening, "cannot make", strerror(errno),
		    "the directory must be writable to this user");
	return STATUS_OK;
}

/* Events are in there. SQLite gives -wal and -shm the file's mode. */
static void keep_private(struct opening *opening)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-gate"};
	char path[PATH_BYTES + 8];
	struct stat about;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(path, sizeof path, "%s%s", opening->path, suffixes[i]);
		if (stat(path, &about) != 0 || (about.st_mode & 077) == 0)
			continue;
		if (about.st_uid != geteuid())
			log_line(LOG_WARN, NULL,
			    "store: others can read %s "
			    "and it is not ours to change",
			    path);
		else if (chmod(path, 0600) == 0)
			log_line(LOG_WARN, NULL,
			    "store: others could read "
			    "%s; its mode is now 0600",
			    path);
	}
}

/* For what SQLite refused: nobody nearer has told the problem. */
static void tell_refusal(struct opening *opening, enum status status)
{
	const char *why = status_name(status);
	const char *remedy = "its file and directory must be readable and "
			     "writable to this user";

	if (opening->db->handle != NULL)
		why = sqlite3_errmsg(opening->db->handle);
	if (status == STATUS_STORE_CORRUPT)
		remedy = "restore a backup, or move it away to begin anew";
	else if (status == STATUS_STORE_FULL)
		remedy = "free disk space";
	else if (status == STATUS_STORE_BUSY)
		remedy = "another program keeps it locked";
	problem(opening, "cannot open", why, remedy);
}

static enum status open_handle(struct opening *opening)
{
	struct db *db = opening->db;
	enum status status;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	int rc;

	flags |= opening->mode == DB_SERVE ? SQLITE_OPEN_READWRITE
					   : SQLITE_OPEN_READONLY;
	rc = sqlite3_open_v2(opening->path, &db->handle, flags, NULL);
	if (rc != SQLITE_OK)
		return db_status(rc);
	/* SQLite opens what it may not write to read it, and says OK. */
	if (opening->mode == DB_SERVE &&
	    sqlite3_db_readonly(db->handle, "main") == 1)
		return problem(opening, "cannot write",
		    "the file is read-only to this user",
		    "make this user its owner, with mode 0600");
	/* Before the first pragma: also these can meet a lock. */
	sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	sqlite3_extended_result_codes(db->handle, 1);
	status = db_run(db, SQL_db_settings);
	if (status == STATUS_OK && opening->mode == DB_SERVE)
		status = db_run(db, SQL_db_serve);
	return status;
}

/*
 * WAL is kept in the file; asked for in one that has it, this changes
 * nothing. Where shared memory is missing SQLite says the old mode, not an
 * error.
 */
static enum status use_wal(struct opening *opening)
{
	struct db_row *row = db_use(opening->db, SQL_db_wal);
	bool wal = db_next(row) && strcmp(db_text(row, 0), "wal") == 0;
	enum status status = db_done(row);

	if (status == STATUS_OK && !wal)
		return problem(opening, "cannot use WAL in",
		    "SQLite keeps another journal mode",
		    "the file system must allow shared memory");
	return status;
}

/*
 * *version is -1 when the file is some other program's. A file without any
 * table and mark is new, or was made empty by hand: it may become ours.
 */
static enum status read_version(struct db *db, int *version)
{
	struct db_row *row = db_use(db, SQL_db_version);

	if (db_next(row)) {
		bool empty = db_int(row, 0) == 0 && db_int(row, 1) == 0 &&
			     db_int(row, 2) == 0;
		bool ours = empty || db_int(row, 0) == APPLICATION_ID;

		*version = ours ? (int)db_int(row, 1) : -1;
	}
	return db_done(row);
}

/* An older file is read by nobody: its columns may not be there yet. */
static enum status judge_version(struct opening *opening, int version)
{
	char has[64];

	snprintf(has, sizeof has, "it has schema %d, this program %d", version,
	    SCHEMA_VERSION);
	if (version < 0)
		return problem(opening, "will not touch",
		    "it is another program's database", "set STOCKROUTE_DB");
	if (version > SCHEMA_VERSION) {
		problem(opening, "cannot use", has, "run the newer program");
		return STATUS_STORE_NEWER;
	}
	if (version < SCHEMA_VERSION && opening->mode == DB_READ)
		return problem(opening, "cannot read", has,
		    "start the service once, it carries the file forward");
	return STATUS_OK;
}

/*
 * One version in one transaction: what a crash leaves is a whole one. Both
 * marks stand in the file's first page, and so are committed with the tables.
 */
static enum status migrate(struct db *db, int version)
{
	char marks[96];
	enum status status = db_run(db, SQL_db_begin);
	int rc;

	if (status != STATUS_OK)
		return status;
	snprintf(marks, sizeof marks,
	    "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    APPLICATION_ID, version);
	status = db_run(db, migrations[version - 1]);
	if (status == STATUS_OK) {
		rc = sqlite3_exec(db->handle, marks, NULL, NULL, NULL);
		status = db_status(rc);
	}
	if (status == STATUS_OK)
		status = db_run(db, SQL_db_commit);
	if (!sqlite3_get_autocommit(db->handle))
		db_run(db, SQL_db_rollback);
	return status;
}

/*
 * All that was deleted before goes too: the WAL is emptied into the file,
 * which VACUUM made anew. A reader can hinder that until it ends.
 */
static enum status forget_plain_tokens(struct db *db)
{
	enum status status = db_run(db, SQL_token_forget_plain);

	if (status == STATUS_OK &&
	    sqlite3_wal_checkpoint_v2(db->handle, "main",
		SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		log_line(LOG_WARN, NULL,
		    "store: old access tokens stand in the WAL until all who "
		    "have the database open have closed it");
	return status;
}

/* A new file has nothing to forget. */
static enum status carry_forward(struct db *db, int version)
{
	const int from = version;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && version < SCHEMA_VERSION) {
		version++;
		if (version == SEALED_SINCE && from > 0)
			status = forget_plain_tokens(db);
		if (status == STATUS_OK)
			status = migrate(db, version);
	}
	return status;
}

/* Judged before anything is written: it may be another program's file. */
static enum status bring_schema(struct opening *opening)
{
	enum status status;
	int version = 0;

	status = read_version(opening->db, &version);
	if (status != STATUS_OK)
		return status;
	status = judge_version(opening, version);
	if (status != STATUS_OK)
		return status;
	if (opening->mode == DB_SERVE)
		status = use_wal(opening);
	return status == STATUS_OK ? carry_forward(opening->db, version)
				   : status;
}

/*
 * All of it under the gate: of many processes that start at once one makes
 * the file and its schema, and the others find it done.
 */
static enum status open_to_serve(struct opening *opening)
{
	enum status status = enter_gate(opening);

	if (status != STATUS_OK)
		return status;
	status = make_file(opening);
	if (status == STATUS_OK) {
		keep_private(opening);
		status = open_handle(opening);
	}
	if (status == STATUS_OK)
		status = bring_schema(opening);
	if (status == STATUS_OK)
		db_watch_wal(opening->db);
	writegate_leave(opening->db->gate);
	return status;
}

/*
 * Without the gate: a connection that may not write can neither commit nor
 * run a checkpoint.
 */
static enum status open_to_read(struct opening *opening)
{
	enum status status = open_handle(opening);

	return status == STATUS_OK ? bring_schema(opening) : status;
}

static enum status open_path(struct opening *opening, const char *path)
{
	enum status status = resolve(opening, path);

	if (status == STATUS_OK)
		status = judge_filesystem(opening);
	if (status != STATUS_OK)
		return status;
	if (opening->mode == DB_SERVE)
		status = open_to_serve(opening);
	else
		status = open_to_read(opening);
	if (status != STATUS_OK && opening->problem[0] == '\0')
		tell_refusal(opening, status);
	return status;
}

void db_begin_process(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum status db_open(const char *path, enum db_mode mode, struct db **db,
    char problem_text[DB_PROBLEM_BYTES])
{
	struct opening opening = {.mode = mode, .problem = problem_text};
	enum status status;

	snprintf(problem_text, DB_PROBLEM_BYTES, "no memory");
	opening.db = calloc(1, sizeof *opening.db);
	if (opening.db == NULL)
		return STATUS_MEMORY;
	opening.db->wait_us = OPEN_WAIT_US;
	opening.db->wal = -1;
	problem_text[0] = '\0';
	status = open_path(&opening, path);
	if (status == STATUS_OK)
		*db = opening.db;
	else
		db_close(opening.db);
	return status;
}

void db_close(struct db *db)
{
	bool gated;

	if (db == NULL)
		return;
	/* First: sqlite3_close refuses while a statement is left, and the
	 * file would stay open. */
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->rows[i].statement);
		free(db->rows[i].names);
	}
	/* Ungated it is safe as well, SQLite then locks all others out. */
	gated = db->handle != NULL && db->gate != NULL &&
		writegate_take(db->gate, db->wait_us) == STATUS_OK;
	sqlite3_close(db->handle);
	if (db->wal >= 0)
		close(db->wal);
	if (gated)
		writegate_leave(db->gate);
	writegate_close(db->gate);
	free(db);
}
