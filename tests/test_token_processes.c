/* test_token_processes.c: many processes, one token, one request for it */
#include "test_token.h"

#define STARTERS 32
#define STORMERS 8
#define CHILD_MS 15000

/* Where children wait for each other, and then all begin at once. */
struct start {
	int ready[2]; /* a byte for each that waits */
	int go[2];    /* its end lets them go */
};

typedef int child_main(struct world *world, const struct start *start);

static void wait_for_eof(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static pid_t spawn(
    struct world *world, child_main *run, const struct start *start)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(CHILD_MS / 1000 + 5);
	close(start->go[1]);
	world->loop = loop_new();
	_exit(world->loop != NULL && world_try_connect(world)
		  ? run(world, start)
		  : 99);
}

static bool meet(const struct start *start)
{
	if (write(start->ready[1], "r", 1) != 1)
		return false;
	close(start->ready[1]);
	wait_for_eof(start->go[0]);
	return true;
}

static int exit_code(pid_t pid)
{
	int code = 0;

	assert_int_equal(waitpid(pid, &code, 0), pid);
	return WIFEXITED(code) ? WEXITSTATUS(code) : 1000 + WTERMSIG(code);
}

static void spawn_all(struct world *world, child_main *run, int count)
{
	struct start start;
	pid_t *pids = calloc((size_t)count, sizeof *pids);
	int i;

	assert_non_null(pids);
	assert_int_equal(pipe(start.ready) | pipe(start.go), 0);
	for (i = 0; i < count; i++)
		pids[i] = spawn(world, run, &start);
	close(start.ready[1]);
	close(start.go[0]);
	/* All have met, or died, when nobody holds the other end. */
	wait_for_eof(start.ready[0]);
	close(start.ready[0]);
	close(start.go[1]);
	for (i = 0; i < count; i++)
		assert_int_equal(exit_code(pids[i]), 0);
	free(pids);
}

/* Ends with the step that failed, 0 for none. */
static int start_cold(struct world *world, const struct start *start)
{
	if (!meet(start) || get(world, 0) != STATUS_OK)
		return 1;
	return lend(world, 0) == 1 ? 0 : 2;
}

static void thirty_two_processes_start_with_one_token_request(void **state)
{
	struct world *world = *state;

	/* Slow enough that all of them want it before it is there. */
	sim_faults(world, "{\"token\":[{\"delay_ms\":300}]}");
	spawn_all(world, start_cold, STARTERS);
	assert_int_equal(sim_stat(world, "token"), 1);
	assert_int_equal(world_sql(world, "SELECT version FROM token"), 1);
}

static int reject_first(struct world *world, const struct start *start)
{
	if (get(world, 0) != STATUS_OK || lend(world, 0) != 1)
		return 1;
	if (!meet(start) || get(world, 1) != STATUS_OK)
		return 2;
	return lend(world, 1) == 2 ? 0 : 3;
}

static void a_storm_of_401_costs_one_token_request(void **state)
{
	struct world *world = *state;

	sim_faults(world,
	    "{\"token\":[{\"delay_ms\":1},{\"delay_ms\":100,\"times\":0}]}");
	spawn_all(world, reject_first, STORMERS);
	assert_int_equal(sim_stat(world, "token"), 2);
	assert_int_equal(world_sql(world, "SELECT version FROM token"), 2);
}

static int fetch_for_ever(struct world *world, const struct start *start)
{
	struct wish wish;
	int ended = 0;

	close(start->go[0]);
	ask(world, &wish, 0, 60 * CLOCK_SECOND, &ended);
	run_for(world->loop, CHILD_MS);
	return 1;
}

static void wait_for_requests(struct world *world, int count)
{
	int left_ms = HELP_WAIT_MS;

	while (sim_stat(world, "token") < count && left_ms-- > 0)
		help_nap_ms(1);
	assert_int_equal(sim_stat(world, "token"), count);
}

/* The lease is real; only its end is brought nearer, to save the time. */
static void a_killed_holder_is_replaced_when_its_lease_ends(void **state)
{
	struct world *world = *state;
	struct start start;
	pid_t holder;
	struct wish early;
	int ended = 0;
	int64_t left_us;

	sim_faults(world, "{\"token\":[{\"fault\":\"hang\"}]}");
	assert_int_equal(pipe(start.go), 0);
	holder = spawn(world, fetch_for_ever, &start);
	close(start.go[0]);
	close(start.go[1]);
	wait_for_requests(world, 1);
	kill(holder, SIGKILL);
	assert_int_equal(exit_code(holder), 1000 + SIGKILL);
	left_us = world_sql(world, "SELECT lease_until_us FROM token") -
		  clock_wall_us();
	assert_true(left_us > world->config.cxone_timeout_us);
	world_connect(world);
	ask(world, &early, 0, 150 * CLOCK_MS, &ended);
	assert_true(run_until(world->loop, &ended, 1, 1000));
	assert_int_equal(early.status, STATUS_TOKEN_UNAVAILABLE);
	assert_int_equal(sim_stat(world, "token"), 1);
	world_sql(world,
	    "UPDATE token SET lease_until_us = 1000 * CAST("
	    "(julianday('now') - 2440587.5) * 86400000.0 + 200 AS INTEGER)");
	assert_int_equal(get(world, 0), STATUS_OK);
	assert_int_equal(sim_stat(world, "token"), 2);
	assert_int_equal(world_sql(world, "SELECT lease_fence FROM token"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(thirty_two_processes_start_with_one_token_request),
	    IN_WORLD(a_storm_of_401_costs_one_token_request),
	    IN_WORLD(a_killed_holder_is_replaced_when_its_lease_ends),
	};

	return cmocka_run_group_tests_name(
	    "token_processes", tests, world_start, world_end);
}
