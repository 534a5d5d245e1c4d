/* db_wal.c: commits -> a WAL on its way to the disk, and into the file */
#include <fcntl.h>
#include <unistd.h>

#include "db_inside.h"
#include "log.h"

/* An SQLite page is 4 kB: passive at 4 MB of WAL, restart from 16 MB. */
#define PAGE_BYTES       4096
#define CHECKPOINT_PAGES 1000
#define RESTART_PAGES    4000
#define RESTART_BUSY_MS  20 /* all writers wait meanwhile */
#define UNFINISHED_WARN  3
/* Sent off together: on a disk that takes 4 MB in 3 ms, for 0.1 ms. */
#define HURRY_PAGES 64

/* Of the file and of each page in it: sqlite.org/fileformat2.html#walformat */
#define WAL_HEAD_BYTES  32
#define PAGE_HEAD_BYTES 24

/*
 * SQLite calls this after each commit of this connection, in the place of
 * its own checkpoint, with the pages that the WAL then has.
 */
static int got_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->wal_pages = pages;
	/* Fewer than before: the WAL has begun anew. */
	if (pages < db->checkpoint_from)
		db->checkpoint_from = 0;
	if (pages < db->hurried)
		db->hurried = 0;
	return SQLITE_OK;
}

void db_watch_wal(struct db *db)
{
	sqlite3_wal_hook(db->handle, got_commit, db);
}

int64_t db_wal_pages(const struct db *db)
{
	return db->wal_pages;
}

/*
 * One checkpoint that leaves pages is normal: some reader was there. When
 * they go on leaving pages the WAL grows without end.
 */
static void tell_unfinished(struct db *db, int rc)
{
	const char *why = "a reader holds it, such as an open sqlite3 shell";

	db->unfinished++;
	if (db->unfinished % UNFINISHED_WARN != 0)
		return;
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		why = sqlite3_errmsg(db->handle);
	log_line(LOG_WARN, NULL,
	    "store: %d checkpoints in a row could not "
	    "empty the WAL, it has %d kB: %s",
	    db->unfinished, db->wal_pages * 4, why);
}

/*
 * Once per CHECKPOINT_PAGES of growth; in a large WAL, which a reader holds,
 * more rarely, so that trying in vain does not slow the writers down.
 */
static bool checkpoint_is_due(const struct db *db)
{
	int step = db->wal_pages / 4;

	if (step < CHECKPOINT_PAGES)
		step = CHECKPOINT_PAGES;
	return db->wal_pages - db->checkpoint_from >= step;
}

static void count_checkpoint(const struct db *db, int rc, bool whole)
{
	enum tally_checkpoint what = TALLY_CHECKPOINT_FAILED;

	if (rc == SQLITE_OK && whole)
		what = TALLY_CHECKPOINT_COMPLETE;
	else if (rc == SQLITE_OK || rc == SQLITE_BUSY)
		what = TALLY_CHECKPOINT_PARTIAL;
	tally_count(db->tally, TALLY_CHECKPOINTS, 0, (int)what);
}

/*
 * Copies the WAL into the file. What fails here loses nothing: the commit
 * stands in the WAL.
 */
void db_checkpoint_when_due(struct db *db)
{
	int mode = SQLITE_CHECKPOINT_PASSIVE;
	int in_wal = 0;
	int copied = 0;
	int rc;

	if (!checkpoint_is_due(db))
		return;
	if (db->wal_pages >= RESTART_PAGES)
		mode = SQLITE_CHECKPOINT_RESTART;
	sqlite3_busy_timeout(db->handle, RESTART_BUSY_MS);
	rc = sqlite3_wal_checkpoint_v2(
	    db->handle, "main", mode, &in_wal, &copied);
	sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	db->checkpoint_from = db->wal_pages;
	count_checkpoint(db, rc, copied == in_wal);
	if (rc == SQLITE_OK && copied == in_wal)
		db->unfinished = 0;
	else
		tell_unfinished(db, rc);
}

static off_t wal_offset(int pages)
{
	return WAL_HEAD_BYTES + (off_t)pages * (PAGE_HEAD_BYTES + PAGE_BYTES);
}

/*
 * A checkpoint first waits until the WAL is on the disk, and all writers of
 * all processes wait with it. So the kernel is asked early, outside the gate,
 * to begin writing: the wait falls from 3.0 to 0.3 ms. It is a request only:
 * whether it is heeded, what is durable is SQLite's to see to.
 */
void db_hurry_wal(struct db *db)
{
	int pages = db->wal_pages - db->hurried;

	if (pages < HURRY_PAGES)
		return;
	if (db->wal < 0)
		db->wal = open(sqlite3_filename_wal(
				   sqlite3_db_filename(db->handle, "main")),
		    O_RDONLY | O_CLOEXEC);
	sync_file_range(db->wal, wal_offset(db->hurried),
	    (off_t)pages * (PAGE_HEAD_BYTES + PAGE_BYTES),
	    SYNC_FILE_RANGE_WRITE);
	db->hurried = db->wal_pages;
}
