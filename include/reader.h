#ifndef READER_H
#define READER_H

#include "db.h"
#include "loop.h"
#include "status.h"

/*
 * The world of questions that only read: a thread with a connection of its
 * own that cannot write (DB_READ), so that a report which takes long holds
 * up neither the loop nor a commit. One question runs at a time, the others
 * wait in their order.
 *
 * The thread and its connection begin with the first question: a process that
 * is asked nothing has neither. A thread that begins so late is confined as
 * the one that begins it (confine.h). The file must be there by then, and the
 * store has made it.
 */
struct reader;

/*
 * Runs on the reader's thread, in one read transaction: one unchanging view
 * of the file. It looks at nothing that the loop may change meanwhile.
 */
typedef enum status reader_body(struct db *db, void *arg);

/* Called on the loop when the body has ended, or will not be run. */
typedef void reader_done(void *arg, enum status status);

/*
 * One question. Lives in the caller's struct and belongs to the reader from
 * reader_ask until done; status and next are the reader's own.
 */
struct reader_job {
	reader_body *body;
	reader_done *done;
	void *arg;
	enum status status;
	struct reader_job *next;
};

#define READER_WAITING_MAX 16 /* questions not answered yet */

/* NULL when memory or descriptors run out. Borrows path for its life. Free
 * with reader_close. */
struct reader *reader_open(struct loop *loop, const char *path);

/*
 * Asks a question. done gets the body's status; or why it was not run:
 * STATUS_OVERLOADED when READER_WAITING_MAX wait, STATUS_MEMORY when no thread
 * could be made, what db_open gives when the file cannot be read. A file that
 * is damaged, or no longer at its path, is opened again for the next question.
 * done is called exactly once, later, from the loop.
 */
void reader_ask(struct reader *reader, struct reader_job *job);

/*
 * A process that ends waits for no report: from now on all questions, the
 * one that runs as well, end soon with STATUS_STOPPING. NULL is allowed.
 */
void reader_stop(struct reader *reader);

/*
 * Stops the question that runs, calls its done, and that of those that
 * wait with STATUS_STOPPING; ends the thread and frees. A done must ask
 * nothing more. NULL is allowed.
 */
void reader_close(struct reader *reader);

#endif
