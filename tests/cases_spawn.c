/* cases_spawn.c: program, environment and files -> process, exit code */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS 2

/* Runs in the child only. */
static void put_file(int fd, const char *path, int flags)
{
	int file = open(path != NULL ? path : "/dev/null", flags, 0644);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
	close(file);
}

static void become(const struct command *command)
{
	/* What it starts itself can be killed with it. */
	setpgid(0, 0);
	put_file(STDIN_FILENO, command->input, O_RDONLY);
	put_file(STDOUT_FILENO, command->output, O_WRONLY | O_CREAT | O_TRUNC);
	put_file(STDERR_FILENO, command->errors, O_WRONLY | O_CREAT | O_APPEND);
	execve(command->argv[0], command->argv,
	    command->envp != NULL ? command->envp : environ);
	/* As a shell says it: not found. */
	_exit(127);
}

pid_t command_start(const struct command *command)
{
	pid_t pid = fork();

	if (pid == 0)
		become(command);
	return pid;
}

int process_wait(pid_t pid)
{
	const struct timespec turn = {.tv_nsec = TURN_MS * 1000000L};
	int left_ms = CASE_WAIT_MS;
	int status = 0;
	pid_t ended;

	do {
		ended = waitpid(pid, &status, WNOHANG);
		if (ended == 0)
			nanosleep(&turn, NULL);
		left_ms -= TURN_MS;
	} while ((ended == 0 && left_ms > 0) || (ended < 0 && errno == EINTR));
	/* Its children too: a web server would outlive the run. */
	if (ended == 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
