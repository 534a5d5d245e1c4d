/* confine_calls.c: lists of system calls -> a seccomp filter, in force */
#include "confine_calls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * By name, because each architecture has its own numbers, and some of these
 * calls not at all. Found by strace over the behaviour cases in every way to
 * run, and what glibc may use instead or to resolve a name.
 */
static const char *const allowed[] = {
    /* descriptors that are open */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
    "pwritev", "lseek", "close", "fcntl",
    /* files */
    "open", "openat", "access", "faccessat", "faccessat2", "stat", "lstat",
    "fstat", "newfstatat", "statx", "statfs", "fstatfs", "readlink",
    "readlinkat", "getcwd", "getdents64", "unlink", "unlinkat", "chmod",
    "fchmod", "fchmodat", "fchown", "ftruncate", "fallocate", "fsync",
    "fdatasync", "sync_file_range", "flock", "memfd_create",
    /* memory; mmap and mprotect are below */
    "munmap", "mremap", "madvise", "brk",
    /* waiting; restart_syscall goes on after SIGSTOP and SIGCONT */
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "epoll_create1",
    "poll", "ppoll", "select", "pselect6", "eventfd2", "pipe2", "futex",
    "nanosleep", "clock_nanosleep", "timer_create", "timer_settime",
    "timer_delete", "restart_syscall", "sched_yield",
    /* threads and signals; clone and tgkill are below */
    "set_robust_list", "rseq", "sched_getaffinity", "membarrier",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "exit",
    "exit_group",
    /* the network; socket and ioctl are below. bind is netlink's */
    "socketpair", "connect", "accept", "accept4", "bind", "getsockname",
    "getpeername", "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg",
    "recvfrom", "recvmsg", "recvmmsg", "shutdown",
    /* what time it is, and who we are */
    "clock_gettime", "clock_getres", "gettimeofday", "time", "getpid", "gettid",
    "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo",
    "getrusage", "getrandom"};

static const char *const deadly[] = {
    /* other programs */
    "execve", "execveat", "fork", "vfork",
    /* other processes */
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    "kill", "tkill",
    /* other users, namespaces and roots */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
    "setgroups", "setfsuid", "setfsgid", "capset", "unshare", "setns", "chroot",
    "pivot_root", "mount", "umount2", "move_mount", "fsopen",
    /* the kernel */
    "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "bpf", "perf_event_open", "userfaultfd",
    "open_by_handle_at", "add_key", "keyctl", "reboot", "swapon",
    "io_uring_setup", "io_uring_enter", "io_uring_register"};

/* A call that the architecture does not have needs no rule. */
static bool add(scmp_filter_ctx filter, uint32_t action, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	int failed;

	if (number < 0)
		return true;
	failed = seccomp_rule_add_array(filter, action, number, 0, NULL);
	errno = -failed;
	return failed == 0;
}

static bool add_lists(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		if (!add(filter, SCMP_ACT_ALLOW, allowed[i]))
			return false;
	}
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
		if (!add(filter, SCMP_ACT_KILL_PROCESS, deadly[i]))
			return false;
	}
	return true;
}

/*
 * What one argument must be: value, or, with a mask, value in the bits of the
 * mask.
 */
struct condition {
	int call;
	unsigned argument;
	uint64_t mask; /* 0: compare the whole */
	uint64_t value;
};

static bool add_condition(
    scmp_filter_ctx filter, const struct condition *condition)
{
	struct scmp_arg_cmp holds = {
	    .arg = condition->argument,
	    .op = SCMP_CMP_EQ,
	    .datum_a = condition->value,
	};
	int failed;

	if (condition->mask != 0) {
		holds.op = SCMP_CMP_MASKED_EQ;
		holds.datum_a = condition->mask;
		holds.datum_b = condition->value;
	}
	failed = seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, condition->call, 1, &holds);
	errno = -failed;
	return failed == 0;
}

/* A call is allowed when one of its conditions holds. */
static bool add_conditions(scmp_filter_ctx filter)
{
	const struct condition conditions[] = {
	    {SCMP_SYS(socket), 0, 0, AF_UNIX},
	    {SCMP_SYS(socket), 0, 0, AF_INET},
	    {SCMP_SYS(socket), 0, 0, AF_INET6},
	    /* glibc asks which addresses the machine has. */
	    {SCMP_SYS(socket), 0, 0, AF_NETLINK},
	    {SCMP_SYS(ioctl), 1, 0, FIONREAD},
	    {SCMP_SYS(ioctl), 1, 0, FIONBIO},
	    /* Libraries that name resolution loads have executable parts. */
	    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	    {SCMP_SYS(mmap), 2, PROT_WRITE, 0},
	    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	    {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
	    {SCMP_SYS(tgkill), 0, 0, (uint64_t)getpid()},
	    /* Limits may be asked for, not set. */
	    {SCMP_SYS(prlimit64), 2, 0, 0},
	};

	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		if (!add_condition(filter, &conditions[i]))
			return false;
	}
	return true;
}

/*
 * SSB: on kernels before 5.16 a filter would otherwise slow every load
 * behind a store, for code that is hostile from its beginning. Tried, not
 * demanded, like the tree that makes the filter faster where the kernel has
 * no bitmap.
 */
static bool set_up(scmp_filter_ctx filter)
{
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	errno = -failed;
	return failed == 0;
}

bool confine_calls_known(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

enum status confine_calls_enter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	enum status status = STATUS_IO;
	int failed;

	if (filter == NULL)
		return STATUS_MEMORY;
	if (set_up(filter) && add_lists(filter) && add_conditions(filter)) {
		failed = seccomp_load(filter);
		errno = -failed;
		status = failed == 0 ? STATUS_OK : STATUS_IO;
	}
	seccomp_release(filter);
	return status;
}
