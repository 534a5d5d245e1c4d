/* store.c: transaction bodies -> group commits on a thread of their own */
#include "store.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

/*
 * Writers wait for the gate some milliseconds, with many processes some
 * tens. Who holds it for seconds is stuck; then others do not wait long.
 */
#define WAIT_US       (2 * CLOCK_SECOND)
#define WAIT_STUCK_US (250 * CLOCK_MS)
/* A file that failed is opened again no sooner. */
#define REOPEN_US (1 * CLOCK_SECOND)

struct queue {
	struct store_job *first;
	struct store_job *last; /* not meant when first is NULL */
	size_t count;
};

/*
 * Two threads are at work here. What stands below, from any_durable to
 * run_thread, is run by the store's; what stands after it by the loop's. A
 * job is the loop's, then the thread's from hand_over to hand_back, and the
 * loop's again: it is in one queue at a time, and whoever has taken it out
 * needs no lock for it.
 *
 * lock guards what stands below it; what stands above is set before the
 * thread starts, or the loop's alone.
 *
 * Riders are OUT from the group they rode with until the loop has called
 * their done. No group starts while they are out: what they read is in
 * structs that the loop then looks at.
 */
struct store {
	struct loop *loop;
	char *path;
	char *problem; /* borrowed until opened */
	int wake;      /* eventfd: the loop has something to call */
	pthread_t thread;
	size_t unanswered;   /* jobs whose done was not called; loop's */
	struct queue fresh;  /* submitted in this turn; loop's */
	struct tally *tally; /* NULL: nobody asks */
	enum status trouble; /* the newest; loop's */
	int64_t trouble_us;

	pthread_mutex_t lock;
	pthread_cond_t work; /* the thread waits for it */
	pthread_cond_t news; /* the loop waits for it: start and flush */
	struct queue waiting;
	struct queue finished;
	struct store_job *riders[STORE_RIDERS_MAX];
	size_t rider_count;
	bool riders_out;
	bool opened;
	enum status open_status;
	void (*chore)(void *arg); /* NULL: none */
	void *chore_arg;
	bool closing;
};

/* The thread's own. db is NULL after it could not be opened again. */
struct connection {
	struct db *db;
	enum status status; /* what the newest group, or opening, came to */
	int64_t open_from_us;
	bool told; /* that it cannot be opened */
};

static void push(struct queue *queue, struct store_job *job)
{
	job->next = NULL;
	if (queue->first == NULL)
		queue->first = job;
	else
		queue->last->next = job;
	queue->last = job;
	queue->count++;
}

static struct store_job *pop(struct queue *queue)
{
	struct store_job *job = queue->first;

	if (job != NULL) {
		queue->first = job->next;
		queue->count--;
	}
	return job;
}

/* Level-triggered: one unread wake is enough, so a full counter is fine. */
static void wake_loop(struct store *store)
{
	eventfd_write(store->wake, 1);
}

static bool any_durable(const struct queue *group)
{
	const struct store_job *job;

	for (job = group->first; job != NULL; job = job->next)
		if (job->lane == STORE_DURABLE)
			return true;
	return false;
}

static void ride_along(struct store *store, struct db *db)
{
	for (size_t i = 0; i < store->rider_count; i++) {
		struct store_job *rider = store->riders[i];

		rider->status = rider->body(db, rider->arg);
	}
}

/* Committed, a rider keeps what its own body said; else nothing counts. */
static void give_all(
    struct store *store, const struct queue *group, enum status status)
{
	for (struct store_job *job = group->first; job; job = job->next)
		job->status = status;
	for (size_t i = 0; status != STATUS_OK && i < store->rider_count; i++)
		store->riders[i]->status = status;
}

/*
 * What came while the gate was waited for and bodies ran joins the group: a
 * transaction is the more worth sharing, the more processes wait for it, as
 * each has to read anew the pages that another has written.
 */
static void join(struct store *store, struct queue *group, bool durable)
{
	struct queue *waiting = &store->waiting;

	pthread_mutex_lock(&store->lock);
	while (waiting->first != NULL && group->count < STORE_BATCH_MAX &&
	       (durable || waiting->first->lane != STORE_DURABLE))
		push(group, pop(waiting));
	pthread_mutex_unlock(&store->lock);
}

/*
 * Gives the job whose body failed, and nothing was done; else NULL. The group
 * may be empty, when all others have failed: then the riders go alone, as
 * their done is called after every group.
 */
static struct store_job *run_together(
    struct store *store, struct db *db, struct queue *group)
{
	bool durable = any_durable(group);
	struct store_job *job;
	enum status status = db_begin(db, durable);

	if (status != STATUS_OK) {
		give_all(store, group, status);
		return NULL;
	}
	for (job = group->first; job != NULL; job = job->next) {
		job->status = job->body(db, job->arg);
		if (job->status != STATUS_OK) {
			db_rollback(db);
			return job;
		}
		if (job->next == NULL)
			join(store, group, durable);
	}
	ride_along(store, db);
	give_all(store, group, db_commit(db));
	return NULL;
}

static void take_out(struct queue *group, const struct store_job *failed)
{
	struct queue others = {0};
	struct store_job *job;

	while ((job = pop(group)) != NULL)
		if (job != failed)
			push(&others, job);
	*group = others;
}

/* What a body says of its own work (STATUS_STALE ...) is no trouble. */
static bool is_trouble(enum status status)
{
	return status == STATUS_STORE_BUSY || status == STATUS_STORE_FULL ||
	       status == STATUS_STORE_UNAVAILABLE ||
	       status == STATUS_STORE_CORRUPT;
}

/*
 * A body that fails is taken out and the others run again: failing is rare,
 * and a savepoint around each body would cost every group. When the file (a
 * full disk) has failed several, it will fail the others, too.
 */
static void run_group(struct store *store, struct db *db, struct queue *group)
{
	struct queue finished = {0};
	struct store_job *job;
	int failed = 0; /* by the file */

	while ((job = run_together(store, db, group)) != NULL) {
		take_out(group, job);
		push(&finished, job);
		failed += is_trouble(job->status);
		if (failed == STORE_FAILURES_MAX) {
			give_all(store, group, job->status);
			break;
		}
	}
	while ((job = pop(group)) != NULL)
		push(&finished, job);
	*group = finished;
}

static bool is_damage(enum status status)
{
	return status == STATUS_STORE_CORRUPT ||
	       status == STATUS_STORE_UNAVAILABLE;
}

/* What the group says of the file: the worst that a job has come to. */
static enum status judge_group(const struct queue *group)
{
	enum status status = STATUS_OK;
	const struct store_job *job;

	for (job = group->first; job != NULL; job = job->next) {
		if (is_damage(job->status))
			return job->status;
		if (job->status == STATUS_STORE_BUSY)
			status = job->status;
	}
	return status;
}

/* Told once, however often it fails from then on. */
static void open_again(struct store *store, struct connection *connection)
{
	char problem[DB_PROBLEM_BYTES];

	connection->open_from_us = clock_mono_us() + REOPEN_US;
	db_close(connection->db);
	connection->db = NULL;
	connection->status =
	    db_open(store->path, DB_SERVE, &connection->db, problem);
	if (connection->status == STATUS_OK)
		log_line(LOG_WARN, NULL, "store: opened again");
	else if (!connection->told)
		log_line(LOG_ERROR, NULL, "store: %s", problem);
	connection->told = connection->status != STATUS_OK;
}

/*
 * False: there is no file to write to, and the connection's status says why.
 * One that was moved away or deleted is none: what is written there is gone
 * with the last who has it open. A damaged one that is in its place is tried
 * again until it may be opened anew.
 */
static bool has_file(struct store *store, struct connection *connection)
{
	bool in_place = connection->db && db_is_in_place(connection->db);

	if (in_place && !is_damage(connection->status))
		return true;
	if (clock_mono_us() >= connection->open_from_us) {
		open_again(store, connection);
		return connection->db != NULL;
	}
	if (connection->db && !in_place)
		connection->status = STATUS_STORE_UNAVAILABLE;
	return in_place;
}

static void serve_group(
    struct store *store, struct connection *connection, struct queue *group)
{
	bool stuck;

	if (!has_file(store, connection)) {
		give_all(store, group, connection->status);
		return;
	}
	/* Each time, as the connection may be a new one. */
	db_count_into(connection->db, store->tally);
	stuck = connection->status == STATUS_STORE_BUSY;
	db_set_wait(connection->db, stuck ? WAIT_STUCK_US : WAIT_US);
	run_group(store, connection->db, group);
	connection->status = judge_group(group);
}

/* Under the lock; who gave the chore waits for nothing else. */
static void do_chore(struct store *store)
{
	store->chore(store->chore_arg);
	store->chore = NULL;
	pthread_cond_signal(&store->news);
}

/* Waits for work; an empty group means that the store closes. */
static struct queue next_group(struct store *store)
{
	struct queue group = {0};

	pthread_mutex_lock(&store->lock);
	while (!store->closing &&
	       (store->waiting.first == NULL || store->riders_out)) {
		if (store->chore != NULL)
			do_chore(store);
		else
			pthread_cond_wait(&store->work, &store->lock);
	}
	while (store->waiting.first != NULL && group.count < STORE_BATCH_MAX)
		push(&group, pop(&store->waiting));
	pthread_mutex_unlock(&store->lock);
	return group;
}

static void hand_back(struct store *store, struct queue *group)
{
	struct store_job *job;

	pthread_mutex_lock(&store->lock);
	while ((job = pop(group)) != NULL)
		push(&store->finished, job);
	store->riders_out = store->rider_count > 0;
	pthread_cond_signal(&store->news);
	pthread_mutex_unlock(&store->lock);
	wake_loop(store);
}

/* On the thread itself: a connection belongs to the one that opened it. */
static enum status open_db(struct store *store, struct db **db)
{
	enum status status;

	status = db_open(store->path, DB_SERVE, db, store->problem);
	pthread_mutex_lock(&store->lock);
	store->open_status = status;
	store->opened = true;
	pthread_cond_signal(&store->news);
	pthread_mutex_unlock(&store->lock);
	return status;
}

static void *run_thread(void *arg)
{
	struct store *store = arg;
	struct connection connection = {.status = STATUS_OK};
	struct queue group;

	if (open_db(store, &connection.db) != STATUS_OK)
		return NULL;
	group = next_group(store);
	while (group.first != NULL) {
		serve_group(store, &connection, &group);
		hand_back(store, &group);
		group = next_group(store);
	}
	db_close(connection.db);
	return NULL;
}

static void call_riders(struct store *store)
{
	for (size_t i = 0; i < store->rider_count; i++) {
		struct store_job *rider = store->riders[i];

		rider->done(rider->arg, rider->status);
	}
	pthread_mutex_lock(&store->lock);
	store->riders_out = false;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
}

static void note_trouble(struct store *store, enum status status)
{
	if (!is_trouble(status))
		return;
	store->trouble = status;
	store->trouble_us = clock_mono_us();
}

enum status store_trouble(const struct store *store, int64_t *at_us)
{
	*at_us = store->trouble_us;
	return store->trouble;
}

/* A done may submit, and may free its job. */
static void deliver(struct store *store)
{
	struct queue finished;
	struct store_job *job;
	bool riders_out;

	pthread_mutex_lock(&store->lock);
	finished = store->finished;
	store->finished = (struct queue){0};
	riders_out = store->riders_out;
	pthread_mutex_unlock(&store->lock);
	if (riders_out)
		call_riders(store);
	while ((job = pop(&finished)) != NULL) {
		store->unanswered--;
		note_trouble(store, job->status);
		job->done(job->arg, job->status);
	}
}

static void woken(void *arg, uint32_t events)
{
	struct store *store = arg;
	eventfd_t count;

	(void)events;
	eventfd_read(store->wake, &count);
	deliver(store);
}

/*
 * Once per turn of the loop, not once per job: the thread wakes for all of
 * a turn's jobs together, and commits them together.
 */
static void hand_over(void *arg)
{
	struct store *store = arg;
	struct store_job *job;

	if (store->fresh.first == NULL)
		return;
	pthread_mutex_lock(&store->lock);
	while ((job = pop(&store->fresh)) != NULL)
		push(&store->waiting, job);
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
}

static void refuse(struct store *store, struct store_job *job)
{
	job->status = STATUS_STORE_BUSY;
	pthread_mutex_lock(&store->lock);
	push(&store->finished, job);
	pthread_mutex_unlock(&store->lock);
	wake_loop(store);
}

void store_submit(struct store *store, struct store_job *job)
{
	bool full = store->unanswered >= STORE_WAITING_MAX;

	store->unanswered++;
	if (full)
		refuse(store, job);
	else
		push(&store->fresh, job);
}

void store_ride(struct store *store, struct store_job *rider)
{
	assert(store->rider_count < STORE_RIDERS_MAX);
	store->riders[store->rider_count] = rider;
	store->rider_count++;
}

void store_flush(struct store *store)
{
	while (store->unanswered > 0) {
		hand_over(store);
		pthread_mutex_lock(&store->lock);
		while (store->finished.first == NULL && !store->riders_out)
			pthread_cond_wait(&store->news, &store->lock);
		pthread_mutex_unlock(&store->lock);
		deliver(store);
	}
}

void store_count_into(struct store *store, struct tally *tally)
{
	store->tally = tally;
}

void store_do(struct store *store, void (*chore)(void *arg), void *arg)
{
	pthread_mutex_lock(&store->lock);
	store->chore = chore;
	store->chore_arg = arg;
	pthread_cond_signal(&store->work);
	while (store->chore != NULL)
		pthread_cond_wait(&store->news, &store->lock);
	pthread_mutex_unlock(&store->lock);
}

/* The thread takes no signals, so that the loop's signalfd has them all. */
static enum status start_thread(struct store *store)
{
	sigset_t all;
	sigset_t before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&store->thread, NULL, run_thread, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		return STATUS_MEMORY;
	pthread_mutex_lock(&store->lock);
	while (!store->opened)
		pthread_cond_wait(&store->news, &store->lock);
	pthread_mutex_unlock(&store->lock);
	if (store->open_status != STATUS_OK)
		pthread_join(store->thread, NULL);
	return store->open_status;
}

static void free_store(struct store *store)
{
	loop_on_turn_end(store->loop, NULL, NULL);
	if (store->wake >= 0) {
		loop_unwatch(store->loop, store->wake);
		close(store->wake);
	}
	pthread_cond_destroy(&store->news);
	pthread_cond_destroy(&store->work);
	pthread_mutex_destroy(&store->lock);
	free(store->path);
	free(store);
}

enum status store_open(struct loop *loop, const char *path,
    struct store **store, char problem[DB_PROBLEM_BYTES])
{
	struct store *made = calloc(1, sizeof *made);
	enum status status = STATUS_MEMORY;

	snprintf(problem, DB_PROBLEM_BYTES, "no memory for the store");
	if (made == NULL)
		return STATUS_MEMORY;
	made->loop = loop;
	made->path = strdup(path);
	made->problem = problem;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->work, NULL);
	pthread_cond_init(&made->news, NULL);
	made->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (made->path != NULL && made->wake >= 0)
		status = loop_watch(loop, made->wake, EPOLLIN, woken, made);
	if (status == STATUS_OK)
		status = start_thread(made);
	if (status == STATUS_OK) {
		loop_on_turn_end(loop, hand_over, made);
		*store = made;
	} else {
		free_store(made);
	}
	return status;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	hand_over(store);
	pthread_mutex_lock(&store->lock);
	store->closing = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	free_store(store);
}
