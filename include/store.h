#ifndef STORE_H
#define STORE_H

#include "db.h"
#include "loop.h"
#include "status.h"
#include "tally.h"

/*
 * The store thread: runs transaction bodies on the database so that the
 * loop never waits for a disk. All bodies that wait when a transaction
 * begins, or come while it runs, run in it (group commit); a body that fails
 * is undone alone. The only locks of the program are in here.
 */
struct store;

/*
 * Runs on the store thread, inside the transaction. May run again, when
 * another body of its group failed and all was undone.
 */
typedef enum status store_body(struct db *db, void *arg);

/* Called on the loop after the commit, or when there will be none. */
typedef void store_done(void *arg, enum status status);

enum store_lane {
	STORE_RECORD, /* synchronous=NORMAL */
	STORE_DURABLE /* synchronous=FULL: acknowledged work */
};

/*
 * One piece of work. Lives in the caller's struct and belongs to the store
 * from store_submit until done; next is the store's own.
 */
struct store_job {
	enum store_lane lane;
	store_body *body;
	store_done *done;
	void *arg;
	enum status status;
	struct store_job *next;
};

#define STORE_WAITING_MAX  4096 /* jobs that may wait at one time */
#define STORE_BATCH_MAX    256  /* bodies in one transaction */
#define STORE_FAILURES_MAX 4    /* by the file; then the group fails */

/*
 * Opens path as db_open does and starts the thread. What went wrong is in
 * problem. Free with store_close. A file that is damaged, or is no longer at
 * its path, is opened again, at most once a second; until that succeeds all
 * jobs fail. Who holds the write gate for longer than 2 s makes jobs fail
 * with STATUS_STORE_BUSY, and those after them fail soon.
 */
enum status store_open(struct loop *loop, const char *path,
    struct store **store, char problem[DB_PROBLEM_BYTES]);

/*
 * Runs body in a transaction of the job's lane: a group that holds a durable
 * job when it begins commits durably, and no durable one joins another group.
 * done gets the body's status when that was not OK, else the commit's: OK
 * means committed. When STORE_FAILURES_MAX bodies of a group have failed with
 * STATUS_STORE_*, the file is taken to be at fault, and the rest of the group
 * fails with the last one's status. STATUS_STORE_BUSY, at once but still from
 * the loop, when STORE_WAITING_MAX jobs wait.
 * done is called exactly once, later, from the loop.
 */
void store_submit(struct store *store, struct store_job *job);

/*
 * A rider goes along with every group, after its bodies, in the same
 * transaction: body reads into arg; done, on the loop, copies what it needs
 * out of it, once per group and before the done of that group's jobs. Only
 * when it has returned may the next group begin: outside of done arg is the
 * store thread's. Set before the first submit; at most STORE_RIDERS_MAX.
 * Its lane means nothing. A rider that fails does not fail the group.
 */
#define STORE_RIDERS_MAX 4
void store_ride(struct store *store, struct store_job *rider);

/*
 * From now on the work on the database is counted in tally, as db.h says;
 * borrowed for the store's life. Before the first submit.
 */
void store_count_into(struct store *store, struct tally *tally);

/*
 * Runs chore(arg) on the store's thread when that has nothing to commit, and
 * waits until it has: for what each thread must do itself. Not to be called
 * from a body.
 */
void store_do(struct store *store, void (*chore)(void *arg), void *arg);

/*
 * How the newest job failed that the file or its lock failed (STATUS_STORE_*)
 * and when (monotonic); STATUS_OK when none has yet.
 */
enum status store_trouble(const struct store *store, int64_t *at_us);

/*
 * Waits till all submitted jobs have ended, also those that their dones
 * submit, and calls their dones.
 */
void store_flush(struct store *store);

/*
 * Finishes what was submitted (without calling done), ends the thread.
 * NULL is allowed.
 */
void store_close(struct store *store);

#endif
