/* reader.c: questions that only read -> answers, from a thread of their own */
#include "reader.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"

struct list {
	struct reader_job *first;
	struct reader_job *last; /* not meant when first is NULL */
};

/*
 * lock guards what stands below it; what stands above is the loop's, or set
 * before the thread begins, but for stopping.
 *
 * A job is in waiting, then in the thread's hands and in no list, then in
 * finished; one that is refused goes to finished at once. A list is taken from
 * at its front: the loop fills waiting and empties finished, the thread the
 * other way round. unanswered counts the jobs in all three places.
 */
struct reader {
	struct loop *loop;
	const char *path;
	int wake; /* eventfd: the loop has something to call */
	pthread_t thread;
	bool running;      /* there is a thread */
	size_t unanswered; /* jobs whose done was not called */
	atomic_bool stopping;

	pthread_mutex_t lock;
	pthread_cond_t work; /* the thread waits for it */
	struct list waiting;
	struct list finished;
	bool closing;
};

/* The thread's own. db is NULL before the first question, and after the file
 * could not be read. */
struct connection {
	struct db *db;
	bool told; /* that it cannot be opened */
};

static void push(struct list *list, struct reader_job *job)
{
	job->next = NULL;
	if (list->first == NULL)
		list->first = job;
	else
		list->last->next = job;
	list->last = job;
}

static struct reader_job *pop(struct list *list)
{
	struct reader_job *job = list->first;

	if (job != NULL)
		list->first = job->next;
	return job;
}

static bool is_damage(enum status status)
{
	return status == STATUS_STORE_CORRUPT ||
	       status == STATUS_STORE_UNAVAILABLE;
}

/* Told once, however often it fails from then on. */
static enum status open_file(
    const struct reader *reader, struct connection *connection)
{
	char problem[DB_PROBLEM_BYTES];
	enum status status;

	status = db_open(reader->path, DB_READ, &connection->db, problem);
	if (status == STATUS_OK)
		db_heed(connection->db, &reader->stopping);
	else if (!connection->told)
		log_line(LOG_ERROR, NULL, "reader: %s", problem);
	connection->told = status != STATUS_OK;
	return status;
}

static void close_file(struct connection *connection)
{
	db_close(connection->db);
	connection->db = NULL;
}

static enum status answer(const struct reader *reader,
    struct connection *connection, struct reader_job *job)
{
	enum status status = STATUS_OK;

	if (atomic_load(&reader->stopping))
		return STATUS_STOPPING;
	/* A file that was restored in its place is another: it is taken up. */
	if (connection->db != NULL && !db_is_in_place(connection->db))
		close_file(connection);
	if (connection->db == NULL)
		status = open_file(reader, connection);
	if (status != STATUS_OK)
		return status;
	status = db_begin_read(connection->db);
	if (status == STATUS_OK) {
		status = job->body(connection->db, job->arg);
		db_end_read(connection->db);
	}
	if (is_damage(status))
		close_file(connection);
	return status;
}

/* Waits for a question; NULL means that the reader closes. */
static struct reader_job *next_job(struct reader *reader)
{
	struct reader_job *job = NULL;

	pthread_mutex_lock(&reader->lock);
	while (!reader->closing && reader->waiting.first == NULL)
		pthread_cond_wait(&reader->work, &reader->lock);
	if (!reader->closing)
		job = pop(&reader->waiting);
	pthread_mutex_unlock(&reader->lock);
	return job;
}

/* Level-triggered: one unread wake is enough, so a full counter is fine. */
static void hand_back(struct reader *reader, struct reader_job *job)
{
	pthread_mutex_lock(&reader->lock);
	push(&reader->finished, job);
	pthread_mutex_unlock(&reader->lock);
	eventfd_write(reader->wake, 1);
}

static void *run_thread(void *arg)
{
	struct reader *reader = arg;
	struct connection connection = {.db = NULL};
	struct reader_job *job;

	while ((job = next_job(reader)) != NULL) {
		job->status = answer(reader, &connection, job);
		hand_back(reader, job);
	}
	close_file(&connection);
	return NULL;
}

/* A done may ask again, and may free its job. The list is taken as a whole, so
 * that what is refused meanwhile waits for the next turn of the loop. */
static void deliver(struct reader *reader)
{
	struct list finished;
	struct reader_job *job;

	pthread_mutex_lock(&reader->lock);
	finished = reader->finished;
	reader->finished = (struct list){0};
	pthread_mutex_unlock(&reader->lock);
	while ((job = pop(&finished)) != NULL) {
		reader->unanswered--;
		job->done(job->arg, job->status);
	}
}

static void woken(void *arg, uint32_t events)
{
	struct reader *reader = arg;
	eventfd_t count;

	(void)events;
	/* Only to empty it: how many there are, the list tells. */
	eventfd_read(reader->wake, &count);
	deliver(reader);
}

/* The thread takes no signals, so that the loop's signalfd has them all. One
 * that could not be made is tried for again with the next question. */
static bool start_thread(struct reader *reader)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	reader->running =
	    pthread_create(&reader->thread, NULL, run_thread, reader) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return reader->running;
}

void reader_ask(struct reader *reader, struct reader_job *job)
{
	job->status = STATUS_OK;
	if (reader->unanswered >= READER_WAITING_MAX)
		job->status = STATUS_OVERLOADED;
	else if (!reader->running && !start_thread(reader))
		job->status = STATUS_MEMORY;
	reader->unanswered++;
	/* By way of the loop as well: done must not be called from here. */
	if (job->status != STATUS_OK) {
		hand_back(reader, job);
		return;
	}
	pthread_mutex_lock(&reader->lock);
	push(&reader->waiting, job);
	pthread_cond_signal(&reader->work);
	pthread_mutex_unlock(&reader->lock);
}

struct reader *reader_open(struct loop *loop, const char *path)
{
	struct reader *reader = calloc(1, sizeof *reader);

	if (reader == NULL)
		return NULL;
	reader->loop = loop;
	reader->path = path;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->work, NULL);
	reader->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->wake >= 0 &&
	    loop_watch(loop, reader->wake, EPOLLIN, woken, reader) == STATUS_OK)
		return reader;
	/* It may be unwatched, or -1: both are allowed for. */
	reader_close(reader);
	return NULL;
}

/* After the thread: nobody else looks at the lists any more. */
static void refuse_waiting(struct reader *reader)
{
	struct reader_job *job;

	while ((job = pop(&reader->waiting)) != NULL) {
		job->status = STATUS_STOPPING;
		push(&reader->finished, job);
	}
	deliver(reader);
}

void reader_stop(struct reader *reader)
{
	if (reader != NULL)
		atomic_store(&reader->stopping, true);
}

void reader_close(struct reader *reader)
{
	if (reader == NULL)
		return;
	/* stopping ends the statement that runs, closing the wait for more. */
	reader_stop(reader);
	pthread_mutex_lock(&reader->lock);
	reader->closing = true;
	pthread_cond_signal(&reader->work);
	pthread_mutex_unlock(&reader->lock);
	if (reader->running)
		pthread_join(reader->thread, NULL);
	refuse_waiting(reader);
	if (reader->wake >= 0) {
		loop_unwatch(reader->loop, reader->wake);
		close(reader->wake);
	}
	pthread_cond_destroy(&reader->work);
	pthread_mutex_destroy(&reader->lock);
	free(reader);
}
