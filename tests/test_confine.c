/* test_confine.c: what a confined process can no longer do, and what it can */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "confine_calls.h"
#include "confine_files.h"
#include "test_http.h"

/*
 * Each test has a process of its own, which confines itself and then tells
 * by its exit status what it found: confinement cannot be undone. _exit, as
 * a sanitizer could not do its last work there.
 */
typedef bool trying(struct world *world);

static void go_in(struct world *world)
{
	bool open = world_try_connect(world);

	if (!open)
		_exit(1);
	confine_begin();
	confine(&world->config, world->store, LOG_INFO);
}

static int in_a_process(struct world *world, trying *try_it)
{
	int how = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		alarm(HELP_WAIT_MS / 1000);
		go_in(world);
		_exit(try_it(world) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	return how;
}

static void must_hold(struct world *world, trying *try_it)
{
	int how = in_a_process(world, try_it);

	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

/* The kernel ends a process whose call is deadly with SIGSYS. */
static void must_die(struct world *world, trying *try_it)
{
	int how = in_a_process(world, try_it);

	assert_true(WIFSIGNALED(how));
	assert_int_equal(WTERMSIG(how), SIGSYS);
}

static void need_files(struct world *world, int version)
{
	world->config.landlock = CONFIG_ON;
	if (confine_files_version() < version)
		skip();
}

static void need_calls(struct world *world)
{
	world->config.seccomp = CONFIG_ON;
	if (!confine_calls_known())
		skip();
}

static int open_once(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int why = errno;

	if (fd >= 0)
		close(fd);
	errno = why;
	return fd;
}

static bool is_denied(const char *path, int flags)
{
	return open_once(path, flags) < 0 && errno == EACCES;
}

/* ---- From the first moment ---------------------------------------------- */

static bool began(struct world *world)
{
	struct rlimit core = {1, 1};
	mode_t mask = umask(0);

	(void)world;
	getrlimit(RLIMIT_CORE, &core);
	return core.rlim_cur == 0 && core.rlim_max == 0 && mask == 077 &&
	       prctl(PR_GET_DUMPABLE) == 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static void it_leaves_no_core_and_gains_no_rights(void **state)
{
	must_hold(*state, began);
}

/* ---- Files and ports ----------------------------------------------------- */

static bool strange_files_are_shut(struct world *world)
{
	char beside[128];

	/* Of the folder it may make files in, not of the one above. */
	snprintf(beside, sizeof beside, "%s/../stockroute-beside", world->dir);
	return is_denied("/usr/bin/env", O_RDONLY) &&
	       is_denied("/proc/self/maps", O_RDONLY) &&
	       is_denied("/", O_RDONLY) && is_denied("/tmp", O_RDONLY) &&
	       is_denied("/etc/passwd", O_WRONLY) &&
	       is_denied(beside, O_CREAT | O_WRONLY);
}

static void files_that_are_not_its_own_are_shut(void **state)
{
	need_files(*state, 1);
	must_hold(*state, strange_files_are_shut);
}

static bool own_files_are_open(struct world *world)
{
	char path[128];
	bool good;

	snprintf(path, sizeof path, "%s/made", world->dir);
	good = open_once(path, O_CREAT | O_RDWR | O_TRUNC) >= 0 &&
	       unlink(path) == 0 && open_once(world->dir, O_RDONLY) >= 0 &&
	       open_once("/etc/passwd", O_RDONLY) >= 0 &&
	       open_once("/dev/urandom", O_RDONLY) >= 0;
	return good && mkdir(path, 0700) < 0 && errno == EACCES;
}

static void the_databases_folder_and_what_is_read_stay_open(void **state)
{
	need_files(*state, 1);
	must_hold(*state, own_files_are_open);
}

struct look {
	struct store_job job;
	int ended;
	int denied;
};

/* On the store's thread. */
static enum status look_around(struct db *db, void *arg)
{
	struct look *look = arg;

	(void)db;
	look->denied = is_denied("/usr/bin/env", O_RDONLY);
	return STATUS_OK;
}

static void looked(void *arg, enum status status)
{
	struct look *look = arg;

	look->ended += status == STATUS_OK;
}

static bool submit_look(struct world *world, struct look *look)
{
	look->job = (struct store_job){
	    .lane = STORE_DURABLE,
	    .body = look_around,
	    .done = looked,
	    .arg = look,
	};
	store_submit(world->store, &look->job);
	return run_until(world->loop, &look->ended, 1, HELP_WAIT_MS);
}

static bool the_store_is_in_too(struct world *world)
{
	struct look look = {0};

	return submit_look(world, &look) && look.denied;
}

static void the_stores_thread_is_confined_and_commits(void **state)
{
	need_files(*state, 1);
	must_hold(*state, the_store_is_in_too);
}

/* An upstream's port is open, its neighbours are not. */
static int knock(int port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed =
	    connect(fd, (const struct sockaddr *)&address, sizeof address);
	int why = failed != 0 ? errno : 0;

	close(fd);
	return why;
}

static bool strange_ports_are_shut(struct world *world)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (const struct sockaddr *)&any, sizeof any) < 0 &&
	       errno == EACCES && knock(world->port) == 0 &&
	       knock(world->port + 1) == EACCES && knock(443) == EACCES;
}

static void ports_of_nobody_we_ask_are_shut(void **state)
{
	need_files(*state, 4);
	must_hold(*state, strange_ports_are_shut);
}

/* Nothing listens there: refused is open. 443 is that of https. */
static bool named_ports_are_open(struct world *world)
{
	(void)world;
	return knock(443) != EACCES && knock(3128) != EACCES &&
	       knock(53) != EACCES && knock(80) == EACCES;
}

static void the_ports_of_the_settings_are_open(void **state)
{
	struct world *world = *state;

	need_files(world, 4);
	strcpy(world->config.cxone_base_url, "https://cxone.example/x:9/y");
	strcpy(world->config.upstream_proxy, "http://[::1]:3128");
	must_hold(world, named_ports_are_open);
}

/* ---- System calls -------------------------------------------------------- */

static bool start_a_program(struct world *world)
{
	char *const argv[] = {(char[]){"true"}, NULL};

	(void)world;
	execv("/bin/true", argv);
	return true;
}

static bool trace_someone(struct world *world)
{
	(void)world;
	syscall(SYS_ptrace, 0, 0, 0, 0);
	return true;
}

static bool end_another(struct world *world)
{
	kill(world->sim, 0);
	return true;
}

static bool ring(struct world *world)
{
	(void)world;
	syscall(SYS_io_uring_setup, 1, NULL);
	return true;
}

static void whoever_starts_programs_dies(void **state)
{
	need_calls(*state);
	must_die(*state, start_a_program);
	must_die(*state, trace_someone);
	must_die(*state, end_another);
	must_die(*state, ring);
}

static bool is_missing(long result)
{
	return result < 0 && errno == ENOSYS;
}

/* 3 is PROT_READ | PROT_WRITE. */
static bool strange_calls_are_missing(struct world *world)
{
	const size_t page = 4096;
	void *memory = mmap(NULL, page, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED &&
	       is_missing(syscall(SYS_mprotect, memory, page, PROT_EXEC)) &&
	       is_missing(syscall(SYS_mmap, NULL, page, 3 | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) &&
	       is_missing(syscall(SYS_clone3, NULL, 0)) &&
	       is_missing(syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0)) &&
	       is_missing(syscall(SYS_tgkill, world->sim, world->sim, 0)) &&
	       is_missing(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)) &&
	       is_missing(syscall(SYS_symlink, "a", "b")) &&
	       is_missing(syscall(SYS_link, "a", "b"));
}

static void calls_it_does_not_need_are_missing(void **state)
{
	need_calls(*state);
	must_hold(*state, strange_calls_are_missing);
}

static void start_from_the_store(void *arg)
{
	start_a_program(arg);
}

static bool the_store_dies_too(struct world *world)
{
	store_do(world->store, start_from_the_store, world);
	return true;
}

static void the_stores_thread_is_filtered_too(void **state)
{
	need_calls(*state);
	must_die(*state, the_store_dies_too);
}

/* ---- What goes on -------------------------------------------------------- */

/* A thread of curl's resolves the name. */
static bool asks_by_name(struct world *world)
{
	struct look look = {0};
	struct asked asked;
	char url[64];

	snprintf(
	    url, sizeof url, "http://localhost:%d/inventory/A", world->port);
	asked = get(world, url, SECONDS(5));
	return asked.status == STATUS_OK && asked.answer.code == 200 &&
	       submit_look(world, &look);
}

static void names_are_resolved_and_upstreams_asked(void **state)
{
	struct world *world = *state;

	world->config.landlock = CONFIG_ON;
	world->config.seccomp = CONFIG_ON;
	must_hold(world, asks_by_name);
}

/* EAI_SYSTEM would be a file, or a call, that was refused. */
static bool resolves_strangers(struct world *world)
{
	struct addrinfo *found = NULL;
	int failed;

	(void)world;
	/* Where no name server answers. */
	setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
	failed = getaddrinfo("none.invalid.", "443", NULL, &found);
	return failed != 0 && failed != EAI_SYSTEM;
}

static void a_name_that_is_unknown_is_just_that(void **state)
{
	struct world *world = *state;

	world->config.landlock = CONFIG_ON;
	world->config.seccomp = CONFIG_ON;
	must_hold(world, resolves_strangers);
}

static bool all_is_open(struct world *world)
{
	(void)world;
	return open_once("/usr/bin/env", O_RDONLY) >= 0 &&
	       kill(getpid(), 0) == 0;
}

static void both_can_be_switched_off(void **state)
{
	must_hold(*state, all_is_open);
}

/* ---- Other kernels ------------------------------------------------------- */

/* What an older kernel says, from before the process confines itself. */
static void play_a_kernel_without(const char *const *calls)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	for (; *calls != NULL; calls++)
		seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS),
		    seccomp_syscall_resolve_name(*calls), 0, NULL);
	if (seccomp_load(filter) != 0)
		_exit(1);
	seccomp_release(filter);
}

static void must_go_on_without(struct world *world, const char *const *calls)
{
	int how = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		alarm(HELP_WAIT_MS / 1000);
		play_a_kernel_without(calls);
		go_in(world);
		_exit(all_is_open(world) && asks_by_name(world) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_int_equal(how, 0);
}

static void a_kernel_without_them_is_no_error(void **state)
{
	const char *const calls[] = {
	    "landlock_create_ruleset", "seccomp", NULL};
	struct world *world = *state;

	need_calls(world);
	world->config.landlock = CONFIG_ON;
	must_go_on_without(world, calls);
}

/* As in a container whose own filter does not know them. */
static void what_fails_half_way_is_no_error(void **state)
{
	const char *const calls[] = {"landlock_add_rule", NULL};
	struct world *world = *state;

	if (!confine_calls_known())
		skip();
	need_files(world, 1);
	must_go_on_without(world, calls);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(it_leaves_no_core_and_gains_no_rights),
	    IN_WORLD(files_that_are_not_its_own_are_shut),
	    IN_WORLD(the_databases_folder_and_what_is_read_stay_open),
	    IN_WORLD(the_stores_thread_is_confined_and_commits),
	    IN_WORLD(ports_of_nobody_we_ask_are_shut),
	    IN_WORLD(the_ports_of_the_settings_are_open),
	    IN_WORLD(whoever_starts_programs_dies),
	    IN_WORLD(calls_it_does_not_need_are_missing),
	    IN_WORLD(the_stores_thread_is_filtered_too),
	    IN_WORLD(names_are_resolved_and_upstreams_asked),
	    IN_WORLD(a_name_that_is_unknown_is_just_that),
	    IN_WORLD(both_can_be_switched_off),
	    IN_WORLD(a_kernel_without_them_is_no_error),
	    IN_WORLD(what_fails_half_way_is_no_error),
	};

	return cmocka_run_group_tests(tests, world_start, world_end);
}
