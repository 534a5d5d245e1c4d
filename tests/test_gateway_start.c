/* test_gateway_start.c: a socket of its own, descriptor 0, plain CGI */
#include "gateway_stage.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void a_socket_of_the_dead_is_replaced_and_of_the_living_refused(
    void **state)
{
	struct stage *stage = *state;
	struct gateway *second = NULL;
	struct stat file;
	int fd;

	assert_int_equal(stat(stage->path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0660);
	assert_int_equal(
	    gateway_open(stage->loop, &stage->options, begin, stage, &second),
	    STATUS_IO);
	assert_null(second);
	gateway_close(stage->gateway);
	assert_int_equal(stat(stage->path, &file), 0);
	assert_int_equal(gateway_open(stage->loop, &stage->options, begin,
			     stage, &stage->gateway),
	    STATUS_OK);
	fd = send_post(stage, "again");
	run_ms(stage, 5);
	assert_answered(fd, "200");
}

static void another_kind_of_file_and_a_long_path_are_refused(void **state)
{
	struct stage *stage = *state;
	struct gateway *none = NULL;
	char path[200];
	int fd;

	snprintf(path, sizeof path, "%s/file", stage->folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	stage->options.socket_path = path;
	assert_int_equal(
	    gateway_open(stage->loop, &stage->options, begin, stage, &none),
	    STATUS_IO);
	assert_int_equal(unlink(path), 0);
	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(
	    gateway_open(stage->loop, &stage->options, begin, stage, &none),
	    STATUS_IO);
	assert_null(none);
}

static void stop_when_idle(void *arg)
{
	struct stage *stage = arg;

	loop_stop(stage->loop);
}

/* In a process of its own, whose descriptor 0 is as a web server makes it. */
static void serve(struct stage *stage, int in, int out, bool cgi)
{
	struct loop *loop = loop_new();
	struct gateway *gateway = NULL;
	enum status status;

	stage->loop = loop;
	stage->options.socket_path = NULL;
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (gateway_is_cgi() != cgi)
		_exit(2);
	status =
	    cgi ? gateway_open_cgi(
		      loop, &stage->options, begin, stage, &gateway)
		: gateway_open(loop, &stage->options, begin, stage, &gateway);
	if (status != STATUS_OK || gateway_idle(gateway) == cgi)
		_exit(3);
	gateway_on_idle(gateway, stop_when_idle, stage);
	run_ms(stage, 3000);
	if (!gateway_idle(gateway) || stage->begun != 1)
		_exit(4);
	gateway_close(gateway);
	loop_free(loop);
	_exit(stage->body_there ? 0 : stage->too_large ? 13 : 10);
}

static pid_t start(struct stage *stage, int in, int out, bool cgi)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		serve(stage, in, out, cgi);
	return pid;
}

static int end_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_listening_descriptor_0_is_served(void **state)
{
	struct stage *stage = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct pollfd answered = {.events = POLLIN};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	/* The gateway's own socket makes place for the web server's. */
	gateway_close(stage->gateway);
	stage->gateway = NULL;
	unlink(stage->path);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", stage->path);
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 5), 0);
	pid = start(stage, listener, STDOUT_FILENO, false);
	answered.fd = send_post(stage, "to 0");
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(poll(&answered, 1, 1000), 1);
	assert_answered(answered.fd, "200");
	close(listener);
}

/* Runs one CGI request; length bytes of body on stdin; out gets stdout. */
static int run_cgi(
    struct stage *stage, const char *content_length, size_t length, char *out)
{
	static char body[2 * BODY_MAX];
	int in[2];
	int from[2];
	size_t total = 0;
	ssize_t count = 1;
	pid_t pid;

	memset(body, 'c', sizeof body);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, in), 0);
	assert_int_equal(pipe(from), 0);
	setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
	setenv("REQUEST_METHOD", "POST", 1);
	unsetenv("CONTENT_LENGTH");
	if (content_length != NULL)
		setenv("CONTENT_LENGTH", content_length, 1);
	fcntl(in[1], F_SETFD, FD_CLOEXEC);
	pid = start(stage, in[0], from[1], true);
	close(in[0]);
	close(from[1]);
	put(in[1], body, length);
	shutdown(in[1], SHUT_WR);
	for (; count > 0 && total < 1000; total += (size_t)count)
		count = read(from[0], out + total, 1000 - total);
	out[total] = '\0';
	close(in[1]);
	close(from[0]);
	return end_of(pid);
}

static void a_cgi_request_is_answered_on_stdout(void **state)
{
	char out[1001];

	assert_int_equal(run_cgi(*state, "500", 500, out), 0);
	assert_string_equal(out,
	    "Status: 200 OK\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 5\r\n\r\ndone\n");
}

static void a_stdin_that_is_no_socket_is_not_cgi_without_its_variable(
    void **state)
{
	int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	unsetenv("GATEWAY_INTERFACE");
	assert_true(none >= 0);
	assert_int_equal(end_of(start(*state, none, STDOUT_FILENO, true)), 2);
	close(none);
}

static void a_cgi_body_may_be_empty_chunked_cut_or_too_large(void **state)
{
	char out[1001];

	assert_int_equal(run_cgi(*state, NULL, 0, out), 0);
	assert_int_equal(run_cgi(*state, "", 0, out), 0);
	assert_int_equal(run_cgi(*state, NULL, 300, out), 0);
	assert_int_equal(run_cgi(*state, "300", 299, out), 10);
	assert_int_equal(run_cgi(*state, "70000", BODY_MAX, out), 0);
	assert_int_equal(run_cgi(*state, "70001", BODY_MAX + 1, out), 13);
	assert_int_equal(run_cgi(*state, NULL, BODY_MAX + 1, out), 13);
	assert_int_equal(run_cgi(*state, "140000", 2 * BODY_MAX, out), 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    on_stage(
		a_socket_of_the_dead_is_replaced_and_of_the_living_refused),
	    on_stage(another_kind_of_file_and_a_long_path_are_refused),
	    on_stage(a_listening_descriptor_0_is_served),
	    on_stage(a_cgi_request_is_answered_on_stdout),
	    on_stage(a_stdin_that_is_no_socket_is_not_cgi_without_its_variable),
	    on_stage(a_cgi_body_may_be_empty_chunked_cut_or_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
