/* main.c: a web server's call -> configuration, store, network, the loop */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "answer.h"
#include "app.h"
#include "clock.h"
#include "confine.h"
#include "db.h"
#include "flow.h"
#include "gateway.h"
#include "health.h"
#include "log.h"
#include "path.h"
#include "version.h"

#define PROBLEMS_MAX 65536
/*
 * Used until a configuration that comes with a request is known. No body
 * that it may permit is turned away before; what is over its BODY_MAX_BYTES
 * is refused afterwards.
 */
#define BODY_MAX_FIRST     CONFIG_BODY_BYTES_MAX
#define INFLIGHT_MAX_FIRST 256
#define GATHER_FIRST_US    (10 * CLOCK_SECOND)
/* mod_fcgid kills 8 s after SIGTERM; flows need a moment to answer. */
#define DRAIN_US (5 * CLOCK_SECOND)
/* What the log held back is told so soon after its minute. */
#define LOG_TURN_US (10 * CLOCK_SECOND)

/*
 * The process. app.config is NULL until it was configured: at the start
 * when the environment can do that, else with the first request, whose
 * parameters may name the file (.htaccess SetEnv under mod_fcgid).
 */
struct process {
	struct app app;
	struct loop *loop;
	struct gateway *gateway;
	struct loop_timer drain_timer;
	struct loop_timer log_timer;
	int signal_fd;
	bool cgi;
	bool draining;
};

/* From the loop only: by then there is a gateway. An empty app is idle. */
static void end_if_done(struct process *process)
{
	if ((process->draining || process->cgi) && app_is_idle(&process->app) &&
	    gateway_idle(process->gateway))
		loop_stop(process->loop);
}

/* The gateway's call, and the flows'. */
static void became_idle(void *arg)
{
	end_if_done(arg);
}

/* What is under way had its time: what it waits for is cut now. */
static void drain_due(void *arg)
{
	struct process *process = arg;

	log_line(LOG_WARN, NULL, "stopping: %zu events are cut short",
	    process->app.flows);
	app_stop(&process->app);
	/* Who still gathers, too: app_stop does it only when it was started. */
	loop_hurry(process->loop);
	end_if_done(process);
}

static void log_due(void *arg)
{
	struct process *process = arg;

	log_tell_repeats();
	loop_timer_set(
	    process->loop, &process->log_timer, clock_mono_us() + LOG_TURN_US);
}

static void got_signal(void *arg, uint32_t events)
{
	struct process *process = arg;
	struct signalfd_siginfo signal;

	(void)events;
	if (read(process->signal_fd, &signal, sizeof signal) !=
		(ssize_t)sizeof signal ||
	    process->draining)
		return;
	log_line(LOG_INFO, NULL, "stopping on signal %u, %zu events in hand",
	    signal.ssi_signo, process->app.flows);
	process->draining = true;
	gateway_drain(process->gateway);
	app_leave_queue(&process->app);
	loop_timer_set(
	    process->loop, &process->drain_timer, clock_mono_us() + DRAIN_US);
	end_if_done(process);
}

/*
 * Before any thread and before FCGX_Init: libfcgi's own handlers would
 * break off a read of a body in the middle. It takes SIGUSR1 for a stop, too.
 */
static bool take_signals(struct process *process)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	process->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (process->signal_fd < 0)
		return false;
	return loop_watch(process->loop, process->signal_fd, EPOLLIN,
		   got_signal, process) == STATUS_OK;
}

/* One line of the log for each line of problems. */
static void log_problems(const struct text *problems)
{
	const char *line = text_string(problems);

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		log_line(LOG_ERROR, NULL, "%.*s", (int)length, line);
		line += length + (line[length] == '\n');
	}
}

/* A process for one event begins and ends with it: no change of state. */
static enum log_level level_of_start(const struct process *process)
{
	return process->cgi ? LOG_DEBUG : LOG_INFO;
}

static enum status configure(struct process *process, const char *file_param)
{
	struct text problems;
	enum status status;

	text_init(&problems, PROBLEMS_MAX);
	status = app_open(&process->app, file_param, &problems);
	if (status != STATUS_OK) {
		log_problems(&problems);
	} else {
		process->app.became_idle = became_idle;
		process->app.became_idle_arg = process;
		if (process->cgi)
			keeper_fold_once(process->app.keeper);
		else
			app_serve_queue(&process->app);
		log_line(level_of_start(process), NULL,
		    "stockroute %s, map %.12s, on SQLite %s: %s",
		    STOCKROUTE_VERSION, routing_digest(process->app.routing),
		    db_sqlite_version(), db_engine());
	}
	text_done(&problems);
	return status;
}

/* REDIRECT_: what Apache makes of SetEnv when a rewrite led here. */
static const char *file_param(const struct gateway_request *request)
{
	const char *file = gateway_param(request, "STOCKROUTE_CONFIG");

	if (!file)
		file = gateway_param(request, "REDIRECT_STOCKROUTE_CONFIG");
	return file;
}

static void refuse(struct gateway_request *request)
{
	struct text text;

	text_init(&text, PROBLEMS_MAX);
	answer_send(request, answer_refusal(STATUS_CONFIG_INVALID, NULL, &text),
	    NULL, &text);
	text_done(&text);
}

/* False: it is not, and will not be before it is mended. */
static bool is_configured(
    struct process *process, const struct gateway_request *request)
{
	const struct config *config;

	if (process->app.config)
		return true;
	if (configure(process, file_param(request)) != STATUS_OK)
		return false;
	config = process->app.config;
	/* Before the second request: there is room for so many. */
	gateway_set_limits(process->gateway, (size_t)config->body_max_bytes,
	    (size_t)config->inflight_max, config->gather_us);
	confine(config, process->app.store, level_of_start(process));
	return true;
}

/* Whether there are admin pages, only the configuration tells. */
static void serve_other(
    struct process *process, struct gateway_request *request)
{
	if (!is_configured(process, request))
		refuse(request);
	else if (!admin_serve(process->app.admin, request))
		flow_begin(&process->app, request);
}

static void serve_alive(
    struct process *process, struct gateway_request *request)
{
	(void)process;
	health_tell_alive(request);
}

static void serve_ready(
    struct process *process, struct gateway_request *request)
{
	if (is_configured(process, request))
		health_tell_ready(
		    process->app.health, process->draining, request);
	else
		health_tell_unready(request, STATUS_CONFIG_INVALID);
}

/*
 * Who serves which path; all others are the admin's pages', which know their
 * own, or the event's.
 * On shared hosting all of it lies in a directory, see cgi-bin/.htaccess.
 */
static const struct {
	const char *path;
	void (*serve)(struct process *process, struct gateway_request *request);
} pages[] = {
    {"/healthz", serve_alive},
    {"/readyz", serve_ready},
    {"/webhook/healthz", serve_alive},
    {"/webhook/readyz", serve_ready},
};

static void got_request(void *arg, struct gateway_request *request)
{
	size_t i;

	for (i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (path_is(request, pages[i].path)) {
			pages[i].serve(arg, request);
			return;
		}
	}
	serve_other(arg, request);
}

static enum status open_gateway(struct process *process)
{
	const struct config *config = process->app.config;
	struct gateway_options options = {
	    .body_max = BODY_MAX_FIRST,
	    .inflight_max = INFLIGHT_MAX_FIRST,
	    .gather_us = GATHER_FIRST_US,
	};

	if (config) {
		options.body_max = (size_t)config->body_max_bytes;
		options.inflight_max = (size_t)config->inflight_max;
		options.gather_us = config->gather_us;
		if (config->socket[0] != '\0')
			options.socket_path = config->socket;
	}
	if (process->cgi)
		return gateway_open_cgi(process->loop, &options, got_request,
		    process, &process->gateway);
	return gateway_open(
	    process->loop, &options, got_request, process, &process->gateway);
}

static enum status open_process(struct process *process)
{
	enum status status;

	process->loop = loop_new();
	if (!process->loop)
		return STATUS_MEMORY;
	process->app.loop = process->loop;
	loop_timer_init(&process->drain_timer, drain_due, process);
	loop_timer_init(&process->log_timer, log_due, process);
	if (!take_signals(process))
		return STATUS_IO;
	process->cgi = gateway_is_cgi();
	if (!process->cgi && config_in_environment()) {
		status = configure(process, NULL);
		if (status != STATUS_OK)
			return status;
	}
	status = open_gateway(process);
	if (status != STATUS_OK)
		return status;
	gateway_on_idle(process->gateway, became_idle, process);
	log_due(process);
	if (process->app.config)
		confine(process->app.config, process->app.store,
		    level_of_start(process));
	return STATUS_OK;
}

int main(void)
{
	struct process process = {.signal_fd = -1};
	enum status status;

	confine_begin();
	db_begin_process();
	status = open_process(&process);
	if (status == STATUS_OK)
		loop_run(process.loop);
	else
		log_line(
		    LOG_ERROR, NULL, "not started: %s", status_name(status));
	app_close(&process.app);
	gateway_close(process.gateway);
	loop_timer_stop(process.loop, &process.drain_timer);
	loop_timer_stop(process.loop, &process.log_timer);
	loop_free(process.loop);
	if (process.signal_fd >= 0)
		close(process.signal_fd);
	return status == STATUS_OK ? 0 : 1;
}
